"""A changed rule pack for back-testing: files laid over the installed ones, or one jurisdiction's parameters replaced."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from spatial.errors import InputError, PackError
from spatial.rules.pack import PACKS, Pack, load_pack

Files = Mapping[str, str]
"""Texts of changed files by their path below the folder of packs, such as house-building/parameters/421223.yaml."""

PATH = re.compile(r"(?:house-building(?:/(?:rules|parameters))?|codes)/[A-Za-z0-9][A-Za-z0-9._-]{0,60}\.yaml")
MAX_FILES, MAX_CHARACTERS, DEEPEST = 100, 1_000_000, 50


def changed_pack(files: Files, *, county: str) -> Pack:
    """Load the house-building pack with some files changed; raises InputError naming file and line of what does not fit."""
    _check(files)
    with tempfile.TemporaryDirectory(prefix="cuntu-pack-") as folder:
        shutil.copytree(PACKS, folder, dirs_exist_ok=True)
        for path, text in files.items():
            (Path(folder) / path).write_text(text, encoding="utf-8")
        try:
            return load_pack("house-building", county=county, folder=Path(folder))
        except PackError as error:
            raise InputError("改后的规则包有误：", problems=error.problems or [str(error)]) from error


def files_of_folder(folder: Path) -> dict[str, str]:
    """Return what a folder changes: the YAML files in it that differ from the installed ones; raises InputError where there are none.

    The folder is laid out as the folder of packs (`house-building/…`, `codes/…`), or is a `house-building` folder itself.
    """
    root = folder.parent if folder.name == "house-building" and not (folder / "house-building").is_dir() else folder
    found = {}
    for name in ("house-building", "codes"):
        for path in sorted((root / name).rglob("*.yaml")):
            place = path.relative_to(root).as_posix()
            text, installed = path.read_text(encoding="utf-8"), PACKS / place
            if not installed.exists() or installed.read_text(encoding="utf-8") != text:
                found[place] = text
    if not found:
        raise InputError(f"{folder} 中没有与现有规则包不同的文件（应有 house-building/parameters/421223.yaml 这样的文件）。")
    return found


def files_of_overlay(text: str) -> dict[str, str]:
    """Return the file that an overlay changes: `{jurisdiction: "421223", parameters: {…}}` in YAML or JSON.

    Parameters that are named replace those of the jurisdiction, all others stay. Raises InputError.
    """
    overlay = _plain_yaml(text)
    if not isinstance(overlay, dict) or set(overlay) != {"jurisdiction", "parameters"} or not isinstance(overlay["parameters"], dict):
        raise InputError(problems=["/：应为 {jurisdiction: 辖区代码, parameters: {参数名: …}}"])
    jurisdiction = str(overlay["jurisdiction"])
    if not re.fullmatch(r"\d{6}", jurisdiction):
        raise InputError(problems=["/jurisdiction：应为六位辖区代码"])
    if not overlay["parameters"]:
        raise InputError(problems=["/parameters：没有任何参数"])
    place = f"house-building/parameters/{jurisdiction}.yaml"
    return {place: _dump(_laid_over(PACKS / place, jurisdiction, overlay["parameters"]))}


def _laid_over(path: Path, jurisdiction: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    installed: dict[str, Any] = {"jurisdiction": jurisdiction, "name": jurisdiction}
    if path.exists():
        installed = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {**installed, "parameters": {**(installed.get("parameters") or {}), **parameters}}


def _dump(value: Any) -> str:
    return str(yaml.safe_dump(value, allow_unicode=True, sort_keys=False))


def _plain_yaml(text: str) -> Any:
    """Read YAML (or JSON) without aliases, which can make a small text a huge value, and not too deep, for which the loader has no end but its stack."""
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"规则内容超过 {MAX_CHARACTERS:,} 字。")
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise InputError("规则内容中不能使用 YAML 别名（*）。")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise InputError(f"规则内容嵌套过深：最多 {DEEPEST} 层。")
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"不是可读的 YAML 或 JSON：{' '.join(str(error).split())[:300]}") from error


def _check(files: Files) -> None:
    problems = [f"{path[:80]}：不是规则包中的文件" for path in files if not PATH.fullmatch(path)]
    problems += ["文件太多"] if len(files) > MAX_FILES else []
    problems += ["内容太长"] if sum(map(len, files.values())) > MAX_CHARACTERS else []
    for path, text in files.items():
        if not problems:
            try:
                _plain_yaml(text)
            except InputError as error:
                problems.append(f"{path}：{error}")
    if problems:
        raise InputError("改后的规则包有误：", problems=problems)
