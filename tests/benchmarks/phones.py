"""Phones that do nothing but send, for measuring: raw sockets, requests made before.

A client that costs as much as the server would measure itself; this one only joins
prepared bytes, writes them and reads the answer's head.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import socket
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from typing import Any
from uuid import uuid4

from PIL import Image

MARK = b"0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Figures:
    """What a run gave: operations per second, latencies in milliseconds."""

    per_second: float
    p50: float
    p95: float

    def __str__(self) -> str:
        return (
            f"{self.per_second:8.1f}/s   p50 {self.p50:7.1f} ms  p95 {self.p95:7.1f} ms"
        )


def summed(latencies: list[float], seconds: float) -> Figures:
    """Return the figures of a run."""
    ordered = sorted(latencies)
    return Figures(
        len(ordered) / seconds,
        statistics.median(ordered) * 1000,
        ordered[int(len(ordered) * 0.95) - 1] * 1000,
    )


def photo_of(size: int = 300_000) -> bytes:
    """Return a JPEG of about ``size`` bytes with a mark to be made unique."""
    side, best = 400, b""
    while len(best) < size:
        side += 100
        image = Image.effect_noise((side, side * 3 // 4), 40).convert("RGB")
        target = io.BytesIO()
        image.save(target, "JPEG", quality=80, comment=MARK)
        best = target.getvalue()
    return best


def finding_of(position: list[float]) -> dict[str, Any]:
    """Return a finding that is routed to a department."""
    return {
        "duty_item": "35",
        "category": "F1",
        "severity": "serious",
        "description": "后门堆放纸箱，安全出口被堵，业主拒绝清理",
        "position": {
            "type": "Point",
            "coordinates": position,
            "accuracy_m": 8,
            "datum": "wgs84",
        },
        "responsible_party": {"name": "某某餐馆", "kind": "business"},
        "found_at": (datetime.now(UTC) - timedelta(minutes=5)).isoformat(),
        "facts": ["refused"],
        "handling": {
            "kind": "report_up",
            "note": "业主拒绝清理",
            "refused": {"how": "当场声明拒绝", "note": "称货物无处存放"},
        },
        "photos": [],
    }


class Wire:
    """One kept-alive connection."""

    def __init__(self, port: int, token: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.token = token
        self.rest = b""

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        media_type: str = "application/json",
        extra: str = "",
    ) -> int:
        """Send one request and return the status of its answer."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {self.token}\r\n{extra}"
        )
        if body:
            head += f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        self.socket.sendall(head.encode() + b"\r\n" + body)
        return self._status()

    def _status(self) -> int:
        data = self.rest
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, data = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(data) < length:
            data += self._more()
        self.rest = data[length:]
        return int(head[9:12])

    def _more(self) -> bytes:
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        return chunk


Step = Callable[[Wire], None]


def send_finding(finding: bytes, photo: bytes | None) -> Step:
    """Return the step that sends one finding and, if given, its photo."""

    def step(wire: Wire) -> None:
        id = uuid4()
        status = wire.send("PUT", f"/api/v1/findings/{id}", finding)
        assert status == 201, status
        if photo is not None:
            unique = photo.replace(MARK, os.urandom(16).hex().encode(), 1)
            path = f"/api/v1/photos/{uuid4()}?finding={id}"
            status = wire.send("PUT", path, unique, "image/jpeg")
            assert status == 201, status

    return step


def drive(
    port: int, token: str, step: Step, clients: int, seconds: float, processes: int = 2
) -> Figures:
    """Run ``step`` from ``clients`` connections at once for ``seconds``."""
    processes = min(processes, clients)
    shares = [
        clients // processes + (n < clients % processes) for n in range(processes)
    ]
    context = multiprocessing.get_context("fork")
    results: Queue[list[float]] = context.Queue()
    workers = [
        context.Process(
            target=_share, args=(port, token, step, share, seconds, results)
        )
        for share in shares
    ]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    latencies = [value for _ in workers for value in results.get()]
    elapsed = time.perf_counter() - started
    for worker in workers:
        worker.join()
    return summed(latencies, elapsed)


def _share(
    port: int,
    token: str,
    step: Step,
    clients: int,
    seconds: float,
    results: Queue[list[float]],
) -> None:
    latencies: list[float] = []
    until = time.perf_counter() + seconds

    def client() -> None:
        wire = Wire(port, token)
        while (begun := time.perf_counter()) < until:
            step(wire)
            latencies.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(latencies)


def prepared(position: list[float]) -> bytes:
    """Return the JSON of a finding."""
    return json.dumps(finding_of(position), ensure_ascii=False).encode()
