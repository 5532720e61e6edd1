"""Whether the service is alive, and whether it can work."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.access.guard import GuardedRoute, needs
from api.deps import Db, Snapshot
from api.errors import NotReadyError
from api.moment import Moment
from api.openapi import problems
from api.schemas import Health, Ready
from layers import database

router = APIRouter(tags=["运行状态"], route_class=GuardedRoute)


@router.get("/healthz", summary="服务是否存活", response_model=Health)
@needs("open")
async def healthz() -> dict[str, str]:
    """Alive; says nothing of the database."""
    return {"status": "ok"}


@router.get("/readyz", summary="数据库可用且已升级到当前版本", response_model=Ready, responses=problems(503))
@needs("open")
def readyz(db: Db, snapshots: Snapshot) -> dict[str, Any]:
    """Ready to work: the database answers and has this version's structure."""
    with db.connection(timeout=2) as conn:
        if not database.is_migrated(conn):
            raise NotReadyError("数据库结构不是当前版本，请运行 cuntu db upgrade。")
    snapshots.in_force(Moment.now())  # which its state is about
    return {"status": "ready", "database": "ok", "snapshot": snapshots.state}
