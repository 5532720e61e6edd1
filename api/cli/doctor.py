"""`cuntu doctor`."""

from __future__ import annotations

from dataclasses import asdict

import typer

from api.cli.output import AsJson, print_json, print_table, say
from api.doctor.examination import examine
from api.doctor.finding import NOTICE, WRONG

MARKS = {"ok": "正常", NOTICE: "注意", WRONG: "有问题"}


def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """检查本机、设置和数据库的状态，并说明怎样处理；有问题时返回值为 1。"""
    found = list(examine(context.obj))
    wrong = sum(item.state == WRONG for item in found)
    if as_json:
        print_json({"wrong": wrong, "findings": [asdict(item) for item in found]})
    else:
        rows = [[MARKS[item.state], item.name, item.said, item.advice] for item in sorted(found, key=lambda item: list(MARKS).index(item.state), reverse=True)]
        print_table("检查结果", ["", "项目", "状况", "怎样处理"], rows)
        say(f"{wrong} 项有问题，{sum(item.state == NOTICE for item in found)} 项需要注意。")
    if wrong:
        raise typer.Exit(1)
