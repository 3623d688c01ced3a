"""PostgreSQL with PostGIS from a data directory of our own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT, Signals
from typing import ClassVar
from urllib.parse import quote

import psycopg

from server.core.embedded import databases
from server.core.embedded.directories import (
    path_key,
    private_directory,
    socket_directory,
)
from server.core.embedded.errors import EmbeddedError
from server.core.embedded.identity import (
    Identity,
    make_fallback_home,
    myself,
    root_disguised,
    server_user,
    user_identity,
)
from server.core.embedded.processes import (
    all_pids,
    command_line,
    tethered,
    works_in,
)
from server.core.embedded.programs import find_postgres
from server.core.embedded.server import EmbeddedServer, clean_environment

DATABASE = "patrol"
PORT = "5432"  # part of the socket's file name; there is no network port

SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    # Compiling costs more than it saves on queries of milliseconds.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%d ",
    "log_checkpoints": "off",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FLEETING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "128MB",
}


class EmbeddedPostgres(EmbeddedServer):
    """A PostgreSQL server for one directory.

    Whoever may enter the socket's directory, that is the owner and root, is let in as
    the database user ``postgres``; the network is not served.

    Args:
        directory: holds the log, the lock, and ``data``: the data directory, or a
            link to where it had to be made instead.
        durable: False trades safety against power cuts for speed, for tests.
    """

    name = "postgres"
    # Fast shutdown, then without a checkpoint (repaired at the next start), then hard.
    stop_steps: ClassVar[Sequence[tuple[Signals, float]]] = (
        (SIGINT, 60),
        (SIGQUIT, 10),
        (SIGKILL, 10),
    )

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        super().__init__(directory)
        self._durable = durable

    @property
    def data(self) -> Path:
        """The data directory, or the link to it."""
        return self.directory / "data"

    @property
    def admin_url(self) -> str:
        """The URL of the server's own database ``postgres``."""
        return self.url("postgres")

    def url(self, name: str = DATABASE) -> str:
        """Return SQLAlchemy's URL of a database on the running server.

        Raises:
            EmbeddedError: the server is not running.
        """
        if self._sockets is None:
            raise EmbeddedError("postgres is not running")
        return _url(self._sockets, name)

    def running_url(self) -> str | None:
        """Return the URL of the server of this directory, whoever started it.

        None when none is up. For commands beside the process that keeps it.
        """
        lines = _postmaster_lines(self.data)
        if len(lines) < 8 or lines[7].strip() != "ready":
            return None
        if int(lines[0]) not in self._find():
            return None
        return _url(Path(lines[4]), DATABASE)

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database and return its URL.

        Args:
            name: the new database, which must not exist.
            template: the database to copy; None makes an empty one with PostGIS.
        """
        if template is None:
            draft_url = self.url(name + databases.DRAFT_SUFFIX)
            databases.create_spatial_database(self.admin_url, draft_url, name)
        else:
            databases.copy_database(self.admin_url, name, template)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, if it is there, and end the connections to it."""
        databases.drop_database(self.admin_url, name)

    def _bring_up(self) -> None:
        find_postgres()  # before anything is made: without it nothing can be
        private_directory(self.directory, *_owner_of(self.directory))
        who = self._choose_place()
        home = self.data.resolve().parent
        if home != self.directory.resolve():
            # A copy of the clone has a lock of its own but points to the same data.
            self._lock(home)
        if self._find():
            self._end_processes()
        if not self.data.exists():
            self._make_cluster(home, who)
        _remove_stale_pid_file(self.data)
        self._sockets = socket_directory(self.data, who.uid, who.gid)
        for leftover in self._sockets.glob(".s.PGSQL.*"):
            leftover.unlink()
        version = (self.data / "PG_VERSION").read_text().strip()
        program = find_postgres(version) / "postgres"
        argv = tethered([str(program), *self._arguments(self._sockets)], SIGINT)
        self._launch(who.command(argv), clean_environment("PG"))
        if not databases.database_exists(self.admin_url, DATABASE):
            self.create_database(DATABASE)

    def _choose_place(self) -> Identity:
        """Return as whom to run, having decided once and for all where the data lie."""
        made = self.data.exists()
        owner = self.data.stat().st_uid if made else None
        if os.geteuid() != 0:
            if owner not in (None, os.geteuid()):
                raise EmbeddedError(f"{self.data} belongs to user {owner}, not to you")
            return myself()
        if owner:
            return user_identity(owner)
        disguised = root_disguised()
        if self.data.is_symlink() and not made:
            return self._outside()  # a crash came between the link and the data
        if disguised is not None and disguised.can_use(self.directory):
            return disguised
        if made:
            raise EmbeddedError(
                f"{self.data} belongs to root, and PostgreSQL cannot use it here: user "
                "namespaces are forbidden or its directory is another user's"
            )
        return self._outside()

    def _outside(self) -> Identity:
        """Link ``data`` to a place outside, which the server's user can reach."""
        user = server_user()
        if user is None:
            raise EmbeddedError("there is no user but root to run PostgreSQL as")
        who = user_identity(user.pw_uid)
        self.data.unlink(missing_ok=True)
        home = make_fallback_home(path_key(self.directory), who)
        self.data.symlink_to(home / "data")
        return who

    def _make_cluster(self, home: Path, who: Identity) -> None:
        """Run initdb under another name; only a complete directory gets its own."""
        draft = home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        argv = [
            *(str(find_postgres() / "initdb"), "--pgdata", str(draft)),
            *("--username=postgres", "--auth=trust", "--encoding=UTF8"),
            *("--locale=C.UTF-8", "--no-instructions"),
            *(() if self._durable else ("--no-sync",)),
        ]
        done = subprocess.run(
            who.command(tethered(argv, SIGKILL)),
            cwd="/",
            env=clean_environment("PG"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise EmbeddedError(f"initdb failed:\n{done.stdout.strip()}")
        draft.rename(home / "data")

    def _arguments(self, sockets: Path) -> list[str]:
        settings = SETTINGS | (DURABLE if self._durable else FLEETING)
        settings["unix_socket_directories"] = str(sockets)
        # Names our processes where their working directory is hidden from us.
        settings["cluster_name"] = _title(self.data)
        options = [("-c", f"{name}={value}") for name, value in settings.items()]
        return ["-D", str(self.data.resolve()), *(part for o in options for part in o)]

    def _find(self) -> set[int]:
        if not self.data.exists():
            return set()
        data = self.data.resolve()
        return {pid for pid in all_pids() if _serves(pid, data)}

    def _ready(self) -> bool:
        try:
            databases.connect(self.admin_url).close()
        except psycopg.OperationalError:
            return False
        return True


def _url(sockets: Path, name: str) -> str:
    return (
        f"postgresql+psycopg://postgres@/{quote(name)}?host={quote(str(sockets))}"
        f"&port={PORT}"
    )


def _owner_of(directory: Path) -> tuple[int, int]:
    there = directory.stat()
    return there.st_uid, there.st_gid


def _title(data: Path) -> str:
    return f"hazard-patrol-{path_key(data)}"


def _serves(pid: int, data: Path) -> bool:
    """Tell whether a process is a PostgreSQL server, or part of one, on ``data``."""
    argv = command_line(pid)
    if not _is_postgres(argv):
        return False
    here = works_in(pid, data)
    if here is None:
        title = f"postgres: {_title(data)}: "
        return argv[0].startswith(title) or str(data) in argv
    # The first moments of a server pass before it changes to its data directory.
    return here or str(data) in argv


def _is_postgres(argv: Sequence[str]) -> bool:
    if not argv:
        return False
    return argv[0].startswith("postgres: ") or Path(argv[0]).name == "postgres"


def _postmaster_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _remove_stale_pid_file(data: Path) -> None:
    """Remove a ``postmaster.pid`` whose process id now belongs to something else.

    PostgreSQL would take that process for a server on this data and not start. A file
    of a dead process it handles itself, with a check for survivors in shared memory.

    Raises:
        EmbeddedError: it may be a server on this data after all.
    """
    lines = _postmaster_lines(data)
    pid = int(lines[0]) if lines and lines[0].strip().isdigit() else None
    if pid is None:  # absent, or cut off by a crash: an empty one is refused too
        (data / "postmaster.pid").unlink(missing_ok=True)
        return
    if pid not in set(all_pids()):
        return
    if _is_postgres(command_line(pid)) and works_in(pid, data) is not False:
        raise EmbeddedError(
            f"{data / 'postmaster.pid'} names process {pid}, a PostgreSQL server: "
            "if it is not this directory's, remove the file"
        )
    (data / "postmaster.pid").unlink()
