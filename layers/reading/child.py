"""The process that reads one delivered file: a job as JSON on standard input, Arrow files and `answer.json` in the job's folder.

Whoever delivers a file decides what GDAL, SQLite and the XML parser do with it. So they do it here, where memory, time, files and the
network are limited, and not in the service.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import resource
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from layers.errors import CostlyFileError
from layers.reading.limits import Limits
from spatial.errors import CuntuError

ANSWER = "answer.json"
_NEW_USERS, _NEW_NETWORK = 0x10000000, 0x40000000
_NO_NEW_PRIVILEGES = 38


def main() -> None:
    """Do the job on standard input; what is wrong with the file is an answer, everything else ends the process."""
    job = json.loads(sys.stdin.buffer.read())
    limits = Limits(**job["limits"])
    folder = Path(job["folder"])
    confine(limits)
    try:
        answer = _answer(job, folder, limits)
    except CuntuError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    except MemoryError:
        answer = {"error": CostlyFileError.__name__, "message": ""}
    (folder / ANSWER).write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")


def confine(limits: Limits) -> None:
    """Limit this process's memory, time and files, and take the network from it where the system lets it."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if libc.unshare(_NEW_NETWORK) != 0:
        libc.unshare(_NEW_USERS | _NEW_NETWORK)
    for kind, most in (
        (resource.RLIMIT_DATA, limits.memory_bytes),
        (resource.RLIMIT_AS, limits.address_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, max(limits.unpacked_bytes, limits.result_bytes)),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError):
            resource.setrlimit(kind, (most, most))


def _answer(job: dict[str, Any], folder: Path, limits: Limits) -> dict[str, Any]:
    sys.meta_path.insert(0, _LeftOut())
    import pyarrow as pa

    from layers.reading import delivered, result

    pa.set_cpu_count(1)
    delivered.require_few_drivers()
    most = job["rows"]
    sources = delivered.sources(Path(job["path"]), folder, name=job["name"], encoding=job["encoding"], limits=limits)
    if most is None:
        sources = [delivered.only(sources)]
    return {"datasets": [result.write(source, folder / f"{place}.arrow", most=most, limits=limits) for place, source in enumerate(sources)]}


class _LeftOut(MetaPathFinder):
    """Says of what pyogrio and pyarrow would like to have, and this process has no use for, that it is not there: half a second saved."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if fullname in ("pandas", "geopandas"):
            raise ModuleNotFoundError(fullname, name=fullname)


if __name__ == "__main__":
    main()
