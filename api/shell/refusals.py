"""What a service must not be started with, outside of the demo: settings that would show or give away what they should guard."""

from __future__ import annotations

import ipaddress
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

from api.settings import Settings
from api.shell.client import networks_of
from spatial.errors import CuntuError, InputError

SECRETS_OF_CONTAINERS = Path("/run/secrets")
"""What a container is given here nobody but the container sees, whatever the mode of the file says."""
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


class UnsafeSettingsError(CuntuError):
    """这样的设置不安全，服务没有启动。"""


def refuse_unsafe(settings: Settings, *, host: str) -> None:
    """Raise UnsafeSettingsError naming everything that must not be, on a service that is to listen on `host`."""
    found = [*_of_files(settings), *_of_openness(settings, host)]
    if found:
        raise UnsafeSettingsError("这样的设置不安全，服务没有启动：", problems=found)


def warnings(settings: Settings, *, host: str) -> list[str]:
    """Say what should be better, though the service may start."""
    return [*_of_passwords(settings), *_of_defaults(settings, host)]


def is_local(host: str) -> bool:
    """Whether only programs on this machine reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in LOCAL_NAMES


def _of_openness(settings: Settings, host: str) -> Iterator[str]:
    """What must not be where others reach the service."""
    try:
        trusted = networks_of(settings.trusted_proxies)
    except InputError as error:
        yield from error.problems
        trusted = ()
    if any(network.prefixlen == 0 for network in trusted):
        yield "CUNTU_TRUSTED_PROXIES：不能信任所有地址，否则谁都可以冒充别的地址"
    if settings.anonymous and settings.max_secrecy == "secret":
        yield "CUNTU_ANONYMOUS：库中允许保存涉密数据（CUNTU_MAX_SECRECY=secret）时不能允许不登录访问"
    if (
        settings.oidc_issuer
        and settings.oidc_issuer.startswith("http://")
        and not is_local(urlsplit(settings.oidc_issuer).hostname or "")
    ):
        yield "CUNTU_OIDC_ISSUER：应为 https 地址，否则登录可被冒充"
    if is_local(host):
        return
    if not trusted and not (settings.address or "").startswith("https://"):
        yield f"CUNTU_HOST：监听 {host} 时，密码和会话会不加密地经过网络；请放在加密的反向代理之后，并设 CUNTU_TRUSTED_PROXIES 或 CUNTU_ADDRESS=https://…"
    if settings.database_url and settings.key_file is None:
        yield "CUNTU_KEY_FILE：使用自备数据库时须指定密钥文件，否则申请人信息无法加密保存"


def _of_files(settings: Settings) -> Iterator[str]:
    """What is wrong with the files that hold secrets."""
    for name in ("key_file", "oidc_client_secret_file", "signing_key", "signing_passphrase_file"):
        path: Path | None = getattr(settings, name)
        trouble = path and _trouble(path)
        if trouble:
            yield f"CUNTU_{name.upper()}：{trouble}"


def _trouble(path: Path) -> str | None:
    try:
        mode = path.stat().st_mode
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        return f"{path} 不能读取（{error.strerror}）"
    if mode & (stat.S_IRWXG | stat.S_IRWXO) and not path.resolve().is_relative_to(SECRETS_OF_CONTAINERS):
        return f"{path} 可被其他用户读写，请执行 chmod 600"
    return None


def _of_passwords(settings: Settings) -> Iterator[str]:
    for name in ("database_url", "owner_url", "tiles_url"):
        url = getattr(settings, name)
        if (
            url
            and name not in settings.read_from_files
            and conninfo_to_dict(url.replace("+psycopg", "", 1)).get("password")
        ):
            yield f"CUNTU_{name.upper()} 中有密码，能查看进程环境的人都看得到；建议写入文件，以 CUNTU_{name.upper()}_FILE 指定"


def _of_defaults(settings: Settings, host: str) -> Iterator[str]:
    if is_local(host):
        return
    if settings.second_factor == "none":
        yield "CUNTU_SECOND_FACTOR=none：管理员和审计员也没有第二因素"
    if settings.database_url and settings.allow_owner:
        yield "CUNTU_ALLOW_OWNER：服务以数据库属主登录，行级安全只靠服务自己切换角色"
    if settings.anonymous:
        yield "CUNTU_ANONYMOUS：公开图层和公布的名单不登录也可查看"
