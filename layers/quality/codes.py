"""Land-class codes that a spreadsheet has spoilt."""

from __future__ import annotations

from layers.quality.rulebook import land_classes


def restored_zero(text: str, system: str) -> str | None:
    """Return the code with the zero in front that a spreadsheet has eaten (702 for 0702), None where that is no code."""
    known = land_classes(system) or {}
    code = f"0{text}"
    return code if text[:1].isdigit() and text not in known and code in known else None


def code_of_name(name: str, system: str) -> str | None:
    """Return the code of the class of that name, where there is exactly one."""
    found = [code for code, title in (land_classes(system) or {}).items() if title == name]
    return found[0] if len(found) == 1 else None
