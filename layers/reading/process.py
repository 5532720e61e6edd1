"""Start the process that reads a delivered file, wait for it, and turn its death into one clear error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyogrio

from layers import errors
from layers.errors import CostlyFileError, UnsupportedFileError
from layers.reading.child import ANSWER
from layers.reading.gdal_files import DRIVERS
from layers.reading.limits import Limits
from spatial.errors import CuntuError, InputError

PROJECT = Path(__file__).resolve().parents[2]
_AT_ONCE = threading.BoundedSemaphore(2)
"""So many files are read at once in one process of the service: what they may take together is known."""
_LARGEST_ANSWER = 64 << 20
_NO_ACCESS = {
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "CPL_VSIL_CURL_USE_HEAD": "NO",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_CONNECTTIMEOUT": "1",
    "GDAL_HTTP_PROXY": "127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
    "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
    "GDAL_PAM_ENABLED": "NO",
    "PROJ_NETWORK": "OFF",
}
_ONE_THREAD = {
    "GDAL_NUM_THREADS": "1",
    "OGR_ARROW_MEM_LIMIT": "67108864",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # Arrow's own allocators reserve a gigabyte before anything is read.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
}


@contextmanager
def answered(path: Path, *, name: str | None, rows: int | None, encoding: str | None, limits: Limits, meanwhile: Callable[[], None]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Have a file read; give the folder with the Arrow files and the answer. The folder is gone afterwards.

    `meanwhile` is called while the process works. Raises what was wrong with the file, CostlyFileError where the process ran into a
    limit, UnsupportedFileError where it died of the file.
    """
    with tempfile.TemporaryDirectory(prefix="cuntu-reading-") as folder:
        job = {"path": str(path.resolve()), "folder": folder, "name": name, "rows": rows, "encoding": encoding, "limits": asdict(limits)}
        with _AT_ONCE:
            _run(json.dumps(job).encode(), Path(folder), path.name, limits, meanwhile)
        yield Path(folder), _answer(Path(folder), path.name)


def _run(job: bytes, folder: Path, name: str, limits: Limits, meanwhile: Callable[[], None]) -> None:
    command = [sys.executable, "-P", "-m", "layers.reading.child"]
    with (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=stderr, cwd=folder, env=_environment(folder), start_new_session=True
        )
    try:
        assert process.stdin is not None
        process.stdin.write(job)
        process.stdin.close()
        meanwhile()
        code = process.wait(timeout=limits.wall_s)
    except subprocess.TimeoutExpired as error:
        raise CostlyFileError(f"{name} 读取超过 {limits.wall_s} 秒，已停止。") from error
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if code:
        raise _death(code, name, folder)


def _environment(folder: Path) -> dict[str, str]:
    """An environment of the child's own: nothing of the service's settings, only the drivers that are read, no way out."""
    left_out = ",".join(sorted(set(pyogrio.list_drivers()) - set(DRIVERS.values())))
    places = {"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder), "CPL_TMPDIR": str(folder), "LANG": "C.UTF-8", "PYTHONPATH": str(PROJECT)}
    return {**places, "PYTHONDONTWRITEBYTECODE": "1", "GDAL_SKIP": left_out, "GDAL_DRIVER_PATH": "disable", **_NO_ACCESS, **_ONE_THREAD}


def _death(code: int, name: str, folder: Path) -> CuntuError:
    """What the end of the process means. Its last words are for whoever reads the log, not for the sender."""
    said = (folder / "stderr").read_bytes()[-4_000:]
    error = _meaning(-code, name, said)
    error.add_note(f"reading process ended with {code}: {said.decode('utf-8', 'replace')}")
    return error


def _meaning(number: int, name: str, said: bytes) -> CuntuError:
    if number == signal.SIGXCPU:
        return CostlyFileError(f"{name} 读取超过允许的计算时间，已停止。")
    if number in (signal.SIGKILL, signal.SIGABRT, signal.SIGXFSZ) or b"MemoryError" in said or b"bad_alloc" in said:
        return CostlyFileError(f"{name} 读取超过允许的内存或空间，已停止。")
    if number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL):
        return UnsupportedFileError(f"{name} 使读取程序崩溃，文件已损坏或是恶意构造的。")
    return UnsupportedFileError(f"{name} 无法读取，文件可能已损坏。")


def _answer(folder: Path, name: str) -> dict[str, Any]:
    written = folder / ANSWER
    if not written.is_file() or written.stat().st_size > _LARGEST_ANSWER:
        raise UnsupportedFileError(f"{name} 无法读取，文件可能已损坏。")
    answer: dict[str, Any] = json.loads(written.read_bytes())
    if "error" in answer:
        raise _error(str(answer["error"]), str(answer["message"]))
    return answer


def _error(kind: str, message: str) -> CuntuError:
    """An error by the name of its class, of those that a file can cause."""
    found = {**vars(errors), "InputError": InputError}.get(kind)
    known = found if isinstance(found, type) and issubclass(found, CuntuError) else UnsupportedFileError
    return known(message or None)
