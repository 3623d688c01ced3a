"""Keeps the programs of one installation running, and ends them together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Protocol, Self

from server.core.embedded.directories import DirectoryLock, path_key
from server.core.embedded.errors import EmbeddedError
from server.core.embedded.processes import (
    all_pids,
    cap_log,
    environment_of,
    open_log,
    stop_processes,
    tethered,
    wait_for,
)

# Every program we start carries this in its environment, and so do its children: by
# it they are ours to end, whatever group or session they made for themselves.
MARK = "PATROL_SUPERVISED"

STOP_STEPS = ((signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0))
LONGEST_PAUSE = 10.0  # seconds before a crashed program is started again
STEADY = 60.0  # a program that ran this long begins anew with the shortest pause
TICK = 0.2  # seconds between two looks at everything


class Stopped(BaseException):
    """A signal asked us to end. Not an ``Exception``: nobody is to swallow it."""


class Service(Protocol):
    """A server that knows itself how to start and stop."""

    @property
    def name(self) -> str:
        """What to call it on the console."""

    def start(self) -> str:
        """Start it, whatever state a crash left it in, and return its URL."""

    def stop(self) -> None:
        """End it; one that does not run is no error."""

    def alive(self) -> bool:
        """Tell whether it runs."""


@dataclass(frozen=True)
class Child:
    """A program to keep running.

    Attributes:
        name: short, also the name of its log if it does not run on the console.
        argv: the command.
        env: added to the environment of the supervisor.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


class _Pause:
    """How long to wait before the next attempt: 1, 2, 4 … 30 seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._started = time.monotonic()
        self._due: float | None = None

    def started(self) -> None:
        self._started = time.monotonic()
        self._due = None

    def failed(self) -> float:
        """Note a crash and return the seconds until the next start."""
        if time.monotonic() - self._started > STEADY:
            self._failures = 0
        seconds = min(2.0**self._failures, LONGEST_PAUSE)
        self._failures += 1
        self._due = time.monotonic() + seconds
        return seconds

    @property
    def waiting(self) -> bool:
        """True from a crash until the next start."""
        return self._due is not None

    @property
    def due(self) -> bool:
        return self._due is not None and time.monotonic() >= self._due


@dataclass
class _Running:
    child: Child
    mark: str
    process: subprocess.Popen[bytes]
    pause: _Pause = field(default_factory=_Pause)


class Supervisor:
    """Starts servers and programs, restarts what crashes, ends all of it.

    A context manager, for the main thread alone: it takes SIGINT, SIGTERM and SIGHUP.
    One of these ends the ``with`` block wherever it is, without an error, after
    everything was stopped: programs in reverse order, then servers in reverse order.

    Args:
        directory: the lock and the logs lie there (``var``).
        say: takes lines for the person at the console.

    Raises:
        DirectoryInUse: (on entering) another supervisor has the directory.
    """

    def __init__(self, directory: Path, *, say: Callable[[str], None] = print) -> None:
        self.directory = directory.resolve()
        self.logs = self.directory / "log"
        self._say = say
        self._lock = DirectoryLock(self.directory, "supervisor.lock")
        self._mark = f"{path_key(self.directory)}:"
        self._services: list[tuple[Service, _Pause]] = []
        self._children: list[_Running] = []
        self._before: dict[signal.Signals, Any] = {}
        self._signal = 0
        self._raising = True

    def __enter__(self) -> Self:
        self._lock.acquire()
        self.logs.mkdir(mode=0o700, exist_ok=True)
        self._end_marked(self._mark)  # what a killed supervisor left behind
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup has SIGHUP ignored, and means it.
            if signal.getsignal(signum) is not signal.SIG_IGN:
                self._before[signum] = signal.signal(signum, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._raising = False
        try:
            self._stop_all()
        finally:
            for signum, handler in self._before.items():
                signal.signal(signum, handler)
            self._lock.release()
        return isinstance(error, Stopped)

    def embed(self, service: Service) -> str:
        """Start a server, keep it running, and return its URL.

        Raises:
            EmbeddedError: it does not start.
        """
        pause = _Pause()
        self._services.append((service, pause))
        url = service.start()
        pause.started()
        return url

    def start(self, child: Child) -> None:
        """Start a program whose output goes to ``log/NAME.log``, and keep it running.

        Raises:
            OSError: there is no such program.
        """
        log = self.logs / f"{child.name}.log"
        self._tell(f"starting {child.name}, log: {log}")
        with self._uninterrupted():
            mark = f"{self._mark}{child.name}"
            self._children.append(_Running(child, mark, self._spawn(child, mark)))

    def run(self, child: Child) -> int:
        """Run a program on the console to its end and return its exit status.

        The others are kept running meanwhile.
        """
        mark = f"{self._mark}{child.name}"
        with self._uninterrupted():
            process = self._spawn(child, mark, console=True)
        try:
            self.wait_until(lambda: process.poll() is not None)
        finally:
            self._end_marked(mark)
        return process.wait()

    def wait_until(
        self, condition: Callable[[], bool], timeout: float = float("inf")
    ) -> bool:
        """Keep everything running until ``condition`` holds; False after ``timeout``.

        Raises:
            Stopped: a signal came.
        """
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                return False
            self._look_after()
            time.sleep(TICK)
        return True

    def wait(self) -> None:
        """Keep everything running until a signal comes, which ends the block.

        Raises:
            Stopped: always, at last.
        """
        self.wait_until(lambda: False)

    def running(self, name: str) -> bool:
        """Tell whether the program of that name runs now, not between two attempts."""
        return any(
            r.child.name == name and r.process.poll() is None for r in self._children
        )

    def _tell(self, line: str) -> None:
        # Nobody may be listening any more; that is no reason not to stop things.
        with contextlib.suppress(OSError, ValueError):
            self._say(line)

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        # A second signal changes nothing: everything is on its way down.
        first, self._signal = not self._signal, signum
        if first and self._raising:
            raise Stopped

    @contextlib.contextmanager
    def _uninterrupted(self) -> Iterator[None]:
        """Put a signal off to the end of the block: nothing is started unrecorded."""
        self._raising = False
        try:
            yield
        finally:
            self._raising = True
        if self._signal:
            raise Stopped

    def _spawn(
        self, child: Child, mark: str, *, console: bool = False
    ) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own: Ctrl-C reaches only us."""
        path = self.logs / f"{child.name}.log"
        with contextlib.nullcontext() if console else open_log(path) as log:
            return subprocess.Popen(
                tethered(child.argv, signal.SIGTERM),
                env={**os.environ, "PYTHONUNBUFFERED": "1", **child.env, MARK: mark},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=None if console else subprocess.STDOUT,
                start_new_session=True,
            )

    def _look_after(self) -> None:
        """Restart what has crashed and whose pause is over; cap the logs."""
        for service, pause in self._services:
            self._look_after_service(service, pause)
        with self._uninterrupted():
            for running in self._children:
                self._look_after_child(running)
                cap_log(self.logs / f"{running.child.name}.log")

    def _look_after_service(self, service: Service, pause: _Pause) -> None:
        if pause.due:
            try:
                service.start()
            except EmbeddedError as error:
                self._tell(f"{service.name}: {error}")
                pause.failed()
            else:
                pause.started()
                self._tell(f"{service.name} is running again")
        elif not pause.waiting and not service.alive():
            seconds = pause.failed()
            self._tell(f"{service.name} has died, starting again in {seconds:.0f} s")

    def _look_after_child(self, running: _Running) -> None:
        name, pause = running.child.name, running.pause
        if pause.due:
            try:
                running.process = self._spawn(running.child, running.mark)
            except OSError as error:
                self._tell(f"{name}: {error}")
                pause.failed()
            else:
                pause.started()
        elif not pause.waiting and running.process.poll() is not None:
            # Its own children may hold a port or a queue.
            self._end_marked(running.mark)
            seconds = pause.failed()
            self._tell(
                f"{name} ended with status {running.process.returncode}, "
                f"starting again in {seconds:.0f} s, log: {self.logs / name}.log"
            )

    def _stop_all(self) -> None:
        """Stop everything in reverse order, going on where one resists."""
        if self._children or self._services:
            self._tell("stopping …")
        for running in reversed(self._children):
            self._attempt(running.child.name, partial(self._end_child, running))
        self._attempt("programs", partial(self._end_marked, self._mark))
        for service, _ in reversed(self._services):
            self._attempt(service.name, service.stop)

    def _attempt(self, name: str, stop: Callable[[], None]) -> None:
        try:
            stop()
        except (EmbeddedError, OSError) as error:
            self._tell(f"{name}: {error}")

    def _end_child(self, running: _Running) -> None:
        self._end_marked(running.mark)
        wait_for(lambda: running.process.poll() is not None, 1.0)

    def _end_marked(self, mark: str) -> None:
        stop_processes(lambda: _marked(mark), STOP_STEPS)


def _marked(mark: str) -> set[int]:
    """Return the processes that carry ``mark``; one that ends in ':' stands for all."""
    wanted = f"{MARK}={mark}".encode()
    return {
        pid
        for pid in all_pids()
        if pid != os.getpid()
        for entry in environment_of(pid)
        if entry == wanted or (mark.endswith(":") and entry.startswith(wanted))
    }
