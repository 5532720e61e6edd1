from __future__ import annotations

import re
import warnings

import pytest
from applications import IN_ZONE, application

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import requests
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis import checks as conformance

METHODS = ("get", "post", "put", "patch", "delete")


def operations(document):
    return [(path, method, operation) for path, item in document["paths"].items() for method, operation in item.items() if method in METHODS]


def test_the_description_is_complete(client):
    document = client.get("/openapi.json").json()
    assert {path for path, _, _ in operations(document)} >= {
        "/healthz",
        "/readyz",
        "/api/v1/layers",
        "/api/v1/layers/{layer_id}/versions",
        "/api/v1/layers/{layer_id}/imports",
        "/api/v1/villages",
        "/api/v1/villages/{code}",
        "/api/v1/classifications",
        "/api/v1/classifications/{run_id}",
        "/api/v1/checks",
        "/api/v1/checks/{check_id}",
        "/api/v1/checks/batch",
        "/api/v1/progress/indicators",
        "/api/v1/jobs/{job_id}",
        "/tiles/{layer}/{z}/{x}/{y}.mvt",
    }
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
CHECKS = (
    conformance.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_schema_conformance,
)


@pytest.mark.slow
def test_the_service_does_what_its_description_says(client):
    """Cases made from the description (the same ones in every run) get answers that the description allows."""
    assert client.post("/api/v1/classifications", json={}).status_code == 201
    assert client.post("/api/v1/checks", params=IN_ZONE, json=application()).status_code == 201
    schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        mode = schemathesis.GenerationMode.POSITIVE

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def conforms(case):
            nonlocal tried
            tried += 1
            answer = send(client, case)
            case.validate_response(schemathesis.Response.from_any(answer), checks=CHECKS)

        conforms()
    assert tried > 100
