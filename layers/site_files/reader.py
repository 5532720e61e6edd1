"""Read the site of an application out of a file: which form it has, which coordinate system, and whether its outline can be one.

A file is never trusted: its size is the caller's limit, its vertices are counted before they are used, and what is wrong is named
with its place, all of it at once. Coordinates are never shifted or swapped to fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from layers.site_files import corner_list, dxf, geojson, land_txt
from layers.site_files.checks import outline_problems, resolved_epsg, size_problems
from layers.site_files.outlines import FileOutlines, SiteOutline, capped
from layers.site_files.text import decode
from spatial.applications import read_applications
from spatial.corners import Corner, corners
from spatial.crs import CGCS2000, CRS84
from spatial.errors import CrsError, InputError

AREA_TELLS_M2 = 1.0
"""A stated area further from the drawn one than this, and than one hundredth of it, is noted."""


@dataclass(frozen=True, kw_only=True)
class FoundSite:
    """One site of a file: its name there, its outline in the storage CRS, the corners J1…Jn."""

    name: str
    site: Any
    corners: tuple[Corner, ...]


@dataclass(frozen=True, kw_only=True)
class SiteFile:
    """What a file holds. `epsg_in` is the coordinate system its numbers were read in; `notes` are to be shown to whoever sent it."""

    kind: str
    encoding: str | None
    epsg_in: int
    epsg: int
    sites: tuple[FoundSite, ...]
    notes: tuple[str, ...]


def read_site_file(raw: bytes, *, declared: int | None, epsg: int, county: Any = None) -> SiteFile:
    """Read the sites of a file into the storage CRS EPSG:`epsg`.

    `declared` is the CRS its sender names (4326: longitude and latitude), used where the file names none; where both do, they must
    agree. `county` is the county's polygon in the storage CRS. Raises InputError or CrsError with every problem and its place.
    """
    found = _outlines(raw, declared)
    _refuse([text for site in found.sites for text in size_problems(site)])
    epsg_in = _common_epsg(found, declared)
    _refuse([text for site in found.sites for text in outline_problems(site, epsg_in)])
    features = [{"type": "Feature", "geometry": site.shape, "properties": {}} for site in found.sites]
    # The same gate as for an application: what is read here can be applied for.
    sites = read_applications(features, epsg_in=None if epsg_in == CRS84 else epsg_in, epsg=epsg, county=county).sites
    read = tuple(FoundSite(name=outline.name, site=site, corners=corners(site)) for outline, site in zip(found.sites, sites, strict=True))
    notes = (*found.notes, *_area_notes(found.sites, read))
    return SiteFile(kind=found.kind, encoding=found.encoding, epsg_in=epsg_in, epsg=epsg, sites=read, notes=notes)


def _refuse(problems: list[str]) -> None:
    if problems:
        raise InputError("图形有误：", problems=capped(problems))


def _outlines(raw: bytes, declared: int | None) -> FileOutlines:
    if not raw.strip():
        raise InputError("文件是空的。")
    if dxf.looks_like(raw):
        return dxf.read(raw)
    if raw.startswith((b"PK\x03\x04", b"\x00\x00\x27\x0a", b"%PDF", b"\x89PNG", b"\xff\xd8\xff")):
        raise InputError("这种文件不能作为宗地坐标：请用 GeoJSON、国土坐标 TXT、文本 DXF 或界址点列表。")
    text, encoding = decode(raw)
    if geojson.looks_like(text) and not land_txt.looks_like(text):
        return geojson.read(raw)
    if land_txt.looks_like(text):
        return land_txt.read(text, encoding=encoding)
    return corner_list.read(text, encoding=encoding, degrees=declared in (CRS84, CGCS2000))


def _common_epsg(found: FileOutlines, declared: int | None) -> int:
    """The one CRS of all sites of the file; raises CrsError where there is none, or more than one."""
    systems = {resolved_epsg(site, kind=found.kind, declared=declared) for site in found.sites}
    if len(systems) > 1:
        raise CrsError(f"同一文件中有 {len(systems)} 种坐标系，请分开上传。")
    return systems.pop()


def _area_notes(outlines: tuple[SiteOutline, ...], read: tuple[FoundSite, ...]) -> list[str]:
    notes = []
    for outline, found in zip(outlines, read, strict=True):
        stated, drawn = outline.area_m2, float(found.site.area)
        if stated is not None and abs(stated - drawn) > max(AREA_TELLS_M2, drawn / 100):
            notes.append(f"{outline.name or '地块'}：文件写明 {stated:.2f} ㎡，按坐标计算为 {drawn:.2f} ㎡，以坐标为准。")
    return notes
