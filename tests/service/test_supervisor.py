"""The supervisor as a process of its own, with real children, signals and kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from server.core.embedded import processes
from server.core.embedded.processes import wait_for

# Programs for the supervisor to keep. Each notes what befalls it in a file.
CHILD = """
    import os, pathlib, signal, subprocess, sys, time
    name, place = sys.argv[1], pathlib.Path(sys.argv[2])

    def note(line):
        with (place / "notes").open("a") as file:
            file.write(f"{name} {line}\\n")

    def end(signum, frame):
        note(signal.Signals(signum).name)
        if name != "stubborn":
            sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    if name == "parent":
        # A grandchild in a session of its own, as a worker may make them.
        code = "import time; time.sleep(600)"
        argv = [sys.executable, "-c", code]
        child = subprocess.Popen(argv, start_new_session=True)
        note(f"grandchild {child.pid}")
    note(f"pid {os.getpid()}")
    print(f"{name} says hello")
    if name == "crasher":
        sys.exit(3)
    time.sleep(600)
"""

# What nohup and background jobs of a script ignore stays ignored, by intention: these
# tests may be started like that.
PROLOGUE = f"""
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from pathlib import Path
from server.core import supervisor
from server.core.embedded import EmbeddedRedis
from server.core.supervisor import Child, Supervisor

place = Path(sys.argv[1])
supervisor.STOP_STEPS = (
    (supervisor.signal.SIGTERM, 2.0), (supervisor.signal.SIGKILL, 5.0)
)

def child(name):
    code = {dedent(CHILD)!r}
    return Child(name, [sys.executable, "-c", code, name, str(place)])

def say(line):
    print(line, flush=True)

def note(line):
    with (place / "notes").open("a") as file:
        file.write(line + "\\n")
"""


class Keeper:
    """A supervisor in a process group of its own, and what is known about it."""

    def __init__(self, place: Path, body: str) -> None:
        self.place = place
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROLOGUE + dedent(body), str(place)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def notes(self) -> list[list[str]]:
        file = self.place / "notes"
        return (
            [line.split() for line in file.read_text().splitlines()]
            if (file.exists())
            else []
        )

    def pids(self, name: str, kind: str = "pid") -> list[int]:
        """Return the ids noted under a name, oldest first."""
        return [int(n[2]) for n in self.notes() if n[:2] == [name, kind]]

    def expect(self, condition: Callable[[], object], seconds: float = 15) -> None:
        done = wait_for(lambda: bool(condition()), seconds)
        assert done, f"{self.notes()}\n{self.process.poll()}"

    def output(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.read()

    def end(self, signum: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(signum)
        return self.process.wait(30)


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Callable[[str], Keeper]]:
    """Start a supervisor with the given body; killed at the end if need be."""
    keepers: list[Keeper] = []

    def start(body: str) -> Keeper:
        keepers.append(Keeper(tmp_path, body))
        return keepers[-1]

    yield start
    for keeper in keepers:
        if keeper.process.poll() is None:
            keeper.end()
        assert keeper.process.stdout is not None
        keeper.process.stdout.close()


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill a process at the end, however the block went."""
    try:
        yield
    finally:
        process.kill()


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return "State:\tZ" not in status


TWO = """
    with Supervisor(place / "var", say=say) as s:
        store = EmbeddedRedis(place / "var" / "redis")
        s.embed(store)
        note(f"redis pid {store.pid}")
        s.start(child("first"))
        s.start(child("parent"))
        s.wait()
"""

Keep = Callable[[str], Keeper]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_and_nothing_else(
    keep: Keep, signum: signal.Signals
) -> None:
    with subprocess.Popen(["sleep", "600"]) as bystander, ended(bystander):
        keeper = keep(TWO)
        keeper.expect(lambda: keeper.pids("first") and keeper.pids("parent"))
        ours = keeper.pids("first") + keeper.pids("parent")
        ours += keeper.pids("parent", "grandchild")
        ours += keeper.pids("redis")
        assert len(ours) == 4
        assert all(map(alive, ours))
        # The whole group gets Ctrl-C, as from a terminal.
        os.killpg(keeper.process.pid, signum)
        assert keeper.process.wait(30) == 0
        assert not any(map(alive, ours))
        assert bystander.poll() is None
    ends = [n for n in keeper.notes() if n[1].startswith("SIG")]
    assert ends == [["parent", "SIGTERM"], ["first", "SIGTERM"]], "in reverse order"
    assert "first says hello" in (keeper.place / "var/log/first.log").read_text()
    assert str(keeper.place / "var/log/first.log") in keeper.output()


def test_a_crashed_program_is_started_again(keep: Keep) -> None:
    keeper = keep("""
        with Supervisor(place / "var", say=say) as s:
            s.start(child("crasher"))
            s.start(child("first"))
            s.wait()
    """)
    keeper.expect(lambda: len(keeper.pids("crasher")) >= 3)
    assert len(keeper.pids("first")) == 1
    os.kill(keeper.pids("first")[0], signal.SIGKILL)
    keeper.expect(lambda: len(keeper.pids("first")) == 2)
    assert keeper.end() == 0
    output = keeper.output()
    assert "crasher ended with status 3, starting again in 1 s" in output
    assert "crasher ended with status 3, starting again in 2 s" in output
    assert "first ended with status -9, starting again in 1 s" in output


def test_what_a_crashed_program_leaves_is_ended(keep: Keep) -> None:
    keeper = keep(TWO)
    keeper.expect(lambda: keeper.pids("parent"))
    os.kill(keeper.pids("parent")[0], signal.SIGKILL)
    keeper.expect(lambda: len(keeper.pids("parent")) == 2)
    old, new = keeper.pids("parent", "grandchild")
    assert not alive(old)
    assert alive(new)
    assert keeper.end() == 0
    assert not alive(new)


def test_a_killed_server_is_started_again(keep: Keep) -> None:
    keeper = keep("""
        with Supervisor(place / "var", say=say) as s:
            store = EmbeddedRedis(place / "var" / "redis")
            before = s.embed(store)
            first = store.pid
            supervisor.os.kill(first, supervisor.signal.SIGKILL)
            assert s.wait_until(lambda: store.alive() and store.pid != first, 20)
            assert store.url() == before
            say("recovered")
    """)
    assert "redis is running again\nrecovered\n" in keeper.output()
    assert keeper.process.wait(20) == 0


def test_a_stubborn_program_is_killed(keep: Keep) -> None:
    keeper = keep("""
        with Supervisor(place / "var", say=say) as s:
            s.start(child("stubborn"))
            s.wait()
    """)
    keeper.expect(lambda: keeper.pids("stubborn"))
    assert keeper.end() == 0
    assert ["stubborn", "SIGTERM"] in keeper.notes()
    assert not alive(keeper.pids("stubborn")[0])


def test_killed_supervisor_and_second_supervisor(keep: Keep) -> None:
    first = keep(TWO)
    first.expect(lambda: first.pids("first") and first.pids("parent"))
    refused = keep(TWO)
    assert refused.process.wait(20) == 1
    assert f"in use by another process (pid {first.process.pid})" in refused.output()
    [child], [parent] = first.pids("first"), first.pids("parent")
    [grandchild] = first.pids("parent", "grandchild")
    assert all(map(alive, (child, parent, grandchild)))
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    first.expect(lambda: not alive(child) and not alive(parent))
    second = keep(TWO)
    second.expect(lambda: len(second.pids("parent")) == 2)
    assert not alive(grandchild)
    assert second.end() == 0


def test_a_signal_during_the_preparations(keep: Keep) -> None:
    keeper = keep("""
        import time
        with Supervisor(place / "var", say=say) as s:
            s.start(child("first"))
            store = EmbeddedRedis(place / "var" / "redis")
            s.embed(store)
            note(f"redis pid {store.pid}")
            time.sleep(600)  # migrations, say
        say("left quietly")
    """)
    keeper.expect(lambda: keeper.pids("redis") and keeper.pids("first"))
    assert keeper.end() == 0
    assert "left quietly" in keeper.output()
    assert not alive(keeper.pids("redis")[0])
    assert not alive(keeper.pids("first")[0])


def test_an_error_stops_everything_and_is_told(keep: Keep) -> None:
    keeper = keep("""
        with Supervisor(place / "var", say=say) as s:
            s.start(child("first"))
            s.wait_until(lambda: (place / "notes").exists(), 20)
            raise ValueError("no such area")
    """)
    assert "ValueError: no such area" in keeper.output()
    assert keeper.process.wait(20) == 1
    assert not alive(keeper.pids("first")[0])


def test_a_program_on_the_console(keep: Keep) -> None:
    keeper = keep("""
        with Supervisor(place / "var", say=say) as s:
            status = s.run(child("crasher"))
            say(f"status {status}")
    """)
    assert "crasher says hello\nstatus 3\n" in keeper.output()
    assert keeper.process.wait(20) == 0
    assert not list(keeper.place.rglob("crasher.log")), "nothing would stand in it"


def test_an_over_long_log_is_put_aside_while_its_program_writes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "LOG_LIMIT", 10)
    path, aside = tmp_path / "web.log", tmp_path / "web.log.1"
    with processes.open_log(path) as log:
        log.write(b"short\n")
        log.flush()
        processes.cap_log(path)
        assert not aside.exists()
        log.write(b"and longer\n")
        log.flush()
        processes.cap_log(path)
        log.write(b"on\n")
    assert (path.read_bytes(), aside.read_bytes()) == (b"on\n", b"short\nand longer\n")
    processes.cap_log(tmp_path / "none.log")


def test_a_console_that_went_away_stops_nothing_from_stopping(keep: Keep) -> None:
    keeper = keep(TWO)
    keeper.expect(lambda: keeper.pids("parent"))
    assert keeper.process.stdout is not None
    keeper.process.stdout.close()
    assert keeper.end() == 0
    assert not any(map(alive, keeper.pids("first") + keeper.pids("redis")))
