"""Two versions of a layer compared."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from api.access.guard import GuardedRoute, needs
from api.deps import Db
from api.openapi import problems
from api.versions.comparing import Comparisons, comparison_entry
from api.versions.schemas import ChangeKind, Comparison

router = APIRouter(prefix="/layers", tags=["图层版本"], route_class=GuardedRoute)

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="版本号")]
MOST = 1_000


async def comparisons(request: Request) -> Comparisons:
    """The comparisons asked for last."""
    return request.app.state.comparisons  # type: ignore[no-any-return]


Compared = Annotated[Comparisons, Depends(comparisons)]


@router.get(
    "/{layer_id}/versions/{before}/compare/{after}",
    summary="比较两个版本",
    response_model=Comparison,
    responses=problems(400, 404, 409, 503),
)
@needs("layers.inspect")
def compare_versions(
    layer_id: Annotated[str, Path(max_length=60, description="图层编号")],
    before: Number,
    after: Number,
    db: Db,
    compared: Compared,
    kind: Annotated[ChangeKind | None, Query(description="只看一种变化")] = None,
    offset: Annotated[int, Query(ge=0, le=10_000_000, description="从第几处起")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST, description="最多几处")] = 100,
    geometry: Annotated[bool, Query(description="附图形（CRS84）")] = False,
) -> dict[str, Any]:
    """What came, went, changed or was re-coded between two versions; shapes within 0.1 mm of each other are the same."""
    with db.connection() as conn:
        found = compared.of(conn, layer_id, before, after)
        return comparison_entry(conn, found, kind=kind, offset=offset, limit=limit, geometry=geometry)
