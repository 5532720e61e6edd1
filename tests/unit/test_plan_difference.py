from __future__ import annotations

from planning import COUNTY, VALID_ON, application, checked, column, county_layers, here, layer

from spatial.plan_difference import changed_checks, changed_sightings, draft
from spatial.radar import Standing, radar
from spatial.rules.pack import load_pack

PACK = load_pack("house-building", county=COUNTY)
USES = {"GHDLBM": ["1401", "0703"]}
PARK = layer("planned_use", [here(-500, -500, 1000, 1000), here(500, 500, 450, 450)], USES, code_system="ydyh2023", version=2)
"""A draft that makes a park of the first site and leaves the second as it is."""
FEATURES = [application(case_no="A-1"), application(here(600, 600), case_no="A-2"), application(storeys=None, case_no="A-3")]


def test_only_applications_that_a_draft_decides_otherwise_are_told_and_why():
    changes = changed_checks(checked(FEATURES), checked(FEATURES, county_layers(planned_use=PARK)))
    assert [change.row for change in changes] == [0, 2]
    first = changes[0]
    assert first.after == "refused"
    assert "HB-007a" in [rule["rule"] for rule in first.rules]
    why = next(rule for rule in first.rules if rule["rule"] == "HB-007a")
    assert (why["before"]["outcome"], why["after"]["outcome"]) == ("pass", "fail")
    assert (why["before"]["dataset"]["version"], why["after"]["dataset"]["version"]) == (1, 2)


def test_a_draft_that_says_the_same_changes_nothing():
    assert changed_checks(checked(FEATURES), checked(FEATURES, county_layers())) == []


def test_the_difference_the_other_way_round_is_the_mirror():
    one, two = checked(FEATURES), checked(FEATURES, county_layers(planned_use=PARK))
    there, back = changed_checks(one, two), changed_checks(two, one)
    assert [(c.row, c.before, c.after) for c in there] == [(c.row, c.after, c.before) for c in back]
    assert [{r["rule"] for r in c.rules} for c in there] == [{r["rule"] for r in c.rules} for c in back]


def test_houses_that_a_draft_touches_are_told():
    standing = Standing("building", ("F1", "F2"), column([here(), here(600, 600)]), 4547)

    def seen(layers):
        return radar(standing, layers, pack=PACK, valid_on=VALID_ON)

    [change] = changed_sightings(seen(county_layers()), seen(county_layers(planned_use=PARK)))
    assert (change.row, change.before, change.after) == (0, "clear", "conflict")
    [why] = change.rules
    assert (why["rule"], why["before"]["outcome"], why["after"]["outcome"]) == ("HB-007a", "pass", "fail")


def test_a_draft_takes_the_place_of_the_version_in_force_and_leaves_the_others():
    current = {name: item.dataset for name, item in county_layers().items()}
    assert draft(current, {"planned_use": PARK.dataset}) == {**current, "planned_use": PARK.dataset}
    assert current["planned_use"].version == 1


def test_a_draft_of_a_layer_not_loaded_so_far_can_be_compared_too():
    changes = changed_checks(checked(FEATURES, county_layers(hazard=None)), checked(FEATURES))
    assert {change.before for change in changes} == {"incomplete"}
    assert all(any(rule["rule"] == "HB-060" for rule in change.rules) for change in changes)
