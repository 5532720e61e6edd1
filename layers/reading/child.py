"""The process that reads one delivered file: a job as JSON on standard input, Arrow files and `answer.json` in the job's folder.

Whoever delivers a file decides what GDAL, SQLite and the XML parser do with it. So they do it here, where memory, time, files and the
network are limited, and not in the service.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from layers.errors import CostlyFileError
from layers.reading import confinement
from layers.reading.limits import Limits
from spatial.errors import CuntuError

ANSWER = "answer.json"


def main() -> None:
    """Do the job on standard input; what is wrong with the file is an answer, everything else ends the process."""
    job = json.loads(sys.stdin.buffer.read())
    limits = Limits(**job["limits"])
    folder = Path(job["folder"])
    confinement.limit(limits)
    try:
        answer = _answer(job, folder, limits)
    except CuntuError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    except MemoryError:
        answer = {"error": CostlyFileError.__name__, "message": ""}
    (folder / ANSWER).write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
    # The libraries' own farewell takes time, and Arrow's sometimes fails over a thread that still reads ahead.
    os._exit(0)


def _answer(job: dict[str, Any], folder: Path, limits: Limits) -> dict[str, Any]:
    sys.meta_path.insert(0, _LeftOut())
    import pyarrow as pa

    from layers.reading import delivered, result

    pa.set_cpu_count(1)
    delivered.require_few_drivers()
    confinement.close_in(Path(job["path"]), folder)
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
