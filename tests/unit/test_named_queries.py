from __future__ import annotations

import re
from pathlib import Path

import pytest

import layers
from layers.sql import queries

FOLDER = Path(layers.__file__).parent
FILES = sorted(path.stem for path in (FOLDER / "sql").glob("*.sql"))
CODE = {path: path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py")}


def modules_of(file):
    """The module of a file of queries, or those of the package of its name."""
    return [path for path in CODE if path == FOLDER / f"{file}.py" or path.parent == FOLDER / file]


@pytest.mark.parametrize("file", FILES)
def test_every_named_query_is_used_by_the_module_of_its_name(file):
    code = "".join(CODE[path] for path in modules_of(file))
    assert [name for name in queries(file) if f'"{name}"' not in code] == []


@pytest.mark.parametrize("file", FILES)
def test_no_other_module_uses_the_queries_of_a_file(file):
    users = [path for path, code in CODE.items() if f'queries("{file}")' in code]
    assert len(users) == 1
    assert users[0] in modules_of(file)


def test_sql_stands_in_sql_files_only():
    statements = re.compile(r'"\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b')
    found = [path.name for path, code in CODE.items() if path.parent.name != "versions" and statements.search(code)]
    # Migrations are SQL all through. A GeoPackage is a data base of its own kind, read before it is a layer of ours.
    assert set(found) <= {"databases.py", "cluster.py", "geopackage.py"}
