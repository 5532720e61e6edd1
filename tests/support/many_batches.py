"""Batches checked over and over by two threads, to be run as a program of its own: a crash must not take the tests with it."""

from __future__ import annotations

import hashlib
import sys

import numpy as np
import planning
import shapely

from spatial import permit

RUNS = 12
COUNT = 1_500
CHUNK = 125
VERTICES = 20_000
PIECES_OF = 1_000
"""Large pieces that both threads meet, new in every run: what is worked out on first use is worked out by both at once."""


def ragged(seed: int, *, vertices: int = VERTICES) -> shapely.Polygon:
    """A polygon with many vertices that covers about half of the ground round the default site."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    radius = 500 + 60 * np.sin(7 * angle) + rng.normal(scale=0.5, size=vertices)
    return shapely.Polygon(np.column_stack([planning.EAST + radius * np.cos(angle), planning.NORTH + radius * np.sin(angle)]))


def main() -> None:
    """Print what came out of every run."""
    permit.CHUNK = CHUNK
    sys.setswitchinterval(1e-5)
    shapes = {"basic_farmland": ragged(1), "ecological_redline": ragged(2), "wetland": ragged(3), "river": ragged(4)}
    fields = {"basic_farmland": {}, "ecological_redline": {"zone": ["other"]}, "wetland": {"level": ["national"]}, "river": {}}
    rng = np.random.default_rng(0)
    features = [planning.application(planning.here(*rng.uniform(-600, 600, size=2))) for _ in range(COUNT)]
    for _ in range(RUNS):
        layers = planning.county_layers(**{name: planning.layer(name, [shape], fields[name], pieces_of=PIECES_OF) for name, shape in shapes.items()})
        checks = planning.checked(features, layers, threads=2)
        numbers = [side for name in ("basic_farmland_m2", "redline_other_m2", "river_m2") for side in checks.numbers(name)]
        told = hashlib.sha256(np.array(numbers).tobytes() + "".join(checks.verdicts).encode())
        print(told.hexdigest(), flush=True)


if __name__ == "__main__":
    main()
