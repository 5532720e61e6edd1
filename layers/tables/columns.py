"""Columns that many tables have."""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import Column, DateTime, Integer, LargeBinary, MetaData, func

metadata = MetaData()

INSTANT = DateTime(timezone=True)


def geometry(name: str, *, nullable: bool = False) -> Column[object]:
    """Return a column of geometries with the SRID of the county's zone, which the column leaves open."""
    return Column(name, Geometry(srid=-1, spatial_index=False), nullable=nullable)


def sealed(*names: str) -> list[Column[object]]:
    """Return columns that hold what identifies people, encrypted in the application."""
    return [Column(name, LargeBinary) for name in names]


def created(name: str = "created_at") -> Column[object]:
    """Return a column with the moment at which the row was written."""
    return Column(name, INSTANT, nullable=False, server_default=func.now())


def by() -> tuple[Column[int], Column[int]]:
    """Return from which account and seat; empty for the service itself, and for the command line without a seat."""
    return Column("account_id", Integer), Column("seat_id", Integer)
