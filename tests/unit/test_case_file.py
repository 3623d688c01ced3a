"""The printable case file."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image
from pypdf import PdfReader

from server.documents import samples
from server.documents.typeset import render_case_file
from server.tickets import casefile
from server.tickets.queries import Event
from tests.papers import embedded_fonts, pages, text


def photo(width: int, height: int, shade: int = 90) -> bytes:
    """A JPEG of one colour; the same one twice is in a PDF once."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), (shade, 120, 150)).save(out, "JPEG")
    return out.getvalue()


def pictures(pdf: bytes) -> int:
    """How many pictures stand on the pages."""
    return sum(len(page.images) for page in PdfReader(io.BytesIO(pdf)).pages)


def test_it_tells_the_whole_case() -> None:
    content = samples.case_file()
    pdf = render_case_file(
        content,
        {p["id"]: photo(160, 120, 50 * n) for n, p in enumerate(content["photos"])},
    )
    whole = text(pdf)
    for words in (
        "案卷",
        "T-2026-000123",
        "第31项人员密集场所消防安全",
        "昆都仑区消防救援大队",
        "31.township.3",
        "发现→已上报",
        "经营者拒绝当场清除货架。",
        "2026-11-2010:50",
        "第1次复查",
        "昆消责改〔2026〕12号",
        "昆消罚决〔2026〕4号",
        "设置警示标志",
    ):
        assert words in whole, words
    assert pictures(pdf) == 4
    assert "照片缺失" not in whole
    assert all(
        name.startswith(("Fandol", "NotoSerifCJK")) for name in embedded_fonts(pdf)
    )


def test_pages_are_counted() -> None:
    found = pages(render_case_file(samples.case_file(), {}))
    for number, page in enumerate(found, start=1):
        assert f"第{number}页共{len(found)}页" in page


def test_a_photo_that_is_missing_or_none_is_a_box() -> None:
    content = samples.case_file()
    first, second, *_ = (p["id"] for p in content["photos"])
    pdf = render_case_file(content, {first: photo(120, 160), second: b"\xff\xd8 no"})
    assert text(pdf).count("照片缺失") == len(content["photos"]) - 1
    assert pictures(pdf) == 1


def test_a_case_with_nothing_yet_and_what_people_write() -> None:
    assert "办理过程" in text(render_case_file({}, {}))
    words = '#set page(width: 1cm) $x$ *粗* "<>" \\ ' + "x" * 500
    event: dict[str, Any] = {"at": "2026-11-20T01:00:00Z", "note": words, "who": words}
    pdf = render_case_file({"ticket": words, "events": [event]}, {})
    assert "#setpage(width:1cm)$x$*粗*" in text(pdf)


def test_a_large_case_and_the_same_again() -> None:
    content = samples.case_file()
    content["events"] = [
        content["events"][n % 2] | {"note": f"记录{n}号" + "说明" * (n % 40)}
        for n in range(300)
    ]
    content["photos"] = [
        content["photos"][0] | {"id": str(n), "step": f"第{n // 8}次复查"}
        for n in range(60)
    ]
    images = {str(n): photo(160, 120 if n % 3 else 240, 4 * n) for n in range(60)}
    pdf = render_case_file(content, images)
    assert pdf == render_case_file(content, images)
    whole = text(pdf)
    assert all(f"记录{n}号" in whole for n in range(300))
    found = pages(pdf)
    assert [p for p in found if "记录" in p and "经办人" not in p] == []
    assert pictures(pdf) == 60


def test_a_refusal_that_only_time_and_a_look_show() -> None:
    """The day has passed and the re-inspection failed (T9): no word was said."""
    said = {"action": "report_up", "trigger": "refused", "note": "仍未改"}
    told = {"attachments": [], "refused": None} | said
    at = datetime(2026, 11, 20, 1, tzinfo=UTC)
    by_law = Event(at, "ticket.reported", None, "李安监", told | {"trigger": "illegal"})
    event = by_law._replace(payload=told)
    (one,) = casefile._refusals([by_law, event], ZoneInfo("Asia/Shanghai"))
    assert one["how"] == "逾期未整改，镇级复查不合格"
    assert (one["note"], one["witnesses"], one["photos"]) == ("仍未改", None, None)
