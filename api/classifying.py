"""Typing the villages: one run over the layers in force, stored with everything needed to run it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import psycopg

from api.moment import Moment
from layers import classifications, snapshot
from layers.classifications import Run, VillageResult
from spatial import village_types
from spatial.canonical import canonical_json
from spatial.layer import DatasetVersion, LayerSet
from spatial.rules.pack import Pack, load_pack
from spatial.village_types import LABELS, Classification


def village_pack(county: str) -> Pack:
    """Return the rules of the village types for a county."""
    return load_pack("village-types", county=county)


def needed(pack: Pack) -> set[str]:
    """The layers a run reads: those of the facts, the villages, and the settlement patches that make their footprints."""
    return {*pack.layers, "village", "settlement"}


def classify(layers: LayerSet, *, county: str, moment: Moment) -> Classification:
    """Type every village of the layer `village`."""
    pack = village_pack(county)
    return village_types.classify(layers, pack=pack, valid_on=moment.valid_on, known_at=moment.known_at)


def read_layers(conn: psycopg.Connection[Any], versions: dict[str, DatasetVersion], *, county: str, epsg: int) -> LayerSet:
    """Read the layers the village types need."""
    return snapshot.load(conn, versions, epsg=epsg, only=needed(village_pack(county)))


def store(
    conn: psycopg.Connection[Any], classification: Classification, layers: LayerSet, *, county: str, moment: Moment, note: str | None = None
) -> UUID:
    """Store a run, in the caller's transaction, and return its id."""
    pack = village_pack(county)
    run = Run(
        id=uuid4(),
        pack_id=pack.id,
        pack_version=pack.version,
        pack_sha256=pack.sha256,
        valid_on=moment.valid_on,
        known_at=moment.known_at,
        parameters={"county": county, "note": note},
        datasets=datasets({name: layer.dataset for name, layer in layers.items()}, county=county),
    )
    rows = [classification.village(index) for index in range(len(classification))]
    results = [VillageResult(row["village_code"], row["village_type"], canonical_json(row)) for row in rows]
    classifications.save(conn, run, results)
    return run.id


def datasets(versions: Mapping[str, DatasetVersion], *, county: str) -> list[dict[str, Any]]:
    """Write of every layer the village types need which version counts, or that it is not loaded."""
    return [dataset_entry(name, versions.get(name)) for name in sorted(needed(village_pack(county)))]


def dataset_entry(name: str, dataset: DatasetVersion | None) -> dict[str, Any]:
    """Write which version of a layer counts, or that it is not loaded."""
    if dataset is None:
        return {"layer": name, "version": None, "state": "not_loaded", "state_label": "未入库"}
    return {"layer": name, "version": dataset.version, "state": "loaded", "state_label": "已入库", "title": dataset.title} | {
        "valid_from": dataset.valid_from.isoformat(),
        "authority": dataset.authority,
        "synthetic": dataset.synthetic,
    }


def counts(types: list[str]) -> dict[str, int]:
    """Count the villages of each type, those without any included."""
    return {slug: types.count(slug) for slug in LABELS}
