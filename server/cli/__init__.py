"""The command line ``patrol``: each command calls one service function."""

from __future__ import annotations

import logging
from typing import NoReturn

import click
from redis.exceptions import RedisError

from server.cli import data, day, places, processes, rules, run, staff
from server.config import ConfigError
from server.core.db import OutOfReach
from server.core.embedded import EmbeddedError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hazard-patrol")
def patrol() -> None:
    """hazard-patrol: field inspections of safety hazards (安全隐患巡查)."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # One line a revision or a dependency chosen is not worth a person's eye.
    logging.getLogger("alembic").setLevel(logging.WARNING)


for command in (
    run.run,
    processes.web,
    processes.worker,
    processes.cron,
    data.prepare,
    data.database,
    data.checklists,
    data.areas,
    data.audit,
    rules.clause_account,
    rules.routing,
    rules.duty_list,
    places.places,
    staff.staff,
    data.demo,
):
    patrol.add_command(command)
data.demo.add_command(day.day)


def main() -> None:
    """Run the command line; what a user can mend is told in one line."""
    try:
        patrol()
    except (ConfigError, EmbeddedError) as error:
        _fail(str(error), error)
    except OSError as error:
        # A file that is missing, a directory, or not to be written is named.
        if error.filename is None:
            raise
        _fail(f"{error.filename}: {error.strerror}", error)
    except OutOfReach as error:
        _fail(f"the database does not answer: {error}".splitlines()[0], error)
    except RedisError as error:
        _fail(f"Redis does not answer: {error}", error)


def _fail(line: str, error: Exception) -> NoReturn:
    click.echo(f"patrol: {line}", err=True)
    raise SystemExit(2) from error
