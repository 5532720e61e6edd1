"""An outline that is asked again and again whether something lies in it."""

from __future__ import annotations

from typing import Any

import shapely


def prepared_copy(outline: Any) -> Any:
    """Return a copy of a geometry, prepared for many questions: for one thread alone, as threads must not share a prepared geometry."""
    copy = shapely.from_wkb(shapely.to_wkb(outline))
    shapely.prepare(copy)
    return copy
