"""Times, texts, pages and languages at the edge."""

from __future__ import annotations

from datetime import UTC, datetime

import marshmallow as ma
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.http.paging import cursor_of, read_cursor
from server.core.http.schema import Moment
from server.core.text import pick_language


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T08:00:00+08:00", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01t00:00:00z", datetime(2026, 3, 1, tzinfo=UTC)),
        (
            "2026-03-01T00:00:00.123456789Z",
            datetime(2026, 3, 1, microsecond=123456, tzinfo=UTC),
        ),
    ],
)
def test_moment(text: str, moment: datetime) -> None:
    assert Moment().deserialize(text) == moment


@pytest.mark.parametrize(
    "text",
    ["2026-03-01T08:00:00", "2026-03-01", "now", "2026-02-30T00:00:00Z", 5, "",
     "0001-01-01T00:00:00+23:59", "2026-03-01T25:00:00Z"],
)  # fmt: skip
def test_no_moment(text: object) -> None:
    with pytest.raises(ma.ValidationError):
        Moment().deserialize(text)


@given(st.integers(), st.text(st.characters(codec="utf-8")))
def test_cursor_round_trip(number: int, text: str) -> None:
    if -(2**63) <= number < 2**63 and "\x00" not in text:
        assert read_cursor(cursor_of(number, text), int, str) == [number, text]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh-CN"),
        ("", "zh-CN"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("fr,en;q=0.5", "en"),
        ("fr", "zh-CN"),
        ("en;q=0.2,zh;q=0.7", "zh-CN"),
        ("*;q=abc", "zh-CN"),
    ],
)
def test_language(header: str | None, language: str) -> None:
    assert pick_language(header) == language
