"""Requests that leave the house for addresses which users typed.

Whoever may store a URL could otherwise make this server talk to its own private
network. The address a name resolves to is checked when the URL is stored and again
for every request, and the connection goes to that very address: a name that answers
otherwise the second time (DNS rebinding) gains nothing. Redirects are not followed
and proxies of the environment are not asked.
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from server.core.text import Text

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

TIMEOUT_S = 10.0
# No answer we want to read is longer.
MAX_ANSWER = 64 * 1024
_MAX_URL = 2000

# What ``is_global`` of this Python lets pass, or what must stay closed whatever later
# versions think of it (RFC 6890 and its successors).
_CLOSED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; one cloud's metadata is 100.100.100.200
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's host agent, on a public address
        "169.254.0.0/16",  # link-local: metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",  # unspecified, loopback, IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",  # Teredo and other protocol assignments
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)


class NotAllowed(ValueError):
    """A URL or the address behind it to which nothing is sent; ``why`` says so."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


class Unreachable(Exception):
    """No answer came; the text names no part of the URL."""


@dataclass(frozen=True)
class Doors:
    """What is let out: plain HTTP or not, and networks exempt from the guard."""

    allow_http: bool = False
    exempt: tuple[Network, ...] = ()


@dataclass(frozen=True)
class Destination:
    """Where a checked URL leads: ``ip`` is the very address to connect to."""

    scheme: str
    host: str
    port: int
    target: str
    ip: str


@dataclass(frozen=True)
class Answer:
    """Status and the beginning of the body, at most ``MAX_ANSWER`` bytes."""

    status: int
    body: bytes

    def document(self) -> dict[str, Any]:
        """Return the body as a JSON object; empty when it is none."""
        try:
            said = json.loads(self.body)
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}


def is_closed(address: str, exempt: Sequence[Network] = ()) -> bool:
    """Tell whether nothing may be sent to an IP address (textual)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in net for net in exempt if net.version == ip.version):
        return False
    if any(ip in net for net in _CLOSED if net.version == ip.version):
        return True
    return not ip.is_global or ip.is_multicast or ip.is_reserved


def check(url: str, doors: Doors) -> Destination:
    """Return where ``url`` leads, after looking its name up.

    Raises:
        NotAllowed: the form, the scheme, or an address that is closed.
        Unreachable: the name resolves to nothing.
    """
    scheme, host, port, target = _parts(url, doors)
    found = _resolve(host, port)
    # One closed address among several is enough: the next look-up may give it alone.
    if any(is_closed(ip, doors.exempt) for ip in found):
        raise NotAllowed(
            Text(
                "该地址指向内网或保留地址，不能使用",
                "This address leads into a private or reserved network",
            )
        )
    return Destination(scheme, host, port, target, found[0])


def _parts(url: str, doors: Doors) -> tuple[str, str, int, str]:
    if len(url) > _MAX_URL or re.search(r"[^\x21-\x7e]|[\\<>\"{}|^`]", url):
        raise NotAllowed(
            Text("网址含有不允许的字符，或过长", "Characters no URL has, or too long")
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotAllowed(Text("网址格式不对", "Not a URL")) from error
    if parts.scheme not in ({"https", "http"} if doors.allow_http else {"https"}):
        raise NotAllowed(Text("网址须以 https:// 开头", "Must begin with https://"))
    if "@" in parts.netloc:
        raise NotAllowed(
            Text("网址不能含有用户名或密码", "No user name or password in a URL")
        )
    host = parts.hostname
    if not host or "%" in host or not re.fullmatch(r"[A-Za-z0-9._:-]+", host):
        raise NotAllowed(Text("网址没有有效的主机名", "No valid host name"))
    port = port or (443 if parts.scheme == "https" else 80)
    if port not in {80, 443} and port < 1024:
        raise NotAllowed(Text(f"不能使用端口 {port}", f"Port {port} is not allowed"))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port, target


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("the host name is not known") from error
    return [str(entry[4][0]) for entry in found]


def post(url: str, body: bytes, headers: Mapping[str, str], doors: Doors) -> Answer:
    """Send one POST and return its answer, whatever its status.

    The whole exchange has ``TIMEOUT_S`` seconds, however slowly the bytes drip.

    Raises:
        NotAllowed: as :func:`check`.
        Unreachable: no connection, no valid certificate, or no answer in time.
    """
    there = check(url, doors)
    connection = _connection(there)
    late = threading.Event()
    watch = threading.Timer(TIMEOUT_S, _cut, (connection, late))
    watch.daemon = True
    watch.start()
    try:
        answer = _exchange(connection, there, body, headers)
        if late.is_set():  # the cut looked like the answer's end
            raise TimeoutError
        return answer
    except (HTTPError, HTTPException, OSError, ValueError, AttributeError) as error:
        # AttributeError, ValueError: the socket was cut while it was read.
        raise Unreachable(_reason(error, late.is_set())) from error
    finally:
        watch.cancel()
        connection.close()


def _connection(there: Destination) -> HTTPConnection:
    if there.scheme == "http":
        return HTTPConnection(there.ip, there.port, timeout=TIMEOUT_S)
    return HTTPSConnection(
        there.ip,
        there.port,
        timeout=TIMEOUT_S,
        server_hostname=there.host,
        ssl_context=ssl.create_default_context(),
    )


def _exchange(
    connection: HTTPConnection,
    there: Destination,
    body: bytes,
    headers: Mapping[str, str],
) -> Answer:
    started = time.monotonic()
    host = f"[{there.host}]" if ":" in there.host else there.host
    usual = {"https": 443, "http": 80}[there.scheme]
    named = host if there.port == usual else f"{host}:{there.port}"
    connection.request(
        "POST",
        there.target,
        body=body,
        headers={**headers, "Host": named, "Connection": "close"},
        preload_content=False,
        decode_content=False,
    )
    response = connection.getresponse()
    taken = bytearray()
    while len(taken) < MAX_ANSWER and time.monotonic() - started < TIMEOUT_S:
        piece = response.read1(MAX_ANSWER - len(taken))
        if not piece:
            break
        taken += piece
    return Answer(response.status, bytes(taken))


def _cut(connection: HTTPConnection, late: threading.Event) -> None:
    late.set()
    sock = connection.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _reason(error: Exception, late: bool) -> str:
    if late or isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_S:.0f} seconds"
    if isinstance(error, ssl.SSLError) or "CERTIFICATE" in str(error):
        return "no valid certificate"
    return f"no connection ({type(error).__name__})"
