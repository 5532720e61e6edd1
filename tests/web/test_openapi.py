from __future__ import annotations

import contextlib
import re
import warnings

import pytest
from applications import IN_ZONE, application

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import requests
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import Unsatisfiable
    from schemathesis import checks as conformance

METHODS = ("get", "post", "put", "patch", "delete")
PROMISED = {
    "/healthz",
    "/readyz",
    "/api/v1/layers",
    "/api/v1/layers/{layer_id}/versions",
    "/api/v1/layers/{layer_id}/imports",
    "/api/v1/deliveries",
    "/api/v1/deliveries/{delivery_id}",
    "/api/v1/deliveries/{delivery_id}/answers",
    "/api/v1/deliveries/{delivery_id}/check",
    "/api/v1/deliveries/{delivery_id}/datasets",
    "/api/v1/deliveries/{delivery_id}/findings",
    "/api/v1/deliveries/{delivery_id}/findings.gpkg",
    "/api/v1/deliveries/{delivery_id}/findings.xlsx",
    "/api/v1/deliveries/{delivery_id}/publish",
    "/api/v1/deliveries/{delivery_id}/stage",
    "/api/v1/villages",
    "/api/v1/villages/{code}",
    "/api/v1/classifications",
    "/api/v1/classifications/{run_id}",
    "/api/v1/checks",
    "/api/v1/checks/{check_id}",
    "/api/v1/checks/batch",
    "/api/v1/checks/preview",
    "/api/v1/checks/{check_id}.pdf",
    "/api/v1/checks/{check_id}.xlsx",
    "/api/v1/checks/{check_id}/overrides",
    "/api/v1/checks/{check_id}/overrides/{override_id}/withdrawal",
    "/api/v1/checks/{check_id}/proposals",
    "/api/v1/checks/{check_id}/recheck",
    "/api/v1/checks/{check_id}/line",
    "/api/v1/papers/{sha256}",
    "/api/v1/proposals",
    "/api/v1/runs",
    "/api/v1/runs/file",
    "/api/v1/runs/open",
    "/api/v1/runs/houses",
    "/api/v1/runs/plan-difference",
    "/api/v1/runs/backtest",
    "/api/v1/runs/{run_id}/resume",
    "/api/v1/runs/{run_id}/results",
    "/api/v1/sites",
    "/api/v1/sites/read",
    "/api/v1/sites/txt",
    "/api/v1/layers/{layer_id}/at",
    "/api/v1/progress/indicators",
    "/api/v1/jobs/{job_id}",
    "/tiles/{layer}/{z}/{x}/{y}.mvt",
    "/ogc",
    "/ogc/conformance",
    "/ogc/api",
    "/ogc/collections",
    "/ogc/collections/{collectionId}",
    "/ogc/collections/{collectionId}/schema",
    "/ogc/collections/{collectionId}/queryables",
    "/ogc/collections/{collectionId}/items",
    "/ogc/collections/{collectionId}/items/{featureId}",
}
"""Addresses that clients rely on."""


def operations(document):
    return [(path, method, operation) for path, item in document["paths"].items() for method, operation in item.items() if method in METHODS]


def test_the_description_is_complete(client):
    document = client.get("/openapi.json").json()
    assert {path for path, _, _ in operations(document)} >= PROMISED
    for path, method, operation in operations(document):
        assert re.search(r"[一-鿿]", operation["summary"]), (path, method)
        assert "422" not in operation["responses"], (path, method)
        success = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
        assert success.get("content"), (path, method)
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (path, method, status)


def test_every_reference_of_the_description_leads_somewhere(client):
    text = client.get("/openapi.json").text
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert named <= set(schemas)
    assert not set(schemas) & {"HTTPValidationError", "ValidationError"}


def test_the_documentation_page_needs_nothing_from_elsewhere(client):
    page = client.get("/docs")
    assert page.status_code == 200
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", page.text)


def send(client, case):
    parts = case.as_transport_kwargs(base_url=str(client.base_url))
    made = requests.Request(**parts).prepare()
    answer = client.request(made.method, made.url, headers=dict(made.headers), content=made.body)
    answer.request.read()
    return answer


EXAMPLES = 12
LEFT_OUT = {
    "positive_data_acceptance": "what a form may say depends on more than its shape: a site must lie in the county, a village must exist",
    "ignored_auth": "it sends requests by itself; tests/web/test_every_route_as_every_role.py and the test below ask without a token",
    "object_level_authorization": "it needs calls that follow from each other; tests/web/test_what_each_sees.py",
    "use_after_free": "nothing is deleted",
    "ensure_resource_availability": "needs calls that follow from each other",
}
conformance.load_all_checks()
CHECKS = [check for check in conformance.CHECKS.get_all() if check.__name__ not in LEFT_OUT]


def conforms_to_all_checks(client, case):
    """Return the answer; fail where it is not one the description allows."""
    answer = send(client, case)
    case.validate_response(schemathesis.Response.from_any(answer), checks=CHECKS)
    return answer


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_the_service_does_what_its_description_says(client, mode):
    """Cases made from the description, right ones and wrong ones (the same in every run), get answers that the description allows."""
    assert client.post("/api/v1/classifications", json={}).status_code == 201
    assert client.post("/api/v1/checks", params=IN_ZONE, json=application()).status_code == 201
    assert len(CHECKS) >= 9
    untried = tried_with(client, client, mode, EXAMPLES)
    assert untried <= (NOTHING_TO_VIOLATE if mode is schemathesis.GenerationMode.NEGATIVE else set())


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_without_a_token_it_answers_what_is_open_and_refuses_the_rest(client, mode):
    """The same cases by somebody who has not signed in: each operation that needs a permission answers 401, right or wrong."""
    document = client.get("/openapi.json").json()
    guarded = {f"{method.upper()} {path}" for path, method, operation in operations(document) if {} not in operation["security"]}
    assert len(guarded) > 60
    answers = {}

    class Stranger:
        base_url = client.base_url

        def request(self, method, url, **sent):
            with_token = client.headers.pop("authorization")
            try:
                return client.request(method, url, **sent)
            finally:
                client.headers["authorization"] = with_token

    def judge(case, answer):
        if case.operation.label in guarded:
            answers.setdefault(case.operation.label, set()).add(answer.status_code)

    tried_with(client, Stranger(), mode, 2, judge=judge)
    elsewhere = {404} if mode is schemathesis.GenerationMode.NEGATIVE else set()  # a slash in the place of a parameter makes another address
    assert {label: statuses for label, statuses in answers.items() if statuses - elsewhere != {401}} == {}
    assert mode is schemathesis.GenerationMode.NEGATIVE or set(answers) == guarded


def tried_with(client, asking, mode, examples, judge=lambda case, answer: None):
    """Have cases made for every operation and sent by somebody; return the operations for which none could be made."""
    schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    schema.config.generation.update(with_security_parameters=False)  # who asks is decided here, not made up
    tried = dict.fromkeys((operation.ok().label for operation in schema.get_all_operations()), 0)
    for result in schema.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def conforms(case):
            tried[case.operation.label] += 1
            judge(case, conforms_to_all_checks(asking, case))

        # Where nothing is asked for, nothing can be asked for wrongly.
        with contextlib.suppress(Unsatisfiable):
            conforms()
    return {label for label, count in tried.items() if not count}


NOTHING_TO_VIOLATE = {
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /api/v1/account",
    "GET /api/v1/account/tokens",
    "GET /api/v1/admin/accounts",
    "GET /api/v1/admin/people",
    "GET /api/v1/admin/roles",
    "GET /api/v1/admin/seats",
    "GET /api/v1/classifications",
    "GET /api/v1/layers/{layer_id}/versions",
}


def test_a_method_that_a_path_does_not_have_is_405_and_says_which_it_has(client):
    document = client.get("/openapi.json").json()
    offered = {path: {method.upper() for method in item if method in METHODS} for path, item in document["paths"].items()}
    for path in offered:
        address = re.sub(r"\{\w+\}", "00000000-0000-0000-0000-000000000000", path)
        # One address may have two descriptions: "preview" could be the id of a check.
        methods = set().union(*(have for other, have in offered.items() if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", other), address)))
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - methods:
            answer = client.request(method, address)
            assert answer.status_code == 405, (method, path, answer.status_code)
            assert answer.headers["content-type"] == "application/problem+json"
            assert methods <= set(answer.headers["allow"].replace(" ", "").split(","))
