"""Villages with their types and evidence, as GeoJSON in CRS84."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
import psycopg
from fastapi import APIRouter, Path, Query, Response

from api import classifying, withheld
from api.access.guard import GuardedRoute, needs
from api.deps import AppSettings, Db, Snapshot, VillageOutlines, When
from api.ended_codes import tell_if_ended
from api.errors import NotFoundError
from api.openapi import GeoJson, problems
from api.shown import shown
from api.snapshots import InForce, Snapshots
from api.village_schemas import VillageCollection, VillageFeature, VillageType
from layers import classifications
from layers.errors import UnknownRecordError
from spatial.layer import Layer

router = APIRouter(prefix="/villages", tags=["村庄分类"], route_class=GuardedRoute)

SUMMARY = ("rule_id", "branch", "title", "outcome", "message")


@router.get("", summary="村庄和分类", response_model=VillageCollection, response_class=GeoJson, responses=problems(400, 404, 503))
@needs("maps.view")
def list_villages(
    when: When,
    db: Db,
    snapshots: Snapshot,
    outlines: VillageOutlines,
    settings: AppSettings,
    town: Annotated[str | None, Query(description="乡镇代码（9 位）或名称", max_length=60)] = None,
    village_type: VillageType | None = None,
) -> Response:
    """Every village with its type and what each rule said, from the classification that counts on the day."""
    seen = snapshots.in_force(when)
    with db.connection() as conn:
        villages = _villages(conn, seen, snapshots)
        results = classifications.results(conn, seen.run_id) if seen.run_id else []
        run = classifications.get(conn, seen.run_id) if seen.run_id else None
        used = run.datasets if run else classifying.datasets(seen.versions, county=settings.county_code)
        hidden = withheld.hidden_of(conn, used)
    shapes = outlines.of(villages)
    chosen = [
        feature(shapes.get(result.village_code), summary(report))
        for result in results
        if village_type in (None, result.village_type)
        for report in [withheld.village_report(orjson.loads(result.report), hidden)]
        if town in (None, report["town_code"], report["town"])
    ]
    head = {
        "type": "FeatureCollection",
        "classification": str(run.id) if run else None,
        "datasets": withheld.states(used, hidden),
    }
    return GeoJson(head | {"features": chosen})


@router.get("/{code}", summary="一个村庄", response_model=VillageFeature, response_class=GeoJson, responses=problems(400, 404, 410, 503))
@needs("maps.view")
def get_village(
    code: Annotated[str, Path(max_length=60, description="村代码（12 位）")], when: When, db: Db, snapshots: Snapshot, outlines: VillageOutlines
) -> Response:
    """One village with its type and the evidence of every rule, matching or not.

    A code that has ended by the day is answered with 410 and the codes that stand in its place (`ended.successors`).
    """
    seen = snapshots.in_force(when)
    with db.connection() as conn:
        try:
            if seen.run_id is None:
                raise NotFoundError("还没有做过村庄分类。")
            result = classifications.result(conn, seen.run_id, code)
            hidden = withheld.hidden_of(conn, classifications.get(conn, seen.run_id).datasets)
        except (NotFoundError, UnknownRecordError):
            tell_if_ended(conn, code, seen.moment)
            raise
        villages = _villages(conn, seen, snapshots)
    return GeoJson(feature(outlines.of(villages).get(code), withheld.village_report(orjson.loads(result.report), hidden)))


def feature(geometry: dict[str, Any] | None, report: dict[str, Any]) -> dict[str, Any]:
    """Write one village as a GeoJSON feature."""
    return {"type": "Feature", "id": report["village_code"], "geometry": geometry, "properties": report}


def _villages(conn: psycopg.Connection[Any], seen: InForce, snapshots: Snapshots) -> Layer | None:
    wanted = {name: dataset for name, dataset in shown(seen.versions).items() if name == "village"}
    return snapshots.load(wanted, conn).get("village")


def summary(report: dict[str, Any]) -> dict[str, Any]:
    """Shorten a village's report for the list: of each rule only what it says."""
    return report | {"evidence": [{name: item.get(name) for name in SUMMARY} for item in report["evidence"]]}
