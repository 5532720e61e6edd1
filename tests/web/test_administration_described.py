"""What the administrator may ask of the service answers as the description says, asked rightly and wrongly."""

from __future__ import annotations

import warnings

import people
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from layers import database

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import requests
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import Unsatisfiable
    from schemathesis import checks as conformance

TAG = "席位和账户"
TOKEN = "cuntu_" + "described-only-".ljust(43, "0")
EXAMPLES = 12
GENEROUS = dict.fromkeys(("rate_caller", "rate_address", "rate_sign_in", "rate_refused"), "1000000/s")
LEFT_OUT = {
    "positive_data_acceptance": "whether an act is possible depends on what was done before, not on its shape alone",
    "ignored_auth": "it sends requests by itself; tests/web/test_every_route_as_every_role.py asks as everybody",
    "object_level_authorization": "it needs calls that follow from each other",
    "use_after_free": "it needs calls that follow from each other",
    "ensure_resource_availability": "it needs calls that follow from each other",
}
conformance.load_all_checks()
CHECKS = [check for check in conformance.CHECKS.get_all() if check.__name__ not in LEFT_OUT]


@pytest.fixture
def admin(db_url, settings):
    with database.connect(db_url) as conn:
        people.person_with(conn, "管理某", ["administrator"], token=TOKEN, password_hash="kept", login="guanli")
    app = create_app(settings.model_copy(update=GENEROUS), database_url=db_url)
    with TestClient(app, headers={"Authorization": f"Bearer {TOKEN}"}) as service:
        yield service


def asked(admin, operation, mode) -> set[int]:
    """Ask an operation in several ways and return the statuses of the answers, each of which its description allows."""
    statuses: set[int] = set()

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def conforms(case):
        made = requests.Request(**case.as_transport_kwargs(base_url=str(admin.base_url))).prepare()
        answer = admin.request(made.method, made.url, headers=dict(made.headers), content=made.body)
        answer.request.read()
        case.validate_response(schemathesis.Response.from_any(answer), checks=CHECKS)
        statuses.add(answer.status_code)

    try:
        conforms()
    except Unsatisfiable:  # what takes nothing cannot be asked wrongly
        assert mode is schemathesis.GenerationMode.NEGATIVE
    return statuses


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_the_administration_does_what_its_description_says(admin, mode):
    schema = schemathesis.openapi.from_dict(admin.get("/openapi.json").json())
    schema.config.generation.update(with_security_parameters=False)
    operations = [found for found in (result.ok() for result in schema.get_all_operations()) if TAG in found.tags]
    assert len(operations) >= 20
    found = set().union(*(asked(admin, operation, mode) for operation in operations))
    if mode is schemathesis.GenerationMode.NEGATIVE:
        assert found == {400}
    else:
        assert {200, 201, 404, 409} <= found <= {200, 201, 400, 401, 404, 409}  # 401: they may reset their own password
