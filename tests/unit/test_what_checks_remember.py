"""Attacks on what checks keep from one to the next: nothing that was checked before, beside or meanwhile may change a byte."""

from __future__ import annotations

import gc
import random
import shutil
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planning import COUNTY, VALID_ON, application, checked, county_layers, here, layer, line

from spatial import clearances, engine, measuring, overlap_table, plot_limits, report, sweep
from spatial.kept import forget_all
from spatial.layer import MOST_KEPT, Layer
from spatial.remembered import remember
from spatial.rules import pack as packs
from spatial.rules.pack import PACKS, Pack, load_pack

COUNTIES = (COUNTY, "330800", "510100")
DAYS = (VALID_ON, date(2011, 6, 30), date(2022, 5, 31))
SITES = (here(), here(21, 5), here(300, 2), here(-960, 480))


def layer_sets() -> tuple[dict[str, Layer], ...]:
    """A clean county, and the same with other versions of some layers; the other layers are the very same objects."""
    clean = county_layers()
    fields = [here(20 * row, 5 * row, 6, 6) for row in range(6)]
    changed = {
        "basic_farmland": layer("basic_farmland", fields, pieces_of=8),
        "road": layer("road", [here(-500, 23, 1_000, 6), here(-500, -400, 1_000, 6)], {"class": ["county", None]}),
        "land_use": layer("land_use", clean["village"].features, {"DLBM": ["0101"]}, code_system="survey"),
        "railway": layer("railway", [line(-500, 40, 500, 40)], {"class": ["high_speed"]}),
        "dyke": layer("dyke", [here(-900, -30, 1_800, 8)], {"grade": ["4"]}),
    }
    without = {name: found for name, found in clean.items() if name not in ("road", "old_tree")}
    return clean, clean | changed, without


@dataclass(frozen=True)
class Asked:
    """One check of a sequence: which county's rules, which of the layer sets, day, site and form."""

    county: str
    layers: int
    day: date
    site: int
    terrain: str | None

    def answer(self, sets: tuple[Mapping[str, Layer], ...]) -> bytes:
        site = SITES[self.site]
        feature = application(site, terrain=self.terrain, plot_area_m2=float(site.area))
        return checked([feature], sets[self.layers], county=self.county, valid_on=self.day).report_bytes(0)


QUESTIONS = [
    Asked(county, layers, day, site, terrain)
    for county in COUNTIES for layers in range(3) for day in DAYS for site in range(len(SITES)) for terrain in ("hill", None)
]  # fmt: skip


def forget_everything() -> None:
    """As in a new process."""
    forget_all()
    packs._load.cache_clear()
    clearances._of_place.cache_clear()
    clearances._added.cache_clear()


@pytest.fixture(scope="module")
def fresh() -> dict[Asked, bytes]:
    """The answer to every question, each asked as the first one ever, of layers nobody has used."""
    answers = {}
    for asked in random.Random(7).sample(QUESTIONS, 40):
        forget_everything()
        answers[asked] = asked.answer(layer_sets())
    assert len(set(answers.values())) == len(answers)
    return answers


@pytest.fixture
def short_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything is forgotten after one or two others, so that forgetting happens all the time."""
    for module, name, most in ((engine, "_MOST_DAYS", 1), (report, "_MOST_WRITERS", 1), (measuring, "_MOST_FAR", 2), (plot_limits, "_MOST_CASES", 1),
                               (overlap_table._KEPT, "most", 1), (sweep._KEPT, "most", 1), (report, "_MOST_REMEMBERED", 15)):  # fmt: skip
        monkeypatch.setattr(module, name, most)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_packs_days_and_layer_sets_in_turn_change_no_byte(fresh: dict[Asked, bytes], data: st.DataObject) -> None:
    sets = layer_sets()
    for asked in data.draw(st.lists(st.sampled_from(list(fresh)), min_size=2, max_size=12)):
        assert asked.answer(sets) == fresh[asked], asked


def test_threads_that_remember_and_forget_at_once_change_no_byte(fresh: dict[Asked, bytes], short_memory: None) -> None:
    sets = layer_sets()
    order = random.Random(3).choices(list(fresh), k=240)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda asked: asked.answer(sets), order))
    assert [answer == fresh[asked] for asked, answer in zip(order, answers, strict=True)] == [True] * len(order)


def test_layers_at_the_address_of_forgotten_ones_are_not_taken_for_them(short_memory: None) -> None:
    """Each round another road stands at another distance, in layers that take the place of the last round's in memory."""
    seen = set()
    for metres in (23, 40, 23, 24, 23, 40):
        road = layer("road", [here(-500, metres, 1_000, 6)], {"class": ["county"]})
        layers = county_layers(road=road)
        seen.add(tuple(map(id, layers.values())))
        assert checked([application()], layers).verdicts[0] == ("refused" if metres < 24 else "passed")
        del road, layers
        gc.collect()
    assert len(seen) > 1


def test_a_pack_at_the_address_of_a_forgotten_one_is_not_taken_for_it(tmp_path: Path, short_memory: None) -> None:
    """The same rules with another number, loaded in turn while the other is thrown away."""
    changed = shutil.copytree(PACKS, tmp_path / "packs") / "house-building/parameters/100000.yaml"
    text = changed.read_text(encoding="utf-8")
    old = "title: 建筑总高度上限\n    unit: m\n    rows: [{value: 12,"
    assert old in text
    changed.write_text(text.replace(old, old.replace("12", "6")), encoding="utf-8")
    layers = county_layers()
    for folder, expected in ((PACKS, "passed"), (tmp_path / "packs", "needs_correction")) * 3:
        packs._load.cache_clear()
        assert checked([application()], layers, pack=load_pack("house-building", county=COUNTY, folder=folder)).verdicts[0] == expected
        gc.collect()


def test_a_batch_in_chunks_after_other_checks_is_the_same_as_each_alone(fresh: dict[Asked, bytes]) -> None:
    """A fact that was the same for everyone in one batch is remembered for the next one, of another length."""
    clean = layer_sets()[0]
    features = [application(site, case_no=f"A-{row}", plot_area_m2=float(site.area)) for row, site in enumerate(SITES)]
    alone = [checked([feature], clean).report_bytes(0) for feature in features]
    for rows in ((0, 1), (1, 0, 2), (3, 2, 1, 0), (2,), (0, 2)):
        together = checked([features[row] for row in rows], clean)
        assert [together.report_bytes(place) for place in range(len(rows))] == [alone[row] for row in rows]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Pack:
    """The rules of this county, and one of another place that reads a layer nobody here asks for."""
    folder = shutil.copytree(PACKS, tmp_path / "packs")
    (folder / "house-building/rules/95-elsewhere.yaml").write_text(
        "facts:\n"
        "  in_town_m2: {title: 在城镇开发边界内, unit: m2, measure: overlap_area, layer: urban_boundary}\n"
        "rules:\n"
        "  - {id: HB-095, title: 外地的规定, severity: reject, jurisdictions: ['441500'], fails_when: {fact: in_town_m2, op: gt, param: none_m2},\n"
        "     message: 在城镇内。, passed: 不在城镇内。, plain: 在城镇里。, advice: 另行选址。, office: 自然资源部门, citations: [{source: 测试, confidence: N}]}\n",
        encoding="utf-8",
    )
    return load_pack("house-building", county=COUNTY, folder=folder)


def test_a_layer_that_only_rules_of_other_places_read_changes_no_byte(elsewhere: Pack) -> None:
    assert "urban_boundary" not in elsewhere.layers
    clean = county_layers()
    other = layer("urban_boundary", [here(), here(5, 5)], version=7)
    sets: list[dict[str, Layer]] = [clean, clean | {"urban_boundary": other}, {name: found for name, found in clean.items() if name != "urban_boundary"}]
    answers = set()
    for layers in (*sets, *reversed(sets)):
        answers.add(checked([application()], layers, pack=elsewhere).report_bytes(0))
        forget_everything()
        answers.add(checked([application()], layers, pack=elsewhere).report_bytes(0))
    assert len(answers) == 1


def test_what_is_kept_does_not_grow_with_the_days_asked_about() -> None:
    layers = county_layers()
    sizes = []
    for days in (30, 60):
        for back in range(days):
            checked([application()], layers, valid_on=VALID_ON - timedelta(days=back))
        sizes.append(sum(len(found._chosen) for found in layers.values()))
    assert sizes[0] == sizes[1]
    assert max(len(found._chosen) for found in layers.values()) <= MOST_KEPT
    assert len(load_pack("house-building", county=COUNTY).programs) <= engine._MOST_DAYS


def test_the_oldest_answers_are_forgotten_first() -> None:
    kept: dict[str, Any] = {}
    for row in range(5):
        assert remember(kept, f"k{row}", row, most=3) == row
    assert kept == {"k2": 2, "k3": 3, "k4": 4}
