"""The layer catalogue, the versions of a layer, and the import of new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Response, UploadFile

from api import uploads
from api.checking import epsg_of
from api.deps import Db, JobQueue, Snapshot, When
from api.iso_times import Day
from api.openapi import LOCATION, problems
from api.schemas import WITHOUT_ZERO, Accepted, LayerList, LayerVersions
from api.version_entries import version_entry
from layers import catalog, versions
from layers.catalog import CatalogLayer
from spatial.layer import DatasetVersion

router = APIRouter(prefix="/layers", tags=["图层"])

STATE_LABELS = {"loaded": "已入库", "not_loaded": "未入库"}


@router.get("", summary="图层目录和状态", response_model=LayerList, responses=problems(400, 503))
def list_layers(when: When, snapshots: Snapshot) -> dict[str, Any]:
    """Every layer of the catalogue with the version in force; a layer that is not loaded is listed as such."""
    seen = snapshots.in_force(when)
    entries = [layer_entry(layer, seen.versions) for layer in catalog.catalog().values()]
    return {"valid_on": seen.moment.valid_on, "known_at": seen.moment.known_at, "layers": entries}


@router.get("/{layer_id}/versions", summary="一个图层的全部版本", response_model=LayerVersions, responses=problems(400, 404, 503))
def list_versions(layer_id: str, db: Db) -> dict[str, Any]:
    """Every version, the newest first: staged, published and withdrawn."""
    with db.connection() as conn:
        records = versions.history(conn, layer_id)
    return {"layer": layer_id, "versions": [version_entry(record) for record in records]}


@router.post(
    "/{layer_id}/imports",
    status_code=202,
    summary="上传一个图层文件",
    response_model=Accepted,
    responses={202: LOCATION, **problems(400, 403, 404, 409, 413, 415, 503)},
)
def create_import(
    layer_id: str,
    response: Response,
    queue: JobQueue,
    file: Annotated[UploadFile, File(description="GeoPackage、GeoJSON、压缩的 Shapefile 或 FileGDB")],
    authority: Annotated[str, Form(pattern=WITHOUT_ZERO, min_length=1, max_length=200, description="数据来源单位")],
    publish: Annotated[bool, Form(description="入库后立即发布")] = False,
    title: Annotated[str | None, Form(pattern=WITHOUT_ZERO, max_length=200)] = None,
    valid_from: Annotated[Day | None, Form()] = None,
    valid_to: Annotated[Day | None, Form()] = None,
    survey_date: Annotated[Day | None, Form()] = None,
    coverage: Annotated[Literal["features", "county"], Form(description="完整范围：仅要素本身，或全县")] = "features",
    secrecy: Annotated[Literal["public", "internal", "secret"] | None, Form()] = None,
    code_system: Annotated[str | None, Form(pattern=WITHOUT_ZERO, max_length=40)] = None,
    source_layer: Annotated[str | None, Form(pattern=WITHOUT_ZERO, max_length=200, description="文件中的数据名称")] = None,
    crs: Annotated[str | None, Form(pattern=WITHOUT_ZERO, max_length=60, description="文件缺少坐标系时用，例如 EPSG:4547")] = None,
    encoding: Annotated[str | None, Form(pattern=WITHOUT_ZERO, max_length=40, description="文字编码，例如 GBK；不写时自动判断")] = None,
) -> dict[str, Any]:
    """Import a file as a new version of a layer, in a job. Where anything is wrong with it, nothing is stored."""
    layer = catalog.layer(layer_id)
    description = {
        "authority": authority,
        "title": title,
        "valid_from": valid_from.isoformat() if valid_from else None,
        "valid_to": valid_to.isoformat() if valid_to else None,
        "survey_date": survey_date.isoformat() if survey_date else None,
        "code_system": code_system,
        "secrecy": secrecy,
        "coverage": coverage,
    }
    source_epsg = epsg_of(crs) if crs else None
    options = {"layer": layer.id, "source_layer": source_layer, "source_epsg": source_epsg, "encoding": encoding, "publish": publish}
    kept = uploads.keep(file.file, name=file.filename or "")
    with uploads.forgotten_on_error(kept):
        job_id = queue.submit("layer-import", {"file": str(kept), "description": description, "options": options})
    response.headers["Location"] = f"/api/v1/jobs/{job_id}"
    return {"id": str(job_id), "state": "queued", "location": f"/api/v1/jobs/{job_id}"}


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
