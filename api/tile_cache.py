"""Tiles in memory: the least recently used go first. A tile belongs to a version, and versions never change."""

from __future__ import annotations

import threading
from collections import OrderedDict

Key = tuple[int, str, int, int, int]


class TileCache:
    """Holds up to `capacity` bytes of tiles."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._tiles: OrderedDict[Key, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Key) -> bytes | None:
        """Return a tile if it is held."""
        with self._lock:
            if key in self._tiles:
                self._tiles.move_to_end(key)
            return self._tiles.get(key)

    def put(self, key: Key, tile: bytes) -> None:
        """Hold a tile; one larger than the capacity is not held."""
        with self._lock:
            self._bytes += len(tile) - len(self._tiles.pop(key, b""))
            self._tiles[key] = tile
            while self._bytes > self.capacity:
                _, dropped = self._tiles.popitem(last=False)
                self._bytes -= len(dropped)
