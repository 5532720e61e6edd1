"""A village whose code has ended, over HTTP and by command."""

from __future__ import annotations

import json

import pytest

OLD, NEW = "421223100299", "421223100201"
LIST = f"code,kind,changed_on,name_before,successors\n{OLD},merge,2024-03-01,老湾村,{NEW}\n421122107202,vanish,2023-01-01,八里湾村委会,\n"


@pytest.fixture
def cuntu(cuntu, tmp_path):
    """Run a command of the list of changes; return its JSON."""
    (tmp_path / "变更.csv").write_text(LIST, encoding="utf-8-sig")

    def run(*arguments):
        code, out, err = cuntu("layers", "succession", *arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    return run


def test_a_code_that_has_ended_is_answered_with_its_successors(client, cuntu):
    assert client.get(f"/api/v1/villages/{OLD}").status_code == 404
    done = cuntu("import", "变更.csv")
    assert (done["read"], done["of_county"], done["recorded"]) == (2, 1, 1)
    assert cuntu("import", "变更.csv")["recorded"] == 0
    client.post("/api/v1/classifications", json={})
    answer = client.get(f"/api/v1/villages/{OLD}")
    assert (answer.status_code, answer.headers["content-type"]) == (410, "application/problem+json")
    told = answer.json()
    assert told["ended"] | {"source": None} == {
        "code": OLD, "name": "老湾村", "kind": "merge", "kind_label": "并入", "ended_on": "2024-03-01", "last_listed": None,
        "successors": [{"code": NEW, "name": None}], "source": None,
    }  # fmt: skip
    assert "老湾村" in told["detail"] and NEW in told["detail"]
    assert client.get(f"/api/v1/villages/{told['ended']['successors'][0]['code']}").status_code == 200
    assert client.get(f"/api/v1/villages/{OLD}", params={"valid_on": "2024-02-29"}).status_code == 404
    assert client.get(f"/api/v1/villages/{OLD}", params={"known_at": "2020-01-01T00:00:00Z"}).status_code == 404
    assert client.get("/api/v1/villages/421122107202").status_code == 404


def test_the_command_tells_where_a_code_went_and_where_it_came_from(cuntu):
    cuntu("import", "变更.csv", "--county", "421223")
    assert cuntu("show", OLD)["ended"]["successors"] == [{"code": NEW, "name": None}]
    assert cuntu("show", NEW)["predecessors"] == [OLD]
    assert cuntu("show", OLD, "--valid-on", "2024-02-29")["ended"] is None
