"""Whose name and unit stand under an act: those of the seat it is done from. A request may state them, but not others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.errors import ForbiddenError
from layers.acting import current
from layers.deliveries import Actor
from layers.version_acts import Signature

OFFICER_TOLD = "经办人姓名；不写即为席位的现任者，写了别人的一律拒绝"
UNIT_TOLD = "单位；不写即为席位所在单位，写了别的一律拒绝"


def actor(officer: str | None = None, unit: str | None = None) -> Actor:
    """Return name and unit of whoever acts; raises ForbiddenError where a request states others: nobody signs for another."""
    by = current()
    for stated, own, title in ((officer, by.person, "经办人"), (unit, by.unit, "单位")):
        if stated is not None and stated.strip() and stated.strip() != own:
            raise ForbiddenError(f"不能代他人签名：您以席位“{by.seat}”办理，{title}应为“{own}”，请求中写的是“{stated.strip()[:100]}”。")
    return Actor(by.person, by.unit)


def signature(reason: str, officer: str | None = None, unit: str | None = None) -> Signature:
    """Return the signature of whoever acts; raises ForbiddenError as `actor` does, InputError where the reason is blank."""
    by = actor(officer, unit)
    return Signature(officer=by.officer, unit=by.unit, reason=reason)


def signed(stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a request states with name and unit of whoever acts. What is no text, or blank, is left to whoever reads it to refuse."""
    given = {name: stated.get(name) for name in ("officer", "unit")}
    by = actor(**{name: text for name, text in given.items() if isinstance(text, str)})
    own = {"officer": by.officer, "unit": by.unit}
    meant = {name: own[name] for name, text in given.items() if text is None or (isinstance(text, str) and text.strip())}
    return {**stated, **meant}
