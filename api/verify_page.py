"""The verify page as one file: it works from a disk, without a network and without this service."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
SCRIPTS = ("vendor/fflate/index.js", "vendor/js-sha256/sha256.min.js", "js/dom.js", "js/verify.js")
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
"""Nothing can be fetched from anywhere: the file holds all it needs."""


@lru_cache(maxsize=1)
def _parts() -> tuple[str, str]:
    style = (STATIC / "css" / "site.css").read_text(encoding="utf-8")
    scripts = [(STATIC / name).read_text(encoding="utf-8").replace("</script", "<\\/script") for name in SCRIPTS]
    return style, "".join(f"<script>{script}</script>" for script in scripts)


def standalone(body: str) -> str:
    """Return the page with its style and scripts inside."""
    style, scripts = _parts()
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}"><meta name="viewport" content="width=device-width, initial-scale=1">'
    return f'<!DOCTYPE html><html lang="zh-CN"><head>{head}<title>核验意见书 · 村图</title><style>{style}</style></head><body><main>{body}</main>{scripts}</body></html>'
