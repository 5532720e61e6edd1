"""The house rules that a reader relies on: the import arrow, and locks that anyone can install from anywhere."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import layers

PROJECT = Path(layers.__file__).parents[1]
ROOMS = ("api", "layers", "spatial")  # a room imports itself and those to its right
MODULES = sorted(path for room in ROOMS for path in (PROJECT / room).rglob("*.py"))
LOCKS = sorted(PROJECT.glob("requirements*.lock"))
BENCH = PROJECT / "api" / "bench"
UNCLEAR = "relative or computed"
# What a room must not know, whatever its place in the row.
FOREIGN = {
    "spatial": {"sqlalchemy", "geoalchemy2", "alembic", "psycopg", "fastapi", "starlette", "uvicorn", "folium", "branca", "jinja2", "typer", "fiona", "pyogrio"},
    "layers": {"fastapi", "starlette", "uvicorn", "typer"},
    "api": {"shapely", "geoalchemy2", "pyproj"},
}


def imported_names(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of every import, also of those inside functions. What cannot be read off is UNCLEAR."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, UNCLEAR if node.level else str(node.module)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("importlib.import_module", "import_module", "__import__"):
            yield node.lineno, ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else UNCLEAR


def against_the_arrow(room: str, source: str) -> list[str]:
    """Describe each import in a module of `room` that goes outward, or to what the room must not know."""
    forbidden = set(ROOMS[: ROOMS.index(room)]) | FOREIGN[room] | {"tests", "notebooks", UNCLEAR}
    return [f"line {line}: {name}" for line, name in imported_names(source) if name.split(".")[0] in forbidden]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_imports_go_one_way(path: Path) -> None:
    room = path.relative_to(PROJECT).parts[0]
    found = against_the_arrow(room, path.read_text(encoding="utf-8"))
    if BENCH in path.parents:  # it makes sites of its own, to compare the service with bare statements
        found = [text for text in found if not text.endswith(": shapely")]
    assert found == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("spatial", "import layers.catalog"),
        ("spatial", "from api import settings"),
        ("spatial", "def late():\n    import psycopg"),
        ("layers", "from api.settings import Settings"),
        ("layers", "import importlib\nimportlib.import_module('api.app')"),
        ("layers", "from .catalog import catalog"),
        ("api", "import shapely"),
    ],
)
def test_an_import_against_the_arrow_is_noticed(room: str, source: str) -> None:
    assert against_the_arrow(room, source)


def test_every_room_was_read() -> None:
    assert {path.relative_to(PROJECT).parts[0] for path in MODULES} == set(ROOMS)


def test_tests_are_foldered_by_need_and_shadow_no_package() -> None:
    folders = {path.name for path in (PROJECT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= {"unit", "cases", "postgis", "web", "browser", "support"}
    assert list((PROJECT / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_every_package_by_version_and_hash_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links|@ file:", text) == []
    entries = re.findall(r"^[a-z0-9][^\n]*(?:\n[ ]{4}--hash[^\n]*)*", text, flags=re.MULTILINE)
    assert len(entries) >= 5
    assert [entry.split("\n")[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def locked(name: str) -> dict[str, str]:
    text = (PROJECT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\n]+)", text, flags=re.MULTILINE))


def test_the_development_lock_holds_the_service_lock() -> None:
    service, development = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: development.get(name) for name in service} == service


def test_every_declared_dependency_is_locked_in_a_version_it_allows() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {"requirements.lock": project["dependencies"], "requirements-dev.lock": project["optional-dependencies"]["dev"]}
    for lock, requirements in declared.items():
        versions = locked(lock)
        for requirement in map(Requirement, requirements):
            assert requirement.specifier.contains(versions[requirement.name.lower()]), requirement


def test_the_lowest_python_is_the_one_the_locks_were_made_for() -> None:
    assert sys.version_info >= (3, 11)
    assert 'requires-python = ">=3.11"' in (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
