"""Closed polylines of a DXF drawing. Reading happens in a process of its own with limits (dxf_child.py)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import Any

from layers.site_files.dxf_child import BINARY
from layers.site_files.outlines import MAX_POINTS_ALL, MAX_SITES, FileOutlines, SiteOutline, capped, ring_of
from spatial.errors import InputError

WAIT_S = 20.0
_AT_ONCE = threading.Semaphore(2)
_UNITS_MM = 4


def looks_like(raw: bytes) -> bool:
    """Whether bytes are a DXF or DWG drawing."""
    head = raw[:4_000].split()
    return raw.startswith((BINARY, b"AC10")) or (len(head) > 1 and head[:2] in ([b"0", b"SECTION"], [b"999", head[1]]))


def read(raw: bytes) -> FileOutlines:
    """Read every closed polyline of the model space; raise InputError where there is none, or the file is broken or costs too much."""
    if raw.startswith(b"AC10"):
        raise InputError("这是 DWG 图形：请在绘图软件中另存为 DXF（文本格式）再上传。")
    if raw.startswith(BINARY):
        raise InputError("这是二进制 DXF：请另存为文本格式（ASCII）的 DXF 再上传。")
    if raw.split()[-1:] != [b"EOF"]:
        raise InputError("DXF 文件不完整：结尾没有 EOF 标记，可能没有传完。")
    answer = _ask(raw)
    if "error" in answer:
        raise InputError(f"DXF 文件已损坏，无法读取（{answer['error']}）。")
    if answer["points"] > MAX_POINTS_ALL:
        raise InputError(f"多段线的顶点超过 {MAX_POINTS_ALL} 个：请只留下宅基地边线再上传。")
    return _outlines(answer)


def _ask(raw: bytes) -> dict[str, Any]:
    """Let the child read; its death by its own limits is an answer too."""
    command = [sys.executable, "-m", "layers.site_files.dxf_child", str(MAX_POINTS_ALL)]
    environment = {"OPENBLAS_NUM_THREADS": "1", "PATH": os.defpath, "HOME": "/nonexistent"}
    with _AT_ONCE:
        try:
            done = subprocess.run(command, input=raw, capture_output=True, timeout=WAIT_S, env=environment, check=False)
        except subprocess.TimeoutExpired as error:
            raise InputError("DXF 文件太复杂，读取超时：请只留下宅基地边线再上传。") from error
    if done.returncode != 0:
        raise InputError("DXF 文件已损坏或太复杂，无法读取：请只留下宅基地边线再上传。")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _outlines(answer: dict[str, Any]) -> FileOutlines:
    too_large = [f"/图层 {item['layer']} 图元 {item['handle']}：圆弧太大或太多，不像宅基地边线" for item in answer["polylines"] if item.get("refused")]
    if too_large:
        raise InputError("DXF 有误：", problems=capped(too_large))
    closed = [item for item in answer["polylines"] if item["closed"] and len(item["points"]) > 2]
    open_lines = len(answer["polylines"]) - len(closed)
    if not closed:
        seen = "、".join(f"{kind} {count} 个" for kind, count in sorted(answer["others"].items())[:8])
        found = "；".join(filter(None, (f"没有闭合的多段线 {open_lines} 条" if open_lines else "", f"其他图形：{seen}" if seen else "")))
        raise InputError(f"图中没有闭合的多段线：请把宅基地边线合并成一条闭合多段线。{found}")
    problems = [f"/图层 {item['layer']}：坐标不是有限的数" for item in closed if not all(_finite(point) for point in item["points"])]
    if len(closed) > MAX_SITES:
        problems.append(f"/：闭合多段线有 {len(closed)} 条，超过 {MAX_SITES} 条，请只留下宅基地边线")
    if problems:
        raise InputError("DXF 有误：", problems=capped(problems))
    sites = tuple(_site(item) for item in closed)
    return FileOutlines(kind="dxf", sites=sites, notes=_notes(answer, closed, open_lines), encoding=answer["encoding"])


def _finite(point: list[float]) -> bool:
    return all(isinstance(value, (int, float)) and abs(value) < 1e12 for value in point)


def _site(item: dict[str, Any]) -> SiteOutline:
    points = [(float(east), float(north)) for east, north in item["points"]]
    place = f"/图层 {item['layer']} 图元 {item['handle']}"
    ring = ring_of(points, [f"{place} 第 {index} 点" for index in range(1, len(points) + 1)])
    return SiteOutline(name=item["layer"], place=place, parts=((ring,),))


def _notes(answer: dict[str, Any], closed: list[dict[str, Any]], open_lines: int) -> tuple[str, ...]:
    notes = []
    if any(item["arcs"] for item in closed):
        notes.append("圆弧段已折成直线，与弧相差不超过 1 厘米。")
    if open_lines:
        notes.append(f"有 {open_lines} 条多段线没有闭合，未读入。")
    if answer["others"].get("INSERT"):
        notes.append(f"有 {answer['others']['INSERT']} 个图块没有展开，其中的图形未读入。")
    if answer["units"] == _UNITS_MM:
        notes.append("图形单位写为毫米；坐标按米读入，请核对面积。")
    return tuple(notes)
