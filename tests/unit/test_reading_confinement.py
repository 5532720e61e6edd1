"""What the reading process may still do once it is closed in, asked of a process that did it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from layers.reading import process

TRY = """
import json, socket, sys
from pathlib import Path
from layers.reading import confinement
from layers.reading.limits import Limits
delivered, folder, secret, outside, port = sys.argv[1:]

def tried(action):
    try:
        action()
    except OSError as error:
        return type(error).__name__
    return "done"

confinement.limit(Limits())
closed = confinement.close_in(Path(delivered), Path(folder))
print(json.dumps({
    "closed": closed,
    "delivered": tried(lambda: open(delivered).read()),
    "program": tried(lambda: open(confinement.__file__).read()),
    "own": tried(lambda: (Path(folder) / "new").write_text("a")),
    "secret": tried(lambda: open(secret).read()),
    "passwd": tried(lambda: open("/etc/passwd").read()),
    "outside": tried(lambda: Path(outside).write_text("a")),
    "changed": tried(lambda: Path(delivered).write_text("a")),
    "network": tried(lambda: socket.create_connection(("127.0.0.1", int(port)), 1)),
}))
"""


@pytest.fixture
def attempts(tmp_path):
    import socket

    delivered, secret, folder = tmp_path / "a.csv", tmp_path / "secret", tmp_path / "own"
    delivered.write_text("a,b\n")
    secret.write_text("机密")
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        words = [str(item) for item in (delivered, folder, secret, tmp_path / "outside", server.getsockname()[1])]
        done = subprocess.run([sys.executable, "-P", "-c", TRY, *words], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_only_the_program_the_delivered_file_and_the_own_folder_are_left(attempts):
    if not attempts["closed"]:
        pytest.skip("此内核没有 Landlock：只有驱动白名单一道防线")
    assert [attempts[name] for name in ("delivered", "program", "own")] == ["done"] * 3
    assert [attempts[name] for name in ("secret", "passwd", "outside", "changed")] == ["PermissionError"] * 4
    assert attempts["network"] != "done"


def test_the_process_knows_nothing_of_the_service(tmp_path, monkeypatch):
    monkeypatch.setenv("CUNTU_DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("HOME", "/root")
    environment = process._environment(tmp_path)
    assert not any("secret" in value or key.startswith("CUNTU") for key, value in environment.items())
    assert environment["HOME"] == str(tmp_path)


@pytest.mark.parametrize("driver", ["OGR_VRT", "KML", "LIBKML", "GML", "WFS", "SQLite", "CSV", "HTTP", "XLSX"])
def test_gdal_has_only_the_drivers_of_the_formats_read(tmp_path, driver):
    assert driver in process._environment(tmp_path)["GDAL_SKIP"].split(",")


def test_a_process_with_more_drivers_refuses_to_read():
    script = "from layers.reading.delivered import require_few_drivers as check; check()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env={"PATH": os.defpath})
    assert done.returncode == 1
    assert "GDAL has drivers that were to be left out" in done.stderr
