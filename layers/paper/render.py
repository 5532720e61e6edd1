"""Setting a paper: report and frame in, PDF out. The same two give the same bytes, on every machine with the same form."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
import typst

from layers.paper.content import content, sha256_of
from layers.paper.glyphs import FONTS
from spatial.canonical import canonical_json

HERE = Path(__file__).parent
REPORT, FRAME = "report.json", "frame.json"
"""Names of the two files that every paper carries."""
_TEMPLATE = HERE / "form.typ"
_SOURCES = (
    "form.typ", "content.py", "drawing.py", "glyphs.py", "render.py", "fonts/MANIFEST.json", "../maps/check.py", "../maps/report.py",
    "../catalog/layers.yaml", "../../spatial/application_form.py", "../../spatial/report_groups.py", "../../spatial/rules/parameters.py",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What a paper shows that its report does not say. `map` is that of `layers.paper.surroundings`; `signer` names the
    certificate it will be signed with (None: it says that it is unsigned); `address` is where the service is reached.
    """

    county: str
    synthetic: bool
    map: Mapping[str, Any] | None = None
    signer: Mapping[str, Any] | None = None
    address: str | None = None

    @property
    def json(self) -> bytes:
        """The frame in canonical bytes, with the fingerprint of the form it is meant for."""
        return canonical_json({**vars(self), "form": form()})


@lru_cache(maxsize=1)
def form() -> str:
    """The fingerprint of everything that decides how a paper looks: two programs with the same one set the same bytes."""
    parts = [version("typst"), version("segno"), *(sha256_of((HERE / name).read_bytes()) for name in _SOURCES)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def render(report: bytes, frame: bytes) -> bytes:
    """Set the paper of a report (canonical JSON) as PDF/A-3b, with both inputs attached. Needs no network and no fonts of the machine."""
    body = content(orjson.loads(report), orjson.loads(frame), sha256=sha256_of(report))
    inputs = {"content": orjson.dumps(body).decode(), "report": report.decode(), "frame": frame.decode()}
    compiler = typst.Compiler(_TEMPLATE.read_bytes(), root=str(FONTS), font_paths=_fonts(), sys_inputs=inputs)
    pdf = compiler.compile(format="pdf", pdf_standards=["a-3b"], pdf_tags=False)
    assert isinstance(pdf, bytes)
    return pdf
