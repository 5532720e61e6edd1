"""One stored version as a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from layers import audit
from layers.catalog import is_open_to
from layers.catalog import layer as catalog_layer
from layers.errors import ExportRefusedError, SecrecyError
from layers.exports.content import Connection, Content
from layers.exports.coordinates import coordinates
from layers.exports.formats import Format, format_for
from layers.exports.order import Order
from layers.exports.place import replacing
from layers.exports.statement import law_status, proposed_name, statement
from layers.versions import VersionRecord
from layers.work_progress import Progress


@dataclass(frozen=True)
class Exported:
    """A file that was written: its format and CRS, how many features it has, and what it could not carry or leaves out."""

    path: Path
    format: str
    crs: str
    features: int
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How a file is wanted: `epsg` (4326: CRS84) and `encoding` None for what suits the format; `with_personal` for the bureau's own use."""

    format: Format
    epsg: int | None = None
    encoding: str | None = None
    with_personal: bool = False

    def content(self, conn: Connection, record: VersionRecord, progress: Progress | None = None) -> Content:
        """Make ready what is to be written; raise CrsError or ExportRefusedError for a CRS that cannot be had."""
        item = self.format
        if item.only_epsg is not None and self.epsg not in (None, item.only_epsg):
            raise ExportRefusedError(
                f"{item.title} 只用 CRS84 经纬度（RFC 7946）：要用投影坐标请选 GeoPackage 或 GeoParquet。"
            )
        if self.encoding is not None and not item.has_encoding:
            raise ExportRefusedError(f"{item.title} 一律用 UTF-8，不能另选文字编码。")
        chosen = coordinates(item.default_epsg(record.epsg) if self.epsg is None else self.epsg, stored=record.epsg)
        layer = catalog_layer(record.dataset.layer)
        return Content(conn, record, layer, chosen, self.with_personal, progress or (lambda share, doing: None))


def export(
    conn: Connection,
    record: VersionRecord,
    path: Path,
    wish: Wish | None = None,
    *,
    max_secrecy: str | None = "internal",
    progress: Progress | None = None,
) -> Exported:
    """Write a version to `path`, or to a file with the proposed name where that is a folder; a file of that name is replaced at the end.

    Whatever interrupts the writing leaves nothing behind that looks like a file. Raises SecrecyError, UnsupportedFileError for an unknown
    ending, CrsError, EncodingError, and ExportRefusedError for what the format cannot be made of.
    """
    dataset = record.dataset
    if not is_open_to(dataset.secrecy, max_secrecy=max_secrecy):
        raise SecrecyError(f"版本 {dataset.version} 的密级高于这里允许的 {max_secrecy}，不能导出。")
    wanted = wish or Wish(format=format_for(path))
    content = wanted.content(conn, record, progress)
    said = statement(content)
    target = path / proposed_name(content, wanted.format.endings[0]) if path.is_dir() else path
    with replacing(target) as place:
        notes = wanted.format.write(content, place, Order(said, wanted.encoding))
    told = {"layer": dataset.layer, "format": wanted.format.id, "crs": content.coordinates.name, "rows": dataset.feature_count}
    more = {"secrecy": dataset.secrecy, "with_personal": wanted.with_personal, "by": said.facts.get("exported_by"), "at": said.facts["exported_at"]}
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    audit.note(conn, "layers.export", f"version/{dataset.version}", after=digest, details=told | more)
    return Exported(target, wanted.format.id, content.coordinates.name, dataset.feature_count, (*said.notes, *notes))


def fingerprint(conn: Connection, record: VersionRecord, wish: Wish) -> str:
    """Return what changes whenever the file would: a version's rows never do, but what is known of it may (replaced, withdrawn, declared law)."""
    dataset = record.dataset
    told = [
        dataset,
        record.status,
        record.checksum,
        law_status(conn, dataset),
        wish.format.id,
        wish.epsg,
        wish.encoding,
        wish.with_personal,
        version("cuntu"),
    ]
    return hashlib.blake2b(repr(told).encode(), digest_size=16).hexdigest()
