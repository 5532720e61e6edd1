"""The process that reads one DXF drawing: bytes on standard input, its closed and open polylines as JSON on standard output.

A drawing is a program of sorts (blocks within blocks, arcs, hatches) and ezdxf is Python: a file made to cost much shall cost
this process, which has a limit on its time and memory, and not the service.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from collections import Counter
from typing import Any

from layers.site_files.text import decode
from spatial.errors import InputError

CPU_S = 8
MEMORY_BYTES = 1_500_000_000
ARC_M = 0.01
"""Arcs become chords that stay this near to them."""
MOST_ARCS, LARGEST_BULGE, WIDEST_M = 500, 10.0, 10_000.0
"""A polyline with more arcs, or larger ones, is no plot; its chords would be millions."""
SHAPES = frozenset({"LWPOLYLINE", "POLYLINE"})
BINARY = b"AutoCAD Binary DXF"


def limit() -> None:
    """Give this process a limit of its own time and memory."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def polylines(raw: bytes, *, most_points: int) -> dict[str, Any]:
    """Read the polylines of the model space in world coordinates, and count what else lies there."""
    from ezdxf.filemanagement import read
    from ezdxf.lldxf.const import DXFError

    try:
        # The code page in the header is often that of the program, not of the text.
        text, encoding = decode(raw)
        drawing = read(io.StringIO(text))
    except InputError as error:
        return {"error": str(error)}
    except (DXFError, ValueError, LookupError, IndexError, KeyError, AttributeError, TypeError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:200]}
    found: list[dict[str, Any]] = []
    others: Counter[str] = Counter()
    points = 0
    for entity in drawing.modelspace():
        if entity.dxftype() in SHAPES and points <= most_points:
            read_shape = shape(entity)
            points += len(read_shape["points"])
            found.append(read_shape)
        else:
            others[entity.dxftype()] += 1
    return {"encoding": encoding, "polylines": found, "others": dict(others), "points": points, "units": drawing.units}


def shape(entity: Any) -> dict[str, Any]:
    """One polyline: its layer, its handle, whether it is closed and has arcs, its points as [east, north]."""
    from ezdxf.path import make_path

    entry = {"layer": entity.dxf.layer[:60], "handle": entity.dxf.handle, "closed": False, "arcs": False, "points": []}
    if entity.dxftype() == "POLYLINE" and not (entity.is_2d_polyline or entity.is_3d_polyline):
        return entry
    if entity.has_arc and not arcs_of_a_plot(entity):
        return entry | {"arcs": True, "closed": True, "refused": True}
    path = make_path(entity)
    points = [[point.x, point.y] for point in path.flattening(ARC_M)] if len(path) else []
    ends_meet = len(points) > 3 and points[0] == points[-1]
    return entry | {"closed": bool(entity.is_closed or ends_meet), "arcs": path.has_curves, "points": points}


def arcs_of_a_plot(entity: Any) -> bool:
    """Whether the arcs of a polyline can be those of a plot's border."""
    rows = entity.get_points("xyb") if entity.dxftype() == "LWPOLYLINE" else [(*vertex.dxf.location.vec2, vertex.dxf.bulge) for vertex in entity.vertices]
    easts, norths, bulges = zip(*rows, strict=True)
    widest = max(max(easts) - min(easts), max(norths) - min(norths))
    arcs = [abs(bulge) for bulge in bulges if bulge]
    return widest <= WIDEST_M and len(arcs) <= MOST_ARCS and max(arcs) <= LARGEST_BULGE


def main() -> None:
    """Read standard input, write the answer."""
    limit()
    answer = polylines(sys.stdin.buffer.read(), most_points=int(sys.argv[1]))
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
