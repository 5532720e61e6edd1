"""What stands on the paper, as texts: the report arranged for the form, worked out from the report and its frame alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from io import BytesIO
from typing import Any

import segno

from layers.maps.check import TONES
from layers.maps.report import Entry, Group, citation_text, dataset_text, groups, measure, stated
from layers.paper.drawing import drawing
from layers.paper.glyphs import printable_all
from spatial.application_form import GROUPS as FORM_GROUPS
from spatial.application_form import PROPERTIES
from spatial.report_groups import rule_key

BEIJING = timezone(timedelta(hours=8))
"""China has one time zone and no summer time: papers need no zone data base."""
VERDICT_TONES = {
    "refused": TONES["refused_by"], "incomplete": TONES["not_checked"], "needs_approval": TONES["first_needs"],
    "needs_correction": TONES["correct"], "needs_review": TONES["look_at"], "passed": TONES["passed"],
}  # fmt: skip
FULL = frozenset({"refused_by", "first_needs", "correct", "look_at", "not_checked"})
"""Groups whose findings are written out; of the others the sentence is enough."""

Report = Mapping[str, Any]


def content(report: Report, frame: Mapping[str, Any], *, sha256: str) -> dict[str, Any]:
    """Return all texts and drawings of a paper, JSON-ready, every text printable. `sha256` is that of the canonical JSON."""
    at = moment_of(report)
    body = {
        "county": frame["county"],
        "title": "农村村民住宅建设申请规则核查意见书",
        "number": report.get("case_no") or "未编号",
        "check_id": report.get("id") or "未存档",
        "synthetic": frame["synthetic"],
        "date": [at.year, at.month, at.day, at.hour, at.minute, at.second],
        "head": _head(report, at),
        "verdict": {"label": report["verdict_label"], "tone": VERDICT_TONES.get(report["verdict"], TONES["refused_by"]), "text": _summary(report)},
        "application": _application(report),
        "groups": [_group(group) for group in groups(report) if group.count],
        "documents": _serving(report, "documents"),
        "offices": _serving(report, "offices"),
        "site": _site(report.get("site") or {}),
        "plan": drawing(frame["map"]) if frame.get("map") else None,
        "datasets": [_dataset(item) for item in report["datasets"]],
        "pack": [f"{report['pack'].get('title') or report['pack']['id']} {report['pack']['version']}", report["pack"]["sha256"]],
        "subject_sha256": report["subject"]["sha256"],
        "sha256": sha256,
        "qr": qr_svg(qr_text(report, frame, sha256=sha256)),
        "signer": frame["signer"],
    }
    printable: dict[str, Any] = printable_all(body)
    return printable


def moment_of(report: Report) -> datetime:
    """When the check was made (of one that was not stored: as of when), in China's time."""
    return datetime.fromisoformat(report.get("checked_at") or report["known_at"]).astimezone(BEIJING)


def qr_text(report: Report, frame: Mapping[str, Any], *, sha256: str) -> str:
    """What the QR code says: where to verify, which check, and the hash of its canonical JSON."""
    return f"{frame.get('address') or 'cuntu:'}/verify#{report.get('id') or ''}.{sha256}"


def qr_svg(text: str) -> str:
    """Return a QR code as SVG without any text in it."""
    sink = BytesIO()
    segno.make(text, error="m", micro=False).save(sink, kind="svg", xmldecl=False, border=2, title=None, desc=None, svgclass=None, lineclass=None)
    return sink.getvalue().decode()


def _moment(value: str | datetime) -> str:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(BEIJING).strftime("%Y 年 %m 月 %d 日 %H:%M")


def _head(report: Report, at: datetime) -> list[list[str]]:
    subject = report["subject"]
    kind = subject.get("village_type_label") or "类别未定"
    return [
        ["核查时间", _moment(at)],
        ["申请编号", report.get("case_no") or "未编号"],
        ["数据有效日", str(report["valid_on"])],
        ["所知时刻", _moment(report["known_at"])],
        ["所在村", f"{subject.get('village_name') or '未知'}（{subject.get('village_code') or '代码未知'}，{kind}）"],
        ["宗地图形面积", f"{subject['area_m2']:.2f} ㎡（平面面积）"],
    ]


def _summary(report: Report) -> str:
    counts = [f"{group.title} {group.count} 条" for group in groups(report) if group.count]
    return "、".join(counts) + "。"


def _application(report: Report) -> list[dict[str, Any]]:
    """What was applied for, part by part of the form; what the form does not know (an older one) comes last."""
    given = report["subject"]["properties"]
    parts = [
        {"title": title, "rows": [[item.title, stated(name, given.get(name))] for name, item in PROPERTIES.items() if item.group == key and name != "case_no"]}
        for key, title in FORM_GROUPS.items()
    ]
    unknown = [[name, stated(name, value)] for name, value in given.items() if name not in PROPERTIES]
    return [part for part in [*parts, {"title": "其他", "rows": unknown}] if part["rows"]]


def _group(group: Group) -> dict[str, Any]:
    rows = [_finding(entry) for entry in group.entries]
    rows += [{"number": None, "rule": rule_key(rule), "title": rule["title"], "message": f"本系统尚不核查，须由人工核对：{rule['reason']}", "plain": None,
              "advice": None, "basis": "；".join(map(citation_text, rule["citations"])), "data": "—", "estimated": False}
             for rule in group.not_built]  # fmt: skip
    return {"key": group.key, "title": group.title, "note": group.note, "tone": TONES[group.key], "full": group.key in FULL, "rows": rows}


def _finding(entry: Entry) -> dict[str, Any]:
    item = entry.finding
    return {
        "number": entry.number,
        "rule": rule_key(item),
        "title": item["title"],
        "message": item["message"],
        "plain": item.get("plain"),
        "advice": item.get("advice"),
        "basis": "；".join(citation_text(citation) for citation in item["citations"]),
        "data": dataset_text(item.get("dataset")),
        "estimated": bool(item.get("estimated")),
    }


def _serving(report: Report, section: str) -> list[list[str]]:
    return [[entry["title"], "、".join(entry["rules"])] for entry in report.get(section) or ()]


def _site(site: Mapping[str, Any]) -> dict[str, Any]:
    """Land taken, zones, slivers, what only touches: rows of texts."""
    taken = site.get("land_taken") or {}
    yes_no = {True: "须办", False: "不须", None: "不明"}
    return {
        "land": [[entry["code"] or "—", entry["name"] or "地类不明", entry["group"] or "不明", measure_m2(entry["area_m2"]), f"{entry['area_ha']:.6f}",
                  yes_no[entry["conversion"]]] for entry in taken.get("classes", ())],
        "conversion": _conversion(taken),
        "split": [f"{part['title']}：" + "，".join(_part(entry) for entry in part["parts"]) for part in site.get("split", ())],
        "slivers": [_sliver(entry) for entry in site.get("slivers", ())],
        "touching": [f"{entry['title']} {entry['feature']}" for entry in site.get("touching", ())],
        "tolerances": [f"{entry['title']} {measure(entry['value'], entry['unit'])}（{citation_text(entry['citation'])}）" for entry in site.get("tolerances", ())],
    }  # fmt: skip


def measure_m2(value: float) -> str:
    """Write an area to 0.01 m²; a smaller one to 0.0001, never as zero."""
    return f"{value:.2f}" if value >= 0.01 else f"{value:.4f}"


def _conversion(taken: Mapping[str, Any]) -> str:
    if taken.get("conversion_m2") is None:
        return "地类图斑未入库，占用地类不明，农用地转用面积无法计算。"
    if not taken["conversion_m2"]:
        text = "所占已知地类不含农用地，不须办理农用地转用。"
    else:
        text = f"须办理农用地转用 {measure_m2(taken['conversion_m2'])} ㎡（{taken['conversion_ha']:.6f} 公顷）。"
    return text + (f"另有 {measure_m2(taken['unknown_m2'])} ㎡ 地类不明。" if taken["unknown_m2"] > 0 else "")


def _part(entry: Mapping[str, Any]) -> str:
    name = entry["name"] or entry["code"] or "未注明"
    return f"{name} {measure_m2(entry['area_m2'])} ㎡" + ("（误差以内）" if entry["sliver"] else "")


def _sliver(entry: Mapping[str, Any]) -> str:
    what = f"与 {entry['feature']} 重叠" if entry["kind"] == "overlap" else "超出边界"
    return f"{entry['title']}：{what} {measure_m2(entry['area_m2'])} ㎡，不超过误差界限 {measure_m2(entry['limit_m2'])} ㎡"


def _dataset(item: Mapping[str, Any]) -> list[str]:
    if item.get("version") is None:
        return [item["title"], "—", "—", "—", item["state_label"]]
    gap = f"{item['state_label']}（缺 {measure_m2(item['uncovered_m2'])} ㎡）" if item["uncovered_m2"] > 0 else item["state_label"]
    return [item["title"], str(item["version"]), str(item["valid_from"]), item["authority"] or "—", gap + ("，示例数据" if item.get("synthetic") else "")]


def sha256_of(data: bytes) -> str:
    """Return the SHA-256 of bytes as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
