"""What the embedded servers have in common: one directory, one process, one lock."""

from __future__ import annotations

import contextlib
import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import ClassVar, Self

from server.core.embedded.directories import DirectoryLock
from server.core.embedded.errors import EmbeddedError
from server.core.embedded.processes import (
    log_tail,
    open_log,
    stop_processes,
    wait_for,
)

START_PATIENCE = 600.0  # seconds; repair after a crash may take its time


class EmbeddedServer(ABC):
    """A server process that belongs to a directory.

    ``start`` takes the directory's lock, ends what an earlier process left running
    there, and starts anew; ``stop`` ends that process and no other. The server dies
    with the process that started it. Start it from a thread that stays.
    """

    name: ClassVar[str]
    stop_steps: ClassVar[Sequence[tuple[Signals, float]]]

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self._locks: list[DirectoryLock] = []
        self._sockets: Path | None = None  # their directory, while we run
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def url(self) -> str:
        """Return the address of the running server.

        Raises:
            EmbeddedError: it is not running.
        """

    @abstractmethod
    def _bring_up(self) -> None:
        """Prepare the directory and start the process, under the lock."""

    @abstractmethod
    def _find(self) -> set[int]:
        """Return the processes that run on this directory's data."""

    @abstractmethod
    def _ready(self) -> bool:
        """Tell whether the server answers."""

    def start(self) -> str:
        """Start the server, unless this object has done so, and return its URL.

        Raises:
            ServicesMissing: its program is not installed.
            DirectoryInUse: another process runs it from this directory.
            EmbeddedError: it does not start; the message has the end of its log.
        """
        if self.alive():
            return self.url()
        self.stop()
        try:
            self._lock(self.directory)
            self._bring_up()
        except OSError as error:
            self.stop()
            raise EmbeddedError(f"{self.name}: {error}") from error
        except BaseException:
            self.stop()
            raise
        return self.url()

    def stop(self) -> None:
        """End the server, and give the directory back; nothing to end is no error.

        Raises:
            EmbeddedError: it does not end, which only a broken machine explains.
        """
        if self._process is not None:
            self._end_processes()
            self._process.wait()
            self._process = None
        if self._sockets is not None:
            # Whatever is left in it the next start clears away.
            with contextlib.suppress(OSError):
                self._sockets.rmdir()
            self._sockets = None
        for lock in self._locks:
            lock.release()
        self._locks.clear()

    def alive(self) -> bool:
        """Tell whether the process this object started lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The id of the server's main process.

        Raises:
            EmbeddedError: this object has not started one.
        """
        if self._process is None:
            raise EmbeddedError(f"{self.name} is not running")
        return self._process.pid

    @property
    def log_path(self) -> Path:
        """The file that has what the server says."""
        return self.directory / f"{self.name}.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _lock(self, directory: Path) -> None:
        lock = DirectoryLock(directory)
        lock.acquire()
        self._locks.append(lock)

    def _end_processes(self) -> None:
        """End what runs on our data, be it ours or left by an earlier process."""
        stop_processes(self._find_all, self.stop_steps)

    def _find_all(self) -> set[int]:
        found = self._find()
        # Before it becomes the server, our child is a small tool on the way there.
        if self.alive():
            found.add(self.pid)
        return found

    def _launch(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        """Start the process, its output going to the log, and wait until it answers."""
        with open_log(self.log_path) as log:
            self._process = subprocess.Popen(
                argv,
                cwd="/",
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
            )
        if not wait_for(lambda: not self.alive() or self._ready(), START_PATIENCE):
            raise EmbeddedError(f"{self.name} does not answer, see {self.log_path}")
        if not self.alive():
            raise EmbeddedError(
                f"{self.name} did not start, see {self.log_path}:\n"
                + log_tail(self.log_path)
            )


def clean_environment(drop: str) -> dict[str, str]:
    """Return the environment without variables that begin with ``drop``.

    Those steer the servers' own programs, and are meant for the machine's servers.
    Locale and time zone are fixed: data must not depend on who starts it.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith((drop, "LC_", "LANG"))
    }
    return kept | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
