"""The pages of runs: the list, and one run on its map."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.access.guard import needs
from api.deps import Db, Snapshot, When
from api.routes.pages import Data, PageRoute, is_synthetic, page
from api.routes.runs import open_run
from api.runs.entries import KIND_LABELS, ORDER, VERDICT_LABELS
from layers import check_runs as store
from layers.check_runs import Run
from layers.maps.run import run_legend, run_map
from layers.run_export import SUMMARY, lines, reason

router = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)

PER_PAGE = 50
DRAWN = 3_000
"""So many subjects, the worst, are drawn on a run's map."""

OVERLAYS = ("village", "basic_farmland", "ecological_redline", "village_boundary", "control_zone", "planned_use", "hazard", "road", "power_line",
            "river", "parcel", "building")  # fmt: skip
TONES = {"conflict": "refused", "attention": "needs_approval", "unclear": "incomplete", "clear": "passed", "unproved": "incomplete"}
"""The tone of a verdict that is none of an application's."""


@router.get("/runs")
@needs("runs.read", county=True)
def runs(
    request: Request, when: When, snapshots: Snapshot, db: Db, number: Annotated[int, Query(alias="page", ge=1, le=100_000, description="第几页")] = 1
) -> HTMLResponse:
    """The runs, newest first."""
    with db.connection() as conn:
        found, total = store.latest(conn, limit=PER_PAGE, offset=(number - 1) * PER_PAGE), store.count(conn)
    following = f"/runs?page={number + 1}" if number * PER_PAGE < total else None
    previous = f"/runs?page={number - 1}" if number > 1 else None
    context: dict[str, Any] = {"runs": found, "total": total, "kinds": KIND_LABELS, "previous": previous, "following": following}
    return page(request, "runs.html", context, synthetic=is_synthetic(snapshots.in_force(when)))


@router.get("/maps/runs/{run_id}")
@needs("runs.read", county=True)
def run(
    request: Request,
    run_id: UUID,
    when: When,
    snapshots: Snapshot,
    data: Data,
    db: Db,
    verdict: Annotated[str | None, Query(max_length=40, pattern="^[a-z_]+$", description="只看一种结论")] = None,
    after: Annotated[int, Query(ge=-1, le=2_000_000_000, description="从这个序号之后")] = -1,
) -> HTMLResponse:
    """One run: its map, its summary, and its results one page after the other."""
    with db.connection() as conn:
        found = open_run(conn, run_id)
        counts = store.result_counts(conn, run_id)
        drawn = store.worst(conn, run_id, [slug for slug in ORDER if drawn_at_all(found, slug)], limit=DRAWN)
        listed = store.results(conn, run_id, after=after, limit=PER_PAGE, verdict=verdict)
    seen = snapshots.in_force(when)
    synthetic, overlays = is_synthetic(seen), data.overlays(seen, ids=OVERLAYS)
    document = run_map(drawn, VERDICT_LABELS, kinds=KIND_LABELS, outline=data.outline(seen), overlays=overlays, synthetic=synthetic)
    following = f"{request.url.path}?{f'verdict={verdict}&' if verdict else ''}after={listed[-1].position}" if len(listed) == PER_PAGE else None
    context: dict[str, Any] = {
        "run": found,
        "map": document,
        "legend": run_legend(counts, VERDICT_LABELS),
        "counts": [(slug, VERDICT_LABELS[slug], counts[slug]) for slug in ORDER if counts.get(slug)],
        "results": [(item, reason(item), list(lines(item))) for item in listed],
        "left_out": max(0, sum(number for slug, number in counts.items() if drawn_at_all(found, slug)) - len(drawn)),
        "kinds": KIND_LABELS,
        "labels": VERDICT_LABELS,
        "tones": TONES,
        "words": SUMMARY,
        "overlays": overlays,
        "chosen": verdict,
        "following": following,
    }
    return page(request, "run.html", context, synthetic=synthetic)


def drawn_at_all(run: Run, verdict: str) -> bool:
    """Whether results of a verdict are worth drawing: of existing houses only those with something found or not checked."""
    return run.kind != "houses" or verdict != "clear"
