"""A catalogue as a person at the console names it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click
from flask import has_app_context

from server.checklists import service
from server.checklists.clauses import Listing
from server.checklists.loader import (
    CatalogueInvalid,
    bundled_root,
    find_catalogues,
    listing,
    load,
)
from server.cli.settings import application, current
from server.config import ConfigError
from server.core.errors import Problem


def needs_database(*names: str | None) -> bool:
    """Tell whether one of ``names`` is published: ``code@version``, or a bare code
    that no file goes by, where there is a database to ask.

    Raises:
        click.BadParameter: a version is no number.
    """
    published = [name for name in names if name and "@" in name]
    for name in published:
        code, _, version = name.partition("@")
        if not version.isdecimal():
            raise click.BadParameter(f"{name}: a version is a number, e.g. {code}@3")
    strange = [name for name in names if name and _folder(name) is None]
    return bool(published) or (bool(strange) and has_database())


def has_database() -> bool:
    """Tell whether this installation's database is known (it may be out of reach)."""
    try:
        current()
    except ConfigError:
        return False
    return True


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

    A folder, the code of a bundled catalogue, or (with the application's context
    pushed) ``code@version`` or a published code, whose newest version it is; None is
    the bundled one, where there is one only.

    Raises:
        click.BadParameter: it stands for nothing.
        CatalogueInvalid: the files have faults.
        NotFound: no such version was published.
    """
    if named is not None and "@" in named:
        code, _, version = named.partition("@")
        return service.published(code or None, int(version))
    folder = _folder(named)
    if folder is not None:
        return listing(folder)
    if named is not None and has_app_context():
        found = service.newest(named)
        if found is not None:
            return found
    bundled = ", ".join(sorted(_bundled()))
    raise click.BadParameter(
        f"{named or 'no catalogue'}: give a folder with a catalogue.yaml,"
        f" code@version, or one of: {bundled}"
    )


def serving(area: str) -> Listing:
    """Return the bundled catalogue that serves the deepest area around a code.

    Raises:
        click.BadParameter: none serves it.
        CatalogueInvalid: the files of one have faults.
    """
    found = [
        (len(served), folder)
        for folder in _bundled().values()
        for served in load(folder).serves
        if area.startswith(served)
    ]
    if not found:
        raise click.BadParameter(f"{area} lies in no town of a bundled catalogue")
    return listing(max(found)[1])


def _folder(named: str | None) -> Path | None:
    """Return the folder that a name stands for, None when it is none."""
    bundled = _bundled()
    if named is None:
        return next(iter(bundled.values())) if len(bundled) == 1 else None
    if (Path(named) / "catalogue.yaml").is_file():
        return Path(named)
    return bundled.get(named)


def _bundled() -> dict[str, Path]:
    return {folder.name: folder for folder in find_catalogues(bundled_root())}
