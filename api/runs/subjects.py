"""The subjects of a run, written down when it begins: from then on nothing that changes elsewhere changes the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import psycopg

from api.checks.judging import Footing, Judging
from layers import applications, check_runs, checks
from layers.applications import Application
from layers.check_runs import Subject
from spatial import radar
from spatial.errors import CuntuError
from spatial.layer import Layer
from spatial.permit import Applications

Connection = psycopg.Connection[Any]
Noted = tuple[list[Subject], dict[str, Any]]
"""Subjects, and what a run's summary says from the beginning: how many were left out, and why."""

SHOWN = 20


def of_applications(given: Applications) -> Noted:
    """Return the applications of a file."""
    columns = given.properties
    subjects = [
        Subject(
            position=row,
            kind="application",
            name=given.case_no[row],
            properties={name: _json(column[row]) for name, column in columns.items() if column[row] is not None},
            geometry=site,
            epsg=given.epsg,
        )
        for row, site in enumerate(given.sites)
    ]
    return subjects, {}


def open_applications(conn: Connection, judging: Judging, footing: Footing) -> Noted:
    """Return the applications that are live; those that the form refuses are left out and named."""
    live = set(judging.register(footing.known_at).ids)
    found: list[Subject] = []
    unreadable = []
    for item in applications.everything(conn):
        if item.case_no not in live:
            continue
        subject = _of_register(item, len(found))
        try:
            judging.applications([subject])
        except CuntuError as error:
            unreadable.append({"case_no": item.case_no, "problem": str(error)[:500]})
        else:
            found.append(subject)
    return found, {"unreadable": len(unreadable), "unreadable_first": unreadable[:SHOWN]} if unreadable else {}


def standing(conn: Connection, judging: Judging, footing: Footing) -> Noted:
    """Return the houses and plots of the layers in force; buildings known to be something else than a rural house are left out."""
    subjects: list[Subject] = []
    noted: dict[str, Any] = {}
    if "building" in footing.versions:
        houses, other = _houses(judging.layer(footing.versions["building"]))
        subjects += houses
        noted["other_buildings"] = other
    if "parcel" in footing.versions:
        subjects += _plots(judging.layer(footing.versions["parcel"]), check_runs.plots_of_households(conn))
    missing = [name for name in ("building", "parcel") if name not in footing.versions]
    return _numbered(subjects), noted | ({"not_loaded": missing} if missing else {})


def applications_and_standing(conn: Connection, judging: Judging, footing: Footing) -> Noted:
    """Return the open applications, then the houses and plots."""
    first, noted = open_applications(conn, judging, footing)
    second, more = standing(conn, judging, footing)
    return _numbered([*first, *second]), noted | more


def stored_checks(conn: Connection, *, pack_id: str) -> Noted:
    """Return all stored checks of a pack, the oldest first."""
    found = [checks.get(conn, check_id) for check_id in check_runs.check_ids(conn, pack_id=pack_id)]
    subjects = [
        Subject(position=row, kind="check", name=check.case_no, properties={}, geometry=check.geometry, epsg=check.epsg, check_id=check.id)
        for row, check in enumerate(found)
    ]
    return subjects, {}


def _of_register(item: Application, position: int) -> Subject:
    return Subject(
        position=position, kind="application", name=item.case_no, properties=item.properties, geometry=item.geometry, epsg=item.epsg
    )


def _houses(layer: Layer) -> tuple[list[Subject], int]:
    storeys, use, plot = (_column(layer, name) for name in ("ZCS", "GHYT", "ZDDM"))
    rural = [row for row in range(len(layer.features)) if plot[row] or not use[row] or "农村" in str(use[row])]
    found = [_subject(layer, row, {"storeys": storeys[row]}) for row in rural]
    return found, len(layer.features) - len(rural)


def _plots(layer: Layer, households: Sequence[Sequence[str]]) -> list[Subject]:
    counts, others = radar.other_plots([str(name) for name in layer.ids], households)
    known: list[Mapping[str, Any]] = [
        {"other_plots": count, "with": list(others.get(str(name), ()))} for name, count in zip(layer.ids, counts, strict=True)
    ]
    return [_subject(layer, row, known[row]) for row in range(len(layer.features))]


def _subject(layer: Layer, row: int, properties: Mapping[str, Any]) -> Subject:
    kept = {name: _json(value) for name, value in properties.items() if value is not None and value == value}
    return Subject(
        position=row, kind=layer.dataset.layer, name=str(layer.ids[row]), properties=kept, geometry=layer.features[row], epsg=layer.epsg
    )


def _column(layer: Layer, name: str) -> Sequence[Any]:
    column = layer.attributes.get(name)
    return [None] * len(layer.features) if column is None else list(column)


def _numbered(subjects: Sequence[Subject]) -> list[Subject]:
    return [replace(item, position=position) for position, item in enumerate(subjects)]


def _json(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value
