"""Batches checked over and over by two threads, to be run as a program of its own: a crash must not take the tests with it."""

from __future__ import annotations

import hashlib
import sys

import numpy as np
import planning
import shapely

from spatial import permit

RUNS = 12
COUNT = 2_000
CHUNK = 125


def ragged(seed: int, *, vertices: int = 3_000) -> shapely.Polygon:
    """A polygon with many vertices that covers about half of the ground round the default site."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    radius = 500 + 60 * np.sin(7 * angle) + rng.normal(scale=3, size=vertices)
    return shapely.Polygon(np.column_stack([planning.EAST + radius * np.cos(angle), planning.NORTH + radius * np.sin(angle)]))


def main() -> None:
    """Print what came out of every run."""
    permit.CHUNK = CHUNK
    sys.setswitchinterval(1e-5)
    layers = planning.county_layers(
        basic_farmland=planning.layer("basic_farmland", [ragged(1)], pieces_of=128),
        ecological_redline=planning.layer("ecological_redline", [ragged(2)], {"zone": ["other"]}, pieces_of=128),
        wetland=planning.layer("wetland", [ragged(3)], {"level": ["national"]}, pieces_of=128),
        river=planning.layer("river", [ragged(4)], pieces_of=128),
    )
    rng = np.random.default_rng(0)
    sites = [planning.here(*rng.uniform(-700, 700, size=2)) for _ in range(COUNT)]
    features = [planning.application(site) for site in sites]
    for _ in range(RUNS):
        checks = planning.checked(features, layers, threads=2)
        numbers = [side for name in ("basic_farmland_m2", "redline_other_m2", "river_m2") for side in checks.numbers(name)]
        told = hashlib.sha256(np.array(numbers).tobytes() + "".join(checks.verdicts).encode())
        print(told.hexdigest(), flush=True)


if __name__ == "__main__":
    main()
