"""What each address needs, and which roles may use it: read from the application itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from api.access.permissions import OPEN, anonymous, permissions, roles

NOBODY = "anonymous"
NOBODY_LABEL = "不登录"
MARK = "<!-- cuntu access table -->\n"


@dataclass(frozen=True, kw_only=True, order=True)
class Row:
    """One address and method. `permission` is `open` where nothing is asked; `county` where only seats of the whole county may."""

    path: str
    method: str
    title: str
    permission: str
    county: bool
    guarded: bool
    """Whether it is a handler of ours, refused before the body is read; files and the description of the interface are for everybody."""

    def allows(self, role: str) -> bool:
        """Tell whether somebody in a seat of a role may use it; `anonymous` is somebody who has not signed in, where that is allowed."""
        if self.permission == OPEN:
            return True
        if role == NOBODY:
            return self.permission in anonymous() and not self.county
        told = roles()[role]
        return self.permission in told.permissions and not (self.county and told.of_town)


def rows(app: FastAPI) -> list[Row]:
    """Return every address and method that an application answers, in order of their paths."""
    return sorted({row for route in app.routes for row in _rows(route)})


def as_json(table: Iterable[Row]) -> list[dict[str, Any]]:
    """Write the table for programs: `roles` maps each role (and `anonymous`) to whether it may."""
    return [
        {"path": row.path, "method": row.method, "title": row.title, "permission": row.permission, "county": row.county}
        | {"roles": {role: row.allows(role) for role in (NOBODY, *roles())}}
        for row in table
    ]


def as_markdown(table: Iterable[Row]) -> str:
    """Write the table for people: one line for each permission and its addresses, and one for each address."""
    kept = list(table)
    names = {NOBODY: NOBODY_LABEL} | {role.id: role.title for role in roles().values()}
    head = ["| 权限 | 含义 | " + " | ".join(names.values()) + " |", "|---|---|" + ":-:|" * len(names)]
    meaning = [f"| `{name}` | {title} | {_marks(_row_of(name), names)} |" for name, title in permissions().items()]
    addresses = ["| 方法 | 地址 | 权限 | " + " | ".join(names.values()) + " |", "|---|---|---|" + ":-:|" * len(names)]
    for row in kept:
        needed = f"`{row.permission}`{'（全县席位）' if row.county else ''}"
        addresses.append(f"| {row.method} | `{row.path}` | {needed} | {_marks(row, names)} |")
    return "\n".join([*head, *meaning, "", *addresses]) + "\n"


def written_into(document: str, table: Iterable[Row]) -> str:
    """Return a document with the table behind its mark, in the place of what stood there; raises ValueError where it has no mark."""
    head, mark, _ = document.partition(MARK)
    if not mark:
        raise ValueError(f"the document has no line {MARK.strip()}")
    return f"{head}{mark}\n{as_markdown(table)}"


def _row_of(permission: str) -> Row:
    return Row(path="", method="", title="", permission=permission, county=False, guarded=True)


def _marks(row: Row, names: Iterable[str]) -> str:
    return " | ".join("✓" if row.allows(role) else "—" for role in names)


def _rows(route: Any) -> Iterator[Row]:
    contexts = getattr(route, "effective_route_contexts", None)
    if contexts is not None:
        for context in contexts():
            yield from _told(context.path, context.methods, context.original_route, context.summary or context.name)
    elif getattr(route, "methods", None):
        yield from _told(route.path, route.methods, route, route.name)
    else:  # a folder of files
        yield from _told(f"{route.path}/{{path}}", {"GET"}, route, route.name)


def _told(path: str, methods: Iterable[str], route: Any, title: str) -> Iterator[Row]:
    permission, county = getattr(route, "needs", None), getattr(route, "needs_county", False)
    for method in sorted(set(methods) - {"HEAD"}):
        yield Row(path=path, method=method, title=title, permission=permission or OPEN, county=county, guarded=permission is not None)
