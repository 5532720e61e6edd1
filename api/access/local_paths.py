"""Where somebody is led after signing in: only to a page of this service."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

START = "/"
LONGEST = 2_000
_NEVER = ("/sign-in", "/sign-out", "/link")
_ODD = re.compile(r"[\x00-\x20\x7f-\x9f\\\u2028\u2029]")


def local_path(text: str | None) -> str:
    """Return an address of this service as it was asked for, or the start page where it is anything else.

    Browsers take `//host`, `/\\host`, and either with tabs or line ends in between, for another host; a proxy may take `%2f` for `/`.
    """
    if not text or len(text) > LONGEST or not text.startswith("/") or _ODD.search(text):
        return START
    path = text.partition("?")[0].partition("#")[0]
    for read in (path, unquote(path), unquote(unquote(path))):
        if read.startswith("//") or _ODD.search(read.replace(" ", "")):
            return START
    try:
        parts = urlsplit(text)
    except ValueError:
        return START
    if parts.scheme or parts.netloc or parts.path.startswith(_NEVER):
        return START
    return text
