"""The pages of layers: the catalogue, the history of one layer, and two of its versions compared."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from api.access.guard import needs
from api.deps import Db, Snapshot, When
from api.routes.comparisons import Compared
from api.routes.pages import Data, PageRoute, is_synthetic, page
from api.versions.comparing import change_entry
from api.versions.history import catalogue_rows, coverages, history_rows
from api.versions.schemas import ChangeKind
from layers import catalog, comparison, version_acts
from layers.comparison_export import COUNTED, field_text
from layers.county_time import COUNTY_TIME
from layers.maps.versions import comparison_legend, comparison_map, coverage_map
from spatial.layer import DatasetVersion

router = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)

PER_PAGE = 100
DRAWN = 2_000
"""So many changes are drawn on the map of a comparison; the table has all."""

LayerId = Annotated[str, Path(max_length=60, description="图层编号")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="版本号")]


@router.get("/layers")
@needs("layers.inspect")
def layers_page(request: Request, when: When, snapshots: Snapshot) -> HTMLResponse:
    """Every layer with what is in force on a day, as known at a moment."""
    seen = snapshots.in_force(when)
    known_text = seen.moment.known_at.astimezone(COUNTY_TIME).isoformat(timespec="seconds")
    rows = catalogue_rows(seen.versions)
    context: dict[str, Any] = {"layers": rows, "moment": seen.moment, "known_text": known_text, "asked": _times(request)}
    return page(request, "layers.html", context, synthetic=is_synthetic(seen))


@router.get("/layers/{layer_id}/history")
@needs("layers.inspect")
def history_page(request: Request, layer_id: LayerId, when: When, snapshots: Snapshot, data: Data, db: Db) -> HTMLResponse:
    """Every version of a layer with its two periods, its file, its acceptance check, and who did what to it."""
    layer, seen = catalog.layer(layer_id), snapshots.in_force(when)
    with db.connection() as conn:
        rows = history_rows(conn, layer.id)
        areas = coverages(conn, rows)
    current: DatasetVersion | None = seen.versions.get(layer.id)
    synthetic = is_synthetic(seen)
    context: dict[str, Any] = {
        "layer": layer,
        "rows": rows,
        "in_force": current.version if current else None,
        "moment": seen.moment,
        "acts": version_acts.ACT_LABELS,
        "map": coverage_map(areas, outline=data.outline(seen), synthetic=synthetic) if areas else None,
    }
    return page(request, "layer_history.html", context, synthetic=synthetic)


@router.get("/layers/{layer_id}/compare/{before}/{after}")
@needs("layers.inspect")
def compare_page(
    request: Request,
    layer_id: LayerId,
    before: Number,
    after: Number,
    when: When,
    snapshots: Snapshot,
    data: Data,
    db: Db,
    compared: Compared,
    kind: Annotated[ChangeKind | None, Query(description="只看一种变化")] = None,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000, description="第几页")] = 1,
) -> HTMLResponse:
    """What changed between two versions, as map and table."""
    seen = snapshots.in_force(when)
    with db.connection() as conn:
        found = compared.of(conn, layer_id, before, after)
        chosen = found.of_kind(kind)
        shown = chosen[(number - 1) * PER_PAGE : number * PER_PAGE]
        entries = [change_entry(found, *pair) for pair in zip(shown, comparison.details(conn, found, shown), strict=True)]
        drawn = chosen[:DRAWN]
        shapes = [detail.shape for detail in comparison.details(conn, found, drawn, shapes=True)]
    synthetic = is_synthetic(seen) or found.before.dataset.synthetic or found.after.dataset.synthetic
    document = comparison_map(
        list(zip(drawn, shapes, strict=True)),
        epsg=found.after.epsg,
        outline=data.outline(seen),
        overlays=data.overlays(seen, ids=("village", "land_use")),
        synthetic=synthetic,
    )
    query = f"kind={kind}&" if kind else ""
    context: dict[str, Any] = {
        "layer": found.layer,
        "found": found,
        "counted": COUNTED,
        "labels": comparison.KIND_LABELS,
        "entries": [entry | {"told": field_text(entry["fields"])} for entry in entries],
        "legend": comparison_legend(found.counts),
        "kind": kind,
        "left_out": len(chosen) - len(drawn),
        "map": document,
        "previous": f"{request.url.path}?{query}page={number - 1}" if number > 1 else None,
        "following": f"{request.url.path}?{query}page={number + 1}" if number * PER_PAGE < len(chosen) else None,
    }
    return page(request, "layer_compare.html", context, synthetic=synthetic)


def _times(request: Request) -> dict[str, str]:
    return {name: request.query_params.get(name, "") for name in ("valid_on", "known_at")}
