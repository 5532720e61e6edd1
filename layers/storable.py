"""Values made such that PostgreSQL keeps them: it has no zero byte in texts, and no half of a surrogate pair."""

from __future__ import annotations

from typing import Any


def storable_text(text: str) -> str:
    """Return a text without zero bytes; what is no character becomes a question mark."""
    return text.replace("\0", "").encode("utf-8", errors="replace").decode("utf-8")


def storable(value: Any) -> Any:
    """Return JSON values with all their texts made storable."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, dict):
        return {storable_text(str(name)): storable(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(item) for item in value]
    return value
