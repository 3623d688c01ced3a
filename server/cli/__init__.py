"""The command line ``patrol``: each command calls one service function."""

from __future__ import annotations

import logging
from importlib import import_module

import click

# Each command with the module and the object that is it. A module is imported when
# its command is asked for: all of them together take seconds.
COMMANDS = {
    "run": "run:run",
    "web": "processes:web",
    "worker": "processes:worker",
    "cron": "processes:cron",
    "prepare": "data:prepare",
    "db": "data:database",
    "checklists": "checklists:checklists",
    "areas": "data:areas",
    "audit": "data:audit",
    "clauses": "rules:clause_account",
    "routing": "rules:routing",
    "list": "rules:duty_list",
    "places": "places:places",
    "staff": "staff:staff",
    "demo": "day:demo",
    "documents": "documents:documents",
}


class Commands(click.Group):
    """The group of :data:`COMMANDS`, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, or None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"server.cli.{module}"), name)
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hazard-patrol")
def patrol() -> None:
    """hazard-patrol: field inspections of safety hazards (安全隐患巡查)."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # One line a revision or a dependency chosen is not worth a person's eye.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def main() -> None:
    """Run the command line; what a user can mend is told in one line."""
    try:
        patrol()
    except Exception as error:
        line = _mendable(error)
        if line is None:
            raise
        click.echo(f"patrol: {line}", err=True)
        raise SystemExit(2) from error


def _mendable(error: Exception) -> str | None:
    """Return what a user can mend about an error in one line, None when nothing.

    Imported here: a command that fails in none of these ways needs none of them.
    """
    from redis.exceptions import RedisError

    from server.config import ConfigError
    from server.core.db import OutOfReach
    from server.core.embedded import EmbeddedError

    if isinstance(error, ConfigError | EmbeddedError):
        return str(error)
    # A file that is missing, a directory, or not to be written is named.
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, OutOfReach):
        return f"the database does not answer: {error}".splitlines()[0]
    if isinstance(error, RedisError):
        return f"Redis does not answer: {error}"
    return None
