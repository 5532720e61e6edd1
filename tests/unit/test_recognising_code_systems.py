"""Which code system land classes are in: for each way of going wrong a file that is asked about, and beside it a right one that passes."""

from __future__ import annotations

import csv

import pytest
from delivered_files import HERE, asked, offered, patches, raw_dataset, shapefile

from layers.reading.reader import read
from layers.recognising.code_systems import classes, differs
from layers.recognising.recogniser import recognise
from layers.recognising.recognition import Answers
from spatial.errors import InputError


def recognised(codes, labels=None, *, plan=False, name=None, said=None, **columns):
    raw = raw_dataset(patches(codes, labels, plan=plan, **columns), name or ("GHDLTB" if plan else "DLTB"))
    return recognise(raw, HERE, Answers(code_system=said))


RIGHT = [
    # codes, labels, planned?, code system
    (["0101", "0702"], ["水田", "农村宅基地"], False, "survey"),
    (["0101", "0702", "1104", "1006"], None, False, "survey"),
    (["0101", "0301"], None, False, "survey"),
    (["0201K", "0101"], None, False, "survey"),
    (["0703", "0101"], ["农村宅基地", "水田"], True, "ydyh2023"),
    (["0703", "060102"], ["农村宅基地", "田间道"], True, "ydyh2023"),
    (["0703", "060102"], ["农村宅基地", "村庄内部道路用地"], True, "ydyh2020"),
    (["0204", "0301"], ["油料园地", "乔木林地"], True, "ydyh2023"),
    (["0204", "0301"], ["其他园地", "乔木林地"], True, "ydyh2020"),
    (["0602", "0703"], ["设施农用地", "农村宅基地"], True, "ydyh2023"),
    (["0602", "0703"], ["种植设施建设用地", "农村宅基地"], True, "ydyh2020"),
    (["1312", "0703"], ["其他公用设施用地", "农村宅基地"], True, "ydyh2023"),
    (["1312", "0703"], ["水工设施用地", "农村宅基地"], True, "ydyh2020"),
    (["2202"], ["科研教育用海"], True, "ydyh2023"),
    (["2202"], ["其他特殊用海"], True, "ydyh2020"),
    (["2302"], ["后备耕地"], True, "ydyh2023"),
    (["2302"], ["田坎"], True, "ydyh2020"),
    (["2303"], ["田坎"], True, "ydyh2023"),
    (["2303"], ["田间道"], True, "ydyh2020"),
    (["0603", "0703"], None, True, "ydyh2020"),
    (["060201", "0703"], None, True, "ydyh2023"),
    (["0703", "0101", "1207"], None, True, "ydyh2023"),
]


@pytest.mark.parametrize(("codes", "labels", "plan", "system"), RIGHT, ids=[f"{item[0][0]}-{(item[1] or ['none'])[0]}-{item[3]}-{row}" for row, item in enumerate(RIGHT)])
def test_codes_and_labels_decide(codes, labels, plan, system):
    found = recognised(codes, labels, plan=plan)
    assert (found.code_system, asked(found)) == (system, [])


WRONG = [
    # codes, labels, planned?, what was said, question, options
    (["0101", "0702"], None, False, None, "code_system.undecided", {"survey", "ydyh2020", "ydyh2023"}),
    (["0703", "0602"], None, True, None, "code_system.undecided", {"ydyh2020", "ydyh2023"}),
    (["0703", "2302"], None, True, None, "code_system.undecided", {"ydyh2020", "ydyh2023"}),
    (["0603", "060201", "0703"], None, True, None, "code_system.conflicting", {"ydyh2020", "ydyh2023"}),
    (["0101", "0702"], ["水田", "农村宅基地"], False, "ydyh2023", "code_system.contradicted", {"survey", "ydyh2023"}),
    (["0703", "0101"], ["农村宅基地", "水田"], True, "survey", "code_system.contradicted", {"ydyh2023", "survey"}),
    (["2302", "0101"], ["田坎", "水田"], True, "ydyh2023", "code_system.contradicted", {"ydyh2020", "ydyh2023"}),
    (["0703", "0101"], ["农村宅基地", "水田"], False, None, "code_system.not_of_layer", {"ydyh2023", "survey"}),
    (["0702", "1006"], ["农村宅基地", "农村道路"], True, None, "code_system.not_of_layer", {"survey", "ydyh2023"}),
]


@pytest.mark.parametrize(("codes", "labels", "plan", "said", "question", "options"), WRONG, ids=[f"{item[4]}-{row}" for row, item in enumerate(WRONG)])
def test_what_codes_and_labels_leave_open_or_contradict_is_asked(codes, labels, plan, said, question, options):
    found = recognised(codes, labels, plan=plan, said=said)
    assert (found.code_system, asked(found)) == (None, [question])
    assert set(offered(found, question)) >= options


def test_right_and_wrong_file_the_same_codes_with_and_without_labels(tmp_path):
    right = read(shapefile(tmp_path, "DLTB", patches(["0101", "0702"], ["水田", "农村宅基地"])))
    assert recognise(right, HERE).code_system == "survey"
    (tmp_path / "bare").mkdir()
    wrong = recognise(read(shapefile(tmp_path / "bare", "DLTB", patches(["0101", "0702"]))), HERE)
    assert asked(wrong) == ["code_system.undecided"]
    assert "0702 是农村宅基地" in wrong.questions[0].text
    assert "0101" not in wrong.questions[0].text


@pytest.mark.parametrize(("name", "columns"), [("三调DLTB", {}), ("DLTB", {"分类标准": "三调"}), ("DLTB", {"KCDLBM": "", "KCXS": 0.0, "GDLX": "TT"})], ids=str)
def test_what_the_data_set_says_of_itself_decides_between_equals(name, columns):
    assert recognised(["0101", "0702"], name=name, **columns).code_system == "survey"


def test_what_the_data_set_says_of_itself_is_doubted_where_the_labels_speak_against_it():
    found = recognised(["2302", "0101"], ["田坎", "水田"], plan=True, name="GHDLTB_用地用海2023")
    assert asked(found) == ["code_system.contradicted"]


def test_a_persons_answer_decides_between_equals():
    assert recognised(["0101", "0702"], said="survey").code_system == "survey"
    assert recognised(["0703", "0602"], plan=True, said="ydyh2020").code_system == "ydyh2020"
    assert recognised(["0703", "0101"], ["农村宅基地", "水田"], said="ydyh2023").code_system == "ydyh2023"


def test_an_answer_that_is_no_code_system_is_an_error():
    with pytest.raises(InputError, match="ydyh2021"):
        recognised(["0101"], said="ydyh2021")


def test_a_few_odd_codes_among_many_are_a_note():
    codes, labels = ["0101"] * 50 + ["0702"] * 50 + ["0703"], ["水田"] * 50 + ["农村宅基地"] * 50 + ["农村宅基地"]
    found = recognised(codes, labels)
    assert (found.code_system, asked(found)) == ("survey", [])
    assert any("有 1 行" in note and "0703（农村宅基地）" in note for note in found.notes)


def test_a_sheet_that_lost_its_zeros_is_still_recognised():
    frame = patches(["x", "x"])
    frame["DLBM"] = [702, 1104]
    assert recognise(raw_dataset(frame, "DLTB"), HERE).code_system == "survey"


@pytest.mark.parametrize("codes", [[float("inf"), 1e30, -5.5], [None, None, None], [True, False, None]], ids=["numbers", "none", "booleans"])
def test_what_is_no_code_at_all_decides_nothing(codes):
    frame = patches(["x", "x", "x"]).assign(DLBM=codes)
    assert recognise(raw_dataset(frame, "DLTB"), HERE).code_system == "survey"


def test_layers_without_land_classes_have_no_code_system():
    assert recognised(["0101"], name="DLTB").code_system == "survey"
    raw = raw_dataset(patches(["0101"]).rename(columns={"DLBM": "YJJBNTTBBH"}), "YJJBNT")
    assert recognise(raw, HERE).code_system is None


@pytest.mark.shared
def test_the_edition_of_2020_is_the_published_one(shared_dir):
    with (shared_dir / "domain" / "tables" / "code_changes_2020_2023.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    old, new = classes("ydyh2020"), classes("ydyh2023")
    named = {row["old_code_2020"]: row["old_name"] for row in rows if row["use_for_translation"] == "yes"}
    assert {code: old.get(code) for code in named} == named
    added = {row["new_code_2023"] for row in rows if row["change"] in ("new code", "moved") and row["new_code_2023"] not in named}
    assert {code for code in added if code in old and old[code] == new[code] and code != "0903"} == set()
    reused = {row["old_code_2020"] for row in rows if row["change"] == "number reused"}
    assert all(differs(code, "ydyh2020", "ydyh2023") for code in reused)
    assert {"0204", "0602", "060102", "1312", "2202", "2302", "2303"} == reused
