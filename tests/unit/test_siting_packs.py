"""The two packs that order proposals and places: data with a source, refused by file and line where they do not fit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

import pytest
import yaml

from layers.catalog import catalog
from spatial.errors import PackError
from spatial.levers import load_levers
from spatial.rules.pack import PACKS
from spatial.siting_pack import PlaceKind, load_siting


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    return shutil.copytree(PACKS, tmp_path / "packs")


def test_the_order_of_proposals_and_of_places_is_our_proposal_and_says_so() -> None:
    assert (load_levers().citation.confidence, load_siting().citation.confidence) == ("N", "N")


def test_every_kind_of_place_is_described_and_existing_plots_come_first() -> None:
    kinds = load_siting().kinds
    assert set(kinds) == set(get_args(PlaceKind))
    assert kinds["own_plot"].order < kinds["idle_plot"].order < min(kinds[kind].order for kind in ("along_road", "beside_house", "open_land"))


def test_layers_named_are_those_of_the_catalogue() -> None:
    siting = load_siting()
    named = {item.layer for item in siting.occupied} | {item.layer for item in siting.criteria} | {siting.plots.layer, siting.placing.road_layer, siting.placing.house_layer}
    named |= {lever.needs for lever in load_levers().levers if lever.needs}
    assert named <= set(catalog())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("property: storeys,", "property: stories,", "没有申请属性 stories"),
        ("{id: move, kind: move, step: 0.01, most: 50,", "{id: move, kind: move, step: 0.01,", "most"),
        ("{id: open_wall, kind: act,", "{id: open_wall, kind: act, step: 1,", "step"),
        ("{id: trim,", "{id: move,", "id 重复"),
        ("least_share: 0.4,", "least_share: 1.4,", "least_share"),
    ],
)
def test_levers_that_do_not_fit_are_refused(packs: Path, old: str, new: str, words: str) -> None:
    path = packs / "lawful-way" / "levers.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PackError, match=r"levers\.yaml:\d+") as caught:
        load_levers(packs)
    assert words in str(caught.value)


@pytest.mark.parametrize(("member", "value"), [("blocking", []), ("kind_weight", -1), ("house", {"depth_per_width": 0})])
def test_a_siting_pack_that_does_not_fit_is_refused(packs: Path, member: str, value: object) -> None:
    path = packs / "siting" / "siting.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(content | {member: value}, allow_unicode=True), encoding="utf-8")
    with pytest.raises(PackError, match=r"siting\.yaml:\d+"):
        load_siting(packs)
