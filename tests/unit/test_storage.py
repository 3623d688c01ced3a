"""Files by the hash of their content."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from server.core.errors import TooLarge
from server.core.storage import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return an empty store."""
    made = Store(tmp_path / "photos")
    made.prepare()
    return made


def test_received_kept_and_found_by_its_hash(store: Store) -> None:
    with store.receiving([b"ab", b"c"], 10) as received:
        store.keep(received)
    digest = hashlib.sha256(b"abc").hexdigest()
    assert (received.sha256, received.size) == (digest, 3)
    assert store.original(digest).read_bytes() == b"abc"
    assert list((store.root / "incoming").iterdir()) == []


def test_what_is_not_kept_is_gone(store: Store) -> None:
    with store.receiving([b"abc"], 10) as received:
        assert received.path.read_bytes() == b"abc"
    assert not received.path.exists()


def test_over_the_limit(store: Store) -> None:
    with pytest.raises(TooLarge), store.receiving([b"x" * 6, b"x" * 6], 10):
        pytest.fail("the limit was not kept")
    assert list((store.root / "incoming").iterdir()) == []


def test_the_same_content_twice(store: Store) -> None:
    for _ in range(2):
        with store.receiving([b"abc"], 10) as received:
            store.keep(received)
    assert len(list((store.root / "originals").glob("*/*"))) == 1


def test_the_store_is_private(store: Store) -> None:
    assert store.root.stat().st_mode & 0o077 == 0


def test_sweep_takes_what_is_old_and_unclaimed(store: Store) -> None:
    kept = {}
    for content in (b"claimed", b"forgotten", b"new"):
        with store.receiving([content], 10) as received:
            kept[content] = store.keep(received)
    half = store.root / "incoming" / "half"
    half.write_bytes(b"x")
    long_ago = time.time() - 3 * 24 * 3600
    for path in (kept[b"claimed"], kept[b"forgotten"], half):
        os.utime(path, (long_ago, long_ago))
    claimed = kept[b"claimed"].name
    assert store.sweep(lambda sha256: sha256 == claimed) == [kept[b"forgotten"].name]
    assert [path.exists() for path in kept.values()] == [True, False, True]
    assert not half.exists()
