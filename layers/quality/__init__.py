"""Acceptance check (质检) of a data set before it is stored: findings with place and reason, and the repairs offered."""

from layers.quality.checking import check
from layers.quality.context import Context, context, context_of
from layers.quality.findings import LEVEL_LABELS, QualityFinding, QualityReport, Repair, RepairOffer
from layers.quality.repairs import repair
from layers.quality.writing import write_gpkg, write_xlsx

__all__ = [
    "LEVEL_LABELS",
    "Context",
    "QualityFinding",
    "QualityReport",
    "Repair",
    "RepairOffer",
    "check",
    "context",
    "context_of",
    "repair",
    "write_gpkg",
    "write_xlsx",
]
