"""What the journeys share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from redis import Redis

from server.core import queues


@pytest.fixture
def redis() -> Iterator[Redis]:
    """An empty Redis that answers, this worker's own."""
    client = queues.connect(os.environ["TEST_REDIS_URL"])
    client.flushdb()
    yield client
    client.flushdb()
    client.close()
