"""Village types as sentences: both sides of every threshold, heritage against danger, and what is not known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from planning import COUNTY, KNOWN_AT, VALID_ON, VILLAGE, VILLAGE_CODE, county_layers, here, layer, village_row

from spatial.layer import Layer
from spatial.rules.pack import load_pack
from spatial.village_types import ALIASES, LABELS, classify

HERE = Path(__file__).parent
SIDE = 400.0
CASES = yaml.safe_load((HERE / "village_types.yaml").read_text(encoding="utf-8"))


def single(name: str, given: dict[str, Any]) -> Layer:
    """One feature: a share of the footprint from the west, or a rectangle from the site's corner."""
    shape = here(*given["box"]) if "box" in given else here(-200, -200, SIDE * given["west"], SIDE)
    return layer(name, [shape], {"zone": [given.get("zone")]})


def proposed(case: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Layer | None] = {name: single(name, given) for name, given in case.get("layers", {}).items()}
    changes.update(dict.fromkeys(case.get("without", [])))
    changes["village"] = layer("village", [VILLAGE], village_row(**case.get("village", {})))
    if "settlement" in case:
        columns = {"CZCDM": [VILLAGE_CODE + "0000000"] * 2, "CZCSXM": ["203"] * 2} | case["settlement"]
        changes["settlement"] = layer("settlement", [here(-200, -200, SIDE, SIDE), here(300, -200, 100, SIDE)], columns)
    found = classify(county_layers(**changes), pack=load_pack("village-types", county=COUNTY), valid_on=VALID_ON, known_at=KNOWN_AT)
    return found.village(0)


def keys_with(village: dict[str, Any], outcome: str) -> list[str]:
    found = [item["rule_id"] + (item["branch"] or "") for item in village["evidence"] if item["outcome"] == outcome]
    return [key for key in found if key not in ("VC-61", "VC-90")]


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case['id']} {case['name']}") for case in CASES])
def test_a_village(case: dict[str, Any]) -> None:
    village = proposed(case)
    assert village["village_type"] == case.get("type", village["village_type"]), village["reason"]
    assert village["decided"] is case.get("decided", True)
    assert village["conflict"] is case.get("conflict", village["conflict"])
    assert case.get("reason", "") in village["reason"]
    if "matches" in case:
        assert keys_with(village, "match") == case["matches"]
    assert set(case.get("unchecked", [])) <= set(keys_with(village, "no_data"))
    if "score" in case:
        assert village["score"] == {"low": case["score"], "high": case["score"]}


def test_every_rule_has_a_case_that_it_matches() -> None:
    matched = {key for case in CASES for key in case.get("matches", [])}
    rules = {rule.key for rule in load_pack("village-types", county=COUNTY).main.rules}
    assert rules - matched == {"VC-61", "VC-90"}


def test_a_village_whose_type_is_not_decided_takes_no_part_in_checks() -> None:
    layers = county_layers(village=layer("village", [VILLAGE], village_row(status=None)))
    found = classify(layers, pack=load_pack("village-types", county=COUNTY), valid_on=VALID_ON, known_at=KNOWN_AT)
    assert found.village_types("run").types == {}


def test_the_six_answers_have_their_chinese_names_and_the_slip_its_reading() -> None:
    assert list(LABELS.values()) == ["城郊融合", "集聚提升", "特色保护", "搬迁撤并", "保留改善", "暂不分类"]
    assert ALIASES == {"聚焦提升": "集聚提升"}  # GN-061


def test_relocation_needs_a_persons_confirmation() -> None:
    assert proposed({"village": {"in_relocation_plan": True}})["needs_confirmation"]
    assert not proposed({})["needs_confirmation"]


def test_evidence_says_how_far_a_value_is_from_its_limit() -> None:
    (evidence,) = [item for item in proposed({"village": {"houses": 100, "houses_vacant": 24}})["evidence"] if item["rule_id"] == "VC-34"]
    vacancy = evidence["conditions"][0]
    assert (vacancy["value"], vacancy["threshold"], vacancy["margin"]) == (0.24, 0.4, 0.16)
