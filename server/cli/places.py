"""Commands on the register of places."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from server.cli.settings import application
from server.core.db import unit_of_work
from server.core.errors import Problem
from server.places.importing import Order, import_places
from server.places.report import Outcome, Report
from server.places.report_schemas import said
from server.places.service import newest_rules
from server.places.template import template


@click.group()
def places() -> None:
    """The register of places (场所登记)."""


@places.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--area", help="Code of the area in which every row must lie.")
@click.option("--dry-run", is_flag=True, help="Tell what would be done, do nothing.")
@click.option("--skip-bad", is_flag=True, help="Take the rest when rows are refused.")
def import_file(file: Path, area: str | None, dry_run: bool, skip_bad: bool) -> None:
    """Import a register from CSV or XLSX, all of it or nothing.

    Exit status 1 when nothing was imported because of a fault.
    """
    order = Order(None, area, dry_run, skip_bad)
    with application():
        try:
            with unit_of_work():
                report = import_places(file.read_bytes(), order)
        except Problem as problem:
            _tell_file(file, problem)
            sys.exit(1)
    _tell_rows(file, report)
    if not report.stands:
        sys.exit(1)


def _tell_file(file: Path, problem: Problem) -> None:
    for message in [e.message for e in problem.errors] or [problem.detail]:
        click.echo(f"{file}: {message.zh}", err=True)
        click.echo(f"    {message.en}", err=True)


def _tell_rows(file: Path, report: Report) -> None:
    for entry in report.refused:
        for fault in entry.faults:
            place = f"{file}: row {entry.number}"
            column = f", column {fault.column}" if fault.column else ""
            click.echo(f"{place}{column}: {said(fault).zh}", err=True)
            click.echo(f"    {said(fault).en}", err=True)
    for entry in report.entries:
        for hint in entry.hints:
            which = f"row {hint['row']}" if "row" in hint else f"place {hint['id']}"
            click.echo(f"row {entry.number} may be {which} ({hint['name']})")
    counts = ", ".join(
        f"{outcome.value} {report.count(outcome)}" for outcome in Outcome
    )
    click.echo(f"{counts}; {'written' if report.written else 'nothing written'}")


@places.command("template")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def write_template(file: Path) -> None:
    """Write the workbook to fill in."""
    with application():
        book = template(newest_rules())
    file.write_bytes(book)
    click.echo(f"written to {file}")
