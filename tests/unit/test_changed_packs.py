from __future__ import annotations

import json
from datetime import date

import pytest

from api.checks.changed_packs import changed_pack, files_of_folder, files_of_overlay
from spatial.errors import InputError
from spatial.rules.pack import PACKS, load_pack

INSTALLED = load_pack("house-building", county="421223")
TODAY = date(2026, 11, 1)
TWO_STOREYS = """
jurisdiction: "421223"
parameters:
  storeys_max:
    title: 农村住房层数上限
    unit: storey
    rows: [{value: 2, citation: {source: 拟议, confidence: N}}]
"""


def test_parameters_named_in_an_overlay_replace_those_of_the_jurisdiction_and_no_others():
    pack = changed_pack(files_of_overlay(TWO_STOREYS), county="421223")
    assert (pack.parameter("storeys_max", TODAY).number(), INSTALLED.parameter("storeys_max", TODAY).number()) == (2, 3)
    assert pack.parameter("eaves_height_max_m", TODAY).number() == INSTALLED.parameter("eaves_height_max_m", TODAY).number()
    assert pack.sha256 != INSTALLED.sha256


def test_an_overlay_may_be_json():
    rows = [{"value": 2, "citation": {"source": "拟议", "confidence": "N"}}]
    overlay = {"jurisdiction": "421223", "parameters": {"storeys_max": {"title": "层数", "unit": "storey", "rows": rows}}}
    assert changed_pack(files_of_overlay(json.dumps(overlay)), county="421223").parameter("storeys_max", TODAY).number() == 2


def test_an_overlay_may_set_numbers_for_a_jurisdiction_that_has_none_so_far():
    files = files_of_overlay(TWO_STOREYS.replace("421223", "420000"))
    assert list(files) == ["house-building/parameters/420000.yaml"]
    assert changed_pack(files, county="420100").parameter("storeys_max", TODAY).number() == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1, 2]", "jurisdiction"),
        ("jurisdiction: x\nparameters: {a: 1}", "六位"),
        ('jurisdiction: "421223"\nparameters: {}', "没有任何参数"),
        ('jurisdiction: "../../x"\nparameters: {a: 1}', "六位"),
        ("a: [", "YAML"),
        ("a: &x [1]\nb: *x", "别名"),
        ("!!python/object/apply:os.system ['true']", "YAML"),
        ("[" * 5000, "嵌套过深"),
    ],
)
def test_an_overlay_that_is_none_is_refused(text, words):
    with pytest.raises(InputError, match=words):
        files_of_overlay(text)


def test_what_does_not_fit_the_pack_is_named_with_file_and_line():
    wrong = TWO_STOREYS.replace("value: 2", "value: 2, colour: red")
    with pytest.raises(InputError, match=r"421223\.yaml:\d+"):
        changed_pack(files_of_overlay(wrong), county="421223")
    unused = TWO_STOREYS.replace("storeys_max", "no_such_number")
    with pytest.raises(InputError, match="no_such_number"):
        changed_pack(files_of_overlay(unused), county="421223")


@pytest.mark.parametrize("path", ["../x.yaml", "house-building/rules/../../x.yaml", "/etc/passwd", "house-building/rules/x.py", "progress/100000.yaml"])
def test_only_files_of_the_pack_can_be_changed(path):
    with pytest.raises(InputError, match="不是规则包中的文件"):
        changed_pack({path: "a: 1"}, county="421223")


def test_of_a_folder_only_what_differs_counts(tmp_path):
    own = tmp_path / "house-building" / "parameters"
    own.mkdir(parents=True)
    text = (PACKS / "house-building" / "parameters" / "421223.yaml").read_text(encoding="utf-8")
    (own / "421223.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="没有与现有规则包不同的文件"):
        files_of_folder(tmp_path)
    (own / "421223.yaml").write_text(text + "# 拟议\n", encoding="utf-8")
    assert list(files_of_folder(tmp_path)) == ["house-building/parameters/421223.yaml"]
    assert list(files_of_folder(tmp_path / "house-building")) == ["house-building/parameters/421223.yaml"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_what_is_nested_without_end_is_refused_before_the_loader_runs_out_of_its_stack(opening: str) -> None:
    """The loader is written in C: it would not raise an error but end the process."""
    for times in (51, 100_000):
        with pytest.raises(InputError, match="嵌套过深"):
            files_of_overlay(opening * times)
