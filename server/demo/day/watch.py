"""Showing how far the day is, and stopping all players when one fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from typing import Any, TextIO

from tqdm import tqdm

# Seconds between two lines where there is no terminal to draw a bar on.
LINE_EVERY = 5.0


class Watch:
    """Counts what is done, from any thread; draws a bar or writes lines to ``out``.

    Attributes:
        stopped: True when the players should not begin anything new.
    """

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.stopped = False
        self._lock = threading.Lock()
        self._tick: Callable[[], None] = lambda: None

    def tick(self) -> None:
        """Count one thing done."""
        with self._lock:
            self._tick()

    def stop(self) -> None:
        """Let everybody finish what is under way and begin nothing new."""
        self.stopped = True

    @contextmanager
    def phase(self, label: str, total: int, unit: str) -> Iterator[None]:
        """Show ``label`` with ``total`` things to do while the block runs."""
        shown = self._bar if self.out.isatty() else self._lines
        with shown(label, total, unit) as tick:
            self._tick = tick
            try:
                yield
            finally:
                self._tick = lambda: None

    @contextmanager
    def _bar(self, label: str, total: int, unit: str) -> Iterator[Callable[[], None]]:
        with tqdm(total=total, desc=label, unit=unit, file=self.out) as bar:

            def tick() -> None:
                bar.update()

            yield tick

    @contextmanager
    def _lines(self, label: str, total: int, unit: str) -> Iterator[Callable[[], None]]:
        done, written = 0, time.monotonic()

        def tick() -> None:
            nonlocal done, written
            done += 1
            if time.monotonic() - written > LINE_EVERY:
                written = time.monotonic()
                self._say(f"{label} {done}/{total} {unit}")

        yield tick
        self._say(f"{label} {done}/{total} {unit}")

    def _say(self, line: str) -> None:
        print(line, file=self.out, flush=True)


def gather(futures: Sequence[Future[Any]], watch: Watch) -> None:
    """Wait for all; when one fails, stop the others and raise the first failure."""
    failure: BaseException | None = None
    try:
        for future in as_completed(futures):
            error = future.exception()
            if error is not None and failure is None:
                failure = error
                watch.stop()
    except BaseException:  # Ctrl-C: let the threads come to an end
        watch.stop()
        raise
    if failure is not None:
        raise failure
