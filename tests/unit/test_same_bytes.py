"""The same question gives the same bytes: alone or in a batch, in any order, on any number of threads."""

from __future__ import annotations

from datetime import date

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from planning import EAST, NORTH, application, checked, county_layers, here, layer
from worlds import SLOW, rectangles, worlds

from spatial import permit
from spatial.canonical import canonical_json


@SLOW
@given(st.data())
def test_one_application_and_a_batch_in_any_order_give_the_same_bytes(data: st.DataObject) -> None:
    world = data.draw(worlds())
    sites = data.draw(st.lists(rectangles, min_size=2, max_size=9))
    features = [application(site, case_no=f"A-{row}", plot_area_m2=float(site.area)) for row, site in enumerate(sites)]
    order = data.draw(st.permutations(range(len(sites))))
    alone = [canonical_json(checked([feature], world.layers, types=world.types).report(0)) for feature in features]
    assert canonical_json(checked([features[0]], world.layers, types=world.types).report(0)) == alone[0]
    together = checked([features[row] for row in order], world.layers, types=world.types)
    assert [canonical_json(together.report(place)) for place in range(len(order))] == [alone[row] for row in order]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_chunks_and_threads_change_no_byte(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    road = layer("road", [here(-500, 40, 2_000, 6)], {"class": ["county"]})
    farmland = layer("basic_farmland", [here(20 * row, 5 * row, 6, 6) for row in range(20)], pieces_of=8)
    layers = county_layers(road=road, basic_farmland=farmland)
    features = [application(here(17 * row, 3 * row), case_no=str(row)) for row in range(23)]
    alone = [canonical_json(checked([feature], layers).report(0)) for feature in features]
    monkeypatch.setattr(permit, "CHUNK", 4)
    batch = checked(features, layers, threads=threads)
    assert len(batch.parts) == 6
    assert [canonical_json(batch.report(row)) for row in range(23)] == alone
    assert set(batch.verdicts) == {"refused", "passed"}


def test_many_small_features_inside_a_site_change_no_byte_in_a_batch() -> None:
    """How an intersection is found may depend on what else is in the batch; what it gives may not."""
    dots = [shapely.Point(EAST + 1 + 2 * (row % 5), NORTH + 1 + 2 * (row // 5)).buffer(0.4, quad_segs=3) for row in range(25)]
    layers = county_layers(basic_farmland=layer("basic_farmland", dots), building=layer("building", dots, {"JGRQ": [date(2010, 1, 1)] * 25}))
    site = application(build_kind="rebuild_in_place")
    alone = canonical_json(checked([site], layers).report(0))
    others = [application(here(200 + 20 * row, 200), case_no=f"B-{row}") for row in range(40)]
    assert canonical_json(checked([*others, site], layers).report(40)) == alone
