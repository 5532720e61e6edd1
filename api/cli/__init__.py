"""The command line `cuntu`."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the commands are only loaded now, so that their parts may be used without them."""
    from api.cli.commands import main as run

    run()
