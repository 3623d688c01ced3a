"""The start page and the readable docs: open to anyone, counts only, never a 500."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from werkzeug.test import TestResponse

import server
from server.app import create_app
from server.core.db import db
from server.tickets.vocabulary import State
from server.web.service import STATE_LABELS
from tests.conftest import settings_for
from tests.factories import API, Factory, picture

PAGES = ("/", f"{API}/docs")
# Nothing listens on port 1, so a connection is refused at once.
NO_DATABASE = "postgresql+psycopg://nobody@127.0.0.1:1/none"
NO_REDIS = "redis://127.0.0.1:1/0"


class Page(HTMLParser):
    """A page as a test looks at it: tags, attributes, table rows, figures."""

    def __init__(self, answer: TestResponse) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.terms: list[str] = []
        self._into: list[str] | None = None
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag; begin a cell, a term or its value."""
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self._into = self.rows[-1]
            self._into.append("")
        elif tag in {"dt", "dd"}:
            self._into = self.terms
            self._into.append("")

    def handle_endtag(self, tag: str) -> None:
        """End a cell, a term or its value."""
        if tag in {"td", "th", "dt", "dd"}:
            self._into = None

    def handle_data(self, data: str) -> None:
        """Collect the text of the cell or term."""
        if self._into is not None:
            self._into[-1] += data.strip()

    def attributes(self, name: str) -> list[str]:
        """Return the values of an attribute wherever it stands."""
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]

    @property
    def figures(self) -> dict[str, str]:
        """Return the values by their terms."""
        return dict(zip(self.terms[::2], self.terms[1::2], strict=True))


@contextmanager
def other_app(directory: Path, **changes: object) -> Iterator[FlaskClient]:
    """Yield a client of an application with other settings than the tests'."""
    settings = settings_for(NO_DATABASE, directory)
    app = create_app(replace(settings, **changes))  # type: ignore[arg-type]
    yield app.test_client()
    with app.app_context():
        db.engine.dispose()


def test_every_state_has_a_label_of_its_own() -> None:
    assert list(STATE_LABELS) == list(State)
    assert len(set(STATE_LABELS.values())) == len(State)


def test_before_anything_has_happened(client: FlaskClient) -> None:
    answer = client.get("/")
    page = Page(answer)
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    assert "还没有收到任何隐患" in answer.text
    assert page.rows == []
    assert page.figures["近 30 天整改率"] == "—"
    assert page.figures["收到隐患"] == "0条"
    assert {page.figures[k] for k in ("数据库", "Redis 队列", "照片存储")} == {"正常"}


def test_the_last_day_in_counts(client: FlaskClient, make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler("kq-fire")
    settled = make.ticket(worker)
    make.ticket(worker)
    accepted = make.reported(worker)
    make.reported(worker, control={"measure": "临时封闭"})
    fire.done(accepted, "accept")
    photo = f"/photos/{uuid4()}?ticket={settled}&stage=after"
    sent = worker.put(photo, data=picture(), content_type="image/jpeg")
    assert sent.status_code == 201, sent.text
    page = Page(client.get("/"))
    assert page.figures["收到隐患"] == "4条"
    assert page.figures["生效中的管控措施"] == "1项"
    assert page.figures["待处理照片"] == "1张"
    assert page.figures["近 30 天整改率"] == "0.0%"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", page.figures["最近事件"])
    for row in (
        ["当场整改", "on_spot", "2"],
        ["已上报", "reported", "1"],
        ["核查中", "verifying", "1"],
        ["镇（街道）自行处理，未上报部门", "—", "2"],
        ["区消防救援大队", "kq-fire", "2"],
    ):
        assert row in page.rows


def test_the_rate_is_the_report_s(client: FlaskClient, make: Factory) -> None:
    worker, office = make.grid_worker(), make.safety_office()
    number = make.ticket(worker)
    make.ticket(worker)
    make.ticket(worker)
    worker.done(number, "settle", note="已清理", photos=[worker.photo(number)])
    report = office.get("/reports/rectification").json
    assert report["total"]["rate"] == 0.3333
    assert Page(client.get("/")).figures["近 30 天整改率"] == "33.3%"


def test_no_content_without_sign_in(client: FlaskClient, make: Factory) -> None:
    worker = make.staff(username="zhang-san")
    number = make.reported(
        worker,
        description="后院堆放的纸箱",
        place={"name": "某某小饭馆"},
        responsible_party={"name": "李四", "kind": "business"},
    )
    seen = client.get("/").text
    assert "reported" in seen
    for hidden in ("纸箱", "小饭馆", "李四", "zhang-san", "测试", number):
        assert hidden not in seen


def test_database_down(tmp_path: Path) -> None:
    with other_app(tmp_path) as client:
        answer = client.get("/")
    assert answer.status_code == 200
    assert "数据库无应答" in answer.text
    figures = Page(answer).figures
    assert figures == {"数据库": "无应答", "Redis 队列": "正常", "照片存储": "正常"}


def test_redis_down(database_url: str, tmp_path: Path) -> None:
    with other_app(tmp_path, database_url=database_url, redis_url=NO_REDIS) as client:
        answer = client.get("/")
    figures = Page(answer).figures
    assert answer.status_code == 200
    assert (figures["数据库"], figures["Redis 队列"]) == ("正常", "无应答")
    assert "收到隐患" in figures


def test_photo_store_not_writable(database_url: str, tmp_path: Path) -> None:
    with other_app(tmp_path, database_url=database_url) as client:
        (tmp_path / "photos" / "incoming").rmdir()
        answer = client.get("/")
    assert answer.status_code == 200
    assert Page(answer).figures["照片存储"] == "无应答"
    assert "照片存储无法写入" in answer.text


def test_database_without_a_schema(tmp_path: Path, empty_database: str) -> None:
    with other_app(tmp_path, database_url=empty_database) as client:
        answer = client.get("/")
    assert answer.status_code == 200
    assert Page(answer).figures["数据库"] == "正常"
    assert "读不到数据" in answer.text


@pytest.fixture
def empty_database() -> str:
    """Return the database the servers start with: PostGIS, and no table of ours."""
    return os.environ["TEST_DATABASE_URL"]


def test_accounts_file_is_named_in_a_demonstration_only(tmp_path: Path) -> None:
    file = tmp_path / "accounts & passwords.json"
    file.write_text('[{"password": "s3cret-in-the-file"}]')
    with other_app(tmp_path, demo=True, accounts_file=file) as client:
        shown = client.get("/").text
    with other_app(tmp_path, demo=False, accounts_file=file) as client:
        hidden = client.get("/").text
    assert "<code>accounts &amp; passwords.json</code>" in shown
    assert str(tmp_path) not in shown
    assert "只有文件所有者可以读取" in shown
    assert "s3cret" not in shown
    assert file.name.split()[0] not in hidden


def test_accounts_file_in_the_project_is_shown_from_there(tmp_path: Path) -> None:
    project = Path(server.__file__).parents[1]
    file = project / "var" / "demo-accounts.json"
    with other_app(tmp_path, demo=True, accounts_file=file) as client:
        shown = client.get("/").text
    assert "<code>var/demo-accounts.json</code>" in shown
    assert str(project) not in shown


@pytest.mark.parametrize("path", PAGES)
def test_pages_let_nothing_foreign_in(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    policy = dict(
        part.split(" ", 1)
        for part in answer.headers["Content-Security-Policy"].split("; ")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    page = Page(answer)
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "style", "iframe", "form", "object", "embed"}
    assert page.attributes("style") == []
    assert not [name for _, attrs in page.tags for name in attrs if name[:2] == "on"]
    for address in page.attributes("href") + page.attributes("src"):
        assert re.match(r"(/(?!/)|#)", address), address


@pytest.mark.parametrize("path", PAGES)
def test_links_and_anchors_lead_somewhere(client: FlaskClient, path: str) -> None:
    page = Page(client.get(path))
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    links = set(page.attributes("href"))
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    for link in links:
        if link.startswith("/"):
            with client.get(link) as answer:
                assert answer.status_code == 200, link


@pytest.mark.parametrize("path", PAGES)
def test_structure_for_those_who_listen(client: FlaskClient, path: str) -> None:
    page = Page(client.get(path))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all("scope" in attrs for tag, attrs in page.tags if tag == "th")
    assert dict(page.tags)["html"]["lang"] == ("zh-CN" if path == "/" else "en")
    assert {"header", "main"} <= {tag for tag, _ in page.tags}


def test_files_of_the_pages(client: FlaskClient) -> None:
    with client.get("/static/page.css") as sheet:
        assert sheet.mimetype == "text/css"
        assert sheet.headers["X-Content-Type-Options"] == "nosniff"
        current = {"If-None-Match": sheet.headers["ETag"]}
    with client.get("/static/page.css", headers=current) as again:
        assert again.status_code == 304
    with client.get("/static/icon.svg") as icon:
        assert icon.mimetype == "image/svg+xml"


@pytest.mark.parametrize(
    "name", ["nothing.css", "../routes.py", "%2e%2e/routes.py", "..%2froutes.py", ""]
)
def test_no_other_file_is_given_out(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/static/{name}")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


def test_docs_show_what_a_caller_needs(client: FlaskClient) -> None:
    answer = client.get(f"{API}/docs")
    page = Page(answer)
    ids = set(page.attributes("id"))
    spec = client.get(f"{API}/openapi.json").json
    calls = [call for item in spec["paths"].values() for call in item.values()]
    assert {call["operationId"] for call in calls} <= ids
    assert {f"tag-{tag}" for call in calls for tag in call["tags"]} <= ids
    assert {f"schema-{name}" for name in spec["components"]["schemas"]} <= ids
    for call in calls:
        assert escape(call["description"]) in answer.text  # who may call
    finding = answer.text.split('id="schema-patrols.FindingIn"')[1]
    finding = finding.split("</article>")[0]
    severity = finding.split("<code>severity</code>")[1].split("</div>")[0]
    assert "required" in severity
    assert "<code>major</code>" in severity
    assert 'href="#schema-Position"' in finding
