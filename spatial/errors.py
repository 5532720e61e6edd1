"""Everything that can go wrong in the planning logic. A leaf class's docstring is its default message."""

from __future__ import annotations

SHOWN = 20
"""So many problems stand in the sentence; `problems` has them all."""


class CuntuError(Exception):
    """村图无法完成这项操作。"""

    def __init__(self, message: str | None = None, *, problems: list[str] | None = None) -> None:
        self.problems = list(problems or [])
        text = message or (type(self).__doc__ or "").strip()
        if self.problems:
            more = f"；等共 {len(self.problems)} 处" if len(self.problems) > SHOWN else ""
            text = f"{text} " + "；".join(self.problems[:SHOWN]) + more
        super().__init__(text)


class CrsError(CuntuError):
    """坐标系不明或不受支持。"""


class GeometryError(CuntuError):
    """图形不合要求。"""


class InputError(CuntuError):
    """输入内容有误。"""


class PackError(CuntuError):
    """规则包有误。"""


class UnknownLayerError(CuntuError):
    """目录中没有这个图层。"""
