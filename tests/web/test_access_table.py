"""The table of addresses: in the documentation, at the command line, and in the description of the interface it says the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.access import table
from api.access.permissions import OPEN, permissions, roles
from api.app import create_app, routed

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "access.md"
ROWS = table.rows(routed())


def test_the_document_has_the_table_of_this_application():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert table.written_into(text, ROWS) == text, "cuntu access table --into docs/access.md"


def test_a_document_without_the_mark_is_not_written_into():
    with pytest.raises(ValueError, match="no line"):
        table.written_into("# 别的文档\n", ROWS)


def test_the_command_tells_the_same(cuntu):
    code, out, _ = cuntu("access", "table", "--json")
    told = json.loads(out)
    assert (code, told) == (0, table.as_json(ROWS))
    publish = next(row for row in told if row["path"] == "/api/v1/layers/{layer_id}/versions/{version}/publish")
    assert [role for role, may in publish["roles"].items() if may] == ["publisher"]
    code, out, _ = cuntu("access", "table", "--markdown")
    assert (code, out) == (0, table.as_markdown(ROWS))


def test_whoever_administers_cannot_audit_and_nobody_but_a_publisher_publishes():
    by_permission = {name: {role for role in roles() if name in roles()[role].permissions} for name in permissions()}
    assert by_permission["audit.read"].isdisjoint(by_permission["accounts.manage"])
    assert by_permission["layers.publish"] == {"publisher"}
    assert {role.id for role in roles().values() if role.of_town} == {"town_clerk"}


def test_every_permission_is_needed_somewhere():
    beside_a_route = {"layers.publish", OPEN}
    assert set(permissions()) - {row.permission for row in ROWS} <= beside_a_route


def test_the_description_says_what_each_operation_needs(client):
    document = client.get("/openapi.json").json()
    assert set(document["components"]["securitySchemes"]) == {"bearer", "cookie"}
    needed = {(row.path.replace(":path}", "}"), row.method.lower()): row for row in ROWS}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            row = needed[path, method]
            assert operation["x-permission"] == row.permission
            assert ({} in operation["security"]) == (row.permission == OPEN), path
            assert {"401", "403"} <= set(operation["responses"]), path


def test_where_nobody_in_particular_may_look_the_description_says_so(county_url, settings):
    opened = settings.model_copy(update={"anonymous": True})
    with TestClient(create_app(opened, database_url=county_url)) as service:
        paths = service.get("/openapi.json").json()["paths"]
    assert {} in paths["/api/v1/layers"]["get"]["security"]
    assert {} not in paths["/api/v1/checks"]["get"]["security"]
