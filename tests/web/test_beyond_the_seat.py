"""What is tried and not stored tells as little of another village as what is: neither its applications nor where one could build there."""

from __future__ import annotations

import people
import pytest
from applications import IN_ZONE, application, ring

WEST, EAST_VILLAGE = "421223100201", "421223100202"
THERE, HERE = [ring(15_000, 20)], [ring(95, 20)]
HOUSE = {"width_m": 10, "depth_m": 14}


@pytest.fixture
def clerk(client, county_url):
    """Somebody who looks after the western village; in the eastern one an application is live."""
    made = client.post("/api/v1/checks", params=IN_ZONE, json=application(coordinates=THERE, case_no="E-9", household_id="户-9"))
    taken = client.post("/api/v1/applications", json={"check_id": made.json()["id"]})
    assert taken.status_code == 201, taken.text
    client.app.state.snapshots.published()  # what counts now is not remembered from before
    return people.somebody(county_url, "clerk", ["town_clerk"], place=WEST)


def drawn(coordinates):
    return {"type": "Polygon", "coordinates": coordinates}


ASKED = {
    "preview": ("/api/v1/checks/preview", lambda where: application(coordinates=where, case_no="X-1")),
    "proposals": ("/api/v1/proposals", lambda where: application(coordinates=where, case_no="X-1")),
    "sites": ("/api/v1/sites", lambda where: {"area": drawn(where), "house": HOUSE}),
}


@pytest.mark.parametrize("what", ASKED)
def test_what_is_only_tried_beyond_the_seat_is_refused(client, clerk, what):
    path, body = ASKED[what]
    everywhere = client.post(path, params=IN_ZONE, json=body(THERE))
    assert everywhere.status_code == 200, everywhere.text
    assert what == "sites" or "E-9" in everywhere.text
    for _ in range(2):  # by the long way, then by the short one
        refused = client.post(path, params=IN_ZONE, json=body(THERE), headers=clerk)
        assert refused.status_code == 403, refused.text[:300]
        assert "E-9" not in refused.text
    own = client.post(path, params=IN_ZONE, json=body(HERE), headers=clerk)
    assert own.status_code == 200, own.text


def test_no_site_is_looked_for_in_another_village_nor_across_the_border(client, clerk):
    def asked(where):
        return client.post("/api/v1/sites", params=IN_ZONE, json={**where, "house": HOUSE}, headers=clerk).status_code

    across = [ring(9_990, 20, width=20)]
    assert [asked({"village": EAST_VILLAGE}), asked({"area": drawn(across)})] == [403, 403]
    assert asked({"village": WEST}) == 200


def test_where_no_village_is_known_to_lie_a_village_s_clerk_looks_for_nothing(empty_client, db_url):
    headers = people.somebody(db_url, "clerk", ["town_clerk"], place=WEST)
    for path, body in ASKED.values():
        assert empty_client.post(path, params=IN_ZONE, json=body(HERE), headers=headers).status_code in (400, 403), path
