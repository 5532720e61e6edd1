"""The acceptance of a file: read, recognised, named, checked, repaired, staged. Nothing here knows of uploads, jobs or pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg

from layers import versions
from layers.catalog import CatalogLayer
from layers.catalog import layer as catalog_layer
from layers.delivery_choice import Choice
from layers.descriptions import Coverage, Description, county_outline, coverage_of
from layers.errors import EncodingError, FindingsLeftError, OpenQuestionsError, UnclearLayerError
from layers.quality.checking import check
from layers.quality.collecting import REPAIRS
from layers.quality.context import context
from layers.quality.findings import QualityReport, Repair
from layers.quality.repairs import repair
from layers.reading import reader
from layers.reading.dataset import RawDataset
from layers.recognising.framing import named_frame
from layers.recognising.recogniser import recognise
from layers.recognising.recognition import Option, Question, Recognition
from layers.recognising.surroundings import surroundings
from spatial.errors import InputError

Connection = psycopg.Connection[Any]

Progress = Callable[[float, str], None]
"""Called with the share done (0-1) and a line of text."""

ENCODINGS = (Option("GB18030", "GB18030（含 GBK、GB2312）"), Option("UTF-8", "UTF-8"), Option("BIG5", "Big5（繁体）"))
ALL_REPAIRS = "all"
_STORE_CODES = ("QC-G02", "QC-G05", "QC-G06", "QC-G07", "QC-G15", "QC-G21")


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a file holds at a first look: the heads of its data sets, the chosen one with its recognition, what is to be asked."""

    heads: tuple[RawDataset, ...]
    chosen: RawDataset | None
    recognition: Recognition | None
    questions: tuple[Question, ...]


@dataclass(frozen=True, kw_only=True)
class Examined:
    """A whole data set with its report: `frame` has catalogue field names in EPSG:`epsg`; `repaired` is what was mended before.

    `choice` and `covers` are what was asked for: how it was to be read, and where it is said to be complete.
    """

    raw: RawDataset
    recognition: Recognition
    layer: CatalogLayer
    frame: gpd.GeoDataFrame
    report: QualityReport
    epsg: int
    choice: Choice
    covers: Coverage
    repaired: tuple[Repair, ...] = ()

    def require_acceptable(self) -> None:
        """Raise FindingsLeftError naming every error, its code first."""
        if not self.report.is_acceptable:
            left = [f"{item.code}：{item.message}" for item in self.report.findings if item.level == "error"]
            raise FindingsLeftError(problems=left)


def look(conn: Connection, path: Path, choice: Choice, *, epsg: int) -> Look:
    """Recognise a file by the first rows of its data sets. What cannot be decided is a question, not an error.

    Raises UnsupportedFileError and UnsafeArchiveError for what is not read at all.
    """
    try:
        heads = reader.contents(path, encoding=choice.encoding)
    except EncodingError as error:
        asked = Question(code="encoding_unclear", about="encoding", text=str(error), options=ENCODINGS)
        return Look(heads=(), chosen=None, recognition=None, questions=(asked,))
    chosen = _chosen(heads, choice)
    if chosen is None:
        return Look(heads=heads, chosen=None, recognition=None, questions=(_which(heads),))
    found = recognise(chosen, surroundings(conn, epsg=epsg), choice.answers)
    return Look(heads=heads, chosen=chosen, recognition=found, questions=found.questions)


def examine(conn: Connection, path: Path, choice: Choice, *, covers: Coverage, epsg: int, progress: Progress) -> Examined:
    """Read and check one data set wholly; `covers` is where it is said to be complete.

    Raises OpenQuestionsError where anything about it is unclear, DatasetRefusedError for a coverage that is not known, and what the reader raises.
    """
    progress(0.0, f"读取 {path.name}")
    raw = _read(conn, path, choice, epsg=epsg)
    progress(0.35, f"识别 {raw.feature_count:,} 个要素")
    found = recognise(raw, surroundings(conn, epsg=epsg), choice.answers)
    if found.questions or found.layer is None:
        raise OpenQuestionsError(found.questions)
    frame = named_frame(raw, found, epsg=epsg)
    progress(0.45, f"质检“{found.layer.title}”{len(frame):,} 个要素")
    report = _checked(conn, frame, found, covers, epsg=epsg)
    progress(0.9, "质检完成")
    return Examined(raw=raw, recognition=found, layer=found.layer, frame=frame, report=report, epsg=epsg, choice=choice, covers=covers)


def _checked(conn: Connection, frame: gpd.GeoDataFrame, found: Recognition, covers: Coverage, *, epsg: int) -> QualityReport:
    """Check a data set. Where no more is claimed than its own features, it need not cover anything; the whole county is what is asked otherwise."""
    assert found.layer is not None
    asked: Any
    if isinstance(covers, str):
        asked = "own" if covers == "features" else None
    else:
        asked = coverage_of(conn, covers, epsg=epsg, county=None)
    return check(frame, found.layer, epsg=epsg, context=context(conn, epsg=epsg), code_system=found.code_system, coverage=asked)


def mend(conn: Connection, examined: Examined, chosen: Sequence[str], *, progress: Progress) -> Examined:
    """Make the chosen repairs (their ids, or `all`) as far as they are offered, and check anew. Raises InputError for an unknown one."""
    unknown = [name for name in chosen if name != ALL_REPAIRS and name not in REPAIRS]
    if unknown:
        raise InputError(problems=[f"repairs：没有修复 {name[:60]}，可用的有 {'、'.join(REPAIRS)}" for name in unknown])
    offered = {item.id for item in examined.report.repairs}
    wanted = sorted(offered) if ALL_REPAIRS in chosen else sorted(offered & set(chosen))
    if not wanted:
        return examined
    progress(0.0, "修复")
    frame, made = repair(examined.frame, examined.layer, examined.report, wanted)
    progress(0.3, f"修复 {len(made):,} 处，重新质检")
    report = _checked(conn, frame, examined.recognition, examined.covers, epsg=examined.epsg)
    return replace(examined, frame=frame, report=report, repaired=(*examined.repaired, *made))


def stage(
    conn: Connection,
    examined: Examined,
    description: Description,
    *,
    max_secrecy: str,
    qa: Mapping[str, Any],
    notes: Sequence[str] = (),
) -> int:
    """Store an acceptable data set as a staged version and return its id; `qa` is kept with it (JSON values).

    Raises FindingsLeftError where errors are left, and what `versions.stage` raises.
    """
    examined.require_acceptable()
    county = None if examined.layer.id == "county" else county_outline(conn, epsg=examined.epsg)
    crs = examined.recognition.crs
    meta = replace(description, code_system=description.code_system or examined.recognition.code_system).version(
        examined.layer,
        source_name=examined.raw.file_name,
        source_sha256=examined.raw.sha256,
        coverage=coverage_of(conn, description.coverage, epsg=examined.epsg, county=county),
        display_only=bool(crs and crs.display_only),
    )
    return versions.stage(
        conn,
        examined.frame,
        meta,
        epsg=examined.epsg,
        max_secrecy=max_secrecy,
        extent=county,
        notes=tuple(notes),
        qa=qa,
        checked=_fits_the_store(examined.report, county is not None),
    )


def _fits_the_store(report: QualityReport, in_county: bool) -> bool:
    """Whether all that the store asks of geometries was checked and nothing found, of whatever level: it need not check again."""
    asked = set(_STORE_CODES) | ({"QC-G16"} if in_county else set())
    clean = {check["code"] for check in report.checks if check["status"] == "made" and not any(check["found"].values())}
    return asked <= clean


def _read(conn: Connection, path: Path, choice: Choice, *, epsg: int) -> RawDataset:
    try:
        return reader.read(path, choice.dataset, encoding=choice.encoding)
    except EncodingError as error:
        raise OpenQuestionsError([Question(code="encoding_unclear", about="encoding", text=str(error), options=ENCODINGS)]) from error
    except UnclearLayerError:
        if choice.dataset is not None:
            raise
        found = look(conn, path, choice, epsg=epsg)
        if found.chosen is None:
            raise OpenQuestionsError(found.questions) from None
        return reader.read(path, found.chosen.name, encoding=choice.encoding)


def _chosen(heads: Sequence[RawDataset], choice: Choice) -> RawDataset | None:
    """The data set meant: the one named, the only one there is, or the only one with a name of the layer asked for."""
    if choice.dataset is not None:
        named = [item for item in heads if item.name == choice.dataset]
        if not named:
            names = "、".join(item.name for item in heads)
            raise UnclearLayerError(f"文件中没有名为“{choice.dataset}”的数据。其中有：{names}。")
        return named[0]
    if len(heads) == 1:
        return heads[0]
    if choice.answers.layer is None:
        return None
    names_of_layer = catalog_layer(choice.answers.layer).names
    fitting = [item for item in heads if item.name.lower() in names_of_layer]
    return fitting[0] if len(fitting) == 1 else None


def _which(heads: Sequence[RawDataset]) -> Question:
    options = tuple(Option(item.name, f"{item.name}（{item.feature_count:,} 个要素）") for item in heads)
    return Question(code="several_datasets", about="dataset", text=f"文件中有 {len(heads)} 份数据，请选一份。", options=options)
