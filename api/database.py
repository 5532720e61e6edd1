"""Which database this deployment works on, and as whom: the server named in the settings, or the embedded cluster.

The structure belongs to the owner, who upgrades, backs up and restores. The service and its commands are `cuntu_app` (`layers.roles`).
"""

from __future__ import annotations

import logging

import psycopg

from api.settings import Settings, project_root
from layers import audit, database, roles
from layers.cluster import Cluster, default_data_dir
from spatial.errors import CuntuError

log = logging.getLogger("cuntu.database")


class DatabaseNotMigratedError(CuntuError):
    """数据库结构不是当前版本，请先运行 cuntu db upgrade。"""


class EmptyPasswordError(CuntuError):
    """数据库角色的口令文件是空的。"""


class OwnerServesError(CuntuError):
    """CUNTU_DATABASE_URL 写的是数据库的所有者或超级用户，服务不应以它运行：请改为 cuntu_app，所有者写在 CUNTU_OWNER_URL；确需如此时设 CUNTU_ALLOW_OWNER=1。"""


def cluster_of(settings: Settings) -> Cluster | None:
    """Return the embedded cluster, or None where the settings name a server."""
    if settings.database_url:
        return None
    folder = settings.data_dir / "pg" if settings.data_dir else default_data_dir(project_root())
    return Cluster(folder)


def running_url(settings: Settings) -> str:
    """Return the URL of the database as its owner, starting the embedded cluster where there is one."""
    cluster = cluster_of(settings)
    return cluster.start() if cluster else database.libpq_url(str(settings.owner_url or settings.database_url))


def give_passwords(settings: Settings) -> None:
    """Let the service's roles log in with the passwords in the files that the settings name."""
    files = {roles.APP: settings.app_password_file, roles.TILES: settings.tiles_password_file}
    given = {role: file.read_text(encoding="utf-8").strip() for role, file in files.items() if file is not None}
    empty = [str(files[role]) for role, password in given.items() if not password]
    if empty:
        raise EmptyPasswordError(problems=[f"{name}：没有内容" for name in empty])
    if given:
        with database.connect(running_url(settings)) as conn:
            for role, password in given.items():
                roles.give_password(conn, role, password)
            audit.note(conn, "database.give_passwords", "database", details={"roles": sorted(given)})


def ready_url(settings: Settings, *, serving: bool = False) -> str:
    """Return the URL of a database with the structure of this version, for the service and its commands.

    The embedded cluster is brought up to date. A server is not: its keeper decides when (`cuntu db upgrade`), and until then
    DatabaseNotMigratedError is raised. Where the service is to be run as the owner, whom row-level security does not bind, OwnerServesError
    is raised unless the settings allow it; it then becomes `cuntu_app` on connecting, which what it sends could undo.
    """
    url = database.libpq_url(settings.database_url) if settings.database_url else running_url(settings)
    try:
        with database.connect(url) as conn:
            migrated = database.is_migrated(conn)
            owns = serving and not roles.is_embedded(url) and roles.bypasses_policies(conn)
    except psycopg.errors.InsufficientPrivilege:
        raise DatabaseNotMigratedError from None  # a structure of before there were roles
    if not migrated and settings.database_url:
        raise DatabaseNotMigratedError
    if not migrated:
        database.upgrade(url)
    if owns:
        if not settings.allow_owner:
            raise OwnerServesError
        log.warning("the service connects as the owner of the database, or a superuser, and becomes %s: give that a password of its own", roles.APP)
    return roles.url_for(url, roles.APP)
