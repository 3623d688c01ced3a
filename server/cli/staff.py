"""Commands on accounts."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import click

from server.accounts import service
from server.cli.settings import application
from server.core.db import unit_of_work
from server.core.errors import Problem
from server.core.permissions import Role

ROLES = click.Choice([role.value for role in Role])


@click.group()
def staff() -> None:
    """Accounts of staff."""


@staff.command("add")
@click.argument("username")
@click.option("--name", required=True, help="The person's name as others see it.")
@click.option("--role", required=True, type=ROLES)
@click.option("--area", required=True, help="Code of the area of duty.")
@click.option("--department", help="Code of the person's department.")
def add(username: str, name: str, role: str, area: str, department: str | None) -> None:
    """Create an account and print its password, which is kept nowhere."""
    password = secrets.token_urlsafe(12)
    with application(), _told(), unit_of_work():
        service.open_account(username, name, password, [(Role(role), area)], department)
    click.echo(f"{username}: {password}")


@staff.command("password")
@click.argument("username")
def password(username: str) -> None:
    """Give an account a new password and end all its tokens."""
    fresh = secrets.token_urlsafe(12)
    with application(), _told(), unit_of_work():
        service.reset_password(username, fresh)
    click.echo(f"{username}: {fresh}")


@staff.command("close")
@click.argument("username")
def close(username: str) -> None:
    """Close an account; its tokens end at once, what it did stays."""
    with application(), _told(), unit_of_work():
        service.close_account(username)
    click.echo(f"{username} is closed")


@contextmanager
def _told() -> Iterator[None]:
    """Turn a refusal of the service into a line for the person at the console."""
    try:
        yield
    except Problem as problem:
        raise click.ClickException(problem.detail.en) from problem
