"""Which database this deployment works on: the server named in the settings, or the embedded cluster."""

from __future__ import annotations

from api.settings import Settings, project_root
from layers import database
from layers.cluster import Cluster, default_data_dir
from spatial.errors import CuntuError


class DatabaseNotMigratedError(CuntuError):
    """数据库结构不是当前版本，请先运行 cuntu db upgrade。"""


def cluster_of(settings: Settings) -> Cluster | None:
    """Return the embedded cluster, or None where the settings name a server."""
    if settings.database_url:
        return None
    folder = settings.data_dir / "pg" if settings.data_dir else default_data_dir(project_root())
    return Cluster(folder)


def running_url(settings: Settings) -> str:
    """Return the URL of the database, starting the embedded cluster where there is one."""
    cluster = cluster_of(settings)
    return cluster.start() if cluster else database.libpq_url(str(settings.database_url))


def ready_url(settings: Settings) -> str:
    """Return the URL of a database with the structure of this version.

    The embedded cluster is brought up to date. A server is not: its keeper decides when (`cuntu db upgrade`), and until
    then DatabaseNotMigratedError is raised.
    """
    url = running_url(settings)
    with database.connect(url) as conn:
        migrated = database.is_migrated(conn)
    if not migrated and settings.database_url:
        raise DatabaseNotMigratedError
    if not migrated:
        database.upgrade(url)
    return url
