"""What stands between the web server and the WSGI application: bodies come in whole.

A thread is a scarce thing, a waiting connection is not. So bodies are received here,
on the event loop, and a request gets its thread only when the last byte of its body
has come. Neither a phone on a slow line nor a thousand callers who send nothing hold
up anyone else. What does not come in time is answered with 408, and what is over the
limit is read to its end, within reason, so that the caller hears why it is refused.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, Any, cast

# The stubs of granian leave these two out; the module has them.
from granian.rsgi import (  # type: ignore[attr-defined]
    ProtocolClosed,
    ProtocolError,
)
from werkzeug.exceptions import RequestTimeout

from server.core.http.upload import ENVELOPE

MIB = 1024 * 1024
# Bytes of a body that are kept in memory, the rest lies in a nameless file.
IN_MEMORY = 256 * 1024
# Bytes of an answer that are handed over at once.
BLOCK = 256 * 1024


@dataclass(frozen=True)
class Limits:
    """How much body is waited for, and how long.

    Attributes:
        small: bytes taken from a caller who has not signed in, before the answer.
        most: bytes of the largest body that any call takes.
        drained: bytes of a body over ``most`` that are read and thrown away.
        drain_seconds: how long that may take.
        json_seconds, file_seconds: how long a body may take, of JSON and any other …
        rate: … or as long as it comes with at least so many bytes a second.
    """

    small: int = 1 * MIB
    most: int = 20 * MIB
    drained: int = 128 * MIB
    drain_seconds: float = 10.0
    json_seconds: float = 20.0
    file_seconds: float = 120.0
    rate: int = 4 * 1024


class Late:
    """A body that did not come in time: whoever reads it is refused with 408."""

    def read(self, *_: Any) -> bytes:
        """Refuse.

        Raises:
            RequestTimeout: always.
        """
        raise RequestTimeout

    readline = readinto = read

    def close(self) -> None:
        """Close nothing."""


class Front:
    """An RSGI application that serves a WSGI one, with ``threads`` threads.

    ``is_known`` raises for a token that nobody holds; it is asked only where a body
    is not small.
    """

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        *,
        is_known: Callable[[str], None],
        threads: int,
        limits: Limits,
    ) -> None:
        self._app = app
        self._is_known = is_known
        self._limits = limits
        self._pool = ThreadPoolExecutor(threads, "request")

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        """Serve one request."""
        environ = _environ(scope)
        headers: list[tuple[str, str]] = []
        if "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
            body, whole = await self._receive(environ, proto)
            if not whole:  # what else comes on this connection is no request
                headers.append(("connection", "close"))
        else:
            body = io.BytesIO()
        environ["wsgi.input"] = body
        loop = asyncio.get_running_loop()
        answer = _Answer(self._app, environ)
        try:
            first = await loop.run_in_executor(self._pool, answer.begin)
            headers += answer.headers
            if answer.is_over:
                proto.response_bytes(answer.status, headers, first)
                return
            transport = proto.response_stream(answer.status, headers)
            while first:
                await transport.send_bytes(first)
                first = await loop.run_in_executor(self._pool, answer.block)
        finally:
            answer.close()
            body.close()

    async def _receive(
        self, environ: dict[str, Any], proto: Any
    ) -> tuple[IO[bytes], bool]:
        """Return the body, no more of it than tells that it is too large, and whether
        it was read to its end."""
        limits, clock = self._limits, asyncio.get_running_loop().time
        enough = limits.most + ENVELOPE + 1
        announced = int(environ.get("CONTENT_LENGTH") or 0)
        is_json = environ.get("CONTENT_TYPE", "").startswith("application/json")
        seconds = limits.json_seconds if is_json else limits.file_seconds
        body = _spool()
        begun, size, known, drained_by = clock(), 0, False, None
        chunks = aiter(proto)
        try:
            while True:
                if drained_by is None and max(announced, size) > enough:
                    drained_by = clock() + limits.drain_seconds
                by = drained_by or begun + max(seconds, size / limits.rate)
                async with asyncio.timeout_at(by):
                    chunk = await anext(chunks)
                if size < enough and drained_by is None:
                    body.write(chunk)
                size += len(chunk)
                if size > limits.small and not known:
                    known = await self._admits(environ)
                if size > (limits.drained if known else limits.small):
                    break
        except StopAsyncIteration:
            body.seek(0)
            return body, True
        except TimeoutError:
            if drained_by is None:
                body.close()
                return cast(IO[bytes], Late()), False
        except (ProtocolError, ProtocolClosed):
            pass  # the connection broke off: the body is shorter than announced
        body.seek(0)
        return body, False

    async def _admits(self, environ: dict[str, Any]) -> bool:
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._pool, self._is_known, token.strip())
        except Exception:
            # Not known, or nobody can tell now: either is the application's to say.
            return False
        return True


class _Answer:
    """The application's answer, taken in blocks; its methods are called in threads."""

    def __init__(
        self, app: Callable[..., Iterable[bytes]], environ: dict[str, Any]
    ) -> None:
        self._app = app
        self._environ = environ
        self._result: Iterable[bytes] = ()
        self._parts: Iterator[bytes] = iter(())
        self.status = 500
        self.headers: list[tuple[str, str]] = []
        self.is_over = False

    def begin(self) -> bytes:
        """Run the application and return the first block."""
        self._result = self._app(self._environ, self._start)
        self._parts = iter(self._result)
        return self.block()

    def block(self) -> bytes:
        """Return the next block, nothing at the end."""
        parts: list[bytes] = []
        size = 0
        for part in self._parts:
            parts.append(part)
            size += len(part)
            if size >= BLOCK:
                break
        else:
            self.is_over = True
        return b"".join(parts)

    def close(self) -> None:
        """Let the application tidy up."""
        if hasattr(self._result, "close"):
            self._result.close()

    def _start(
        self, status: str, headers: list[tuple[str, str]], _: Any = None
    ) -> Callable[[bytes], object]:
        self.status, self.headers = int(status[:3]), headers
        return lambda data: None


def _spool() -> IO[bytes]:
    return cast(IO[bytes], tempfile.SpooledTemporaryFile(IN_MEMORY))


def _environ(scope: Any) -> dict[str, Any]:
    """Return the request as PEP 3333 has it; ``wsgi.input`` comes later."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:  # would pass for the header that a trusted proxy sets
            continue
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    if scope.authority:
        environ.setdefault("HTTP_HOST", scope.authority)
    if "HTTP_TRANSFER_ENCODING" in environ:
        environ["wsgi.input_terminated"] = True  # sent in chunks, it says its end
    return environ
