"""The pages in a real Chromium: wide and narrow, light and dark, nothing foreign."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from tests.factories import API, Factory

pytestmark = pytest.mark.browser

START, DOCS = "/", f"{API}/docs"
WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")
# Of WCAG 2.2, success criterion 1.4.3: normal text.
LEAST_CONTRAST = 4.5

# Every element with text of its own: its contrast against what is behind it.
CONTRASTS = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => {
      const s = v / 255;
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = channels(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const owns = (element) => [...element.childNodes].some(
    (node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  return [...document.body.querySelectorAll("*")].filter(owns).map((element) => {
    const text = channels(getComputedStyle(element).color);
    const [a, b] = [luminance(text), luminance(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return [element.outerHTML.slice(0, 100), ratio];
  });
}"""

UNFOLD = "document.querySelectorAll('details').forEach((e) => (e.open = true))"

# Elements that stick out of the window, and whether the page scrolls sideways.
OVERFLOW = """() => ({
  wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  out: [...document.body.querySelectorAll("*")]
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
    .map((e) => e.outerHTML.slice(0, 100)),
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium; ``--no-sandbox`` because tests may run as root."""
    program = shutil.which("chromium")
    assert program, "the package chromium is missing; make test installs it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def address(committed_app: Flask) -> Iterator[str]:
    """Serve an application with some findings on a free port of this machine."""
    with committed_app.app_context():
        make = Factory(committed_app)
        worker, fire = make.grid_worker(), make.handler("kq-fire")
        make.ticket(worker)
        make.reported(worker, control={"measure": "临时封闭"})
        fire.done(make.reported(worker), "accept")
    server = make_server("127.0.0.1", 0, committed_app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def opened(browser: Browser, url: str, width: int, scheme: Any) -> Iterator[Page]:
    """Open a page; afterwards nothing failed, was refused or came from elsewhere."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(f"failed {request.url}"))
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200
    yield page
    origin = "/".join(url.split("/")[:3]) + "/"
    assert said == []
    assert [other for other in asked if not other.startswith(origin)] == []
    assert any(other.endswith("/static/page.css") for other in asked)
    context.close()


@pytest.mark.parametrize("path", [START, DOCS])
def test_readable(browser: Browser, address: str, path: str) -> None:
    for width, scheme in product(WIDTHS, SCHEMES):
        with opened(browser, address + path, width, scheme) as page:
            page.evaluate(UNFOLD)
            assert page.evaluate(OVERFLOW) == {"wide": False, "out": []}
            contrasts = page.evaluate(CONTRASTS)
        assert len(contrasts) > 30
        assert [(what, r) for what, r in contrasts if r < LEAST_CONTRAST] == []


def test_the_dark_scheme_is_dark(browser: Browser, address: str) -> None:
    grounds = {}
    for scheme in SCHEMES:
        with opened(browser, address, 390, scheme) as page:
            grounds[scheme] = page.evaluate(
                "getComputedStyle(document.body).backgroundColor.match(/\\d+/g)"
                ".reduce((sum, value) => sum + Number(value), 0)"
            )
    assert grounds["dark"] < 3 * 60
    assert grounds["light"] > 3 * 200


def test_the_start_page_leads_to_the_docs(browser: Browser, address: str) -> None:
    with opened(browser, address, 390, "light") as page:
        assert page.title() == "安全隐患巡查"
        states = page.get_by_role("table", name="当天工单的现状")
        row = states.get_by_role("row", name="已上报")
        assert row.get_by_role("cell").all_inner_texts() == ["reported", "1"]
        page.get_by_role("link", name="接口文档").click()
        page.get_by_role("heading", name="hazard-patrol API").wait_for()


def test_the_docs_lead_from_a_call_to_its_body(browser: Browser, address: str) -> None:
    with opened(browser, address + DOCS, 1280, "light") as page:
        page.get_by_text("All calls").click()
        page.get_by_role("link", name="PUT /findings/{finding_id}").click()
        call = page.locator("#put_patrols_put_finding")
        assert "grid_worker" in call.inner_text()
        call.get_by_role("link", name="patrols.FindingIn").click()
        body = page.locator("[id='schema-patrols.FindingIn']")
        assert body.evaluate("e => e.getBoundingClientRect().top") < 900
        field = body.locator(".fields > div", has_text="severity")
        assert field.locator(".chip").inner_text() == "required"
        assert field.locator("dd code").all_inner_texts() == [
            "general",
            "serious",
            "major",
        ]
