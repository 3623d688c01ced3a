"""Health of the program in this container: exit status 0 when it does its work.

Usage: python healthcheck.py web|worker|cron
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis import Redis

PORT = 8000
# Seconds; a check that hangs is a failure.
PATIENCE = 5


def web() -> bool:
    """Ask /readyz: the process, database, Redis and photo store answer."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE)
    connection.request("GET", "/readyz")
    return connection.getresponse().status == 200


def worker() -> bool:
    """Look in Redis for a worker that is a living process of this container.

    RQ removes a worker's entry when it has not been heard of for 8 minutes.
    """
    from rq import Worker

    workers = Worker.all(connection=_redis())
    return any(_lives_here(worker.hostname, worker.pid) for worker in workers)


def cron() -> bool:
    """Look in Redis for the sign of life that cron leaves; it is gone in a minute."""
    return bool(_redis().exists("patrol:alive:cron"))


def _redis() -> Redis:
    from redis import Redis

    return Redis.from_url(
        os.environ["PATROL_REDIS_URL"],
        socket_connect_timeout=PATIENCE,
        socket_timeout=PATIENCE,
    )


def _lives_here(hostname: str | None, pid: int | None) -> bool:
    """Tell whether ``pid`` is a process here; an entry may outlive its container."""
    return hostname == socket.gethostname() and Path(f"/proc/{pid}").exists()


CHECKS = {"web": web, "worker": worker, "cron": cron}


def main(name: str) -> str | None:
    """Run one check; return what is wrong in one line, None when nothing is."""
    try:
        return None if CHECKS[name]() else f"{name} does not do its work"
    except Exception as error:  # whatever it is, it is what the engine's log shows
        return f"{name}: {error}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
