"""The rows of a data set as an Arrow file on disk, in which they cross to the service. Runs in the child process."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from layers.errors import UnsupportedFileError
from layers.reading.columns import wkb_types
from layers.reading.limits import Limits
from layers.reading.source import GEOMETRY, Source

_KINDS = {1: "point", 4: "point", 2: "line", 5: "line", 3: "polygon", 6: "polygon"}


@dataclass
class _Count:
    """What was written so far."""

    rows: int = 0
    size: int = 0
    geometry: int = 0
    kinds: set[str] = field(default_factory=set)


def write(source: Source, target: Path, *, most: int | None, limits: Limits) -> dict[str, Any]:
    """Write the rows (the first `most`) to an Arrow file, batch by batch, and return what `RawDataset` has to know, as JSON.

    Raises UnsupportedFileError where the data set has more features, vertices or bytes than allowed, or fewer rows than it states.
    """
    if source.feature_count is not None and source.feature_count > limits.features:
        raise UnsupportedFileError(f"{source.name} 有 {source.feature_count} 个要素，最多允许 {limits.features} 个。")
    count, written = _Count(), 0
    writer: pa.RecordBatchFileWriter | None = None
    for batch in source.batches(most):
        wanted = batch if most is None else batch.slice(0, max(most - count.rows, 0))
        written += wanted.num_rows
        _counted(count, batch, source.name, limits)
        if writer is None:
            writer = pa.ipc.new_file(target, batch.schema)
        if wanted.num_rows:
            writer.write_batch(wanted)
    if writer is not None:
        writer.close()
    total = count.rows if source.feature_count is None else source.feature_count
    if written < min(total, total if most is None else most):
        raise UnsupportedFileError(f"{source.name} 应有 {total} 个要素，只读出 {written} 个，文件可能不完整。")
    return {
        "name": source.name,
        "driver": source.driver,
        "kind": count.kinds.pop() if len(count.kinds) == 1 else source.kind,
        "columns": [asdict(column) | {"raw": column.raw.hex()} for column in source.columns],
        "encoding": asdict(source.encoding),
        "crs": source.crs,
        "feature_count": total,
        "is_complete": written >= total,
        "notes": list(source.notes),
        "has_rows": writer is not None,
    }


def _counted(count: _Count, batch: pa.RecordBatch, name: str, limits: Limits) -> None:
    count.rows += batch.num_rows
    count.size += batch.nbytes
    if GEOMETRY in batch.schema.names:
        shapes = batch.column(GEOMETRY)
        count.geometry += shapes.nbytes
        count.kinds |= {_KINDS.get(int(kind), "unknown") for kind in set(wkb_types(shapes).tolist()) - {0}}
    if count.rows > limits.features:
        raise UnsupportedFileError(f"{name} 超过 {limits.features} 个要素。")
    if count.geometry > limits.geometry_bytes:
        raise UnsupportedFileError(f"{name} 的图形超过 {limits.geometry_bytes // 16 // 10_000} 万个顶点。")
    if count.size > limits.result_bytes:
        raise UnsupportedFileError(f"{name} 的内容超过允许的大小。")
