"""Versions and acts on them as they are told: over HTTP, on pages, and by commands."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from layers import version_acts
from layers.version_acts import ACT_LABELS, VersionAct
from layers.versions import VersionRecord

STATUS_LABELS = {"staged": "待发布", "published": "已发布", "withdrawn": "已撤回"}
SECRECY_LABELS = {"public": "公开", "internal": "内部", "secret": "涉密"}
LAW_STATUS_LABELS = version_acts.LAW_STATUS_LABELS


def version_entry(record: VersionRecord) -> dict[str, Any]:
    """Write one version with its state in the store."""
    return asdict(record.dataset) | {
        "status": record.status,
        "checksum": record.checksum,
        "created_at": record.created_at,
        "notes": list(record.qa.get("notes", [])),
    }


def act_entry(act: VersionAct) -> dict[str, Any]:
    """Write one act."""
    return asdict(act) | {"act_label": ACT_LABELS[act.act], "details": dict(act.details)}
