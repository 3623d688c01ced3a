"""What can go wrong with a server of our own, told to the person at the console."""

from __future__ import annotations

INSTALL_LINE = (
    "sudo apt-get install -y --no-install-recommends postgresql-postgis redis-server"
)


class EmbeddedError(Exception):
    """An embedded server could not be started, used or stopped."""


class DirectoryInUse(EmbeddedError):
    """Another live process runs its servers from the same directory."""


class ServicesMissing(EmbeddedError):
    """A server's program is not installed; the message has the line that helps."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not installed. On Debian run:\n    {INSTALL_LINE}")
