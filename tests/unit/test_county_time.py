"""The county's day: the same wherever the service stands, and not the day it still is in Greenwich."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from layers import county_time
from layers.postgres_settings import configuration


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 22, 16, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 22, 23, 59, tzinfo=ZoneInfo("America/Los_Angeles")), date(2026, 11, 23)),
    ],
)
def test_a_new_day_begins_at_the_countys_midnight(at, day):
    assert county_time.day_of(at) == day


def test_every_way_to_run_the_database_gives_it_the_countys_time():
    """Its sessions write days, too: those of analysts, who come with programs of their own."""
    own = configuration(socket_dir=Path("/tmp"), port=5432, durable=True)
    composed = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.yml").read_text(encoding="utf-8"))
    command = composed["services"]["database"]["command"]
    for name in ("timezone", "log_timezone"):
        assert f"{name} = '{county_time.COUNTY_TIME.key}'" in own
        assert f"{name}={county_time.COUNTY_TIME.key}" in command
