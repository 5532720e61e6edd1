"""Is a paper genuine, and is every byte of it as it was given out? What can be proven depends on what is at hand.

Without a network and without a data base: the report it carries is canonical and has the hash that is printed; the whole file is
exactly what this program sets from that report, byte by byte; a signature covers the file and nothing of it was changed. That
does not prove who made an unsigned paper: anyone can run this program. With the bureau's data base: the file stands in the
register of papers given out, and its report is the one that is stored. With the bureau's root certificate: who signed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from layers.paper.content import sha256_of
from layers.paper.reading import Enclosed, UnreadablePaperError, enclosed
from layers.paper.render import form, render
from layers.paper.signature import check_signature
from spatial.canonical import canonical_json

State = Literal["ok", "bad", "note"]


@dataclass(frozen=True)
class Line:
    """One thing that was looked at: in order, not in order, or only told."""

    state: State
    text: str


@dataclass(frozen=True)
class Registered:
    """What the data base says of a file: whether it was given out, and the report stored under its check (None: no such check)."""

    issued: bool
    report: bytes | None


@dataclass(frozen=True)
class Verification:
    """The answer: lines, and whether the paper may be relied on as unchanged. `proven` says whose it is, where that is proven."""

    lines: tuple[Line, ...]
    ok: bool
    proven: bool = False
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        if not self.ok:
            return "核验不通过：文件被改动、已损坏，或不能确认。"
        return "核验通过：文件完整，确由本局出具。" if self.proven else "核验通过：文件完整、前后一致；由谁出具，本次未能证明（没有可信签名，也没有登记可查）。"


Register = Callable[[str, str | None], Registered]
"""Asks the data base: SHA-256 of the file in hexadecimal and id of the check (None: not stored)."""


def verify(pdf: bytes, *, register: Register | None = None, roots: Sequence[bytes] = ()) -> Verification:
    """Check a paper by all that is at hand; `roots` are root certificates (DER) of those whose signature counts. Never raises for a bad file."""
    try:
        inside = enclosed(pdf)
        report, frame = _json(inside.report), _json(inside.frame)
    except UnreadablePaperError as error:
        return Verification((Line("bad", str(error)),), ok=False)
    lines = [_canonical(inside.report, report)]
    same = _set_again(pdf, inside)
    lines.append(_set_line(same, frame))
    signed, trusted = _signature(pdf, frame, inside, roots, lines)
    issued = _register(pdf, report, inside, register, lines)
    firm = same is not None or issued or (signed and trusted)
    ok = firm and not any(line.state == "bad" for line in lines)
    return Verification(tuple(lines), ok=ok, proven=ok and (issued or trusted), report=report)


def _json(data: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UnreadablePaperError from error
    if not isinstance(value, dict):
        raise UnreadablePaperError
    return value


def _canonical(data: bytes, report: Mapping[str, Any]) -> Line:
    digest = sha256_of(data)
    if canonical_json(report) != data:
        return Line("bad", f"所附报告不是规范 JSON（SHA-256 {digest}）。")
    return Line("ok", f"所附报告为规范 JSON，SHA-256 {digest}，可与纸面所印核对。")


def _set_again(pdf: bytes, inside: Enclosed) -> bytes | None:
    """Set the paper again from what it carries; return it where the file begins with exactly these bytes."""
    try:
        again = render(inside.report, inside.frame)
    except Exception:  # what a forged report or frame makes the form stumble over
        return None
    whole = pdf == again if inside.signatures == 0 else pdf.startswith(again)
    return again if whole else None


def _set_line(same: bytes | None, frame: Mapping[str, Any]) -> Line:
    if same is not None:
        return Line("ok", "由所附报告重新排版，与本文件逐字节相同。")
    if frame.get("form") != form():
        return Line("note", "本文件由另一版本的版式排成，本程序不能逐字节重现；请用登记或签名核验。")
    return Line("bad", "由所附报告重新排版，与本文件不同：文件内容被改动。")


def _signature(pdf: bytes, frame: Mapping[str, Any], inside: Enclosed, roots: Sequence[bytes], lines: list[Line]) -> tuple[bool, bool]:
    """Check the signature against what the frame says of it: whether it is intact, and whether it is trusted."""
    identity = frame.get("signer")
    if identity is None:
        lines.append(Line("bad", "文件写明未签名，却带有签名。") if inside.signatures else Line("note", "本文件未经数字签名。"))
        return False, False
    if inside.signatures != 1:
        lines.append(Line("bad", "文件写明有数字签名，签名却已被去掉。" if not inside.signatures else "文件有不止一个签名。"))
        return False, False
    found = check_signature(pdf, identity, roots=roots)
    if found.problem is not None:
        lines.append(Line("bad", f"数字签名无效：{found.problem}。"))
        return False, False
    words = {None: "未给根证书，签名人身份未核对", True: "证书可信", False: "证书不能追溯到所给的根证书"}
    state: State = "bad" if found.trusted is False else "ok"
    lines.append(Line(state, f"数字签名有效，覆盖整个文件。签名人：{identity['name']}（{words[found.trusted]}）。"))
    return True, found.trusted is True


def _register(pdf: bytes, report: Mapping[str, Any], inside: Enclosed, register: Register | None, lines: list[Line]) -> bool:
    """Ask the data base; True where it knows the file and its report."""
    if register is None:
        lines.append(Line("note", "未连接数据库，没有核对登记。"))
        return False
    known = register(sha256_of(pdf), report.get("id"))
    if known.report is None:
        lines.append(Line("note", "数据库中没有这件核查，无从核对登记。"))
        return False
    if known.report != inside.report:
        lines.append(Line("bad", "所附报告与数据库中存档的报告不同。"))
        return False
    if not known.issued:
        lines.append(Line("bad", "数据库中有这件核查，但没有登记过这份文件。"))
        return False
    lines.append(Line("ok", "与数据库的登记和存档一致。"))
    return True
