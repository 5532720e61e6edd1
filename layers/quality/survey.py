"""Checks of how the attributes of survey patches hang together: settlement codes, refinements, deducted areas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from layers.columns import Column
from layers.quality.collecting import Collector
from layers.quality.rings import Floats
from layers.quality.rulebook import number, survey_rules
from layers.quality.subject import Subject


def check_survey(subject: Subject, found: Collector) -> None:
    """Check the patches of the survey; other layers have no such attributes."""
    if not found.applies("QC-A14"):
        return
    _settlement_codes(subject, found)
    _refinements(subject, found)
    _farmland_codes(subject, found)
    _deductions(subject, found)


def settlement_problem(land_class: str, code: str) -> str | None:
    """Say what is wrong with a settlement code (城镇村属性码) for a land class; None where they go together."""
    rules = survey_rules()["settlement_code"]
    special, mining = rules["special"], rules["mining"]
    if not code:
        return f"地类 {land_class} 应填城镇村属性码" if land_class.startswith(tuple(rules["needed_by"])) else None
    if code not in rules["codes"]:
        return f"城镇村属性码 {code} 不在编码表中"
    is_special = land_class.startswith(tuple(special["classes"]))
    if is_special != (code == special["code"]):
        wanted = (
            f"地类 {land_class} 的城镇村属性码应为 {special['code']}"
            if is_special
            else f"城镇村属性码 {code} 只用于地类 {'、'.join(special['classes'])}"
        )
        return f"{wanted}，实为地类 {land_class}、属性码 {code}"
    if code == mining["code"] and not land_class.startswith(tuple(mining["classes"])):
        return f"城镇村属性码 {code} 只用于地类 {'、'.join(mining['classes'])}，实为地类 {land_class}"
    return None


def _settlement_codes(subject: Subject, found: Collector) -> None:
    classes, codes = subject.columns.get("DLBM"), subject.columns.get("CZCSXM")
    if classes is None or codes is None:
        found.not_made("QC-A14", "数据没有 DLBM 或 CZCSXM 字段")
        return
    found.made("QC-A14")
    _pairs(subject, found, "QC-A14", classes, codes, settlement_problem)


def _pairs(
    subject: Subject, found: Collector, code: str, classes: Column, values: Column, problem: Any, level: Any = None
) -> None:
    """Judge each distinct pair of class and value once; rows without a class are told elsewhere."""
    count = len(values.texts)
    place, pairs = pd.factorize(classes.of * count + values.of)
    told = [(classes.texts[pair // count], values.texts[pair % count]) for pair in pairs.tolist()]
    problems = [problem(*pair) if pair[0] else None for pair in told]
    wrong = np.array([text is not None for text in problems], dtype=bool)
    if wrong.any():
        found.rows(
            code,
            np.flatnonzero(wrong[place]),
            message=lambda row: problems[place[row]],
            geometry=lambda row: subject.geometries[row] if subject.is_sound[row] else None,
            level=level,
        )


def _refinements(subject: Subject, found: Collector) -> None:
    classes = subject.columns.get("DLBM")
    lists = [survey_rules()[name] for name in ("refinement", "planting")]
    present = [item for item in lists if item["field"] in subject.columns]
    if classes is None or not present:
        found.not_made("QC-A15", "数据没有 DLBM，或没有 TBXHDM、ZZSXDM 字段")
        return
    found.made("QC-A15")
    for item in present:
        title = subject.layer.fields[item["field"]].title
        known = item["codes"]

        def misfit(land_class: str, code: str, known: Any = known, title: str = title) -> str | None:
            if code not in known or land_class.startswith(tuple(known[code])):
                return None
            return f"{title} {code} 用于地类 {'、'.join(known[code])}，实为 {land_class}"

        def unknown(_: str, code: str, known: Any = known, title: str = title) -> str | None:
            return (
                f"{title} {code} 不在本系统的代码表中，无法核对是否与地类相符" if code and code not in known else None
            )

        values = subject.columns[item["field"]]
        _pairs(subject, found, "QC-A15", classes, values, misfit)
        _pairs(subject, found, "QC-A15", classes, values, unknown, level="warning")


def _farmland_codes(subject: Subject, found: Collector) -> None:
    lists = survey_rules()["farmland_codes"]
    present = [name for name in lists if name in subject.columns]
    if not present:
        found.not_made("QC-A22", "数据没有 GDLX、GDPDJB 字段")
        return
    found.made("QC-A22")
    for name in present:
        column = subject.columns[name]
        found.rows(
            "QC-A22",
            column.where(lambda text, name=name: text not in lists[name]),
            message=lambda row, column=column, name=name: (
                f"{name}（{column.item.title}）的值 {column.texts[column.of[row]]} 不是 {'、'.join(lists[name])} 之一"
            ),
        )


def _deductions(subject: Subject, found: Collector) -> None:
    def numbers(name: str) -> Floats | None:
        return subject.columns[name].numbers if name in subject.columns else None

    total, deducted, net, factor = (numbers(name) for name in ("TBMJ", "KCMJ", "TBDLMJ", "KCXS"))
    rounding, step = number("rounding", subject.layer), number("deduction_step", subject.layer)
    if total is None or net is None:
        found.not_made("QC-A16", "数据没有 TBMJ 或 TBDLMJ 字段")
    else:
        minus = np.zeros(len(subject)) if deducted is None else np.nan_to_num(deducted)
        _equal(
            subject,
            found,
            "QC-A16",
            net,
            total - minus,
            np.full(len(subject), rounding),
            "图斑地类面积",
            "图斑面积 − 扣除面积",
        )
    if total is None or deducted is None or factor is None:
        found.not_made("QC-A17", "数据没有 TBMJ、KCMJ 或 KCXS 字段")
    else:
        allowed = rounding + step / 2 * total
        _equal(subject, found, "QC-A17", deducted, total * factor, allowed, "扣除面积", "图斑面积 × 扣除系数")


def _equal(
    subject: Subject,
    found: Collector,
    code: str,
    stated: Floats,
    wanted: Floats,
    allowed: Floats,
    what: str,
    formula: str,
) -> None:
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(np.abs(stated - wanted) > allowed)
    found.rows(
        code,
        wrong,
        message=lambda row: (
            f"{what} {stated[row]:.2f} ㎡，{formula} = {wanted[row]:.2f} ㎡，相差超过 {allowed[row]:.2f} ㎡"
        ),
        geometry=lambda row: subject.geometries[row] if subject.is_sound[row] else None,
        measured=lambda row: stated[row] - wanted[row],
        unit="m2",
    )
