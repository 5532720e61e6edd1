"""Versions of layers as files to take away."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Annotated, Any, BinaryIO, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.access.guard import GuardedRoute, needs
from api.checks.checking import epsg_of
from api.deps import Db
from api.errors import NotReadyError
from api.openapi import problems
from api.shown import is_shown, level
from layers import catalog, versions
from layers.errors import UnknownVersionError, VersionStateError
from layers.exports.export import Exported, Wish, export, fingerprint
from layers.exports.formats import FORMATS
from layers.exports.statement import proposed_name
from layers.versions import VersionRecord
from spatial.crs import CRS84

router = APIRouter(prefix="/layers", tags=["图层"], route_class=GuardedRoute)

BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
CONTENT = {item.media_type.partition(";")[0]: BINARY for item in FORMATS.values()}
NOTES: dict[str, Any] = {
    "schema": {"type": "string"},
    "description": "格式不能表达或未写出的内容（百分号编码的 UTF-8，每行一项）",
}
KEEP = "private, no-cache"
"""Kept by the browser alone, and asked for again each time: the rows of a version never change, but it may be replaced or withdrawn."""
BLOCK = 1 << 20
MOST_NOTES = 2_000
"""So many letters of notes stand in the header; all of them are in the file where its format has a place."""

_writing = threading.BoundedSemaphore(1)
"""One file at a time in each process: a large one takes seconds of a processor, and other requests want their share."""

FormatName = Literal["gpkg", "shp", "geojson", "parquet", "xlsx", "csv", "txt", "gdb"]
EncodingName = Literal["GBK", "GB18030", "UTF-8"]


@router.get(
    "/{layer_id}/versions/{version}/export",
    summary="把一个版本导出为文件",
    response_class=StreamingResponse,
    responses={
        200: {"content": CONTENT, "headers": {"Export-Notes": NOTES}, "description": "文件；文件名写明版本"},
        304: {"description": "未改变"},
        **problems(400, 404, 409, 503),
    },
)
@needs("layers.export")
def export_version(
    request: Request,
    layer_id: str,
    version: Annotated[int, Path(ge=1, le=2**31 - 1)],
    db: Db,
    format: Annotated[FormatName, Query(description="格式")],
    crs: Annotated[
        str | None, Query(max_length=60, description="坐标系，例如 EPSG:4526、CRS84；不写时按格式的惯例")
    ] = None,
    encoding: Annotated[
        EncodingName | None, Query(description="Shapefile 和 TXT 的文字编码；不写时用 GBK，有字不在其中时用 GB18030")
    ] = None,
) -> Response:
    """A published (or withdrawn) version as a file. It states its version; fields about persons are never in it."""
    wish = Wish(format=FORMATS[format], epsg=None if crs is None else epsg_of(crs) or CRS84, encoding=encoding)
    with db.connection() as conn:
        record = _record(conn, layer_id, version)
        headers = {"ETag": f'"{fingerprint(conn, record, wish)}"', "Cache-Control": KEEP}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        named = _disposition(conn, record, wish)
        done, file = _written(conn, record, wish, max_secrecy=level())
    size = file.seek(0, 2)
    file.seek(0)
    headers |= {"Content-Disposition": named, "Content-Length": str(size), "Export-Notes": _header(done.notes)}
    return StreamingResponse(_blocks(file), media_type=_media_type(wish), headers=headers)


def _record(conn: Any, layer_id: str, version: int) -> VersionRecord:
    title = catalog.layer(layer_id).title
    record = versions.get(conn, version)
    if record.dataset.layer != layer_id or not is_shown(record.dataset):
        raise UnknownVersionError(f"图层“{title}”没有数据版本 {version}。")
    if record.status == "staged":
        raise VersionStateError(f"数据版本 {version} 尚未发布，不能导出。")
    return record


def _written(conn: Any, record: VersionRecord, wish: Wish, *, max_secrecy: str | None) -> tuple[Exported, BinaryIO]:
    """Write the file, open it and take it out of its folder: it goes with the answer, whatever becomes of that."""
    if not _writing.acquire(blocking=False):
        raise NotReadyError("正在写另一个导出文件，请稍后再试。")
    folder = FilePath(tempfile.mkdtemp(prefix="cuntu-download-"))
    try:
        done = export(conn, record, folder, wish, max_secrecy=max_secrecy)
        return done, done.path.open("rb")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _writing.release()


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(BLOCK):
            yield block


def _disposition(conn: Any, record: VersionRecord, wish: Wish) -> str:
    content, ending = wish.content(conn, record), wish.format.endings[0]
    chinese = quote(proposed_name(content, ending, chinese=True), safe="")
    return f"attachment; filename=\"{proposed_name(content, ending)}\"; filename*=UTF-8''{chinese}"


def _header(notes: tuple[str, ...]) -> str:
    return quote("\n".join(notes)[:MOST_NOTES], safe="")


def _media_type(wish: Wish) -> str:
    """GB 18030 is read for GBK too, having all its characters in the same bytes."""
    if wish.format.id != "txt":
        return wish.format.media_type
    return f"{wish.format.media_type}; charset={'utf-8' if wish.encoding == 'UTF-8' else 'gb18030'}"
