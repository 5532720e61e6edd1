from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from io import BytesIO

import orjson
import pytest
from papers import frame_of, make_seal, paper_of, poppler, troubled_report
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers

from layers.errors import SealError
from layers.paper import verification
from layers.paper.render import render
from layers.paper.seal import load_roots, load_seal, sign
from layers.paper.verification import Registered, verify
from spatial.canonical import canonical_json


@pytest.fixture(scope="module")
def report():
    return troubled_report()


@pytest.fixture(scope="module")
def paper(report):
    return paper_of(report)


@pytest.fixture(scope="module", params=["rsa", "ec"])
def sealed(request, report, tmp_path_factory):
    """A signed paper, with the file it was before and the root certificate."""
    seal, root = make_seal(tmp_path_factory.mktemp("seal"), kind=request.param)
    base = paper_of(report, signer=seal.identity)
    return sign(base, seal), base, root


def told(found: verification.Verification) -> str:
    return " ".join(line.text for line in found.lines)


def changed(pdf: bytes, place: int, generator: random.Random) -> bytes:
    """The file with one byte changed to another value."""
    other = generator.randrange(1, 256)
    return pdf[:place] + bytes([pdf[place] ^ other]) + pdf[place + 1 :]


def test_an_unchanged_paper_is_in_order_but_offline_nothing_proves_whose_it_is(paper, report):
    found = verify(paper)
    assert (found.ok, found.proven) == (True, False)
    assert "未能证明" in found.verdict
    assert found.report["id"] == report["id"]


def test_a_paper_is_sealed_and_verified_where_an_event_loop_runs_as_in_a_notebook(report, tmp_path):
    seal, root = make_seal(tmp_path)
    base = paper_of(report, signer=seal.identity)

    async def cell():
        return verify(sign(base, seal), roots=[root])

    assert asyncio.run(cell()).proven


def test_one_changed_byte_anywhere_is_noticed(paper):
    generator = random.Random(20261101)
    places = [0, len(paper) - 1, *generator.sample(range(len(paper)), 40)]
    assert [place for place in places if verify(changed(paper, place, generator)).ok] == []


def test_one_changed_byte_anywhere_in_a_signed_paper_is_noticed(sealed):
    paper, base, root = sealed
    generator = random.Random(7)
    places = [*generator.sample(range(len(base)), 6), *generator.sample(range(len(base), len(paper)), 30)]
    assert [place for place in places if verify(changed(paper, place, generator), roots=[root]).ok] == []


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda pdf: pdf + b"\n", id="a byte more"),
        pytest.param(lambda pdf: pdf[:-1], id="a byte less"),
        pytest.param(lambda pdf: pdf + b"\n1 0 obj\n<<>>\nendobj\n%%EOF", id="something appended"),
        pytest.param(lambda _: b"%PDF-1.7\n", id="an empty PDF"),
        pytest.param(lambda _: b"", id="an empty file"),
        pytest.param(lambda _: b"<html>", id="no PDF"),
    ],
)
def test_what_is_no_paper_or_no_longer_one_is_refused_and_never_an_error(paper, forge: Callable[[bytes], bytes]):
    assert not verify(forge(paper)).ok


def test_a_report_that_is_not_canonical_is_noticed(report):
    loose = orjson.dumps(orjson.loads(canonical_json(report)), option=orjson.OPT_INDENT_2)
    found = verify(render(loose, frame_of(report).json))
    assert not found.ok
    assert "不是规范 JSON" in told(found)


def test_a_paper_of_another_form_cannot_be_confirmed_offline_but_by_the_register(monkeypatch, report, paper):
    monkeypatch.setattr(verification, "form", lambda: "another program")
    monkeypatch.setattr(verification, "render", lambda *_: b"%PDF-1.7 set another way")
    assert not verify(paper).ok
    found = verify(paper, register=lambda *_: Registered(issued=True, report=canonical_json(report)))
    assert (found.ok, found.proven) == (True, True)


def test_the_same_form_that_sets_another_paper_proves_a_change_whatever_the_register_says(monkeypatch, report, paper):
    monkeypatch.setattr(verification, "render", lambda *_: b"%PDF-1.7 set another way")
    found = verify(paper, register=lambda *_: Registered(issued=True, report=canonical_json(report)))
    assert not found.ok


def test_the_register_proves_whose_paper_it_is(paper, report):
    asked = []

    def register(sha256: str, check_id: str | None) -> Registered:
        asked.append((len(sha256), check_id))
        return Registered(issued=True, report=canonical_json(report))

    found = verify(paper, register=register)
    assert (found.ok, found.proven) == (True, True)
    assert asked == [(64, report["id"])]


@pytest.mark.parametrize(
    ("known", "ok", "said"),
    [
        (Registered(issued=False, report=None), True, "没有这件核查"),
        (Registered(issued=False, report=b'{"verdict":"passed"}'), False, "与数据库中存档的报告不同"),
        (Registered(issued=True, report=b'{"verdict":"passed"}'), False, "与数据库中存档的报告不同"),
    ],
)
def test_what_the_data_base_knows_decides(paper, known, ok, said):
    found = verify(paper, register=lambda *_: known)
    assert (found.ok, found.proven) == (ok, False)
    assert said in told(found)


def test_a_file_that_was_never_given_out_is_not_confirmed_even_where_its_report_is_stored(paper, report):
    found = verify(paper, register=lambda *_: Registered(issued=False, report=canonical_json(report)))
    assert not found.ok
    assert "没有登记过这份文件" in told(found)


def test_pdfsig_accepts_the_signature_over_the_whole_document(sealed, tmp_path):
    said = poppler("pdfsig", sealed[0], tmp_path)
    assert "Signature Validation: Signature is Valid." in said
    assert "Total document signed" in said
    assert "审批专用章" in said
    assert "ETSI.CAdES.detached" in said


def test_a_signed_paper_says_by_whom_and_is_trusted_under_the_given_root(sealed, tmp_path):
    paper, _, root = sealed
    assert "本文件经数字签名（PAdES）" in "".join(poppler("pdftotext", paper, tmp_path).split())
    unknown, trusted = verify(paper), verify(paper, roots=[root])
    assert (unknown.ok, unknown.proven, trusted.ok, trusted.proven) == (True, False, True, True)
    assert "审批专用章" in told(trusted)


def test_a_signature_under_a_foreign_root_is_not_trusted(sealed, tmp_path):
    _, foreign = make_seal(tmp_path)
    found = verify(sealed[0], roots=[foreign])
    assert not found.ok
    assert "不能追溯到所给的根证书" in told(found)


def test_a_signature_taken_away_is_noticed(sealed):
    found = verify(sealed[1])
    assert not found.ok
    assert "签名却已被去掉" in told(found)


def test_a_signature_by_someone_else_than_the_paper_names_is_noticed(sealed, tmp_path):
    stranger, root = make_seal(tmp_path)
    found = verify(sign(sealed[1], stranger), roots=[root])
    assert not found.ok
    assert "签名证书与文件所写的不符" in told(found)


def test_a_signature_on_a_paper_that_says_it_is_unsigned_is_noticed(paper, tmp_path):
    seal, root = make_seal(tmp_path)
    found = verify(sign(paper, seal), roots=[root])
    assert not found.ok
    assert "却带有签名" in told(found)


def test_a_second_signature_is_noticed(sealed, tmp_path):
    stranger, _ = make_seal(tmp_path)
    writer = IncrementalPdfFileWriter(BytesIO(sealed[0]))
    twice = signers.sign_pdf(writer, signers.PdfSignatureMetadata(field_name="Second"), signer=stranger.signer).getvalue()
    assert not verify(twice).ok


def test_a_seal_that_cannot_be_used_says_so(tmp_path):
    make_seal(tmp_path, passphrase="right")
    (tmp_path / "wrong").write_text("wrong", encoding="utf-8")
    with pytest.raises(SealError, match="口令不对"):
        load_seal(tmp_path / "seal.p12", tmp_path / "wrong")
    with pytest.raises(SealError, match="读取失败"):
        load_seal(tmp_path / "nowhere.p12", None)
    with pytest.raises(SealError, match="根证书"):
        load_roots(tmp_path / "wrong")


def test_root_certificates_are_read_from_der(tmp_path):
    _, root = make_seal(tmp_path)
    assert load_roots(tmp_path / "root.der") == [root]
