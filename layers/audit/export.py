"""Entries of the audit as files to take away: text stays text in them, whatever it looks like."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

import orjson

from layers.audit.actions import title
from layers.audit.search import Kept
from layers.formulas import guarded
from layers.workbook import Page, write_workbook

HEADINGS = ["编号", "时间（UTC）", "途径", "人员", "席位", "单位", "地址", "动作", "动作代码", "对象", "结果", "之前 SHA-256", "之后 SHA-256", "详情", "上一条哈希", "哈希"]
BLOCK = 200
MOST_ROWS = 50_000
"""So many entries stand in a workbook."""


def csv_blocks(entries: Iterable[Kept]) -> Iterator[bytes]:
    """Yield a CSV in UTF-8 with a byte order mark; what a spreadsheet would run as a formula is guarded."""
    text = io.StringIO()
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(HEADINGS)
    for number, entry in enumerate(entries, start=1):
        writer.writerow([guarded(str(value)) if isinstance(value, str) else value for value in row(entry)])
        if number % BLOCK == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def json_lines(entries: Iterable[Kept]) -> Iterator[bytes]:
    """Yield one JSON object a line: number, the very text that was hashed, and both hashes."""
    for entry in entries:
        yield orjson.dumps({"id": entry.id, "payload": entry.payload, "previous": entry.previous.hex(), "hash": entry.hash.hex()}) + b"\n"


def workbook(entries: Iterable[Kept]) -> bytes:
    """Return a workbook."""
    file = io.BytesIO()
    write_workbook(file, [Page("审计记录", HEADINGS, [row(entry) for entry in entries])])
    return file.getvalue()


def row(entry: Kept) -> list[str | int]:
    """One entry as a row under HEADINGS."""
    told = entry.told
    details = orjson.dumps(told["details"], option=orjson.OPT_SORT_KEYS).decode() if told["details"] else ""
    return [
        entry.id, told["at"], told["channel"], told["person"], told["seat"], told["unit"], told["address"], title(told["action"]), told["action"],
        told["object"], told["result"], told["before"] or "", told["after"] or "", details, entry.previous.hex(), entry.hash.hex(),
    ]  # fmt: skip
