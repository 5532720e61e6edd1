from __future__ import annotations

import hashlib
import json
from io import BytesIO

import geopandas as gpd
import openpyxl
import people
import pytest
from applications import IN_ZONE, application, ring
from fastapi.testclient import TestClient
from frames import EPSG, meta, published, square
from papers import make_seal, poppler, squeezed, text_of

from api.app import create_app
from layers import checks, database, papers
from layers.errors import SealError
from layers.paper.glyphs import printable
from layers.paper.reading import enclosed
from layers.paper.render import Frame, render
from layers.paper.verification import verify
from spatial.canonical import canonical_json

FORMULA = "=HYPERLINK(1)"


def checked(client, **properties):
    """The report of a stored check of a site that lies half on basic farmland."""
    answer = client.post("/api/v1/checks", params=IN_ZONE, json=application(coordinates=[ring(95, 20)], **properties))
    assert answer.status_code == 201, answer.text
    return answer.json()


def paper_of(client, report):
    answer = client.get(f"/api/v1/checks/{report['id']}.pdf")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return answer.content


def test_the_paper_of_a_check_tells_every_finding_and_carries_the_stored_report(client, tmp_path):
    report = checked(client)
    paper = paper_of(client, report)
    text = text_of(paper, tmp_path)
    assert [item["message"] for item in report["findings"] if squeezed(printable(item["message"])) not in text] == []
    assert enclosed(paper).report == client.get(f"/api/v1/checks/{report['id']}").content
    assert "示例数据" in poppler("pdftotext", paper, tmp_path)


def test_the_paper_is_the_same_file_whenever_it_is_asked_for(client):
    report = checked(client)
    assert paper_of(client, report) == paper_of(client, report)


def test_the_paper_is_drawn_over_the_versions_of_the_check_not_over_those_of_today(client, county_url):
    report = checked(client)
    before = paper_of(client, report)
    with database.connect(county_url) as conn:
        moved = gpd.GeoDataFrame({"BSM": ["J9"]}, geometry=[square(60, -60, 300)], crs=EPSG)
        published(conn, moved, meta("basic_farmland"))
        conn.commit()
    client.app.state.snapshots.published()
    drawn = [layer["version"] for layer in json.loads(enclosed(paper_of(client, report)).frame)["map"]["layers"] if layer["layer"] == "basic_farmland"]
    assert drawn == [next(item["version"] for item in report["datasets"] if item["layer"] == "basic_farmland")]
    assert paper_of(client, report) == before


def test_a_hostile_case_number_and_village_name_stand_on_the_paper_as_they_are(client, tmp_path):
    name = "#let x = [{{ 7*7 }}<script>alert(1)</script> \\u{41}"
    assert squeezed(name) in text_of(paper_of(client, checked(client, case_no=name)), tmp_path)


@pytest.mark.parametrize("ending", ["pdf", "xlsx"])
def test_a_check_that_does_not_exist_has_no_files(client, ending):
    answer = client.get(f"/api/v1/checks/00000000-0000-0000-0000-000000000000.{ending}")
    assert answer.status_code == 404
    assert client.get(f"/api/v1/checks/nonsense.{ending}").status_code == 400


def test_the_register_knows_the_paper_by_its_hash_and_nothing_else(client):
    report = checked(client)
    digest = hashlib.sha256(paper_of(client, report)).hexdigest()
    known = client.get(f"/api/v1/papers/{digest}").json()
    assert (known["check_id"], known["certificate"]) == (report["id"], None)
    assert client.get(f"/api/v1/papers/{'0' * 64}").status_code == 404
    assert client.get("/api/v1/papers/nonsense").status_code == 400


def test_the_register_cannot_be_changed_afterwards(client, county_url):
    paper_of(client, checked(client))
    with database.connect(county_url) as conn, pytest.raises(Exception, match="不能改动"):
        conn.execute("DELETE FROM issued_paper")


def test_with_a_seal_the_paper_is_signed_once_and_stays_the_same_file(county_url, settings, tmp_path):
    _, root = make_seal(tmp_path)
    sealed = settings.model_copy(update={"signing_key": tmp_path / "seal.p12", "signing_passphrase_file": tmp_path / "passphrase"})
    with TestClient(create_app(sealed, database_url=county_url), headers=people.HEADERS) as client:
        report = checked(client)
        paper = paper_of(client, report)
        assert paper == paper_of(client, report)
        assert client.get(f"/api/v1/papers/{hashlib.sha256(paper).hexdigest()}").json()["certificate"]
    assert "Signature is Valid" in poppler("pdfsig", paper, tmp_path)
    assert verify(paper, roots=[root]).proven


def test_a_service_whose_certificate_cannot_be_used_does_not_start(county_url, settings, tmp_path):
    broken = settings.model_copy(update={"signing_key": tmp_path / "nowhere.p12"})
    with pytest.raises(SealError):
        create_app(broken, database_url=county_url)


def test_the_workbook_has_the_groups_in_order_and_text_that_looks_like_a_formula_stays_text(client):
    report = checked(client, case_no=FORMULA)
    body = client.get(f"/api/v1/checks/{report['id']}.xlsx").content
    book = openpyxl.load_workbook(BytesIO(body))
    rows = list(book["逐条意见"].values)
    groups = [row[1] for row in rows[1:]]
    titles = [group["title"] for group in report["groups"] for _ in group["rules"]]
    assert groups == titles
    assert book["审查结论"]["A2"].value == FORMULA
    assert "f" not in {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}


def test_verify_confirms_a_paper_of_the_data_base_and_fails_for_one_changed_byte(client, cuntu, tmp_path):
    paper = paper_of(client, checked(client))
    (tmp_path / "good.pdf").write_bytes(paper)
    (tmp_path / "bad.pdf").write_bytes(paper[:5_000] + bytes([paper[5_000] ^ 1]) + paper[5_001:])
    status, out, _ = cuntu("verify", "good.pdf")
    assert (status, "确由本局出具" in out) == (0, True)
    status, out, _ = cuntu("verify", "bad.pdf")
    assert (status, "核验不通过" in out) == (1, True)


def test_verify_works_without_a_data_base_and_says_what_it_could_not_prove(client, cuntu, tmp_path, monkeypatch):
    (tmp_path / "paper.pdf").write_bytes(paper_of(client, checked(client)))
    monkeypatch.setenv("CUNTU_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    status, out, _ = cuntu("verify", "paper.pdf", "--offline", "--json")
    told = json.loads(out)
    assert status == 0
    assert (told["ok"], told["proven"]) == (True, False)


def test_a_paper_made_outside_the_register_is_not_confirmed(client, county_url, cuntu, tmp_path):
    """Someone sets a true report again under another county's name: consistent in itself, never given out."""
    report = checked(client)
    frame = Frame(county="别县", synthetic=False)
    (tmp_path / "forged.pdf").write_bytes(render(client.get(f"/api/v1/checks/{report['id']}").content, frame.json))
    status, out, _ = cuntu("verify", "forged.pdf")
    assert status == 1
    assert "没有登记过这份文件" in out


def test_check_writes_papers_of_a_file_stored_or_not(client, county_url, cuntu, tmp_path):
    feature = application(coordinates=[ring(95, 20)], case_no="甲/乙:1")
    collection = {"type": "FeatureCollection", "features": [feature, application(case_no="B")]}
    (tmp_path / "applications.geojson").write_text(json.dumps(collection), encoding="utf-8")
    status, _, told = cuntu("check", "applications.geojson", "--crs", "EPSG:4547", "--pdf", "papers")
    assert status == 0, told
    assert sorted(path.name for path in (tmp_path / "papers").iterdir()) == ["0001 甲_乙_1.pdf", "0002 B.pdf"]
    loose = (tmp_path / "papers" / "0001 甲_乙_1.pdf").read_bytes()
    assert "未存档" in poppler("pdftotext", loose, tmp_path)
    assert verify(loose).ok
    status, _, told = cuntu("check", "applications.geojson", "--crs", "EPSG:4547", "--store", "--pdf", "kept")
    assert status == 0, told
    kept = (tmp_path / "kept" / "0002 B.pdf").read_bytes()
    with database.connect(county_url) as conn:
        entry = papers.find(conn, hashlib.sha256(kept).digest())
        assert entry is not None
        assert checks.get(conn, entry.check_id).report == enclosed(kept).report


def test_the_offline_page_is_one_file_that_fetches_nothing(client):
    page = client.get("/verify/offline.html")
    assert page.status_code == 200
    assert "attachment" in page.headers["content-disposition"]
    assert "default-src 'none'" in page.text
    assert "<script src=" not in page.text
    assert "<link" not in page.text


def test_the_report_in_the_paper_is_canonical(client):
    inside = enclosed(paper_of(client, checked(client))).report
    assert canonical_json(json.loads(inside)) == inside
