"""The layer catalogue and the versions of a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from api.access.guard import GuardedRoute, needs
from api.deps import Db, Snapshot, When
from api.openapi import problems
from api.shown import is_listed, is_shown, shown
from api.versions.entries import version_entry
from api.versions.schemas import LayerList, LayerVersions
from layers import catalog, versions
from layers.catalog import CatalogLayer
from spatial.layer import DatasetVersion

router = APIRouter(prefix="/layers", tags=["图层"], route_class=GuardedRoute)

STATE_LABELS = {"loaded": "已入库", "not_loaded": "未入库"}


@router.get("", summary="图层目录和状态", response_model=LayerList, responses=problems(400, 503))
@needs("maps.view")
def list_layers(when: When, snapshots: Snapshot) -> dict[str, Any]:
    """Every layer of the catalogue that may be seen, with the version in force; a layer that is not loaded is listed as such."""
    seen = snapshots.in_force(when)
    found = shown(seen.versions)
    entries = [layer_entry(layer, found) for layer in catalog.catalog().values() if is_listed(layer, found)]
    return {"valid_on": seen.moment.valid_on, "known_at": seen.moment.known_at, "layers": entries}


@router.get("/{layer_id}/versions", summary="一个图层的全部版本", response_model=LayerVersions, responses=problems(400, 404, 503))
@needs("layers.inspect")
def list_versions(layer_id: str, when: When, snapshots: Snapshot, db: Db) -> dict[str, Any]:
    """Every version that may be seen, the newest first: staged, published and withdrawn; and which is in force at the two times."""
    with db.connection() as conn:
        records = [record for record in versions.history(conn, layer_id) if is_shown(record.dataset)]
    seen = snapshots.in_force(when)
    current = shown(seen.versions).get(layer_id)
    times = {"valid_on": seen.moment.valid_on, "known_at": seen.moment.known_at}
    return times | {"layer": layer_id, "in_force": current.version if current else None, "versions": [version_entry(record) for record in records]}


def layer_entry(layer: CatalogLayer, in_force: Mapping[str, DatasetVersion]) -> dict[str, Any]:
    """Write one line of the catalogue."""
    dataset = in_force.get(layer.id)
    state = "loaded" if dataset else "not_loaded"
    fields = [
        {"name": item.name, "title": item.title, "type": item.type, "unit": item.unit, "required": item.required, "codes": dict(item.codes or {})}
        for item in layer.fields.values()
    ]
    return {
        "id": layer.id,
        "title": layer.title,
        "title_en": layer.title_en,
        "geometry": list(layer.geometry),
        "role": layer.role,
        "source": layer.source,
        "identifier": layer.identifier,
        "fields": fields,
        "state": state,
        "state_label": STATE_LABELS[state],
        "in_force": asdict(dataset) if dataset else None,
        "tiles": f"/tiles/{layer.id}/{{z}}/{{x}}/{{y}}.mvt?v={dataset.version}" if dataset else None,
    }
