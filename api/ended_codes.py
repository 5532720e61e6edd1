"""Villages whose code has ended: the answer says what became of them."""

from __future__ import annotations

from typing import Any

import psycopg

from api.errors import CodeEndedError
from api.moment import Moment
from layers import succession
from layers.succession import KIND_LABELS, CodeChange, Succession


def tell_if_ended(conn: psycopg.Connection[Any], code: str, moment: Moment) -> None:
    """Raise CodeEndedError, with its successors, where a code had ended by the day, as known at the moment."""
    history = succession.read(conn, known_at=moment.known_at)
    end = history.ended(code, moment.valid_on)
    if end is not None:
        raise CodeEndedError(_sentence(end, history, moment), members={"ended": ended_entry(end, history, moment)})


def ended_entry(end: CodeChange, history: Succession, moment: Moment) -> dict[str, Any]:
    """Write how a code ended and which codes stand in its place on the day, each with its latest name as far as it is recorded."""
    codes = [code for code in history.successors(end.code, moment.valid_on) if code != end.code]
    return {
        "code": end.code,
        "name": end.name_before,
        "kind": end.kind,
        "kind_label": KIND_LABELS[end.kind],
        "ended_on": end.changed_on.isoformat(),
        "last_listed": end.last_listed.isoformat() if end.last_listed else None,
        "successors": [{"code": code, "name": name_of(code, history)} for code in codes],
        "source": end.source_name,
    }


def change_entry(change: CodeChange) -> dict[str, Any]:
    """Write one change."""
    return {
        "code": change.code,
        "kind": change.kind,
        "kind_label": KIND_LABELS[change.kind],
        "changed_on": change.changed_on.isoformat(),
        "last_listed": change.last_listed.isoformat() if change.last_listed else None,
        "name_before": change.name_before,
        "name_after": change.name_after,
        "successors": list(change.successors),
        "source": change.source_name,
    }


def name_of(code: str, history: Succession) -> str | None:
    """The latest recorded name of a code."""
    names = [change.name_after for change in history.of(code) if change.name_after]
    return names[-1] if names else None


def _sentence(end: CodeChange, history: Succession, moment: Moment) -> str:
    named = f"{end.name_before}（{end.code}）" if end.name_before else end.code
    codes = [code for code in history.successors(end.code, moment.valid_on) if code != end.code]
    where = f"，现为 {'、'.join(codes)}" if codes else ""
    return f"村 {named} 的代码自 {end.changed_on} 起不再使用：{KIND_LABELS[end.kind]}{where}。"
