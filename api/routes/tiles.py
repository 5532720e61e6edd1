"""Vector tiles of the layers in force, or of one version."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.access.guard import GuardedRoute, needs
from api.deps import AppSettings, Db, Snapshot, TileStore, When
from api.errors import NotFoundError
from api.openapi import problems
from api.tile_answers import MVT, answer
from api.tile_cache import Tile
from layers import catalog, tiles

router = APIRouter(tags=["瓦片"], route_class=GuardedRoute)

BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}

Zoom = Annotated[int, Path(ge=0, le=tiles.MAX_ZOOM)]
Index = Annotated[int, Path(ge=0, lt=2**22)]


@router.get(
    "/tiles/{layer}/{z}/{x}/{y}.mvt",
    summary="矢量瓦片",
    response_class=Response,
    responses={200: {"content": {MVT: BINARY}}, 304: {"description": "未改变"}, **problems(400, 404, 503)},
)
@needs("maps.view")
def read_tile(
    request: Request,
    layer: str,
    z: Zoom,
    x: Index,
    y: Index,
    when: When,
    db: Db,
    snapshots: Snapshot,
    cache: TileStore,
    settings: AppSettings,
    v: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="数据版本；给出时可永久缓存")] = None,
) -> Response:
    """One tile, with the catalogue id as the name of its only layer. Empty where there is nothing to draw.

    With a version it may be kept for ever; without one it is that of the layer in force and has to be asked for anew.
    """
    catalog.layer(layer)
    version = v
    if version is None:
        in_force = snapshots.in_force(when).versions
        if layer not in in_force:
            raise NotFoundError(f"图层“{layer}”未入库。")
        version = in_force[layer].version
    key = (version, layer, z, x, y)
    tile = cache.get(key)
    if tile is None:
        with db.connection() as conn:
            tile = Tile.of(tiles.tile(conn, version, layer, z, x, y, max_secrecy=settings.open_secrecy))
        cache.put(key, tile)
    return answer(tile, request.scope["headers"], for_ever=v is not None)
