"""Reports in a hundredth of their size, to the same bytes again.

Reports that rest on the same rules and the same dataset versions say nearly the same; the first of them is kept whole and
serves as the dictionary with which the others are compressed (Zstandard, RFC 8878, raw-content dictionary, with checksum).
A dictionary is known by the SHA-256 of its content and is never changed.
"""

from __future__ import annotations

import hashlib
from typing import Any

import psycopg
import zstandard

from layers.sql import queries
from spatial.errors import CuntuError

SQL = queries("packed_reports")

LEVEL = 3
MOST_DICTIONARIES = 16

Connection = psycopg.Connection[Any]


_DICTIONARIES: dict[bytes, zstandard.ZstdCompressionDict] = {}
"""Those used last for reading: known by their content, they are the same in every database."""


class DamagedReportError(CuntuError):
    """存档的审查报告已损坏。"""


class Packing:
    """Packs reports into one database, in one thread. What it finds or makes there it remembers: if a transaction it was used
    in is rolled back, it must not be used again."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[bytes, zstandard.ZstdCompressor]] = {}

    def pack(self, conn: Connection, basis: str, report: bytes) -> tuple[bytes, bytes]:
        """Return a report packed, and the SHA-256 of its dictionary, which is in the database when this transaction is."""
        if basis not in self._known:
            self._known[basis] = _compressor(conn, basis, report)
        sha256, compressor = self._known[basis]
        return compressor.compress(report), sha256


def unpack(conn: Connection, packed: bytes, sha256: bytes) -> bytes:
    """Return a report as it was; raise DamagedReportError where that is not possible."""
    dictionary = _DICTIONARIES.get(sha256)
    if dictionary is None:
        if len(_DICTIONARIES) >= MOST_DICTIONARIES:
            _DICTIONARIES.clear()
        dictionary = _DICTIONARIES[sha256] = _raw(_content(conn, sha256))
    try:
        return zstandard.ZstdDecompressor(dict_data=dictionary).decompress(packed)
    except zstandard.ZstdError as error:
        raise DamagedReportError(problems=[str(error)]) from error


def _compressor(conn: Connection, basis: str, report: bytes) -> tuple[bytes, zstandard.ZstdCompressor]:
    row = conn.execute(SQL["dictionary_of_basis"], {"basis": basis}).fetchone()
    if row is None:
        content, sha256 = report, hashlib.sha256(report).digest()
        conn.execute(SQL["add_dictionary"], {"sha256": sha256, "basis": basis, "content": content})
    else:
        sha256 = row[0]
        content = _content(conn, sha256)
    dictionary = _raw(content)
    dictionary.precompute_compress(level=LEVEL)
    return sha256, zstandard.ZstdCompressor(level=LEVEL, dict_data=dictionary, write_checksum=True)


def _raw(content: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def _content(conn: Connection, sha256: bytes) -> bytes:
    row = conn.execute(SQL["content"], {"sha256": sha256}).fetchone()
    if row is None or hashlib.sha256(row[0]).digest() != sha256:
        raise DamagedReportError("审查报告所用的字典缺失或已损坏。")
    content: bytes = row[0]
    return content
