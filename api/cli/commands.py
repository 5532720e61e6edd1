"""All commands of `cuntu` in one place, and how a run of one ends."""

from __future__ import annotations

import logging
import resource

import psycopg
import typer
from pydantic import ValidationError

from api import logs
from api.cli import (
    access,
    accounts,
    audit,
    bench,
    check,
    classify,
    db,
    demo,
    doctor,
    layers,
    map,
    papers,
    personal,
    progress,
    serve,
    site,
)
from api.cli.output import say
from api.cli.signing import command
from api.settings import Settings
from layers.acting import on_behalf
from spatial.errors import CuntuError
from spatial.personal_numbers import scrub

app = typer.Typer(
    name="cuntu",
    help="村图：县级自然资源和规划部门的一张图服务。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("doctor")(doctor.doctor)
app.add_typer(db.app, name="db")
app.add_typer(layers.app, name="layers")
app.command("classify")(classify.classify)
app.add_typer(check.app, name="check")
app.command("site")(site.site)
app.command("verify")(papers.verify)
app.add_typer(progress.app, name="progress")
app.add_typer(personal.app, name="personal")
app.add_typer(access.app, name="access")
app.add_typer(accounts.app, name="accounts")
app.add_typer(audit.app, name="audit")
app.command("map")(map.map_)
app.command("bench")(bench.bench)


@app.callback()
def entry(context: typer.Context) -> None:
    """Read the settings once and hand them to the command, whose memory, with its keys, no crash writes to the disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    context.obj = Settings()
    logs.install(context.obj, level=logging.WARNING)
    context.with_resource(on_behalf(command()))


def main() -> None:
    """Run a command: an error is one clear line on stderr and exit status 1, a wrong call is status 2."""
    try:
        app()
    except CuntuError as error:
        _fail(str(error))
    except psycopg.OperationalError as error:
        _fail(f"数据库不可用：{error}")
    except psycopg.Error as error:  # its details may hold rows
        _fail(f"数据库拒绝了：{error.diag.message_primary or type(error).__name__}")
    except ValidationError as error:
        _fail("环境变量有误：" + "；".join(f"CUNTU_{str(item['loc'][0]).upper()} {item['msg']}" for item in error.errors()))
    except OSError as error:
        _fail(f"{error.strerror or error}：{error.filename}" if error.filename else str(error))


def _fail(message: str) -> None:
    say("错误：" + scrub(" ".join(message.split())))
    raise SystemExit(1)
