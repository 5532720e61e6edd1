"""The database: its server, its structure, who may do what in it, and what is kept there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from api.access.keys import field_keys
from api.access.permissions import conflicts, roles
from api.audit.keeper import kept_heads
from api.doctor.finding import Finding, judged
from api.moment import Moment
from api.personal import VALUES
from api.processes.serving import MOST_WORKERS
from api.settings import Settings
from layers import condition, database
from layers import roles as database_roles
from layers.acting import NOBODY, on_behalf
from layers.audit import anchors as audit_anchors
from layers.audit import chain as audit_chain
from layers.condition import Connection
from layers.personal_cipher import key_id

OLDEST, OLDEST_POSTGIS = 150_000, (3, 3)
CLOCKS_APART_S = 2.0
LAST_ENTRIES = 1_000
BACKUP_DAYS = 7
QUEUE_S = 3_600
MOST_NAMED = 10
OTHERS = 10
"""Connections for what is not the service: migrations, backups, a person with psql."""


def server(conn: Connection, settings: Settings) -> Iterator[Finding]:
    """The server and how it keeps what it is given."""
    seen = condition.server(conn)
    yield judged("PostgreSQL", seen.version, wrong=None if seen.number >= OLDEST else "需要 PostgreSQL 15 或更高版本。")
    postgis = tuple(int(part) for part in (seen.postgis or "0.0").split(".")[:2])
    yield judged("PostGIS", seen.postgis or "没有安装", wrong=None if postgis >= OLDEST_POSTGIS else "需要 PostGIS 3.3 或更高版本：CREATE EXTENSION postgis。")
    yield judged("数据库编码", f"{seen.encoding} {seen.collation}", wrong=None if seen.encoding == "UTF8" else "数据库须为 UTF8 编码，请重新建立。")
    safe = seen.keeps_pages and seen.keeps_commits
    yield judged("断电保护", "已开启" if safe else "没有开启", wrong=None if safe else "设 fsync、full_page_writes、synchronous_commit 为 on：否则断电会丢失已保存的内容。")
    notice = "被拒绝的行会写入数据库服务器的日志：设 log_error_verbosity = terse、log_parameter_max_length_on_error = 0。" if seen.logs_rows else None
    yield judged("数据库日志", "可能含有行的内容" if seen.logs_rows else "不含行的内容", notice=notice)
    apart = abs(seen.now_s - time.time())
    yield judged("时钟", f"与数据库服务器相差 {apart:.1f} 秒；本机 {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC，县内日期 {Moment.now().valid_on}",
                 wrong="两台机器的时钟不一致：启用时间同步（chrony、systemd-timesyncd）。" if apart > CLOCKS_APART_S else None)  # fmt: skip
    workers = settings.workers or min(len(os.sched_getaffinity(0)), MOST_WORKERS)
    needed = 2 * workers * (settings.threads + 6 + 3) + 8 + OTHERS
    notice = f"更换工作进程时最多用 {needed} 个：调高 max_connections，或调低 CUNTU_WORKERS、CUNTU_THREADS。" if needed > seen.most_connections else None
    yield judged("数据库连接数", f"上限 {seen.most_connections}", notice=notice)
    yield judged("数据库大小", f"{seen.bytes / 1e9:.2f} GB")


def structure(conn: Connection, _: Settings) -> Iterator[Finding]:
    """The structure's version."""
    migrated = database.is_migrated(conn)
    yield judged("数据库结构", "当前版本" if migrated else "不是当前版本", wrong=None if migrated else "先备份（cuntu db backup），再运行 cuntu db upgrade。")


def guards(conn: Connection, settings: Settings) -> Iterator[Finding]:
    """That the service asks as somebody who sees only what policies let through."""
    above = condition.above_policies(conn, database_roles.OURS)
    advice = "凌驾于行级安全之上：ALTER ROLE … NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB，并收回所有者的成员资格（REVOKE）。" if above else None
    yield judged("数据库角色", "、".join(above) or "都受行级安全约束", wrong=advice)
    there, may_change = condition.rights_of(conn, database_roles.APP)
    wrong = None
    if not there:
        wrong = "没有这个角色：以数据库管理员身份运行 cuntu db upgrade。"
    elif may_change:
        wrong = "这个角色能改动审计记录、删除审查或建表：有人另外授了权，请收回（REVOKE）。"
    yield judged("服务的数据库角色", database_roles.APP, wrong=wrong)
    if there:
        unguarded = condition.open_tables(conn, database_roles.OURS)
        advice = "没有启用：ALTER TABLE … ENABLE ROW LEVEL SECURITY，并查明是谁关闭的。" if unguarded else None
        yield judged("行级安全", "、".join(unguarded) or "服务能读的表都已启用", wrong=advice)
    off = condition.silenced(conn)
    yield judged("保护历史的触发器", "、".join(off) or "都已启用", wrong="已停用：ALTER TABLE … ENABLE TRIGGER …，并查明是谁停用的、改动过什么。" if off else None)
    if there:
        with on_behalf(NOBODY), database.connect(conn_url(settings), role=database_roles.APP) as nobody:
            seen = condition.rows_seen(nobody)
        yield judged("未登录者经服务角色所见", f"{seen} 个表有行", wrong="行级安全没有起作用：不要对外开放，请联系维护人员。" if seen else None)


def conn_url(settings: Settings) -> str:
    """The URL of the database."""
    from api.database import running_url

    return running_url(settings)


def people(conn: Connection, _: Settings) -> Iterator[Finding]:
    """Who holds which seat."""
    today = Moment.now().valid_on
    held = condition.holders(conn, today)
    administrators = [holder for holder in held if "administrator" in holder.roles and holder.has_account]
    yield judged("管理员", f"{len(administrators)} 人", wrong=None if administrators else "还没有能登录的管理员：运行 cuntu accounts 生成一次性链接。")
    auditors = [holder for holder in held if "auditor" in holder.roles and holder.has_account]
    yield judged("审计员", f"{len(auditors)} 人", notice=None if auditors else "没有人能查看审计记录：由管理员设审计席位并任命（不能由管理员兼任）。")
    mixed = [f"人员 {holder.person}（{'、'.join(roles()[name].title for pair in conflicts(holder.roles) for name in pair)}）" for holder in held if conflicts(holder.roles)]
    yield judged("互斥的角色", "；".join(mixed[:MOST_NAMED]) or "没有人兼任", wrong="管理与审计须分开：收回其中一个席位。" if mixed else None)
    empty = condition.empty_seats(conn, today)
    named = "、".join(empty[:MOST_NAMED]) + ("……" if len(empty) > MOST_NAMED else "")
    yield judged("无人任职的席位", named or "没有", notice="任命或撤销这些席位。" if empty else None)


def audited(conn: Connection, settings: Settings) -> Iterator[Finding]:
    """The end of the audit's chain, and that it reaches as far as it did when its head was last kept outside."""
    head = condition.audit_head(conn)
    kept = audit_anchors.by_number(kept_heads(conn, settings))
    conn.commit()
    first = max(1, head - LAST_ENTRIES + 1)
    faults = audit_chain.verify(conn, anchors=kept, first=first).faults if head or kept else []
    said = f"最后 {head - first + 1 if head else 0} 条（至第 {head} 条）" + (f"：{faults[0].message}" if faults else "，前后相接")
    yield judged("审计记录", said, wrong="审计记录被改动过：保留现场，运行 cuntu audit verify 查明，不要恢复或升级。" if faults else None)


def backups(conn: Connection, _: Settings) -> Iterator[Finding]:
    """When the last backup was made."""
    last = condition.last_backup(conn)
    old = last is None or (datetime.now(UTC) - last).days >= BACKUP_DAYS
    said = f"上次 {last:%Y-%m-%d %H:%M %Z}" if last else "没有记录"
    yield judged("备份", said, notice="运行 cuntu db backup 文件，再以 --verify 演练恢复；密钥文件和上传文件夹另行备份。" if old else None)


def restorations(conn: Connection, _: Settings) -> Iterator[Finding]:
    """What a restoration left that was killed, or a rehearsal."""
    left = condition.cut_off_restorations(conn)
    yield judged("中断的恢复", "、".join(left) or "没有", notice='没有恢复或演练在进行时，逐个 DROP DATABASE "…"：其中是一份完整的数据。' if left else None)


def personal_key(conn: Connection, settings: Settings) -> Iterator[Finding]:
    """That the key is the one people's records were sealed with."""
    sealed = condition.sealed_with(conn)
    present, *earlier = [key_id(key).hex() for key in field_keys(settings, VALUES)] if sealed else [""]
    lost = sum(count for name, count in sealed.items() if name not in (present, *earlier))
    stale = sum(count for name, count in sealed.items() if name in earlier)
    yield judged(
        "密钥与申请人信息", f"{sum(sealed.values())} 条记录" + (f"，{lost} 条不能解密" if lost else "，都能解密"),
        wrong="现有密钥文件不是写入时的那一把：放回原来的密钥文件，或把它列入 CUNTU_OLD_KEY_FILES。" if lost else None,
        notice=f"{stale} 条还用旧密钥：运行 cuntu personal rekey。" if stale else None,
    )  # fmt: skip


def queue(conn: Connection, _: Settings) -> Iterator[Finding]:
    """Jobs that nobody does."""
    number, seconds = condition.waiting(conn)
    said = f"{number} 件排队" + (f"，最早的已等 {seconds / 60:.0f} 分钟" if number else "")
    yield judged("后台任务", said, wrong="服务没有在处理任务：确认 cuntu serve 正在运行，查看日志。" if number and seconds > QUEUE_S else None)
