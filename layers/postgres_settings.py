"""The server settings of the embedded cluster, for an office machine of two cores."""

from __future__ import annotations

import os
from pathlib import Path

MEBIBYTE = 1024 * 1024


def configuration(*, socket_dir: Path, port: int, durable: bool) -> str:
    """Return the text of PostgreSQL's configuration file.

    With `durable=False` nothing waits for the disk: for throw-away clusters of tests only.
    """
    settings = _connections(socket_dir, port) | _memory() | _PLANNER | _LOG | _DURABLE
    if not durable:
        settings |= _THROW_AWAY
    lines = ["# written by cuntu at every start", *(f"{name} = {_quoted(value)}" for name, value in settings.items())]
    return "\n".join(lines) + "\n"


# A query is rarely worth a second process here, and several are asked at once.
_PLANNER: dict[str, str | int] = {
    "jit": "off",
    "random_page_cost": "1.1",
    "max_parallel_workers": 2,
    "max_parallel_workers_per_gather": 1,
    "max_parallel_maintenance_workers": 1,
}

# The log says which statement was refused and why, not the row (DETAIL) or the line of a copy (CONTEXT): those are people's.
_LOG: dict[str, str | int] = {"log_error_verbosity": "terse", "log_parameter_max_length_on_error": 0}

# A commit is on the disk when it returns. Nothing replicates this server, so the rows that a transaction
# copies into a partition it has itself made need not pass through the write-ahead log.
_DURABLE: dict[str, str | int] = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "minimal",
    "max_wal_senders": 0,
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
}

_THROW_AWAY: dict[str, str | int] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_wal_size": "256MB"}


def _connections(socket_dir: Path, port: int) -> dict[str, str | int]:
    return {
        "listen_addresses": "",
        "port": port,
        "unix_socket_directories": str(socket_dir),
        "unix_socket_permissions": "0700",
        "max_connections": 80,
        "timezone": "Asia/Shanghai",
        "log_timezone": "Asia/Shanghai",
    }


def _memory() -> dict[str, str | int]:
    machine_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEBIBYTE
    return {
        "shared_buffers": f"{min(max(machine_mb // 8, 64), 1024)}MB",
        "effective_cache_size": f"{max(machine_mb // 2, 256)}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": "256MB",
    }


def _quoted(value: str | int) -> str:
    doubled = str(value).replace("'", "''")
    return f"'{doubled}'"
