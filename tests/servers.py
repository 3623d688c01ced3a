"""Real HTTP and SMTP servers on loopback for tests of what is sent out."""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple


class Request(NamedTuple):
    """A POST as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


# Given a request: status, headers, body.
Answering = Callable[[Request], tuple[int, dict[str, str], bytes]]


class Receiver:
    """What an HTTP server got, and how it answers: by default a bot that takes all."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.got: list[Request] = []
        self.answer: Answering = lambda _: (200, {}, b'{"errcode":0,"errmsg":"ok"}')


@contextmanager
def http_server(certificate: Path | None = None) -> Iterator[Receiver]:
    """Run an HTTP server on a free port, with TLS where a certificate is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            request = Request(self.path, dict(self.headers), self.rfile.read(length))
            receiver.got.append(request)
            status, headers, body = receiver.answer(request)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if certificate is None else "https"
    receiver = Receiver(f"{scheme}://127.0.0.1:{server.server_address[1]}")
    with _serving(server):
        yield receiver


class Mailbox:
    """What a mail server got: (recipient, raw message) pairs."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.got: list[tuple[str, str]] = []
        self.refused: set[str] = set()


@contextmanager
def smtp_server() -> Iterator[Mailbox]:
    """Run a small mail server (RFC 5321) on a free port."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            recipients: list[str] = []
            self._say("220 test")
            while line := self.rfile.readline().decode().strip():
                verb = line.split(":")[0].upper()
                if verb == "RCPT TO":
                    address = line.partition("<")[2].partition(">")[0]
                    if address in mailbox.refused:
                        self._say("550 no such user")
                        continue
                    recipients.append(address)
                    self._say("250 ok")
                elif verb == "DATA":
                    self._say("354 go on")
                    mail = self._mail()
                    mailbox.got += [(address, mail) for address in recipients]
                    self._say("250 taken")
                elif verb == "QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 ok")

        def _say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def _mail(self) -> str:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.removeprefix(b"."))
            return b"".join(lines).decode()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    mailbox = Mailbox(server.server_address[1])
    with _serving(server):
        yield mailbox


@contextmanager
def dripping_server() -> Iterator[str]:
    """Run a server that sends an endless header, a byte at a time; give its URL."""
    stop = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            try:
                while not stop.is_set():
                    self.wfile.write(b"x")
                    time.sleep(0.05)
            except OSError:
                return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    with _serving(server):
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            stop.set()


@contextmanager
def _serving(server: Any) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
