"""What the commands of `cuntu accounts` share: the database, and what was said on the command line."""

from __future__ import annotations

from typing import Any

import orjson
import typer

from api.database import ready_url
from api.json_text import validated
from layers import database


def connected(context: typer.Context) -> database.Session:
    """Open a connection to this deployment's database."""
    return database.connect(ready_url(context.obj))


def asked(model: type[Any], **told: Any) -> Any:
    """Read what was said on the command line as what comes over HTTP; raises InputError naming every place that is wrong."""
    return validated(model, orjson.dumps(told))
