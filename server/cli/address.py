"""Where an installation serves: is the address free, and what is it."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

DEFAULT_PORT = 8000
_FILE = "address"


def check_free(host: str, port: int) -> None:
    """Refuse an address on which nothing can listen, before anything is started.

    Raises:
        click.ClickException: it is taken, not to be had, or no address; says so.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As a server asks: a connection of the last one that fades is no hindrance.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise click.ClickException(_why(host, port, error)) from error


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is in use by another program: stop that one, or"
            f" choose another port with PORT=…, such as PORT={port + 1}"
        )
    if error.errno == errno.EACCES:
        return (
            f"port {port} on {host} is not this user's to take: choose one above 1023"
            " with PORT=…"
        )
    return f"cannot serve on {host}, port {port}: {error.strerror}"


@contextmanager
def noted(var: Path, url: str) -> Iterator[None]:
    """Keep in ``var`` where the installation serves, as long as the block lasts."""
    file = var / _FILE
    file.write_text(f"{url}\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def known(var: Path) -> str:
    """Return where the installation in ``var`` serves.

    One that was started by other means than ``patrol run`` left no note; the port the
    environment names, or the usual one, is the best guess then.
    """
    try:
        return (var / _FILE).read_text().strip()
    except OSError:
        return f"http://127.0.0.1:{os.environ.get('PORT') or DEFAULT_PORT}"
