"""What a report says beyond its findings: their groups, papers and offices, and the facts of the site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spatial.measuring import Facts
from spatial.report_groups import grouped
from spatial.site_facts import site_facts


def with_sections(report: Mapping[str, Any], facts: Facts, row: int) -> dict[str, Any]:
    """Return a report with the sections that follow from its findings and from subject `row`'s facts."""
    return {**report, **grouped(report["findings"], report["not_checked"]), "site": site_facts(facts, row)}
