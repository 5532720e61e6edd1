"""Layers held in memory, by version. A published version never changes, so what is held stays right."""

from __future__ import annotations

import ctypes
import gc
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any

import psycopg

from layers import snapshot
from spatial.kept import forget_all
from spatial.layer import DatasetVersion, Layer, LayerSet

log = logging.getLogger("cuntu.snapshots")

Versions = Mapping[str, DatasetVersion]

Connect = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]


class Holding:
    """The versions one process holds; processes forked from it share them."""

    def __init__(self, *, epsg: int) -> None:
        self.epsg = epsg
        self._held: dict[tuple[str, int], Layer] = {}

    def __len__(self) -> int:
        """How many layers are held."""
        return len(self._held)

    def exactly(self, wanted: Versions) -> LayerSet | None:
        """Return exactly these versions if all are held, else None."""
        held = self._held
        try:
            return {name: held[name, dataset.version] for name, dataset in wanted.items()}
        except KeyError:
            return None

    def among(self, wanted: Versions) -> LayerSet:
        """Return those of these versions that are held."""
        held = self._held
        return {name: held[name, dataset.version] for name, dataset in wanted.items() if (name, dataset.version) in held}

    def catch_up(self, wanted: Versions, connect: Connect, *, between: Callable[[], None] = lambda: None) -> None:
        """Hold these versions and nothing else; `between` is called after each layer that had to be read."""
        began = time.monotonic()
        layers = dict(self.among(wanted))
        for name, dataset in wanted.items():
            if name in layers:
                continue
            with connect() as conn:
                layers |= snapshot.load(conn, {name: dataset}, epsg=self.epsg)
            _ = layers[name].tree, layers[name].extent
            between()
        self._held = {(name, wanted[name].version): layer for name, layer in layers.items()}
        forget_all()
        settle()
        log.info("%d layers held in memory after %.1f s", len(layers), time.monotonic() - began)

    def clear(self) -> None:
        """Let go of everything."""
        self._held = {}


def settle() -> None:
    """Give back what is no longer used, and have the garbage collector leave alone what is there now.

    Half a million geometries stay: without this, each full collection would walk over all of them, and each process forked from
    this one would come to have a copy of its own.
    """
    gc.unfreeze()
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    gc.freeze()
