"""The acceptance of a file: read, recognised, named, checked, repaired, staged. Nothing here knows of uploads, jobs or pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import psycopg
from shapely.geometry.base import BaseGeometry

from layers import versions
from layers.catalog import CatalogLayer
from layers.catalog import layer as catalog_layer
from layers.delivery_choice import Choice
from layers.descriptions import Coverage, Description, county_outline, coverage_of
from layers.errors import EncodingError, FindingsLeftError, OpenQuestionsError, UnclearLayerError
from layers.intake import Checked
from layers.partitions import Content
from layers.quality.checking import check_subject
from layers.quality.collecting import REPAIRS
from layers.quality.context import Context, context
from layers.quality.findings import QualityReport, Repair
from layers.quality.repairs import repair
from layers.quality.subject import Subject, subject
from layers.reading import reader
from layers.reading.dataset import RawDataset
from layers.recognising.framing import named_frame
from layers.recognising.recogniser import recognise
from layers.recognising.recognition import Option, Question, Recognition
from layers.recognising.surroundings import surroundings
from layers.work_progress import Progress, part
from spatial.errors import InputError
from spatial.tiling import outline_of

Connection = psycopg.Connection[Any]

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
class Taken:
    """A whole data set, read and recognised: the `subject` of the check has catalogue field names and the county's CRS.

    `choice` and `covers` are what was asked for: how it was to be read, and where it is said to be complete.
    """

    raw: RawDataset
    recognition: Recognition
    subject: Subject
    choice: Choice
    covers: Coverage

    @property
    def layer(self) -> CatalogLayer:
        """The catalogue layer."""
        return self.subject.layer

    @property
    def epsg(self) -> int:
        """The county's CRS."""
        return self.subject.epsg

    @property
    def frame(self) -> gpd.GeoDataFrame:
        """The features."""
        return self.subject.frame


@dataclass(frozen=True, kw_only=True)
class Examined(Taken):
    """A whole data set with its report; `repaired` is what was mended before."""

    report: QualityReport
    repaired: tuple[Repair, ...] = ()

    @property
    def worked_out(self) -> Checked:
        """What the store need not work out again."""
        return Checked(self.subject.columns, outline_of(self.subject.tiling))

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
    """Read and check one data set wholly. Raises what `take` raises."""
    taken = take(conn, path, choice, covers=covers, epsg=epsg, progress=part(progress, 0.0, 0.5))
    progress(0.5, f"质检“{taken.layer.title}”{len(taken.subject):,} 个要素")
    examined = judge(taken, beside(conn, taken))
    progress(0.9, "质检完成")
    return examined


def take(conn: Connection, path: Path, choice: Choice, *, covers: Coverage, epsg: int, progress: Progress) -> Taken:
    """Read and recognise one data set wholly; `covers` is where it is said to be complete.

    Raises OpenQuestionsError where anything about it is unclear, and what the reader raises.
    """
    progress(0.0, f"读取 {path.name}")
    raw = _read(conn, path, choice, epsg=epsg)
    progress(0.7, f"识别 {raw.feature_count:,} 个要素")
    found = recognise(raw, surroundings(conn, epsg=epsg), choice.answers)
    if found.questions or found.layer is None:
        raise OpenQuestionsError(found.questions)
    prepared = subject(named_frame(raw, found, epsg=epsg), found.layer, epsg=epsg)
    return Taken(raw=raw, recognition=found, subject=prepared, choice=choice, covers=covers)


@dataclass(frozen=True)
class Beside:
    """What a data set is checked against: what is in force, and which area it has to cover (none: its own features; None: the county)."""

    context: Context
    coverage: BaseGeometry | Literal["own"] | None


def beside(conn: Connection, taken: Taken) -> Beside:
    """Read what a data set is checked against; raises DatasetRefusedError for a coverage that is not known.

    Where no more is claimed than its own features, it need not cover anything; the whole county is what is asked otherwise.
    """
    asked: BaseGeometry | Literal["own"] | None
    if isinstance(taken.covers, str):
        asked = "own" if taken.covers == "features" else None
    else:
        asked = coverage_of(conn, taken.covers, epsg=taken.epsg, county=None)
    return Beside(context(conn, epsg=taken.epsg, layer=taken.layer), asked)


def judge(taken: Taken, known: Beside) -> Examined:
    """Check a data set, without asking the database."""
    report = check_subject(taken.subject, context=known.context, code_system=taken.recognition.code_system, coverage=known.coverage)
    return Examined(**vars(taken) | {"report": report})


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
    mended = replace(examined, subject=subject(frame, examined.layer, epsg=examined.epsg), repaired=(*examined.repaired, *made))
    return judge(mended, beside(conn, mended))


def stage(
    conn: Connection,
    examined: Examined,
    description: Description,
    *,
    max_secrecy: str,
    qa: Mapping[str, Any],
    notes: Sequence[str] = (),
    written: Content | None = None,
) -> int:
    """Store an acceptable data set as a staged version and return its id; `qa` is kept with it (JSON values), `written` its content if it is there already.

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
        checked=examined.worked_out if fits_the_store(examined.report, in_county=county is not None) else None,
        written=written,
    )


def fits_the_store(report: QualityReport, *, in_county: bool) -> bool:
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
