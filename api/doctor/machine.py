"""The machine and the settings: what can be looked at without the database."""

from __future__ import annotations

import hashlib
import json
import locale
import os
import resource
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from api.access import keys
from api.doctor.finding import Finding, judged
from api.metrics.prometheus import free_bytes, written_folders
from api.settings import Settings, project_root
from layers.catalog import catalog
from layers.paper.glyphs import FONTS
from layers.postgres import PostgresMissingError, Programs
from spatial.rules.pack import load_pack

COMFORTABLE = 5_000_000_000
LEAST_FILES = 4_096
PACKS = ("house-building", "village-types")


def disk(settings: Settings) -> Iterator[Finding]:
    """Room where the service writes."""
    titles = {"uploads": "上传文件夹所在磁盘", "data": "数据库所在磁盘"}
    for name, folder in written_folders(settings).items():
        free = free_bytes(folder)
        if free is None:
            yield judged(titles[name], f"{folder} 无法查看", wrong="确认该文件夹及其上级对运行服务的用户开放。")
            continue
        said = f"剩余 {free / 1e9:.1f} GB（{folder}）"
        short = free < settings.disk_reserve_bytes
        yield judged(
            titles[name], said, wrong="空间不足，写入已被拒绝：清理磁盘或扩容，之后自动恢复。" if short else None,
            notice="空间不多了，请安排清理或扩容。" if free < COMFORTABLE else None,
        )  # fmt: skip
    if not settings.disk_reserve_bytes:
        yield judged("磁盘预留", "没有预留", notice="设 CUNTU_DISK_RESERVE_BYTES，磁盘写满之前先停止写入。")


def uploads(settings: Settings) -> Iterator[Finding]:
    """The private folder of uploads."""
    folder = settings.uploads
    if not folder.exists():
        yield judged("上传文件夹", f"{folder} 尚未建立，首次上传时建立")
        return
    open_to_others = bool(stat.S_IMODE(folder.stat().st_mode) & 0o077)
    writable = os.access(folder, os.W_OK | os.X_OK)
    wrong = None if writable else f"运行服务的用户要能写入：chown 到该用户，chmod 700 {folder}"
    yield judged("上传文件夹", str(folder), wrong=wrong, notice=f"其他用户也能进入：chmod 700 {folder}" if open_to_others else None)


def key(settings: Settings) -> Iterator[Finding]:
    """The key outside the database: without it applicants' data are lost."""
    path = settings.key_file or (None if settings.database_url else keys.beside_cluster(settings))
    if path is None:
        yield judged("密钥文件", "没有指定", wrong="以 CUNTU_KEY_FILE 指定密钥文件：head -c 32 /dev/urandom | base64 > 文件，chmod 400。")
        return
    if not path.exists():
        advice = None if settings.key_file is None else f"{path} 不存在：放回原来的密钥文件；没有它就读不出申请人信息。"
        yield judged("密钥文件", f"{path} 尚未建立，首次启动时建立" if advice is None else str(path), wrong=advice)
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    keys.field_key(settings, "doctor")
    wrong = f"其他用户可以读取（{mode:o}）：chmod 400 {path}" if mode & 0o077 else None
    yield judged("密钥文件", f"{path}（{mode:o}）", wrong=wrong)
    for name in filter(None, (settings.old_key_files or "").split(os.pathsep)):
        yield judged("旧密钥文件", name, notice="更换密钥后运行 cuntu personal rekey，然后去掉 CUNTU_OLD_KEY_FILES。")


def programs(settings: Settings) -> Iterator[Finding]:
    """PostgreSQL's programs for backups, and for the embedded cluster."""
    try:
        found = Programs.find_clients() if settings.database_url else Programs.find()
        yield judged("PostgreSQL 程序", f"{found.major}（{found.folder}）")
    except PostgresMissingError as error:
        yield judged("PostgreSQL 程序", "没有找到", wrong=str(error))


def language(_: Settings) -> Iterator[Finding]:
    """Chinese has to go in and out."""
    encoding = locale.getpreferredencoding(False)
    fine = encoding.lower().replace("-", "") == "utf8" and sys.getfilesystemencoding().lower() == "utf-8"
    yield judged("字符编码", encoding, wrong=None if fine else "设 LANG=C.UTF-8（或 zh_CN.UTF-8）后重新启动。")


def fonts(_: Settings) -> Iterator[Finding]:
    """The fonts that papers are set with."""
    told = json.loads((FONTS / "MANIFEST.json").read_text(encoding="utf-8"))
    files = sorted(path for path in FONTS.iterdir() if path.suffix in (".ttf", ".otf", ".ttc"))
    text = json.dumps(told)
    bad = [path.name for path in files if hashlib.sha256(path.read_bytes()).hexdigest() not in text]
    wrong = "字体文件缺失或被改动：重新安装程序。" if bad or not files else None
    yield judged("意见书字体", f"{len(files)} 个字体文件" + (f"，{'、'.join(bad)} 与清单不符" if bad else ""), wrong=wrong)


def rules(settings: Settings) -> Iterator[Finding]:
    """The rule packs and the catalogue of layers."""
    for name in PACKS:
        pack = load_pack(name, county=settings.county_code)
        yield judged(f"规则包 {name}", f"版本 {pack.version}，校验通过")
    yield judged("图层目录", f"{len(catalog())} 个图层")


def limits(_: Settings) -> Iterator[Finding]:
    """What the system lets a process have."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    notice = None if soft >= LEAST_FILES or soft == resource.RLIM_INFINITY else "在服务的单元文件中设 LimitNOFILE=65536（或 ulimit -n 65536）。"
    yield judged("可打开的文件数", str(soft), notice=notice)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    yield judged("内存", f"{memory / 1e9:.1f} GB", notice="内存不足 4 GB，全县图层可能放不下。" if memory < 3.8e9 else None)


def risks(settings: Settings) -> Iterator[Finding]:
    """Settings that are allowed and that somebody should have meant."""
    yield judged(
        "地图审图号", settings.map_notice,
        notice=None if settings.map_approval or settings.map_exemption else "向社会公开地图前须送审：取得后设 CUNTU_MAP_APPROVAL，依法免送审的写明 CUNTU_MAP_EXEMPTION。",
    )  # fmt: skip
    found = []
    if settings.host not in ("127.0.0.1", "localhost", "::1") and not settings.trusted_proxies:
        found.append("监听所有地址而前面没有 HTTPS 代理（CUNTU_HOST、CUNTU_TRUSTED_PROXIES）")
    if settings.address and settings.address.startswith("http:") and "127.0.0.1" not in settings.address and "localhost" not in settings.address:
        found.append("对外地址不是 https（CUNTU_ADDRESS）")
    if settings.second_factor == "none":
        found.append("不用第二因素登录（CUNTU_SECOND_FACTOR）")
    if settings.max_secrecy == "secret":
        found.append("允许存放涉密数据（CUNTU_MAX_SECRECY）：只能在涉密网络中")
    if settings.database_url and _has_password(settings.database_url):
        found.append("数据库口令写在 CUNTU_DATABASE_URL 中：改用 CUNTU_DATABASE_PASSWORD_FILE")
    yield judged("有风险的设置", "；".join(found) or "没有", notice="逐项确认是有意为之。" if found else None)
    secret_files = [path for path in (settings.signing_key, settings.signing_passphrase_file, settings.oidc_client_secret_file) if path]
    for path in secret_files:
        yield _secret_file(path)


def _has_password(url: str) -> bool:
    from psycopg.conninfo import conninfo_to_dict

    from layers.database import libpq_url

    return "password" in conninfo_to_dict(libpq_url(url))


def _secret_file(path: Path) -> Finding:
    if not path.exists():
        return judged("机密文件", str(path), wrong=f"{path} 不存在。")
    mode = stat.S_IMODE(path.stat().st_mode)
    return judged("机密文件", f"{path}（{mode:o}）", wrong=f"其他用户可以读取：chmod 400 {path}" if mode & 0o007 else None)


def own_files(_: Settings) -> Iterator[Finding]:
    """Where the program lies."""
    yield judged("程序", f"{project_root()}，Python {sys.version.split()[0]}")
