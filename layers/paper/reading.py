"""Reading a paper back: the files it carries, and the signature that follows them."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from pyhanko.pdf_utils.reader import PdfFileReader

from layers.paper.render import FRAME, REPORT
from spatial.errors import CuntuError

MOST_BYTES = 50_000_000


class UnreadablePaperError(CuntuError):
    """文件已损坏，或不是本系统出具的意见书。"""


@dataclass(frozen=True)
class Enclosed:
    """The two files a paper carries, byte for byte, and how many signatures it has."""

    report: bytes
    frame: bytes
    signatures: int


def enclosed(pdf: bytes) -> Enclosed:
    """Return what a paper carries; raise UnreadablePaperError for any file that is not one."""
    if not pdf.startswith(b"%PDF-") or len(pdf) > MOST_BYTES:
        raise UnreadablePaperError
    try:
        reader = PdfFileReader(BytesIO(pdf))
        names = reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
        files = {str(names[place]): names[place + 1]["/EF"]["/F"].data for place in range(0, len(names), 2)}
        return Enclosed(files[REPORT], files[FRAME], len(reader.embedded_signatures))
    except Exception as error:  # whatever a broken file makes the parser stumble over
        raise UnreadablePaperError from error
