"""``patrol demo day``: a patrol day played against the running server."""

from __future__ import annotations

import logging
import os
import secrets
import sys
from contextlib import closing
from pathlib import Path

import click

from server.cli import address, settings
from server.cli.data import demo
from server.demo.day.accounts import read_roster
from server.demo.day.client import Api, DayFailed
from server.demo.day.play import play
from server.demo.day.summary import summary
from server.demo.day.watch import Watch

MOST_PHONES = 64


def accounts_file() -> Path:
    """Return the accounts file of this installation."""
    given = os.environ.get("PATROL_ACCOUNTS_FILE")
    return Path(given) if given else settings.var_directory() / "demo-accounts.json"


@demo.command("day")
@click.option(
    "--phones", type=click.IntRange(1, MOST_PHONES), default=4, show_default=True
)
@click.option("--findings", type=click.IntRange(1), default=42, show_default=True)
@click.option("--url", help="Server; by default that of this installation.")
@click.option(
    "--accounts",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Accounts file; by default that of this installation.",
)
@click.option("--seed", type=int, help="The same seed finds the same hazards.")
def day(
    phones: int,
    findings: int,
    url: str | None,
    accounts: Path | None,
    seed: int | None,
) -> None:
    """Play phones, departments and re-inspections against a running server."""
    # A connection that is tried again is no news; one that fails is told below.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    chosen = secrets.randbelow(1_000_000) if seed is None else seed
    try:
        roster = read_roster(accounts or accounts_file())
        base = url or address.known(settings.var_directory())
        with closing(Api(base, connections=MOST_PHONES)) as api:
            outcome = play(api, roster, phones, findings, chosen, Watch(sys.stderr))
    except DayFailed as failure:
        click.echo(f"巡查日中止：{failure}", err=True)
        raise SystemExit(1) from failure
    click.echo(summary(outcome))
