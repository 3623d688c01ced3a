"""Commands on the data: schema, areas, audit, demonstration."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
import orjson
from flask import Flask

from server.app import audit_key
from server.areas.geojson import AreaFileInvalid
from server.areas.service import export_areas, import_areas
from server.audit.verify import verify
from server.cli.settings import application
from server.core import migrate
from server.core.db import db, unit_of_work
from server.demo import seed
from server.documents.consistency import faults as document_faults
from server.duties.consistency import faults as duty_faults
from server.incidents.consistency import faults as incident_faults
from server.orders.consistency import faults as order_faults
from server.patrols.consistency import faults as finding_faults
from server.photos.consistency import faults as photo_faults
from server.submissions.consistency import faults as submission_faults
from server.tickets.consistency import faults as ticket_faults


@click.group("db")
def database() -> None:
    """The database schema."""


@database.command("upgrade")
def upgrade() -> None:
    """Bring the schema up to date."""
    with application():
        migrate.upgrade(db.engine)
    click.echo("schema is up to date")


@click.group()
def areas() -> None:
    """Areas and their boundaries."""


@areas.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_file(file: Path) -> None:
    """Import areas from a GeoJSON file, all of it or nothing."""
    with application():
        try:
            with unit_of_work():
                report = import_areas(file.read_bytes())
        except AreaFileInvalid as invalid:
            for fault in invalid.faults:
                place = fault.pointer or "/"
                click.echo(f"{file}: {place}: {fault.message.zh}", err=True)
                click.echo(f"    {fault.message.en}", err=True)
            sys.exit(1)
    click.echo(
        f"created {len(report.created)}, changed {len(report.changed)},"
        f" unchanged {len(report.unchanged)}"
    )


@areas.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, writable=True))
def export_file(file: Path) -> None:
    """Export all areas as a GeoJSON file that imports back."""
    with application():
        collection = export_areas()
    try:
        file.write_bytes(orjson.dumps(collection))
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from error
    click.echo(f"{len(collection['features'])} areas written to {file}")


@click.group()
def audit() -> None:
    """The audit trail."""


def faults_beside() -> list[str]:
    """Return where the rows of all rooms and the events disagree."""
    rooms = (
        ticket_faults,
        finding_faults,
        incident_faults,
        order_faults,
        duty_faults,
        photo_faults,
        submission_faults,
        document_faults,
    )
    return [said for faults in rooms for said in faults()]


@audit.command("verify")
@click.option("--head", help="Hash that the chain ended with at an earlier time.")
def verify_chain(head: str | None) -> None:
    """Walk the hash chain and compare all rows that it tells of with it.

    Exit status 1 when something does not hold.
    """
    with application() as app:
        verdict = verify(audit_key(app.extensions["settings"]), earlier_head=head)
        beside = faults_beside()
    for fault in verdict.faults:
        where = f"event {fault.event_id}" if fault.event_id else "chain"
        click.echo(f"{where}: {fault.what}", err=True)
    for said in beside:
        click.echo(said, err=True)
    click.echo(f"{verdict.events} events, head {verdict.head}")
    if verdict.faults or beside:
        sys.exit(1)
    click.echo("the chain holds, and all it tells of agrees with it")


@click.group()
def demo() -> None:
    """The demonstration district; never outside a demonstration."""


@click.command()
def prepare() -> None:
    """Schema, catalogue and, for a demonstration, its data: all that a start needs.

    Again changes nothing.
    """
    prepare_installation(click.echo)


def prepare_installation(say: Callable[[str], None]) -> None:
    """Do what ``prepare`` does, telling each step."""
    with application() as app:
        say("migrating the schema")
        migrate.upgrade(db.engine)
        with unit_of_work():
            for publication in seed.load_catalogues():
                say(f"catalogue {publication.catalogue}: v{publication.ruleset}")
        if app.extensions["settings"].demo:
            say(_load_demo(app))
        db.session.remove()
        db.engine.dispose()


@demo.command("load")
def load_demo() -> None:
    """Load district and accounts; again changes nothing."""
    with application() as app:
        click.echo(_load_demo(app))


def _load_demo(app: Flask) -> str:
    """Load the demonstration; return what it did in one line."""
    settings = app.extensions["settings"]
    if not settings.demo or settings.accounts_file is None:
        raise click.ClickException("this is no demonstration (PATROL_DEMO)")
    with unit_of_work():
        # Once only: what has been imported since must not be set back by a start.
        fresh = not seed.is_loaded()
        if fresh:
            seed.load_areas()
        made = seed.load_accounts(settings.accounts_file)
    return (
        f"district {'loaded' if fresh else 'is there'},"
        f" accounts {'created' if made else 'are there'}: {settings.accounts_file}"
    )
