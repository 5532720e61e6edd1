"""Settings that are secrets may stand in files: `CUNTU_<FIELD>_FILE` names one, so that it stands in no environment and no compose file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from spatial.errors import InputError

MOST_BYTES = 10_000


class SecretFiles(PydanticBaseSettingsSource):
    """Reads the fields named by the class's `SECRETS` from files; comes behind what the caller gives and before the environment.

    Raises InputError naming every field given in both ways, and every file that cannot be read.
    """

    def __init__(self, settings: type[BaseSettings], fields: frozenset[str]) -> None:
        super().__init__(settings)
        self.fields = fields

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Fields are read together, in `__call__`."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return what the files say."""
        found: dict[str, Any] = {}
        problems = []
        for name in sorted(self.fields):
            variable = f"CUNTU_{name.upper()}"
            path = os.environ.get(f"{variable}_FILE")
            if not path:
                continue
            if os.environ.get(variable):
                problems.append(f"{variable}：不能与 {variable}_FILE 同时给出")
                continue
            try:
                found[name] = _read(Path(path))
            except (OSError, ValueError) as error:
                problems.append(
                    f"{variable}_FILE：{path} 不能读取（{getattr(error, 'strerror', None) or '应为一行文本'}）"
                )
        if problems:
            raise InputError("设置有误：", problems=problems)
        return found | ({"read_from_files": frozenset(found)} if found else {})


def _read(path: Path) -> str:
    with path.open("rb") as file:
        text = file.read(MOST_BYTES + 1).decode().strip()
    if not text or "\n" in text or len(text) > MOST_BYTES:
        raise ValueError
    return text
