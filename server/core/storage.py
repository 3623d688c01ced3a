"""Files by the hash of their content, written so that power may fail at any time.

A body is streamed to a temporary name, renamed to its hash and forced to disk, and
only then does a row name it. A file that no row names after a day is swept.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp

from server.core.errors import TooLarge
from server.core.text import Text

CHUNK = 256 * 1024
DAY = 24 * 3600


def over_limit(limit: int) -> TooLarge:
    """Return the refusal of a body of more than ``limit`` bytes."""
    return TooLarge(
        Text(f"超过 {limit} 字节的上限", f"Over the limit of {limit} bytes")
    )


@dataclass(frozen=True)
class Received:
    """A body on disk under a temporary name: its hash (hex) and size (bytes)."""

    path: Path
    sha256: str
    size: int


class Store:
    """Content-addressed files below one directory.

    ``incoming/`` holds what is being received, ``originals/ab/abcd…`` what was, and
    ``derived/`` what was made from it and can be made again.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming = root / "incoming"

    def prepare(self) -> None:
        """Create the directories, private to the owner."""
        for directory in (self._incoming, self.root / "originals"):
            directory.mkdir(parents=True, exist_ok=True)
        (self.root / "derived").mkdir(exist_ok=True)
        self.root.chmod(0o700)

    def original(self, sha256: str) -> Path:
        """Return where the file with this hash is."""
        return self.root / "originals" / sha256[:2] / sha256

    def derived(self, sha256: str, kind: str) -> Path:
        """Return where a derivative (``web``, ``thumbnail``) is."""
        return self.root / "derived" / sha256[:2] / f"{sha256}-{kind}.jpg"

    @contextmanager
    def receiving(self, chunks: Iterable[bytes], limit: int) -> Iterator[Received]:
        """Stream a body to disk; it is gone after the block unless kept.

        Raises:
            TooLarge: more than ``limit`` bytes.
        """
        handle, name = mkstemp(dir=self._incoming)
        path = Path(name)
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                digest, size = hashlib.sha256(), 0
                for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise TooLarge(
                            Text(
                                f"超过 {limit} 字节的上限",
                                f"Over the limit of {limit} bytes",
                            )
                        )
                    digest.update(chunk)
                    file.write(chunk)
            yield Received(path, digest.hexdigest(), size)
        finally:
            path.unlink(missing_ok=True)

    def keep(self, received: Received) -> Path:
        """Give a received file its lasting name and force both to disk.

        The name first: one commit of the file system's journal then covers name and
        content. What has the name already is replaced by the same content, whole.
        """
        target = self.original(received.sha256)
        target.parent.mkdir(exist_ok=True)
        received.path.replace(target)
        _sync(target)
        _sync(target.parent)
        return target

    def sweep(self, is_claimed: Callable[[str], bool], older: float = DAY) -> list[str]:
        """Remove files older than ``older`` seconds that nobody claims.

        Returns their hashes. Half-received files of a dead process go too.
        """
        before = time.time() - older
        for path in self._incoming.iterdir():
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
        removed = []
        for path in (self.root / "originals").glob("*/*"):
            if path.stat().st_mtime < before and not is_claimed(path.name):
                path.unlink(missing_ok=True)
                removed.append(path.name)
        return removed


def _sync(path: Path) -> None:
    """Make a file, or the names in a directory, survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
