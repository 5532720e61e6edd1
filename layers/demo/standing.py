"""What already stands and conflicts with a rule: houses on farmland, plots over two zones, households with several plots, idle plots."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.demo.clearing import CLEAR_M
from layers.demo.ground import Ground

FARMLAND_HOUSES, SPLIT_PLOTS, LARGE_HOLDERS = 18, 24, 30
"""How many of each are made, where there is room for so many."""

_INTO_M = 2.5
"""How far a house or plot is enlarged into the farmland or zone it has no right to, metres."""

_ASKED = 6000
"""Of so many houses or plots those at the edge of other land are looked for."""


@dataclass(frozen=True)
class Standing:
    """What a survey of existing houses must find: numbers of houses (ZRZH), plots (ZDDM) and households (household_id).

    `given_up_houses` stand where the draft plan wants a park and the plan in force a homestead.
    """

    farmland_houses: tuple[str, ...]
    split_plots: tuple[str, ...]
    large_holders: tuple[str, ...]
    given_up_houses: tuple[str, ...]


def houses_on_farmland(layers: dict[str, gpd.GeoDataFrame], ground: Ground) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Return the buildings with some rural ones enlarged onto permanent basic farmland, and the numbers of those."""
    buildings, farmland = layers["building"], layers["basic_farmland"].geometry.to_numpy()
    rural = buildings["ZDDM"].notna().to_numpy()
    changed, shapes = _enlarged(buildings.geometry.to_numpy(), rural, farmland, ground, FARMLAND_HOUSES)
    columns = {"ZZDMJ": np.round(shapely.area(shapes), 2)}
    return buildings.assign(**columns).set_geometry(gpd.GeoSeries(shapes, crs=buildings.crs)), tuple(buildings["ZRZH"].to_numpy()[changed])


def split_plots(layers: dict[str, gpd.GeoDataFrame], ground: Ground, *, without: set[str]) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Return the parcels with some enlarged into a zone where building is restricted or prohibited, and the codes of those.

    Plots of the households `without` (parcel codes) stay as they are.
    """
    parcels, zones = layers["parcel"], layers["control_zone"]
    closed = zones.geometry.to_numpy()[(zones["zone"] != "concentrated").to_numpy()]
    free = ~parcels["ZDDM"].isin(without).to_numpy()
    changed, shapes = _enlarged(parcels.geometry.to_numpy(), free, closed, ground, SPLIT_PLOTS)
    columns = {"ZDMJ": np.round(shapely.area(shapes), 2)}
    return parcels.assign(**columns).set_geometry(gpd.GeoSeries(shapes, crs=parcels.crs)), tuple(parcels["ZDDM"].to_numpy()[changed])


def _enlarged(
    shapes: NDArray[np.object_], allowed: NDArray[np.bool_], beyond: NDArray[np.object_], ground: Ground, wanted: int
) -> tuple[list[int], NDArray[np.object_]]:
    """Enlarge up to `wanted` of the allowed shapes, spread over the county, into what lies just beside them; none comes onto another."""
    tree = shapely.STRtree(beyond)
    asked = np.flatnonzero(allowed)
    asked = asked[:: max(len(asked) // _ASKED, 1)]
    near = asked[np.unique(tree.query(shapes[asked], predicate="dwithin", distance=3.0)[0])]
    clear = np.ones(len(near), dtype=bool)
    clear[shapely.STRtree(ground.blocks.polygons).query(shapes[near], predicate="dwithin", distance=CLEAR_M)[0]] = False
    near = near[clear]
    others, result = shapely.STRtree(shapes), shapes.copy()
    changed: list[int] = []
    for row in near[:: max(len(near) // (6 * wanted), 1)]:
        if len(changed) == wanted:
            break
        larger = _towards(shapes[row], beyond[tree.nearest(shapes[row])])
        free = set(others.query(larger, predicate="intersects")) == {row} and not any(shapely.dwithin(result[c], larger, 30.0) for c in changed)
        if free and shapely.intersection(larger, shapely.union_all(beyond[tree.query(larger)])).area > 3.0:
            result[row] = larger
            changed.append(int(row))
    return changed, result


def _towards(shape: shapely.Polygon, beyond: shapely.Geometry) -> shapely.Geometry:
    """Return the shape stretched across the gap to a neighbour and a little into it."""
    start, end = shapely.get_coordinates(shapely.shortest_line(shape, beyond))
    gap = float(np.hypot(*(end - start)))
    step = (end - start) / gap * (gap + _INTO_M) if gap > 0.01 else np.zeros(2)
    moved = shapely.get_coordinates(shape)[:-1] + step
    return shapely.MultiPoint(np.vstack([shapely.get_coordinates(shape)[:-1], moved])).convex_hull


def idle_plots(parcels: gpd.GeoDataFrame, *, none_in: set[str]) -> gpd.GeoDataFrame:
    """Return the parcels with no idle one in some villages (codes)."""
    return parcels.assign(state=parcels["state"].mask(parcels["ZDDM"].str[:12].isin(none_in), "used"))


def houses_given_up(buildings: gpd.GeoDataFrame, draft: gpd.GeoDataFrame) -> tuple[str, ...]:
    """Return the rural houses that stand on a park of the draft plan, by number."""
    parks = draft.geometry.to_numpy()[(draft["GHDLBM"] == "1401").to_numpy()]
    house = np.unique(shapely.STRtree(parks).query(buildings.geometry.to_numpy(), predicate="within")[0])
    rural = buildings["ZDDM"].notna().to_numpy()
    return tuple(buildings["ZRZH"].to_numpy()[house[rural[house]]])


def several_plots(households: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the households with some holding the plot of the next one in the list of their village as well, every sixth two of them.

    The new column `other_zddm` lists a household's further plots; whoever was joined is left out. Also the numbers of the large holders.
    """
    table = households.reset_index(drop=True)
    others: list[list[str]] = [[] for _ in range(len(table))]
    step = max(len(table) // (LARGE_HOLDERS + 1), 4)
    gone: list[int] = []
    for count, row in enumerate(range(step, step * (LARGE_HOLDERS + 1), step)):
        joined = [row + 1, row + 2] if count % 6 == 0 else [row + 1]
        if joined[-1] < len(table) and (table["village_code"][joined] == table["village_code"][row]).all():
            others[row] = list(table["zddm"][joined])
            gone += joined
    large = tuple(table["household_id"][[row for row, held in enumerate(others) if held]])
    return table.assign(other_zddm=pd.Series(others, dtype=object)).drop(index=gone).reset_index(drop=True), large
