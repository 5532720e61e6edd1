"""`cuntu check FILE --proposals`: what would make each application lawful."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.checks.checking import Basis, Checker
from api.checks.lawful_way import for_applications
from api.cli.output import Report, print_table
from spatial.permit import Applications


def proposals_for(checker: Checker, applications: Applications, basis: Basis, report: Report) -> list[dict[str, Any]]:
    """Search the lawful way of each application of a file in turn."""
    found = []
    for row in range(len(applications)):
        report(row / len(applications), f"找改法 {row + 1}/{len(applications)}")
        found += for_applications(checker, applications.part(row, row + 1), basis)
    return found


def print_proposals(found: Sequence[dict[str, Any]]) -> None:
    """Write a table of proposals for each application that is not passed."""
    for item in found:
        if item["verdict"] == "passed":
            continue
        lines = [[entry["rank"], entry["verdict_label"], entry["title"]] for entry in (*item["proposals"], *item["lesser"])]
        needed = [["须解决", entry["title"], entry["message"]] for entry in (*item["needed"], *item["obstacles"])]
        title = f"{item['case_no'] or '未编号'}：{item['verdict_label']}。{item['summary']}"
        print_table(title, ["次序", "改动后的结论", "改动"], [*lines, *needed])
