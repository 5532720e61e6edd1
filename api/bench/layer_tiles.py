"""Tiles: cut for the first time against the bare ST_AsMVT statement, tile by tile in turn; over HTTP; and out of memory."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import psycopg

from api.bench import clients
from api.bench.place import Place
from api.bench.service import Service, service
from layers import database, tile_baseline, tiles
from layers.baseline import Latencies
from layers.generalising import WEB_MERCATOR, WORLD_M
from spatial.crs import reproject_coordinates
from spatial.pieces import Box

ZOOMS = {"land_use": (12, 13, 14, 16), "building": (13, 14, 16)}
TILES = 12
CLIENTS = 8
BEST_OF = 3

Address = tuple[str, int, int, int]


@dataclass(frozen=True)
class Cut:
    """Milliseconds of one tile: ours, the bare statement's, and over HTTP; and its bytes."""

    address: Address
    ours_ms: float
    bare_ms: float
    http_ms: float
    size: int


def addresses(box: Box, *, epsg: int, count: int, seed: int) -> list[Address]:
    """Choose tiles of each layer and zoom that lie wholly in a box of EPSG:`epsg`, as far as it holds so many."""
    rng = np.random.default_rng(seed)
    (west, south), (east, north) = reproject_coordinates(np.array([box[:2], box[2:]]), source=epsg, target=WEB_MERCATOR)
    found: list[Address] = []
    for layer, zooms in ZOOMS.items():
        for z in zooms:
            side = WORLD_M / 2**z
            columns = _within((west + WORLD_M / 2) / side, (east + WORLD_M / 2) / side)
            rows = _within((WORLD_M / 2 - north) / side, (WORLD_M / 2 - south) / side)
            grid = [(layer, z, x, y) for x in columns for y in rows]
            chosen = rng.choice(len(grid), min(count, len(grid)), replace=False)
            found += [grid[one] for one in chosen]
    return found


def _within(begin: float, end: float) -> range:
    inside = range(int(np.ceil(begin)), int(np.floor(end)))
    return inside or range(int((begin + end) / 2), int((begin + end) / 2) + 1)


def cut(
    place: Place, versions: dict[str, int], wanted: Sequence[Address], *, seconds: float
) -> tuple[list[Cut], Latencies]:
    """Cut the tiles every way, and load the service with requests for them once it holds them."""
    with service(place, CUNTU_SNAPSHOT="false") as served:  # tiles need no layers in memory
        over_http = {address: _fetched(served, versions, address) for address in wanted}
        requests = [_request(served, versions, address) for address in wanted]
        held = clients.load(served.address, requests, clients=CLIENTS, seconds=seconds).latencies
    found = []
    with database.connect(place.url, autocommit=True) as conn:
        for layer, version in versions.items():
            tile_baseline.prepare(conn, version, layer)
            found += [_in_turn(conn, version, one, over_http[one]) for one in wanted if one[0] == layer]
    return found, held


def _in_turn(conn: psycopg.Connection[Any], version: int, address: Address, http_ms: float) -> Cut:
    bare, ours = partial(tile_baseline.tile, conn, *address), partial(_ours, conn, version, *address)
    times = [(_timed(bare)[0], *_timed(ours)) for _ in range(BEST_OF)]
    return Cut(address, min(one[1] for one in times), min(one[0] for one in times), http_ms, times[0][2])


def _ours(conn: psycopg.Connection[Any], version: int, layer: str, z: int, x: int, y: int) -> bytes:
    with conn.transaction():
        return tiles.tile(conn, version, layer, z, x, y)


def _timed(make: Callable[[], bytes]) -> tuple[float, int]:
    """Milliseconds, and the length of what was made."""
    began = time.perf_counter()
    made = make()
    return (time.perf_counter() - began) * 1000, len(made)


def _path(versions: dict[str, int], address: Address) -> str:
    layer, z, x, y = address
    return f"/tiles/{layer}/{z}/{x}/{y}.mvt?v={versions[layer]}"


def _fetched(served: Service, versions: dict[str, int], address: Address) -> float:
    asked = urllib.request.Request(f"{served.address}{_path(versions, address)}", headers=served.headers)  # noqa: S310 (our own address)

    def fetch() -> bytes:
        with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310
            return bytes(answer.read())

    return _timed(fetch)[0]


def _request(served: Service, versions: dict[str, int], address: Address) -> bytes:
    return served.request("GET", _path(versions, address), {"Accept-Encoding": "gzip"})
