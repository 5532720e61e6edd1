"""The one door for text from data into maps and pages.

Folium renders what it is given twice: an element's output becomes a new Jinja template. A village called `{{ 7*7 }}` would be
executed, not shown. So text is made inert for HTML *and* Jinja at once, and JSON for JavaScript, HTML and Jinja at once.
"""

from __future__ import annotations

import html
import json
import re
from typing import Any

_BRACES = str.maketrans({"{": "&#123;", "}": "&#125;"})
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_UNSAFE = re.compile("[<>&'{}%#\u2028\u2029]")


def escape(value: object) -> str:
    """Return any value as HTML text (or quoted attribute value) that shows its very characters; None is empty."""
    return "" if value is None else html.escape(str(value), quote=True).translate(_BRACES)


def escape_json(value: Any) -> str:
    """Return a value as JSON that may stand inside `<script>` and inside a Jinja template.

    Only string literals are touched: characters that could end the script, open a tag or open a Jinja block become `\\uXXXX`.
    Raises ValueError for NaN and infinity, TypeError for what JSON has no form for.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    inert = _STRING.sub(lambda match: _UNSAFE.sub(_as_unicode, match.group()), text)
    return inert.replace("{{", "{ {").replace("}}", "} }")


def _as_unicode(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
