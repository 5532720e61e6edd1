"""The roles of the database: who owns it, and as whom the service, its tiles and analysts ask it.

- The owner makes and changes the structure, backs up and restores; row-level security does not bind it.
- `APP` is the service: it reads and writes what the rows' policies let through for whoever acts.
- `TILES` cuts vector tiles: it reads dataset versions and their features, nothing else.
- `ANALYST` reads layers, villages and progress. Roles of people are made members of it (`CREATE ROLE li LOGIN IN ROLE cuntu_analyst`).

Roles belong to the server, rights to a database. They are made without LOGIN: the embedded cluster lets them in by the system user, on a
server of its own their keeper gives `APP` and `TILES` a password.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from layers.sql import queries
from spatial.errors import CuntuError

SQL = queries("roles")

OWNER = "cuntu"
APP = "cuntu_app"
TILES = "cuntu_tiles"
ANALYST = "cuntu_analyst"
OURS = (APP, TILES, ANALYST)

Connection = psycopg.Connection[Any]


class RolesMissingError(CuntuError):
    """数据库服务器上没有村图所用的角色，所用账户又无权建立：请由服务器管理员建立。"""


def make(conn: Connection) -> None:
    """Make the roles the server does not have yet; raise RolesMissingError where that is not allowed."""
    try:
        with conn.transaction():
            conn.execute(SQL["make"])
    except psycopg.errors.InsufficientPrivilege as error:
        absent = [str(row[0]) for row in conn.execute(SQL["missing"], {"names": list(OURS)}).fetchall()]
        raise RolesMissingError(
            problems=[f"{name}：CREATE ROLE {name} NOLOGIN NOINHERIT" for name in absent]
        ) from error


def admit(conn: Connection) -> None:
    """Make the roles and let them log in, where the server tells by the system user who may be which: that of the embedded cluster."""
    make(conn)
    already = {row[0] for row in conn.execute(SQL["may_log_in"], {"names": list(OURS)}).fetchall()}
    for role in OURS:
        if role not in already:
            conn.execute(SQL["let_in"].format(role=sql.Identifier(role)))


def give_password(conn: Connection, role: str, password: str) -> None:
    """Let a role log in with a password, of which the server gets and logs no more than its SCRAM verifier."""
    verifier = conn.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    conn.execute(SQL["let_in_with_password"].format(role=sql.Identifier(role), verifier=sql.Literal(verifier)))


def trust_boxes(conn: Connection) -> bool:
    """Have spatial indexes used under row-level security; return whether they are.

    A condition is only looked up in an index before the policies if its operator is known to betray nothing of the rows they hide.
    PostGIS does not claim that of any. `&&` compares two boxes: it raises no errors and writes nothing, so it is safe to say so of it
    (and of nothing that computes with the shapes: GEOS puts coordinates into its errors). Saying so takes a superuser; an update of the
    extension takes it back. Without it answers are the same, and slower.
    """
    row = conn.execute(SQL["boxes_are_leakproof"]).fetchone()
    if row is None or row[0] or not row[1]:
        return bool(row and row[0])
    conn.execute(SQL["mark_boxes_leakproof"])
    return True


def bypasses_policies(conn: Connection) -> bool:
    """Tell whether whoever logged in here is a superuser or owns the tables, whom row-level security does not bind."""
    row = conn.execute(SQL["standing"]).fetchone()
    return row is not None and any(row)


def user_of(url: str) -> str:
    """Return the role that a URL names, `` where it names none."""
    return str(conninfo_to_dict(url).get("user") or "")


def url_as(url: str, role: str) -> str:
    """Return the URL with the role exchanged; its password, which was another's, is left out."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role, safe='')}@{place}"))


def url_for(url: str, role: str) -> str:
    """Return the URL of the same database for a role: by logging in as it, or where that is not possible by becoming it on connecting."""
    if user_of(url) == role:
        return url
    if is_embedded(url):
        return url_as(url, role)
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    asked["options"] = f"{asked.get('options', '')} -c role={role}".strip()
    return urlunsplit(parts._replace(query=urlencode(asked, quote_via=quote)))


def conninfo_as(url: str, role: str | None, **options: str | int) -> str:
    """Return how to connect as a role, with settings of the session (`statement_timeout="30s"`).

    In the embedded cluster our own system users may log in as each role. Elsewhere whoever the URL names becomes the role on connecting.
    """
    if role is not None:
        url = url_for(url, role)
    given = conninfo_to_dict(url).get("options")
    told = " ".join([*([str(given)] if given else []), *(f"-c {name}={value}" for name, value in options.items())])
    return make_conninfo(url, application_name="cuntu", **({"options": told} if told else {}))


def is_embedded(url: str) -> bool:
    """Tell whether a URL is of an embedded cluster: one of our roles on a Unix socket, which asks for no password."""
    told = conninfo_to_dict(url)
    return str(told.get("host") or "").startswith("/") and told.get("user") in (OWNER, *OURS) and "password" not in told
