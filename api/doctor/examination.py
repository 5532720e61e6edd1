"""The examination as a whole: the machine first, then the database, each part by itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from api.database import running_url
from api.doctor import machine, store
from api.doctor.finding import Finding, carefully
from api.settings import Settings
from layers import database
from layers.acting import as_service

MACHINE = {
    "程序": machine.own_files, "字符编码": machine.language, "PostgreSQL 程序": machine.programs, "磁盘": machine.disk, "上传文件夹": machine.uploads,
    "密钥文件": machine.key, "意见书字体": machine.fonts, "规则和图层目录": machine.rules, "系统限制": machine.limits, "设置": machine.risks,
}  # fmt: skip
STORE = {
    "数据库服务器": store.server, "数据库结构": store.structure, "数据库角色": store.guards, "席位和人员": store.people, "审计记录": store.audited,
    "备份": store.backups, "恢复": store.restorations, "密钥与申请人信息": store.personal_key,
    "后台任务": store.queue,
}  # fmt: skip


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything and tell what was found; changes nothing (an embedded database that is down is started), and names no secret."""
    for name, look in MACHINE.items():
        yield from carefully(name, partial(look, settings))
    yield from carefully("数据库", lambda: _store(settings))


def _store(settings: Settings) -> Iterator[Finding]:
    with as_service(), database.connect(running_url(settings)) as conn:
        for name, look in STORE.items():
            yield from carefully(name, partial(look, conn, settings))
            conn.rollback()
