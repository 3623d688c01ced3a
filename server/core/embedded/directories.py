"""Private directories, and the lock that gives one of them to one process."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from server.core.embedded.errors import DirectoryInUse, EmbeddedError

SOCKET_PATH_LIMIT = 107  # bytes in sockaddr_un.sun_path, less the closing zero
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"
PREFIX = "hazard-patrol"


class DirectoryLock:
    """Exclusive use of a directory while the process lives.

    The kernel drops the lock with the process, however it ends, so nothing is ever
    left to clean up.
    """

    def __init__(self, directory: Path, name: str = "lock") -> None:
        self._path = directory / name
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock; a second call of the holder does nothing.

        Raises:
            DirectoryInUse: another process has it.
            EmbeddedError: the directory cannot be written to.
        """
        if self._file is not None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("a+")
        except OSError as error:
            raise EmbeddedError(
                f"cannot write to {self._path.parent}: {error.strerror} "
                "(is it another user's?)"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise DirectoryInUse(
                f"{self._path.parent} is in use by another process (pid {holder}): "
                "stop that one first, or use another directory"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            self._file.close()
            self._file = None


def path_key(path: Path) -> str:
    """Return a short name for a path, the same on every start."""
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]


def private_directory(path: Path, uid: int, gid: int) -> None:
    """Make ``path`` a directory that only ``uid`` may enter, or check that it is one.

    Raises:
        EmbeddedError: something else, or somebody else's, is in that place.
    """
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        if uid != os.geteuid():
            os.chown(path, uid, gid, follow_symlinks=False)
    there = path.lstat()
    if not stat.S_ISDIR(there.st_mode) or there.st_uid != uid:
        raise EmbeddedError(f"{path} is not a directory of user {uid}")
    if there.st_mode & 0o077:
        path.chmod(0o700)


def socket_directory(data: Path, uid: int, gid: int) -> Path:
    """Return a private directory with a short path for the sockets of ``data``.

    A socket's path may have 107 bytes, and a clone may lie deeper than that. The
    directory is the same on every start unless somebody else took its name.

    Raises:
        EmbeddedError: none of the usual places will do.
    """
    name = f"{PREFIX}-{uid}-{path_key(data)}"
    for base in _short_places():
        for suffix in ("", "-1", "-2", "-3"):
            path = base / (name + suffix)
            if len(os.fsencode(path / LONGEST_SOCKET_NAME)) > SOCKET_PATH_LIMIT:
                break
            try:
                private_directory(path, uid, gid)
            except (EmbeddedError, OSError):
                continue
            return path
    raise EmbeddedError("no place for a socket: is /tmp writable?")


def _short_places() -> Iterator[Path]:
    """Yield directories for sockets; others may be able to write there.

    The run-time directory of the login comes late: it vanishes at log-out, and a
    server left running would lose its socket.
    """
    places = (
        tempfile.gettempdir(),
        "/tmp",  # noqa: S108 - only ever a private directory inside
        os.environ.get("XDG_RUNTIME_DIR", ""),
        "/var/tmp",  # noqa: S108
    )
    # A comma separates hosts for PostgreSQL's client; plain names need no quoting.
    return (Path(p) for p in places if re.fullmatch(r"/[\w./-]+", p, re.ASCII))
