"""Changes of place codes as they come in files (CSV): two lists of codes compared, or what the bureau itself has written down.

A comparison has the columns `code, name_<year>, name_<later year>, change` with `added`, `removed` or `renamed`; it says that a code is
gone, not where to. A list of the bureau's own has `code, kind, changed_on` and, as far as known, `name_before, name_after, successors`
(separated by `;`) and `last_listed`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from datetime import date
from pathlib import Path

from layers.errors import DatasetRefusedError
from layers.succession import KIND_LABELS, CodeChange

MAX_BYTES = 20_000_000
_CODE = re.compile(r"[0-9]{9}|[0-9]{12}")
_YEAR = re.compile(r"name_(\d{4})")
_COMPARED = {"added": "new", "removed": "vanish", "renamed": "rename"}
_COUNTS = {"merge": "并入恰好一个村", "split": "分设成两个以上的村"}


def read(path: Path) -> tuple[list[CodeChange], str]:
    """Read a file; return its changes and its SHA-256. Raises DatasetRefusedError with every problem and its row (from 2)."""
    content = path.read_bytes()
    if len(content) > MAX_BYTES:
        raise DatasetRefusedError(f"{path.name} 超过 {MAX_BYTES // 1_000_000} MB，不像是代码变更表。")
    rows = list(csv.DictReader(io.StringIO(_text(content, path.name))))
    columns = [name for name in (rows[0] if rows else {}) if name]
    years = sorted(int(match[1]) for name in columns if (match := _YEAR.fullmatch(name)))
    problems: list[str] = []
    if {"code", "change"} <= set(columns) and len(years) == 2:
        found = [_compared(row, years, f"第 {line} 行", problems) for line, row in enumerate(rows, start=2)]
    elif {"code", "kind", "changed_on"} <= set(columns):
        found = [_own(row, f"第 {line} 行", problems) for line, row in enumerate(rows, start=2)]
    else:
        raise DatasetRefusedError(f"{path.name} 不是代码变更表：应有列 code、change 和两个年份的 name_年份，或 code、kind、changed_on。")
    if problems:
        raise DatasetRefusedError(problems=problems)
    return [change for change in found if change is not None], hashlib.sha256(content).hexdigest()


def _compared(row: dict[str, str], years: list[int], place: str, problems: list[str]) -> CodeChange | None:
    kind = _COMPARED.get((row["change"] or "").strip())
    if kind is None:
        problems.append(f"{place}：change 只能是 {'、'.join(_COMPARED)}")
        return None
    before, after = (_or_none(row[f"name_{year}"]) for year in years)
    first, last = date(years[1], 1, 1), date(years[0], 12, 31)
    change = CodeChange(code=(row["code"] or "").strip(), kind=kind, changed_on=first, last_listed=last, name_before=before, name_after=after)
    return _checked(change, place, problems)


def _own(row: dict[str, str], place: str, problems: list[str]) -> CodeChange | None:
    days: dict[str, date | None] = {}
    for name in ("changed_on", "last_listed"):
        text = _or_none(row.get(name))
        try:
            days[name] = date.fromisoformat(text) if text else None
        except ValueError:
            problems.append(f"{place}：{name} 应为日期，例如 2024-03-01")
            return None
    if days["changed_on"] is None:
        problems.append(f"{place}：缺少 changed_on")
        return None
    change = CodeChange(
        code=(row["code"] or "").strip(),
        kind=(row["kind"] or "").strip(),
        changed_on=days["changed_on"],
        last_listed=days["last_listed"],
        name_before=_or_none(row.get("name_before")),
        name_after=_or_none(row.get("name_after")),
        successors=tuple(part.strip() for part in (row.get("successors") or "").split(";") if part.strip()),
    )
    return _checked(change, place, problems)


def _checked(change: CodeChange, place: str, problems: list[str]) -> CodeChange | None:
    found = []
    if change.kind not in KIND_LABELS:
        found.append(f"{place}：kind 只能是 {'、'.join(KIND_LABELS)}")
    bad = [code for code in (change.code, *change.successors) if not _CODE.fullmatch(code)]
    found += [f"{place}：代码“{code[:20]}”应为 9 位（乡镇）或 12 位（村）数字" for code in bad]
    count, expected = len(set(change.successors)), {"merge": (1, 1), "split": (2, 10_000)}.get(change.kind, (0, 0))
    if not expected[0] <= count <= expected[1] or count != len(change.successors):
        found.append(f"{place}：successors 应{_COUNTS.get(change.kind, '为空')}")
    if change.code in change.successors:
        found.append(f"{place}：一个代码不能由它自己接替")
    if change.last_listed is not None and change.last_listed >= change.changed_on:
        found.append(f"{place}：last_listed 应早于 changed_on")
    problems.extend(found)
    return None if found else change


def _text(content: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DatasetRefusedError(f"{name} 的文字既不是 UTF-8 也不是 GB18030。")


def _or_none(text: str | None) -> str | None:
    return (text or "").strip() or None
