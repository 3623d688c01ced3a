"""Nothing is sent into private networks, however the address is written."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from server.core import outbound
from server.core.outbound import Doors, NotAllowed, Unreachable, check, is_closed, post
from tests.servers import Receiver, dripping_server, http_server

STRICT = Doors()
LOOPBACK = Doors(allow_http=True, exempt=(ipaddress.ip_network("127.0.0.0/8"),))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_closed_addresses(address: str) -> None:
    assert is_closed(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2400:3200::1"]
)
def test_open_addresses(address: str) -> None:
    assert not is_closed(address)


def test_an_exempt_network_is_open_and_its_neighbour_is_not() -> None:
    exempt = (ipaddress.ip_network("10.1.0.0/16"),)
    assert not is_closed("10.1.2.3", exempt)
    assert is_closed("10.2.0.1", exempt)
    assert is_closed("::ffff:10.1.2.3", exempt)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://127.1/x",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://0/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.8:8443/hook",
        "http://8.8.8.8/",
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "gopher://8.8.8.8/",
        "https://user:word@8.8.8.8/",
        "https://8.8.8.8@127.0.0.1/",
        "https://8.8.8.8\\@127.0.0.1/",
        "https://8.8.8.8/\r\nX: y",
        "https://8.8.8.8/ x",
        "https://8.8.8.8:22/",
        "https://8.8.8.8:99999/",
        "https://[fe80::1%25eth0]/",
        "https://例子.example/",
        "https:///x",
        "https://",
        "//8.8.8.8/",
        "",
        "https://8.8.8.8/" + "x" * 2000,
    ],
)
def test_refused_urls(url: str) -> None:
    with pytest.raises(NotAllowed) as refusal:
        check(url, STRICT)
    assert refusal.value.why.zh
    assert refusal.value.why.en


def test_a_name_with_a_dot_at_its_end() -> None:
    """Some resolvers know it, some do not; none opens the way."""
    with pytest.raises((NotAllowed, Unreachable)):
        check("https://localhost./", STRICT)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let every name resolve to these addresses, the first list first."""
    left, asked = list(answers), []

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if host[0].isdigit():  # an address is its own answer
            found = [host]
        else:
            asked.append(host)
            found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_the_address_checked_is_the_one_given(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["93.184.216.34"])
    there = check("https://hooks.example.com/a/b?c=d", STRICT)
    assert (there.host, there.ip, there.port) == (
        "hooks.example.com",
        "93.184.216.34",
        443,
    )
    assert there.target == "/a/b?c=d"


def test_one_closed_address_among_several(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["93.184.216.34", "10.0.0.5"])
    with pytest.raises(NotAllowed):
        check("https://hooks.example.com/", STRICT)


def test_a_name_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(Unreachable):
        check("https://hooks.example.com/", STRICT)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server on loopback."""
    with http_server() as running:
        yield running


def test_rebinding_gains_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name answers well while it is stored, and with loopback when it is used."""
    resolving(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    url = receiver.url.replace("127.0.0.1", "rebind.example.com")
    check(url, Doors(allow_http=True))
    with pytest.raises(NotAllowed):
        post(url, b"x", {}, Doors(allow_http=True))
    assert receiver.got == []


def test_the_name_is_asked_once_a_request(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to the address that was checked, with the name in Host."""
    asked = resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    url = receiver.url.replace("127.0.0.1", "gate.example.com") + "/hook?x=1"
    assert post(url, b"hello", {"X-A": "b"}, LOOPBACK).status == 200
    assert asked == ["gate.example.com"]
    (request,) = receiver.got
    assert request.path == "/hook?x=1"
    assert request.headers["Host"].startswith("gate.example.com:")
    assert (request.headers["X-A"], request.body) == ("b", b"hello")


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.answer = lambda _: (302, {"Location": f"{receiver.url}/other"}, b"")
    assert post(f"{receiver.url}/first", b"", {}, LOOPBACK).status == 302
    assert [request.path for request in receiver.got] == ["/first"]


def test_proxies_of_the_environment_are_not_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert post(receiver.url, b"", {}, LOOPBACK).status == 200


def test_a_long_answer_is_cut(receiver: Receiver) -> None:
    receiver.answer = lambda _: (200, {}, b"x" * 1_000_000)
    assert len(post(receiver.url, b"", {}, LOOPBACK).body) == outbound.MAX_ANSWER


def test_bytes_that_drip_do_not_hold_a_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "TIMEOUT_S", 0.5)
    started = time.monotonic()
    with dripping_server() as url, pytest.raises(Unreachable):
        post(url, b"", {}, LOOPBACK)
    assert time.monotonic() - started < 15


def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(Unreachable) as error:
        post(f"http://127.0.0.1:{port}/key=secret", b"", {}, LOOPBACK)
    assert "secret" not in str(error.value)


def certificate(directory: Path, name: str) -> Path:
    """Make a certificate of ``name`` and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    moment = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .sign(key, hashes.SHA256())
    )
    path = directory / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return path


def test_the_certificate_is_of_the_name_not_of_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, ["127.0.0.1"])
    path = certificate(tmp_path, "hooks.example.com")
    with http_server(path) as secure:
        port = secure.url.rpartition(":")[2]
        with pytest.raises(Unreachable, match="certificate"):
            post(f"https://hooks.example.com:{port}/", b"", {}, LOOPBACK)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        answer = post(f"https://hooks.example.com:{port}/", b"", {}, LOOPBACK)
        assert answer.status == 200
        with pytest.raises(Unreachable, match="certificate"):
            post(f"https://other.example.com:{port}/", b"", {}, LOOPBACK)
        assert len(secure.got) == 1


def test_plain_http_where_a_certificate_is_due(receiver: Receiver) -> None:
    url = receiver.url.replace("http:", "https:")
    with pytest.raises(Unreachable):
        post(url, b"", {}, LOOPBACK)
    assert receiver.got == []
