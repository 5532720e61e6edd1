from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from papers import HOSTILE, frame_of, paper_of, poppler, squeezed, text_of, troubled_report

from layers.paper.content import qr_text, sha256_of
from layers.paper.glyphs import printable
from layers.paper.reading import enclosed
from layers.paper.render import render
from spatial.canonical import canonical_json
from spatial.report_groups import CONFIDENCE_LABELS


@pytest.fixture(scope="module")
def report():
    return troubled_report()


@pytest.fixture(scope="module")
def paper(report):
    return paper_of(report)


@pytest.fixture(scope="module")
def text(paper, tmp_path_factory):
    return text_of(paper, tmp_path_factory.mktemp("text"))


def test_every_sentence_of_every_finding_can_be_searched_for(report, text):
    missing = [item["message"] for item in report["findings"] if squeezed(printable(item["message"])) not in text]
    assert len(report["findings"]) > 50
    assert missing == []


def test_what_failed_says_it_plainly_too_with_law_article_confidence_and_data(report, text):
    failed = [item for item in report["findings"] if item["outcome"] == "fail"]
    assert {item["severity"] for item in failed} >= {"reject", "approval", "warn"}
    for item in failed:
        assert squeezed(printable(item["plain"] or "")) in text
        assert item["rule_id"] in text
        assert squeezed(f"{item['dataset']['title']} 第 {item['dataset']['version']} 版（{item['dataset']['date']}）") in text
        for citation in item["citations"]:
            assert squeezed(printable(citation["text"])) in text
            assert CONFIDENCE_LABELS[citation["confidence"]] in text


def test_groups_papers_and_offices_stand_on_the_paper(report, text):
    places = [text.index(squeezed(f"{group['title']}{len(group['rules'])}条")) for group in report["groups"] if group["rules"]]
    assert places
    for entry in [*report["documents"], *report["offices"]]:
        assert squeezed(entry["title"]) in text


def test_the_groups_come_in_the_order_of_what_to_do(report, paper, tmp_path):
    lines = squeezed(poppler("pdftotext", paper, tmp_path))
    begin = lines.index("二、逐条意见")
    places = [lines.index(squeezed(f"{group['title']}{len(group['rules'])}条"), begin) for group in report["groups"] if group["rules"]]
    assert places == sorted(places)


def test_land_zones_slivers_and_neighbours_stand_on_the_paper(text):
    for words in ("须办理农用地转用70.00㎡（0.007000公顷）", "集中建设区70.00㎡，限制建设区70.00㎡", "与basic_farmland-0重叠0.28㎡", "宗地parcel-0"):
        assert words in text


def test_the_form_is_that_of_an_official_paper(report, text, paper):
    for words in ("农村村民住宅建设申请规则核查意见书", "编号：测〔2026〕17号", "核查结论", report["verdict_label"], "附图", "比例尺1∶500", "经办人", "审核人",
                  "单位（盖章）", "本文件未经数字签名"):  # fmt: skip
        assert words in text
    assert sha256_of(canonical_json(report)) in text
    assert sha256_of(canonical_json(report)) == sha256_of(enclosed(paper).report)


def test_pages_are_a4_and_numbered(paper, tmp_path):
    said = poppler("pdfinfo", paper, tmp_path)
    pages = int(said.partition("Pages:")[2].split()[0])
    whole = squeezed(poppler("pdftotext", paper, tmp_path))
    assert "(A4)" in said
    assert all(f"第{number}页共{pages}页" in whole for number in range(1, pages + 1))


def test_all_fonts_are_embedded_subset_and_searchable(paper, tmp_path):
    rows = poppler("pdffonts", paper, tmp_path).splitlines()[2:]
    assert rows
    assert all(row.split()[-5:-2] == ["yes", "yes", "yes"] for row in rows)
    assert len(paper) < 600_000


def test_the_same_report_gives_the_same_bytes_also_in_another_process(report, paper, tmp_path):
    (tmp_path / "report.json").write_bytes(canonical_json(report))
    (tmp_path / "frame.json").write_bytes(frame_of(report).json)
    program = (
        "import sys, pathlib; from layers.paper.render import render; here = pathlib.Path(sys.argv[1]);"
        "sys.stdout.buffer.write(render((here / 'report.json').read_bytes(), (here / 'frame.json').read_bytes()))"
    )
    other = {**os.environ, "PYTHONHASHSEED": "7", "LANG": "C", "TZ": "America/Lima", "HOME": str(tmp_path), "PYTHONUTF8": "1"}
    again = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, check=True, env=other, cwd=tmp_path)
    assert again.stdout == paper


def test_the_paper_carries_the_report_and_its_frame_byte_for_byte(report, paper):
    inside = enclosed(paper)
    assert inside.report == canonical_json(report)
    assert inside.frame == frame_of(report).json
    assert inside.signatures == 0


def hostile(value):
    """A report in which every text is hostile, but for codes and dates that the program itself writes."""
    kept = {"outcome", "severity", "verdict", "valid_on", "known_at", "checked_at", "date", "key", "kind", "state", "confidence", "unit", "rule_id", "branch"}
    if isinstance(value, dict):
        return {key: item if key in kept else hostile(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item) for item in value]
    return f"{value[:40]} {HOSTILE}" if isinstance(value, str) else value


def test_hostile_text_in_every_field_is_shown_as_these_very_characters(report, tmp_path):
    bad = hostile({name: item for name, item in report.items() if name not in ("subject", "findings")})
    bad["subject"] = report["subject"] | {"village_name": HOSTILE, "properties": report["subject"]["properties"] | {"household_id": HOSTILE, HOSTILE: HOSTILE}}
    shape = {"geometry": None}
    bad["findings"] = [hostile(item | shape) | {"geometry": item["geometry"]} for item in report["findings"]]
    text = text_of(render(canonical_json(bad), frame_of(report, county=HOSTILE, address=None).json), tmp_path)
    for item in bad["findings"]:
        assert squeezed(item["message"]) in text
    assert text.count(squeezed(HOSTILE)) > len(bad["findings"])
    assert "49" not in text.partition("七、结论与落款")[0].partition("申请编号")[2][:40]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("塆口村", "塆口村"),
        ("\U00020000", "〔U+20000〕"),
        ("甲\u202e乙", "甲〔U+202E〕乙"),
        ("a\nb", "a b"),
        ("\x00\ud800", "〔U+0000〕〔U+D800〕"),
        ("😀", "〔U+1F600〕"),
    ],
)
def test_what_no_font_can_show_is_written_by_its_number_and_never_left_out(given, shown):
    assert printable(given) == shown


def test_a_paper_with_unprintable_names_is_set_all_the_same(report, tmp_path):
    odd = report | {"case_no": "村\U0002a6a5\u202e〇😀"}
    assert "村〔U+2A6A5〕〔U+202E〕〇〔U+1F600〕" in text_of(paper_of(odd), tmp_path)


def test_a_report_without_site_sections_groups_or_plan_is_set_too(report, tmp_path):
    old = {name: item for name, item in report.items() if name not in ("groups", "documents", "offices", "site", "id", "checked_at")}
    text = text_of(paper_of(old, map=None), tmp_path)
    assert "未存档" in squeezed(poppler("pdftotext", paper_of(old, map=None), tmp_path))
    assert squeezed(old["findings"][0]["message"]) in text


def test_the_qr_code_says_where_to_verify_which_check_and_which_hash(report):
    frame = orjson.loads(frame_of(report, address="http://10.0.0.1").json)
    assert qr_text(report, frame, sha256="a" * 64) == f"http://10.0.0.1/verify#{report['id']}.{'a' * 64}"


def test_every_character_of_the_text_face_is_in_the_list_kept_beside_it():
    ttlib = pytest.importorskip("fontTools.ttLib")
    folder = Path(render.__code__.co_filename).parent / "fonts"
    face = ttlib.TTFont(folder / "NotoSerifSC-Regular.ttf")
    listed = {code for first, last in orjson.loads((folder / "MANIFEST.json").read_bytes())["characters"] for code in range(first, last + 1)}
    assert listed == set(face.getBestCmap())


def test_vendored_fonts_are_those_of_the_manifest_with_their_licence():
    folder = Path(render.__code__.co_filename).parent / "fonts"
    faces = orjson.loads((folder / "MANIFEST.json").read_bytes())["faces"]
    assert {path.name: sha256_of(path.read_bytes()) for path in folder.glob("*.ttf")} == {name: face["sha256"] for name, face in faces.items()}
    assert "SIL OPEN FONT LICENSE" in (folder / "OFL.txt").read_text(encoding="utf-8")
