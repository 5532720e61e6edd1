"""A recognised data set as a frame: catalogue field names, coordinates in the county's zone."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layers.errors import UnclearLayerError
from layers.reading.dataset import RawDataset
from layers.recognising.placing import to_county
from layers.recognising.recognition import Recognition
from spatial.errors import CrsError


def named_frame(raw: RawDataset, recognition: Recognition, *, epsg: int) -> gpd.GeoDataFrame:
    """Return the data set with catalogue field names and two-dimensional geometries in EPSG:`epsg`, east first.

    Values stay as they are and so do faulty geometries; fields outside the catalogue are left out. Coordinates already in
    EPSG:`epsg` stay the same to the bit. Raises UnclearLayerError or CrsError while the layer or the CRS is still asked for.
    """
    asked = " ".join(question.text for question in recognition.questions)
    if recognition.layer is None:
        raise UnclearLayerError(asked or None)
    if recognition.crs is None:
        raise CrsError(asked or None)
    source, swap = recognition.crs.epsg, recognition.crs.swap

    def moved(ordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        return to_county(ordinates[:, ::-1] if swap else ordinates, source=source, target=epsg)

    geometries: Any = np.asarray(raw.frame.geometry.array, dtype=object)
    if shapely.has_z(geometries).any() or shapely.has_m(geometries).any():
        geometries = shapely.force_2d(geometries)
    if swap or source != epsg:
        geometries = shapely.transform(geometries, moved)
    columns = {name: raw.frame[column] for name, column in recognition.columns.items()}
    return gpd.GeoDataFrame(columns, geometry=geometries, crs=epsg, index=raw.frame.index)
