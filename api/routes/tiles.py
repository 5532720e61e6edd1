"""Vector tiles of the layers in force, or of one version."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.access.guard import GuardedRoute, needs
from api.deps import Snapshot, TileDb, TileStore, When
from api.errors import NotFoundError
from api.openapi import problems
from api.shown import level, shown
from api.tile_answers import MVT, answer, is_public
from api.tile_cache import Key, Tile
from layers import catalog, tiles
from layers.catalog import is_open_to
from layers.errors import SecrecyError, UnknownVersionError

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
    db: TileDb,
    snapshots: Snapshot,
    cache: TileStore,
    v: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="数据版本；给出时可永久缓存")] = None,
) -> Response:
    """One tile, with the catalogue id as the name of its only layer. Empty where there is nothing to draw.

    With a version it may be kept for ever; without one it is that of the layer in force and has to be asked for anew.
    """
    catalog.layer(layer)
    version = v
    if version is None:
        in_force = shown(snapshots.in_force(when).versions)
        if layer not in in_force:
            raise NotFoundError(f"图层“{layer}”未入库。")
        version = in_force[layer].version
    key = (version, layer, z, x, y)
    tile = cache.get(key)
    if tile is None or not is_open_to(tile.secrecy, max_secrecy=level()):
        tile = _cut(db, key)
        cache.put(key, tile)
    return answer(tile, request.scope["headers"], for_ever=v is not None, is_public=is_public(tile, request.app))


def _cut(db: Any, key: Key) -> Tile:
    """Cut a tile; a version that may not be seen is as if it were not there."""
    version, layer, z, x, y = key
    with db.connection() as conn:
        try:
            found = tiles.cut(conn, version, layer, z, x, y, max_secrecy=level())
        except SecrecyError:
            raise UnknownVersionError(f"图层“{catalog.layer(layer).title}”没有数据版本 {version}。") from None
    return Tile.of(found.content, secrecy=found.secrecy)
