"""Every kind of job, by the name in its row, and what is done for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson

from api import uploads
from api.checks.checking import Checked, features_of
from api.checks.desk import application_document
from api.deliveries.work import check, layer_import, recognise, stage
from api.jobs import Report, Work, Workshop
from api.moment import Times
from api.runs.entries import run_entry
from api.runs.running import CheckRuns
from spatial.permit import VERDICT_LABELS


def check_batch(workshop: Workshop, order: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Check the applications of a kept GeoJSON FeatureCollection; `crs`, `valid_on`, `known_at` as in the request."""
    kept = Path(order["file"])
    moment = Times.from_text(order["valid_on"], order["known_at"]).moment()
    try:
        collection, epsg_in = application_document(kept.read_bytes(), order["crs"])
        applications = workshop.checker.read(features_of(collection), epsg_in=epsg_in, moment=moment)
        done = workshop.checker.check_many(applications, moment=moment, report=report)
    finally:
        uploads.forget(kept)
    return {"checks": [_line(checked, case_no) for checked, case_no in zip(done, applications.case_no, strict=True)]}


def check_run(workshop: Workshop, order: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Do what is left of a run over many subjects; `run` is its id."""
    runs = CheckRuns(workshop.pool, workshop.snapshots, workshop.settings)
    done = runs.go_on(UUID(order["run"]), report=report)
    told = orjson.loads(orjson.dumps(run_entry(done)))
    return {"run": told, "location": f"/api/v1/runs/{done.id}", "page": f"/maps/runs/{done.id}"}


def _line(checked: Checked, case_no: str | None) -> dict[str, Any]:
    label = VERDICT_LABELS[checked.verdict]
    return {"id": str(checked.id), "case_no": case_no, "verdict": checked.verdict, "verdict_label": label}


KINDS: Mapping[str, Work] = MappingProxyType(
    {
        "check-batch": check_batch,
        "check-run": check_run,
        "delivery-check": check,
        "delivery-recognise": recognise,
        "delivery-stage": stage,
        "layer-import": layer_import,
    }
)
