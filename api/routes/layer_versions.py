"""Versions of a layer, and the acts on them: published, withdrawn, discarded, declared law. Each act needs a named person."""

from __future__ import annotations

from typing import Annotated, Any

import psycopg
from fastapi import APIRouter, Path

from api.access import signing
from api.access.guard import GuardedRoute, needs
from api.deps import AppSettings, Db, Snapshot
from api.openapi import problems
from api.shown import is_shown
from api.versions.entries import act_entry, version_entry
from api.versions.schemas import (
    Discarded,
    LawStatusRequest,
    PublishRequest,
    Signed,
    StoredVersion,
    VersionActs,
    VersionDetail,
    VersionWithdrawRequest,
    Withdrawn,
)
from layers import catalog, coverage, law_status, restoring, version_acts, versions
from layers.errors import UnknownVersionError
from layers.version_acts import Expected, Signature
from layers.versions import VersionRecord

router = APIRouter(prefix="/layers", tags=["图层版本"], route_class=GuardedRoute)

LayerId = Annotated[str, Path(max_length=60, description="图层编号")]
Version = Annotated[int, Path(ge=1, le=2**31 - 1, description="版本号")]
REFUSED = problems(400, 403, 404, 409, 413, 503)


@router.get("/{layer_id}/acts", summary="发布、撤回等办理记录", response_model=VersionActs, responses=problems(400, 404, 503))
@needs("layers.inspect")
def list_acts(layer_id: LayerId, db: Db) -> dict[str, Any]:
    """Who published, withdrew or discarded what, when and why; the latest first. The log is only ever added to."""
    with db.connection() as conn:
        acts = version_acts.listed(conn, layer=catalog.layer(layer_id).id)
        hidden = {record.dataset.version for record in versions.history(conn, layer_id) if not is_shown(record.dataset)}
    return {"layer": layer_id, "acts": [act_entry(act) for act in acts if act.version not in hidden]}


@router.get("/{layer_id}/versions/{version}", summary="一个版本的全部记录", response_model=VersionDetail, responses=problems(400, 404, 503))
@needs("layers.inspect")
def get_version(layer_id: LayerId, version: Version, db: Db) -> dict[str, Any]:
    """One version: both periods, source file, acceptance check, coverage, and every act on it."""
    with db.connection() as conn:
        record = version_of(conn, layer_id, version)
        area = coverage.outline(conn, version)
        acts = version_acts.listed(conn, version=version)
    more = {"display_only": record.display_only, "epsg": record.epsg, "qa": record.qa, "coverage": area}
    return version_entry(record) | more | {"acts": [act_entry(act) for act in acts]}


@router.post("/{layer_id}/versions/{version}/publish", summary="发布一个版本", response_model=StoredVersion, responses=REFUSED)
@needs("layers.publish")
def publish_version(
    layer_id: LayerId, version: Version, said: PublishRequest, db: Db, snapshots: Snapshot, settings: AppSettings
) -> dict[str, Any]:
    """Make a staged version the known one and close what it replaces, in one transaction. Of two at the same time one gets 409."""
    expected = Expected(said.expected_in_force) if "expected_in_force" in said.model_fields_set else None
    with db.connection() as conn:
        version_of(conn, layer_id, version)
        versions.publish(conn, version, by=signature(said), expected=expected, max_secrecy=settings.max_secrecy)
        done = version_entry(versions.get(conn, version))
    snapshots.published()
    return done


@router.post("/{layer_id}/versions/{version}/withdraw", summary="撤回一个已发布的版本", response_model=Withdrawn, responses=REFUSED)
@needs("layers.publish")
def withdraw_version(layer_id: LayerId, version: Version, said: VersionWithdrawRequest, db: Db, snapshots: Snapshot) -> dict[str, Any]:
    """Take a version back: from now on it is not known any more; what was answered before stays. Nothing is erased."""
    by, restored = signature(said), []
    with db.connection() as conn:
        version_of(conn, layer_id, version)
        if said.restore:
            restored = restoring.withdraw(conn, version, by=by)
        else:
            versions.withdraw(conn, version, by=by)
        done = version_entry(versions.get(conn, version))
    snapshots.published()
    return {"version": done, "restored": restored}


@router.post("/{layer_id}/versions/{version}/law-status", summary="变更规划的法律状态", response_model=StoredVersion, responses=REFUSED)
@needs("layers.publish")
def declare_law_status(layer_id: LayerId, version: Version, said: LawStatusRequest, db: Db, snapshots: Snapshot) -> dict[str, Any]:
    """Declare a published version a draft, in force or superseded, from a day on. Checks use only what is in force."""
    with db.connection() as conn:
        version_of(conn, layer_id, version)
        law_status.declare(conn, version, said.law_status, effective_from=said.effective_from, by=signature(said))
        done = version_entry(versions.get(conn, version))
    snapshots.published()
    return done


@router.post("/{layer_id}/versions/{version}/discard", summary="删除一个待发布的版本", response_model=Discarded, responses=REFUSED)
@needs("layers.publish")
def discard_version(layer_id: LayerId, version: Version, said: Signed, db: Db) -> dict[str, Any]:
    """Remove a version that was never published; the log keeps its title and the SHA-256 of its file."""
    with db.connection() as conn:
        version_of(conn, layer_id, version)
        versions.discard(conn, version, by=signature(said))
    return {"layer": layer_id, "version": version, "discarded": True}


def signature(said: Signed) -> Signature:
    """Who acts, as the store writes it down; raises ForbiddenError where somebody else is stated."""
    return signing.signature(said.reason, said.officer, said.unit)


def version_of(conn: psycopg.Connection[Any], layer_id: str, version: int) -> VersionRecord:
    """Return a version of this layer that may be seen; raises UnknownLayerError, and UnknownVersionError where there is none."""
    layer = catalog.layer(layer_id)
    record = versions.get(conn, version)
    if record.dataset.layer != layer.id or not is_shown(record.dataset):
        raise UnknownVersionError(f"图层“{layer.title}”没有数据版本 {version}。")
    return record
