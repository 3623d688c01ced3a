"""The HTTP client of the players: one call, one answer, and a clear word when not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import urllib3

BASE = "/api/v1"
# Seconds to connect and to wait for an answer.
TIMEOUT = urllib3.Timeout(connect=5, read=60)
# What is sent with an id of ours may be sent again; an action may not.
RETRIES = urllib3.Retry(
    total=3,
    status=0,
    redirect=0,
    backoff_factor=0.2,
    allowed_methods={"GET", "PUT"},
)
PAGE = 200


class DayFailed(Exception):
    """The day cannot go on; the message is one line for a person."""


class Unreachable(DayFailed):
    """Nobody answers at the address."""


class Unexpected(DayFailed):
    """The server answered something else than it should have.

    Attributes:
        status: the HTTP status it answered with.
    """

    def __init__(self, call: str, status: int, detail: str) -> None:
        super().__init__(f"{call} 回答 {status}：{detail}")
        self.status = status


@dataclass(frozen=True)
class Answer:
    """An answer that was expected: status, ETag (or "") and the JSON document."""

    status: int
    etag: str
    data: Any


class Api:
    """A server, by the address of its root; safe to share between threads."""

    def __init__(self, url: str, connections: int = 16) -> None:
        """Take the address, such as ``http://127.0.0.1:8000``.

        Raises:
            DayFailed: it is no http(s) address.
        """
        try:
            parts = urlsplit(url)
            fine = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            fine = False
        if not fine:
            raise DayFailed(f"不是 http(s) 地址：{url}")
        self.url = url.rstrip("/")
        self._pool = urllib3.PoolManager(
            maxsize=connections, timeout=TIMEOUT, retries=RETRIES
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def probe(self) -> None:
        """Ask whether the server lives.

        Raises:
            Unreachable: no answer.
            Unexpected: it is there but not well.
        """
        try:
            answer = self._pool.request("GET", f"{self.url}/healthz", retries=False)
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(
                f"服务器没有运行：{self.url} 无应答（先执行 make run，或用 --url 指定）"
            ) from error
        if answer.status != 200:
            raise Unexpected("GET /healthz", answer.status, said(answer.data))

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        document: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Sequence[int] = (200,),
    ) -> Answer:
        """Make one call; ``path`` is below ``/api/v1``.

        Args:
            document: sent as JSON; ``content``: sent as it is.
            expect: the statuses that are an answer.

        Raises:
            Unreachable: no answer.
            Unexpected: another status; names call, status and problem.
        """
        sent = {"Accept-Encoding": "gzip", "Accept-Language": "zh-CN"}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if document is not None:
            sent["Content-Type"] = "application/json"
            content = json.dumps(document, ensure_ascii=False).encode()
        answer = self._request(method, path, content, sent | dict(headers or {}))
        if answer.status not in expect:
            raise Unexpected(f"{method} {path}", answer.status, said(answer.data))
        try:
            data = answer.json() if answer.data else None
        except ValueError as error:
            raise Unexpected(f"{method} {path}", answer.status, "不是 JSON") from error
        return Answer(answer.status, answer.headers.get("ETag", ""), data)

    def _request(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(
                method, self.url + BASE + path, body=content, headers=headers
            )
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(
                f"{method} {path}：{self.url} 无应答（{error}）"
            ) from error


class Session:
    """A signed-in member of staff.

    Attributes:
        staff: what the sign-in said about them: areas, roles, department.
    """

    def __init__(self, api: Api, token: str, staff: dict[str, Any]) -> None:
        self.api = api
        self.token = token
        self.staff = staff

    @classmethod
    def open(
        cls,
        api: Api,
        username: str,
        password: str,
        device: dict[str, str] | None = None,
    ) -> Session:
        """Sign in, with a phone if ``device`` is given.

        Raises:
            DayFailed: the server does not take name and password, or no answer.
        """
        asked: dict[str, Any] = {"username": username, "password": password}
        if device:
            asked["device"] = device
        try:
            answer = api.call("POST", "/auth/login", document=asked)
        except Unexpected as error:
            if error.status == 401:
                raise DayFailed(
                    f"{username} 无法登录：账号文件不属于 {api.url} 这套系统"
                ) from error
            raise
        return cls(api, answer.data["access_token"], answer.data["staff"])

    def get(self, path: str, **query: Any) -> Answer:
        """Read; ``query`` is appended to the path."""
        return self.api.call("GET", path + _query(query), token=self.token)

    def put(self, path: str, document: Any, expect: Sequence[int] = (201,)) -> Answer:
        """Create by an id of ours: 201 the first time, 200 for the same again."""
        return self.api.call(
            "PUT", path, token=self.token, document=document, expect=expect
        )

    def put_photo(
        self, photo_id: str, jpeg: bytes, expect: Sequence[int] = (201,), **query: str
    ) -> Answer:
        """Send one photo; ``query`` names its finding or ticket and its stage."""
        return self.api.call(
            "PUT",
            f"/photos/{photo_id}{_query(query)}",
            token=self.token,
            content=jpeg,
            headers={"Content-Type": "image/jpeg"},
            expect=expect,
        )

    def act(self, number: str, action: str, etag: str, body: dict[str, Any]) -> Answer:
        """Do an action on the version ``etag`` of a ticket; the status may be 412."""
        return self.api.call(
            "POST",
            f"/tickets/{quote(number)}/actions/{action}",
            token=self.token,
            document=body,
            headers={"If-Match": etag},
            expect=(200, 412),
        )

    def pages(self, path: str, **query: Any) -> Iterator[list[dict[str, Any]]]:
        """Yield the pages of a list, one request each."""
        cursor = None
        while True:
            asked = {**query, "limit": PAGE} | ({"cursor": cursor} if cursor else {})
            page = self.get(path, **asked).data
            yield page["items"]
            cursor = page["next"]
            if not cursor:
                return


def _query(query: Mapping[str, Any]) -> str:
    return "?" + urlencode(query) if query else ""


def said(data: bytes) -> str:
    """Return in one line what a problem document says, or the body's beginning."""
    try:
        problem = json.loads(data)
        words = [f"{problem['type']} {problem.get('detail') or problem['title']}"]
    except (ValueError, KeyError, TypeError):
        return " ".join(data[:200].decode("utf-8", "replace").split()) or "（空）"
    words += [
        f"{error.get('pointer')} {error.get('message')}"
        for error in problem.get("errors", [])[:3]
    ]
    return "；".join(words)
