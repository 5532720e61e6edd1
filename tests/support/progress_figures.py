"""Progress figures of the small county, and how tests ask for them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from fastapi.testclient import TestClient

from layers import database
from layers.progress import Figure, record

A, B = "421223100201", "421223100202"
NAME = "{{ 7*7 }}<script>alert(1)</script>"
VALUES = "/api/v1/progress/values"


def figure(code: str, numerator: float, denominator: float, indicator: str = "R01", period: date = date(2026, 4, 1)) -> Figure:
    """One village's figure."""
    return Figure(village_code=code, indicator=indicator, period=period, numerator=numerator, denominator=denominator)


def report_april(url: str) -> None:
    """April: first one village, then both, the first corrected; the first quarter of another indicator."""
    with database.connect(url) as conn:
        record(conn, [figure(A, 90, 100)], source_name="一报.csv", at=datetime(2026, 5, 5, tzinfo=UTC))
        later = [figure(A, 80, 100), figure(B, 10, 50), figure(A, 1, 1, "R05", date(2026, 3, 1))]
        record(conn, later, source_name="二报.csv", at=datetime(2026, 5, 8, tzinfo=UTC))


def get(client: TestClient, address: str, **params: Any) -> Any:
    """Ask for something that must be there, as known at the end of time."""
    answer = client.get(address, params={"known_at": "2099-01-01T00:00:00Z", **params})
    assert answer.status_code == 200, answer.text
    return answer.json()
