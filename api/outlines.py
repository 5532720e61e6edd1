"""Village outlines written as GeoJSON once for each version: writing them anew for every answer costs more than all else."""

from __future__ import annotations

import threading
from typing import Any

from spatial.canonical import geojson
from spatial.layer import Layer


class Outlines:
    """Holds the outlines of the last version asked for."""

    def __init__(self) -> None:
        self._held: tuple[int, dict[str, Any]] | None = None
        self._lock = threading.Lock()

    def of(self, villages: Layer | None) -> dict[str, Any]:
        """Return the GeoJSON geometries in CRS84 by village code; nothing for a layer that is not loaded."""
        if villages is None:
            return {}
        with self._lock:
            if self._held is None or self._held[0] != villages.dataset.version:
                shapes = zip(villages.ids, villages.features, strict=True)
                written = {str(code): geojson(shape, epsg=villages.epsg, decimals=7) for code, shape in shapes}
                self._held = (villages.dataset.version, written)
            return self._held[1]
