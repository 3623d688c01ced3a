"""``patrol run``: everything on one machine, with nothing set up before."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click
import urllib3

from server.cli import address, settings
from server.cli.data import prepare_installation
from server.cli.processes import prepare_metrics, web_command, web_workers
from server.core.embedded import EmbeddedPostgres, EmbeddedRedis
from server.core.supervisor import Child, Supervisor

HOST = "127.0.0.1"
PATROL = str(Path(sys.executable).with_name("patrol"))
# The first day is small: a new user sees a living system within a minute.
FIRST_DAY = ["--phones", "4", "--findings", "16"]


@click.command()
@click.option(
    "--port",
    envvar="PORT",
    default=address.DEFAULT_PORT,
    show_default=True,
    type=click.IntRange(1, 65535),
)
def run(port: int) -> None:
    """Start servers, web, worker and cron; stop all of them on Ctrl-C or SIGTERM."""
    var = settings.var_directory()
    with Supervisor(var, say=_say) as supervisor:
        address.check_free(HOST, port)
        urls = _servers(supervisor, var)
        env = settings.environment(*urls)
        os.environ.update(env)
        prepare_metrics(var / "metrics")
        prepare_installation(_say)
        base = f"http://{HOST}:{port}"
        supervisor.start(Child("web", web_command(HOST, port, web_workers())))
        if not supervisor.wait_until(lambda: _is_up(f"{base}/readyz"), 60):
            raise click.ClickException(
                f"the server does not answer on {base}; see {var / 'log'}"
            )
        # After the web server: a start is over when it answers.
        supervisor.start(Child("worker", [PATROL, "worker"]))
        supervisor.start(Child("cron", [PATROL, "cron"]))
        with address.noted(var, base):
            _first_day(supervisor, var, base)
            if env["PATROL_DEMO"] == "1":
                _show_accounts(Path(env["PATROL_ACCOUNTS_FILE"]))
            _say(f"ready: {base}/  (Ctrl-C stops everything)")
            supervisor.wait()


def _say(line: str) -> None:
    click.echo(f"[patrol] {line}")


def _servers(supervisor: Supervisor, var: Path) -> tuple[str, str]:
    """Start the embedded servers, or return the URLs of those that were given."""
    if not settings.uses_own_servers():
        _say("using the database and Redis that the environment names")
        return os.environ["PATROL_DATABASE_URL"], os.environ["PATROL_REDIS_URL"]
    _say("starting PostgreSQL and Redis")
    database_url = supervisor.embed(EmbeddedPostgres(var / "postgres"))
    redis_url = supervisor.embed(EmbeddedRedis(var / "redis"))
    return database_url, redis_url


def _is_up(url: str) -> bool:
    try:
        answer = urllib3.request("GET", url, timeout=2, retries=False)
    except urllib3.exceptions.HTTPError:
        return False
    return answer.status == 200


def _first_day(supervisor: Supervisor, var: Path, base: str) -> None:
    """Play a patrol day once, so that a new user finds something to look at."""
    done = var / "first-day.done"
    wanted = os.environ.get("PATROL_FIRST_DAY") != "0"
    if done.exists() or not wanted or os.environ["PATROL_DEMO"] != "1":
        return
    _say("playing a first patrol day")
    command = [PATROL, "demo", "day", "--url", base, *FIRST_DAY]
    if supervisor.run(Child("first-day", command)) == 0:
        done.touch()
    else:
        _say("the first patrol day did not end well; the server runs all the same")


def _show_accounts(path: Path, echo: Callable[[str], None] = click.echo) -> None:
    if not path.exists():
        return
    _say(f"demonstration accounts ({path}, readable by you alone):")
    for account in json.loads(path.read_text(encoding="utf-8")):
        where = account.get("department") or account.get("area", "")
        echo(
            f"    {account['username']:<16} {account['password']:<18}"
            f" {account['role']:<14} {where}"
        )
