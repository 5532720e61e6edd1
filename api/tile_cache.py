"""Tiles in memory: the least recently used go first. A tile belongs to a version, and versions never change."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass

from api.metrics.counts import Tally

Key = tuple[int, str, int, int, int]
"""Version, layer, z, x, y."""

WORTH_PACKING = 1_000
"""Bytes from which a tile is kept and sent packed: half as long, for a hundredth of the time it takes to cut."""
LEVEL = 4


@dataclass(frozen=True)
class Tile:
    """A tile as it is kept: packed with gzip where that is worth it. `etag` names its content, however it is sent."""

    body: bytes
    is_packed: bool
    etag: str
    secrecy: str
    """That of the version it is cut from."""

    @classmethod
    def of(cls, content: bytes, *, secrecy: str) -> Tile:
        """Keep the content of a tile."""
        etag = f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
        if len(content) < WORTH_PACKING:
            return cls(content, False, etag, secrecy)
        return cls(gzip.compress(content, LEVEL, mtime=0), True, etag, secrecy)

    def content(self) -> bytes:
        """The tile itself."""
        return gzip.decompress(self.body) if self.is_packed else self.body


class TileCache:
    """Holds up to `capacity` bytes of tiles."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._tiles: OrderedDict[Key, Tile] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self.tally: Tally | None = None

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._bytes

    def get(self, key: Key) -> Tile | None:
        """Return a tile if it is held."""
        with self._lock:
            found = self._tiles.get(key)
            if found is not None:
                self._tiles.move_to_end(key)
                if self.tally:
                    self.tally.add("tile_hits")
            return found

    def put(self, key: Key, tile: Tile) -> None:
        """Hold a tile; one larger than the capacity is not held."""
        with self._lock:
            if self.tally:
                self.tally.add("tile_misses")
            replaced = self._tiles.pop(key, None)
            self._bytes += len(tile.body) - (len(replaced.body) if replaced else 0)
            self._tiles[key] = tile
            while self._bytes > self.capacity:
                _, dropped = self._tiles.popitem(last=False)
                self._bytes -= len(dropped.body)
