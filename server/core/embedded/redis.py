"""Redis from a directory of our own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import ClassVar
from urllib.parse import quote

import redis

from server.core.embedded.directories import private_directory, socket_directory
from server.core.embedded.errors import EmbeddedError
from server.core.embedded.identity import Identity, myself, user_identity
from server.core.embedded.processes import (
    all_pids,
    command_line,
    tethered,
    works_in,
)
from server.core.embedded.programs import find_redis
from server.core.embedded.server import EmbeddedServer, clean_environment

SOCKET = "redis.sock"


class EmbeddedRedis(EmbeddedServer):
    """A Redis server for one directory, on a Unix socket only.

    What it was told survives a restart; a crash of the machine may lose the last
    second.

    Args:
        directory: holds the configuration, the log, the lock and ``data``.
    """

    name = "redis"
    stop_steps: ClassVar[Sequence[tuple[Signals, float]]] = (
        (SIGTERM, 30),
        (SIGKILL, 10),
    )

    @property
    def data(self) -> Path:
        """The directory of the append-only file."""
        return self.directory / "data"

    def url(self, db: int = 0) -> str:
        """Return the URL of a numbered database (0 to 15) on the running server.

        Raises:
            EmbeddedError: the server is not running.
        """
        if self._sockets is None:
            raise EmbeddedError("redis is not running")
        return f"unix://{quote(str(self._sockets / SOCKET))}?db={db}"

    def running_url(self) -> str | None:
        """Return the URL of the server of this directory, whoever started it.

        None when none is up. For commands beside the process that keeps it.
        """
        link = self.directory / SOCKET
        if not link.is_symlink() or not self._find():
            return None
        return f"unix://{quote(os.readlink(link))}?db=0"

    def _bring_up(self) -> None:
        program = find_redis()
        who = self._choose_user()
        private_directory(self.directory, who.uid, who.gid)
        private_directory(self.data, who.uid, who.gid)
        if self._find():
            self._end_processes()
        self._sockets = socket_directory(self.data, who.uid, who.gid)
        socket = self._sockets / SOCKET
        link = self.directory / SOCKET
        link.unlink(missing_ok=True)
        link.symlink_to(socket)
        config = self.directory / "redis.conf"
        config.write_bytes(_configuration(socket, self.data))
        argv = who.command(tethered([program, str(config)], SIGTERM))
        self._launch(argv, clean_environment("REDIS"))

    def _choose_user(self) -> Identity:
        """Return ourselves; for root in another user's directory, that user."""
        owner = self.directory.stat().st_uid
        if os.geteuid() == 0 and owner != 0:
            return user_identity(owner)
        return myself()

    def _find(self) -> set[int]:
        if not self.data.exists():
            return set()
        return {pid for pid in all_pids() if _serves(pid, self.data)}

    def _ready(self) -> bool:
        client = redis.Redis.from_url(self.url())
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()


def _configuration(socket: Path, data: Path) -> bytes:
    """Return the configuration: private, no network, every write kept."""
    settings = {
        "port": b"0",
        "unixsocket": _quoted(socket),
        "unixsocketperm": b"700",
        "daemonize": b"no",
        "dir": _quoted(data),
        "appendonly": b"yes",
        "appendfsync": b"everysec",
        "save": b'""',
        # A queue must refuse a job rather than forget another one.
        "maxmemory-policy": b"noeviction",
        "always-show-logo": b"no",
    }
    lines = [name.encode() + b" " + value for name, value in settings.items()]
    return b"# Written at every start.\n" + b"\n".join(lines) + b"\n"


def _quoted(path: Path) -> bytes:
    raw = os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b'"' + raw + b'"'


def _serves(pid: int, data: Path) -> bool:
    """Tell whether a process is a Redis server, or its helper, on ``data``."""
    argv = command_line(pid)
    # Redis names itself and its helpers (redis-aof-rewrite) with all in one string.
    if not argv or not Path(argv[0].split(" ")[0]).name.startswith("redis-"):
        return False
    return works_in(pid, data) is True
