"""Commands on the catalogue's files: check them, publish them.

The check needs no database, and whoever edits a question runs it often: what only
``load`` needs (the whole application, seconds to import) is imported there.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from server.checklists.loader import (
    CatalogueInvalid,
    bundled_root,
    check,
    find_catalogues,
)

GUIDE = "docs/catalogue.md"


@click.group()
def checklists() -> None:
    """The catalogue: checklists, routing, departments."""


@checklists.command("check")
@click.argument("directory", type=click.Path(path_type=Path), required=False)
def check_checklists(directory: Path | None) -> None:
    """Check the catalogue files; name file, line and fault, in Chinese.

    docs/catalogue.md tells how to change a question.
    """
    faults = check(directory or bundled_root())
    for fault in faults:
        click.echo(str(fault), err=True)
    if faults:
        click.echo(f"发现 {len(faults)} 处问题；改法见 {GUIDE}", err=True)
        sys.exit(1)
    click.echo("没有问题")


@checklists.command("load")
@click.argument("directory", type=click.Path(path_type=Path), required=False)
def load_checklists(directory: Path | None) -> None:
    """Publish what has changed as new versions."""
    from server.cli.settings import application
    from server.core.db import unit_of_work
    from server.demo import seed

    if directory is not None and not find_catalogues(directory):
        raise click.ClickException(f"no catalogue in {directory}")
    with application():
        try:
            with unit_of_work():
                publications = seed.load_catalogues(directory)
        except CatalogueInvalid as invalid:
            for fault in invalid.faults:
                click.echo(str(fault), err=True)
            sys.exit(1)
        for publication in publications:
            new = ", ".join(f"{code} v{n}" for code, n in publication.new_versions)
            click.echo(
                f"{publication.catalogue}: rules v{publication.ruleset},"
                f" new checklists: {new or 'none'}"
            )
