"""In which coordinate system a data set's coordinates are: by what it says, what a person says, and what the numbers show."""

from __future__ import annotations

from dataclasses import dataclass

from layers.reading.dataset import RawDataset
from layers.recognising import crs_questions
from layers.recognising.crs_identity import WEB_MERCATOR, Identity, identity, of_epsg
from layers.recognising.ordinates import Look, looks, sample
from layers.recognising.placing import Place
from layers.recognising.recognition import Answers, CrsReading, Question
from layers.recognising.surroundings import Surroundings


@dataclass(frozen=True)
class CrsFinding:
    """The reading (None while something is asked), the question, and what was noticed."""

    reading: CrsReading | None
    question: Question | None = None
    notes: tuple[str, ...] = ()


def read_crs(raw: RawDataset, surroundings: Surroundings, answers: Answers) -> CrsFinding:
    """Decide the CRS, or ask. Raises LegacyDatumError for the older datums, CrsError for a code that is none."""
    stated = identity(raw.crs) if raw.crs is not None else None
    given = of_epsg(answers.epsg) if answers.epsg is not None else None
    points = sample(raw.frame.geometry.array)
    place = Place(surroundings, points)
    ways = [look for look in looks(points) if answers.axes is None or look.swapped in (None, answers.axes == "north_east")]
    notes = _given_notes(stated, given)
    if given is not None:
        finding = _fitted(given, ways, place, "given", answers)
    elif stated is not None:
        finding = _fitted(stated, ways, place, "file", answers)
    else:
        finding = _unstated(ways, place, answers)
    return CrsFinding(finding.reading, finding.question, (*notes, *finding.notes))


def _given_notes(stated: Identity | None, given: Identity | None) -> list[str]:
    if stated is None or given is None or stated.epsg == given.epsg:
        return []
    return [f"文件写明的坐标系是 {stated.name}，按指定的 EPSG:{given.epsg} 处理"]


def _fitted(stated: Identity, ways: list[Look], place: Place, found_by: str, answers: Answers) -> CrsFinding:
    """Hold a stated CRS against what the numbers look like."""
    if stated.epsg is None:
        return CrsFinding(None, crs_questions.not_identified(stated, place))
    if not len(place.points):
        return CrsFinding(CrsReading(epsg=stated.epsg, found_by=found_by), notes=("没有坐标可以核对坐标系",))
    if stated.is_geographic:
        return _of_kind(stated, [look for look in ways if look.shape == "degrees"], ways, place, found_by)
    if stated.zone is not None:
        return _of_zone(stated, ways, place, found_by, answers)
    if stated.epsg == WEB_MERCATOR:
        return _of_kind(stated, [look for look in ways if look.shape == "mercator"], ways, place, found_by)
    return _other(stated, ways, place, found_by, answers)


def _of_kind(stated: Identity, fitting: list[Look], ways: list[Look], place: Place, found_by: str) -> CrsFinding:
    """A CRS in degrees, or Web Mercator: the numbers must be such."""
    if not fitting:
        return CrsFinding(None, crs_questions.other_numbers(stated, ways, place))
    assert stated.epsg is not None
    reading = CrsReading(epsg=stated.epsg, found_by=found_by, swap=bool(fitting[0].swapped))
    return _placed(reading, place, _reading_notes(stated, reading))


def _of_zone(stated: Identity, ways: list[Look], place: Place, found_by: str, answers: Answers) -> CrsFinding:
    zone = stated.zone
    assert zone is not None
    fitting = [look for look in ways if look.shape in ("plain", "numbered")]
    if not fitting:
        return CrsFinding(None, crs_questions.other_numbers(stated, ways, place))
    look = fitting[0]
    if len(look.numbers) > 1:
        return CrsFinding(None, crs_questions.several_zones(look.numbers))
    notes: list[str] = []
    if look.zone is not None and look.zone.meridian != zone.meridian:
        return CrsFinding(None, crs_questions.other_number(stated, look.zone, place, given=found_by == "given"))
    actual = look.zone or zone.with_prefix(False)
    if actual.prefix != zone.prefix:
        how = f"带有带号 {actual.number}" if actual.prefix else "不带带号"
        notes.append(f"写明的坐标系是 {stated.name}，而东坐标{how}，按 EPSG:{actual.epsg} 处理（同一中央经线）")
    swap = look.swapped if answers.axes is None else answers.axes == "north_east"
    if swap is None:
        swap = place.order(actual.epsg)
    if swap is None:
        return CrsFinding(None, crs_questions.axes(place, actual.epsg))
    reading = CrsReading(epsg=actual.epsg, found_by=found_by, swap=swap)
    if found_by != "given" and (question := crs_questions.wrong_zone(stated.name, actual.epsg, place, swap=swap)):
        return CrsFinding(None, question)
    return _placed(reading, place, [*notes, *_reading_notes(stated, reading)])


def _other(stated: Identity, ways: list[Look], place: Place, found_by: str, answers: Answers) -> CrsFinding:
    """Any other system with a code, such as UTM: taken unless its numbers are of another kind, or put the data in the county in a zone."""
    assert stated.epsg is not None
    orders = [False, True] if answers.axes is None else [answers.axes == "north_east"]
    inside = [swap for swap in orders if place.share_inside(stated.epsg, swap=swap) > 0]
    if not inside and any(look.shape != "plain" for look in ways):
        return CrsFinding(None, crs_questions.other_numbers(stated, ways, place))
    swap = (inside or orders)[0]
    if found_by != "given" and (question := crs_questions.wrong_zone(stated.name, stated.epsg, place, swap=swap)):
        return CrsFinding(None, question)
    reading = CrsReading(epsg=stated.epsg, found_by=found_by, swap=swap)
    return _placed(reading, place, [f"坐标系 {stated.name} 不是 2000 国家大地坐标系的分带，已转换", *_reading_notes(stated, reading)])


def _unstated(ways: list[Look], place: Place, answers: Answers) -> CrsFinding:
    """Nothing says which CRS it is: a zone number in the eastings decides, all else is asked."""
    numbered = [look for look in ways if look.shape == "numbered"]
    if numbered and len(numbered[0].numbers) > 1:
        return CrsFinding(None, crs_questions.several_zones(numbered[0].numbers))
    if not numbered or (len(ways) > 1 and not place.is_inside(numbered[0].zone, swap=bool(numbered[0].swapped))):
        return CrsFinding(None, crs_questions.missing(ways, place))
    zone = numbered[0].zone
    assert zone is not None
    reading = CrsReading(epsg=zone.epsg, found_by="zone_prefix", swap=bool(numbered[0].swapped))
    if question := crs_questions.wrong_zone(zone.label, zone.epsg, place, swap=reading.swap):
        return CrsFinding(None, question)
    return _placed(reading, place, [f"文件没有写明坐标系，按东坐标的带号取{zone.label}；若实为 1980 西安或 1954 北京坐标系，须先转换", *_reading_notes(None, reading)])


def _reading_notes(stated: Identity | None, reading: CrsReading) -> list[str]:
    notes = []
    if reading.swap:
        notes.append("坐标按“北、东”（测量上的 X、Y）排列，已调换为“东、北”")
    if stated is not None and stated.is_wgs84:
        notes.append("坐标系为 WGS 84，视同 2000 国家大地坐标系（相差在厘米级）")
    if reading.epsg == WEB_MERCATOR:
        notes.append("坐标为 Web 墨卡托投影，多来自网络地图，已转换；面积和精度请核实")
    return notes


def _placed(reading: CrsReading, place: Place, notes: list[str]) -> CrsFinding:
    if place.is_known and place.share_inside(reading.epsg, swap=reading.swap) == 0:
        notes = [*notes, "数据全部位于本县范围以外"]
    return CrsFinding(reading, notes=tuple(notes))


