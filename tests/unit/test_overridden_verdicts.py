from __future__ import annotations

import pytest
from planning import application, checked, county_layers, finding, here, layer

from spatial.overrides import NoDataStaysError, NotAHitError, hit, set_aside, verdict_without
from spatial.permit import VERDICTS

ON_FARMLAND = county_layers(basic_farmland=layer("basic_farmland", [here(8, 0, 30, 30)]))


def report_of(*, layers=None, **stated):
    return checked([application(**stated)], layers).report(0)


@pytest.mark.parametrize(
    "stated", [{}, {"storeys": 5}, {"is_member": None}, {"other_plots": 1, "returns_old_plot": True}, {"plot_area_m2": 120.0}, {"height_m": 20.0}]
)
def test_without_acts_the_verdict_is_that_of_the_report(stated):
    report = report_of(**stated)
    assert verdict_without(report, ()) == report["verdict"]


def test_a_hit_set_aside_leaves_the_verdict_of_the_others():
    report = report_of(layers=ON_FARMLAND, height_m=20.0)
    assert report["verdict"] == "refused"
    without = verdict_without(report, {"HB-001a"})
    assert VERDICTS.index(without) > VERDICTS.index("refused")
    assert without == report_of(height_m=20.0)["verdict"]


def test_setting_aside_what_did_not_fail_changes_nothing():
    report = report_of(layers=ON_FARMLAND)
    passed = [item["rule_id"] + (item["branch"] or "") for item in report["findings"] if item["outcome"] != "fail"]
    assert verdict_without(report, passed) == report["verdict"]


def test_missing_data_keep_their_weight_whatever_is_set_aside():
    report = report_of(layers={name: item for name, item in ON_FARMLAND.items() if name != "road"})
    assert verdict_without(report, {"HB-001a"}) == "incomplete"


def test_a_report_weighed_otherwise_today_never_gets_better_than_it_was():
    report = report_of() | {"verdict": "refused"}
    assert verdict_without(report, ()) == "refused"


def test_only_a_hit_can_be_marked():
    report = report_of(layers={name: item for name, item in ON_FARMLAND.items() if name != "road"})
    assert hit(report, "HB-001a")["outcome"] == "fail"
    with pytest.raises(NoDataStaysError, match="HB-040"):
        hit(report, "HB-040")
    assert finding(report, "HB-060")["outcome"] == "pass"
    with pytest.raises(NotAHitError, match="HB-060"):
        hit(report, "HB-060")
    with pytest.raises(NotAHitError, match="HB-999"):
        hit(report, "HB-999")


def test_a_hit_counts_until_every_feature_behind_it_is_marked():
    behind = {"HB-001a": ("J1", "J2"), "HB-034a": ()}
    assert set_aside(behind, {"HB-001a": {"J1"}}) == frozenset()
    assert set_aside(behind, {"HB-001a": {"J1", "J2"}}) == {"HB-001a"}
    assert set_aside(behind, {"HB-034a": {None}}) == {"HB-034a"}
    assert set_aside(behind, {}) == frozenset()
