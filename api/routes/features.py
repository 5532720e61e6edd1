"""What lies at a place of the map: features to pick, and corners to snap to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.access.guard import GuardedRoute, needs
from api.deps import AppSettings, Db, Snapshot, When
from api.errors import NotFoundError
from api.openapi import GeoJson, problems
from api.shown import level, shown
from api.sites.schemas import FeaturesAt
from layers import catalog, identify

router = APIRouter(prefix="/layers", tags=["图层"], route_class=GuardedRoute)


@router.get(
    "/{layer_id}/at", summary="某处的要素", response_model=FeaturesAt, response_class=GeoJson, responses=problems(400, 404, 503)
)
@needs("maps.view")
def features_at(
    layer_id: str,
    when: When,
    db: Db,
    snapshots: Snapshot,
    settings: AppSettings,
    lon: Annotated[float, Query(ge=-180, le=180, description="经度")],
    lat: Annotated[float, Query(ge=-90, le=90, description="纬度")],
    radius_m: Annotated[float, Query(ge=0, le=identify.MAX_RADIUS_M, description="多少米之内；0 为该点所在的要素")] = 0.0,
) -> GeoJson:
    """The features of a layer in force under or near a point, the nearest first, with exact corners. At most 200."""
    layer = catalog.layer(layer_id)
    dataset = shown(snapshots.in_force(when).versions).get(layer.id)
    if dataset is None:
        raise NotFoundError(f"图层“{layer.title}”未入库。")
    with db.connection() as conn:
        found = identify.near(conn, dataset, lon=lon, lat=lat, radius_m=radius_m, epsg=settings.epsg, max_secrecy=level())
    head = {"type": "FeatureCollection", "layer": layer.id, "in_force": asdict(dataset), "epsg": settings.epsg}
    return GeoJson(head | {"features": [_feature(item) for item in found]})


def _feature(item: identify.Identified) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": item.identifier,
        "geometry": item.geometry,
        "properties": item.attributes,
        "corners": item.corners,
        "area_m2": item.area_m2,
    }
