"""A catalogue as a person at the console names it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click

from server.checklists import service
from server.checklists.clauses import Listing
from server.checklists.loader import (
    CatalogueInvalid,
    bundled_root,
    find_catalogues,
    listing,
)
from server.cli.settings import application
from server.core.errors import Problem


def needs_database(*names: str | None) -> bool:
    """Tell whether one of ``names`` is a published version: ``code@version``.

    Raises:
        click.BadParameter: a version is no number.
    """
    published = [name for name in names if name and "@" in name]
    for name in published:
        code, _, version = name.partition("@")
        if not version.isdecimal():
            raise click.BadParameter(f"{name}: a version is a number, e.g. {code}@3")
    return bool(published)


def database(wanted: bool) -> AbstractContextManager[Any]:
    """Give the application's context when ``wanted``, else nothing."""
    return application() if wanted else nullcontext()


@contextmanager
def told() -> Iterator[None]:
    """Turn what a person can mend into lines for them, and exit status 1."""
    try:
        yield
    except CatalogueInvalid as invalid:
        for fault in invalid.faults:
            click.echo(str(fault), err=True)
        sys.exit(1)
    except Problem as problem:
        raise click.ClickException(problem.detail.zh) from problem


def resolve(named: str | None) -> Listing:
    """Return the catalogue that ``named`` stands for.

    A folder, the code of a bundled catalogue, or ``code@version`` (with the
    application's context pushed); None is the bundled one, where there is one only.

    Raises:
        click.BadParameter: it stands for nothing.
        CatalogueInvalid: the files have faults.
        NotFound: no such version was published.
    """
    if named is not None and "@" in named:
        code, _, version = named.partition("@")
        return service.published(code or None, int(version))
    folders = {folder.name: folder for folder in find_catalogues(bundled_root())}
    if named is None and len(folders) == 1:
        return listing(*folders.values())
    if named is not None and (Path(named) / "catalogue.yaml").is_file():
        return listing(Path(named))
    if named in folders:
        return listing(folders[named])
    bundled = ", ".join(sorted(folders))
    raise click.BadParameter(
        f"{named or 'no catalogue'}: give a folder with a catalogue.yaml,"
        f" code@version, or one of: {bundled}"
    )
