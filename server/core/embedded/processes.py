"""Finding, starting and ending processes, our own alone."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from server.core.embedded.errors import EmbeddedError
from server.core.embedded.programs import find_program

LOG_LIMIT = 10 * 1024 * 1024  # bytes; a longer log is put aside
PROC = Path("/proc")
INTERVAL = 0.05  # seconds between two looks


def tethered(argv: Sequence[str], signum: signal.Signals) -> list[str]:
    """Return ``argv`` so that the process gets ``signum`` when its parent dies.

    The tether holds to the parent's thread: start such processes from one that stays.
    Without the program for it (it is in every Debian) the command stays as it is.
    """
    setpriv = find_program("setpriv")
    if setpriv is None:
        return list(argv)
    return [setpriv, "--pdeathsig", signum.name.removeprefix("SIG"), "--", *argv]


def open_log(path: Path) -> IO[bytes]:
    """Open a log for appending, an over-long one being put aside as ``….1`` first."""
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_name(path.name + ".1"))
    return path.open("ab")


def cap_log(path: Path) -> None:
    """Put an over-long log aside as ``….1`` while its program writes on.

    The program has the file open for appending, so it goes on at the new end. What it
    writes between the copy and the cut is lost.
    """
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > LOG_LIMIT:
            shutil.copyfile(path, path.with_name(path.name + ".1"))
            os.truncate(path, 0)


def log_tail(path: Path, lines: int = 8) -> str:
    """Return the last lines of a log, for an error message."""
    text = path.read_text(errors="replace") if path.exists() else ""
    return "\n".join(text.splitlines()[-lines:])


def all_pids() -> Iterator[int]:
    """Yield the id of every process that can be seen."""
    return (int(p.name) for p in PROC.iterdir() if p.name.isdigit())


def command_line(pid: int) -> list[str]:
    """Return a process's command line, empty for a dead or finished process."""
    try:
        raw = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return []
    return [os.fsdecode(part) for part in raw.rstrip(b"\0").split(b"\0") if part]


def environment_of(pid: int) -> list[bytes]:
    """Return the ``NAME=value`` entries a process of this user was started with.

    Empty for a finished process, and for those of others.
    """
    place = PROC / str(pid)
    try:
        if place.stat().st_uid != os.geteuid():
            return []
        return (place / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def parent_of(pid: int) -> int:
    """Return the parent's id, 0 for a process that is gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return 0
    # The name in brackets may hold blanks and brackets itself.
    return int(text.rpartition(")")[2].split()[1])


def works_in(pid: int, directory: Path) -> bool | None:
    """Tell whether a process's working directory is ``directory``.

    None where the kernel does not let us know (another user's process), and for a
    process that is gone.
    """
    try:
        return (PROC / str(pid) / "cwd").samefile(directory)
    except OSError:
        return None


def send(pid: int, signum: signal.Signals) -> None:
    """Send a signal; a process that has just ended is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signum)


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until ``condition`` holds; False if it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(INTERVAL)
    return True


def stop_processes(
    find: Callable[[], set[int]], steps: Sequence[tuple[signal.Signals, float]]
) -> None:
    """End processes, gently first.

    Args:
        find: tells which of them live; asked anew before every signal, so that an id
            given to another process in the meantime is never hit.
        steps: signals with the seconds to wait after each. A process gets the signal
            when its parent is not among them (any more): the parent ends its children
            itself if it can. SIGKILL goes to all.

    Raises:
        EmbeddedError: some are still there after the last step.
    """
    for signum, patience in steps:
        told: set[int] = set()

        def gone(signum: signal.Signals = signum, told: set[int] = told) -> bool:
            pids = find()
            for pid in pids - told:
                if signum == signal.SIGKILL or parent_of(pid) not in pids:
                    send(pid, signum)
                    told.add(pid)
            return not pids

        if wait_for(gone, patience):
            return
    raise EmbeddedError(f"processes {sorted(find())} do not end")
