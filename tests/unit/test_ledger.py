"""Ledgers: periods, a row as of a moment, columns, files."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.checklists.catalogue import Rules
from server.checklists.loader import bundled_root, load
from server.reports import ledger_files
from server.reports.ledger_columns import COLUMNS, Cell, Shown, Words, cells, document
from server.reports.ledger_entries import (
    _STEPS,
    Event,
    Found,
    entry_at,
    in_period,
)
from server.reports.ledger_periods import BadPeriod, read_period
from server.tickets import workflow
from server.tickets.vocabulary import ENDED, State

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 1, tzinfo=ZONE)
END = datetime(2026, 12, 1, tzinfo=ZONE)
FOUND_AT = datetime(2026, 11, 2, 9, tzinfo=ZONE)


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load(bundled_root() / "buerhantu").rules


# --- periods ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("2026-11", "2026-11-01", "2026-11-30"),
        ("2026-12", "2026-12-01", "2026-12-31"),
        ("2028-02", "2028-02-01", "2028-02-29"),
        ("2026-Q1", "2026-01-01", "2026-03-31"),
        ("2026-Q4", "2026-10-01", "2026-12-31"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("2099", "2099-01-01", "2099-12-31"),
        ("2026-11-03..2026-11-03", "2026-11-03", "2026-11-03"),
    ],
)
def test_periods(said: str, first: str, last: str) -> None:
    period = read_period(said, ZONE)
    assert (str(period.first), str(period.last)) == (first, last)
    assert period.start == datetime.fromisoformat(f"{first}T00:00:00+08:00")
    after = date.fromisoformat(last) + timedelta(days=1)
    assert period.end == datetime.fromisoformat(f"{after}T00:00:00+08:00")
    assert period.end < period.settled_at


@pytest.mark.parametrize(
    "said",
    [
        *("2026-13", "2026-00", "2026-Q5", "26-11", "1969", "2100", "2026-1"),
        *("2026-11-31..2026-12-01", "2026-11-02..2026-11-01", "2026-11-01"),
        *("0001-01-01..2026-01-01", "２０２６", "last month"),
    ],
)
def test_no_periods(said: str) -> None:
    with pytest.raises(BadPeriod):
        read_period(said, ZONE)


# --- a row as of a moment -------------------------------------------------------------


def found(**changes: Any) -> Found:
    given: dict[str, Any] = {
        "number": "150203-20261102-000001",
        "ruleset_id": 1,
        "item": "35",
        "category": "F1",
        "severity": "general",
        "description": "安全出口被堵",
        "source": "patrol",
        "facts": (),
        "area_path": "150200/150203/150203102/150203102200/",
        "place": "某某餐馆",
        "party": "王某",
        "found_at": FOUND_AT,
        "photos": ("p1",),
    }
    return Found(**given | changes)


def at(day: float, type_: str, to: str | None = None, **payload: Any) -> Event:
    """Return an event of a day of November, told by its payload's ``to``."""
    moment = START + timedelta(days=day - 1, hours=10)
    name = f"ticket.{type_}"
    return Event(moment, name, "李安监", {"transition": "T0", "to": to, **payload})


OPENING = at(2, "found", "found", attachments=["p1"])
WHOLE = [
    OPENING,
    at(2, "rectifying", "rectifying", note="七日内清理", due_on="2026-11-09"),
    at(9, "town_recheck", "town_recheck"),
    at(9, "town_recheck_failed", "town_recheck", attachments=["p2"], result="failed"),
    at(10, "extended", "rectifying", transition="T8", note="搬运", due_on="2026-11-12"),
    at(13, "town_recheck_failed", "town_recheck", attachments=["p2"]),
    at(13, "reported", "reported", department="kq-fire", facts=["refused"], rule="L04"),
    at(14, "returned", "returned", note="请补照片"),
    at(15, "reported", "reported", department="kq-fire", facts=[], rule="L04"),
    at(16, "accepted", "verifying", department_of_actor="kq-fire"),
    at(17, "substantiated", "verifying", result="substantiated"),
    at(
        18,
        "ordered",
        "ordered",
        due_on="2026-11-25",
        document={"kind": "order", "title": "责令改正通知书", "number": "消1号"},
    ),
    at(18, "extended", "ordered", transition="T20b", due_on="2026-11-28"),
    at(
        19,
        "penalised",
        "ordered",
        kind="fine",
        amount=2000,
        department_of_actor="kq-fire",
    ),
    at(28, "dept_recheck", "dept_recheck"),
    at(28, "recheck_passed", "rectified", attachments=["p3"]),
    at(29, "fed_back", "feedback"),
    at(30, "closed", "closed"),
]


def row(events: list[Event], rules: Rules, end: datetime = END) -> dict[str, Any]:
    entry = entry_at(found(), events, end, ZONE)
    assert entry is not None
    words = Words(rules, ("150203102200", "某村"), "D01")
    plain: dict[str, Any] = orjson.loads(orjson.dumps(document(cells(entry, words))))
    return plain


def test_a_whole_case(rules: Rules) -> None:
    told = row(WHOLE, rules)
    penalty = told.pop("penalties")
    assert penalty == [
        {
            "kind": {"code": "fine", "name": "罚款"},
            "amount": "2000",
            "document_no": None,
            "department": {"code": "kq-fire", "name": "区消防救援大队"},
            "on": "2026-11-19",
        }
    ]
    fire = {"code": "kq-fire", "name": "区消防救援大队"}
    assert told == {
        "ledger": "D01",
        "number": "150203-20261102-000001",
        "item": "35",
        "programme": rules.duty_item("35").name,
        "village": {"code": "150203102200", "name": "某村"},
        "place": "某某餐馆",
        "party": "王某",
        "inspector": "李安监",
        "found_on": "2026-11-02",
        "category": {"code": "F1", "name": rules.category("F1").name},
        "severity": {"code": "general", "name": "一般"},
        "description": "安全出口被堵",
        "source": {"code": "patrol", "name": "巡查"},
        "photo_count": 3,
        "photos": ["p1", "p2", "p3"],
        "town_measure": "限期整改：七日内清理；延期：搬运",
        "town_measure_on": "2026-11-10",
        "notice": None,
        "notice_no": None,
        "town_due_on": "2026-11-12",
        "town_recheck": {"code": "failed", "name": "不合格"},
        "town_recheck_on": "2026-11-13",
        "reported_to": fire,
        "reported_on": "2026-11-13",
        "trigger": {"code": ["refused"], "name": "拒不整改（拒不改正）"},
        "accepted_by": fire,
        "accepted_on": "2026-11-16",
        "verified": {"code": "substantiated", "name": "属实"},
        "verified_on": "2026-11-17",
        "order": "责令改正通知书",
        "order_no": "消1号",
        "ordered_on": "2026-11-18",
        "order_due_on": "2026-11-28",
        "orders": [
            {
                "title": "责令改正通知书",
                "number": "消1号",
                "on": "2026-11-18",
                "due_on": "2026-11-25",
                "department": None,
                "withdrawn": False,
            }
        ],
        "recheck": {"code": "passed", "name": "合格"},
        "recheck_on": "2026-11-28",
        "fed_back_on": "2026-11-29",
        "closed_on": "2026-11-30",
        "state": {"code": "closed", "name": "已销号"},
        "remark": "2026-11-14 退回：请补照片",
    }


def test_halfway_it_says_what_was_known(rules: Rules) -> None:
    told = row(WHOLE, rules, datetime(2026, 11, 17, tzinfo=ZONE))
    assert told["state"]["name"] == "核查中"
    assert told["accepted_on"] == "2026-11-16"
    later = ("verified", "order", "order_no", "recheck", "fed_back_on", "closed_on")
    assert [told[name] for name in later] == [None] * 6
    assert told["penalties"] == []
    assert told["photos"] == ["p1", "p2"]


def test_days_are_local(rules: Rules) -> None:
    late = Event(
        datetime(2026, 11, 30, 16, tzinfo=UTC), "ticket.closed", "x", {"to": "closed"}
    )
    assert row([*WHOLE[:-1], late], rules)["state"]["code"] == "feedback"
    just = late._replace(at=late.at - timedelta(microseconds=1))
    assert row([*WHOLE[:-1], just], rules)["closed_on"] == "2026-11-30"


def test_other_ways(rules: Rules) -> None:
    control = at(2, "control_imposed", measure="停止使用", note="墙裂")
    told = row([OPENING, control, at(3, "merged", "closed_town", into="X")], rules)
    assert told["town_measure"] == "实施管控：停止使用，墙裂"
    assert told["remark"] == "2026-11-02 管控：停止使用；2026-11-03 并入X"
    by_lead = at(2, "verifying", "verifying", transition="A33", department="kq-fire")
    told = row([OPENING, by_lead], rules)
    assert (told["accepted_by"]["code"], told["reported_on"]) == ("kq-fire", None)
    at_once = at(2, "reported", "reported", department="kq-emergency", rule="L02")
    assert row([OPENING, at_once], rules)["trigger"]["name"] == "发现即报"
    asked = at(2, "reported", "reported", department="kq-fire", rule="L99")
    assert row([OPENING, asked], rules)["trigger"]["name"] == "镇级决定上报"
    graded = at(5, "appraised", None, grade="D")
    told = row(
        [OPENING, graded, at(6, "escalated", "escalated", department="bt-housing")],
        rules,
    )
    assert told["verified"]["code"] == "substantiated"
    assert told["remark"] == "2026-11-05 鉴定：D级；2026-11-06 报市住房和城乡建设局"


def test_not_yet_known() -> None:
    assert entry_at(found(), [], END, ZONE) is None
    assert entry_at(found(), WHOLE, WHOLE[0].at, ZONE) is None
    assert entry_at(found(found_at=END), WHOLE, END, ZONE) is None


def test_what_belongs_to_a_period() -> None:
    def belongs(events: list[Event], start: datetime, **changes: Any) -> bool:
        entry = entry_at(found(**changes), events, END + timedelta(days=31), ZONE)
        assert entry is not None
        return in_period(entry, start)

    settled = [OPENING, at(5, "settled", "closed_town")]
    assert belongs(settled, START)
    assert not belongs(settled, START + timedelta(days=10))
    assert belongs([OPENING], START + timedelta(days=300))
    comment = at(40, "commented", "closed_town")
    assert not belongs([*settled, comment], END)
    # A phone's clock may run ahead: found tomorrow, settled today.
    ahead = datetime(2026, 11, 6, tzinfo=ZONE)
    assert belongs(settled, ahead, found_at=ahead + timedelta(minutes=5))


TYPES = [f"ticket.{t.event}" for t in workflow.TRANSITIONS] + sorted(_STEPS)
SAMPLE: dict[str, Any] = {
    "transition": "T8",
    "note": "说明",
    "measure": "停用",
    "due_on": "2026-12-24",
    "department": "kq-fire",
    "department_of_actor": "kq-fire",
    "facts": ["refused"],
    "kind": "fine",
    "amount": "3",
    "grade": "C",
    "into": "X",
    "attachments": ["p9"],
    "document": {"title": "通知书", "number": "9"},
}


@st.composite
def events(draw: st.DrawFn, first: datetime, last: datetime) -> Event:
    return Event(
        draw(
            st.datetimes(first.replace(tzinfo=None), last.replace(tzinfo=None))
        ).replace(tzinfo=ZONE),
        draw(st.sampled_from(TYPES)),
        "某人",
        SAMPLE | {"to": draw(st.sampled_from([None, *State]))},
    )


@given(
    st.lists(events(FOUND_AT, END - timedelta(seconds=1)), max_size=12),
    st.lists(events(END, END + timedelta(days=400)), max_size=12),
)
def test_later_events_never_change_a_row(
    before: list[Event], after: list[Event]
) -> None:
    known = [OPENING, *before]
    once = entry_at(found(), known, END, ZONE)
    assert once is not None
    assert entry_at(found(), [*known, *after], END, ZONE) == once
    # Their order among the others does not matter either.
    assert entry_at(found(), [OPENING, *after, *before], END, ZONE) == once


@given(st.lists(events(FOUND_AT, END - timedelta(seconds=1)), max_size=12))
def test_state_and_end_are_those_of_the_last_events(before: list[Event]) -> None:
    entry = entry_at(found(), [OPENING, *before], END, ZONE)
    assert entry is not None
    told = [e.payload["to"] for e in before if e.payload["to"]]
    assert entry.state == (told[-1] if told else "found")
    ends = [e.at for e in before if e.payload["to"] in ENDED]
    assert entry.closed_at == (ends[0] if ends else None)


def test_every_event_that_says_something_is_read() -> None:
    """What is not is either a step on the way or says nothing that a row holds."""
    opened = {"ticket.on_spot", "ticket.rectifying", "ticket.verifying"}
    silent = {"ticket.closed", "ticket.commented", "ticket.appraisal_ordered"}
    silent |= {"ticket.extension_requested", "ticket.extension_refused"}
    silent |= {"ticket.assigned", "ticket.unassigned"}
    machine = {f"ticket.{t.event}" for t in workflow.TRANSITIONS}
    beside = {"ticket.document_withdrawn"}
    assert set(_STEPS) | silent == machine | opened | beside


# --- files -----------------------------------------------------------------------

TEXTS = ["=1+1", "+86 472", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1", "\n=1", "#N/A"]


def made(texts: list[str]) -> Iterator[list[Cell]]:
    for text in texts:
        yield [
            text if column.code == "description" else _filler(column.code)
            for column in COLUMNS
        ]


def _filler(code: str) -> Cell:
    if code.endswith("_on"):
        return date(2026, 11, 5)
    if code == "photo_count":
        return 2
    return Shown("一般", {"code": "general"}) if code == "severity" else None


def test_csv_is_harmless_and_strict() -> None:
    target = io.BytesIO()
    ledger_files.write_csv(target, made([*TEXTS, '他说"好"\r\n，再来']))
    data = target.getvalue()
    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    assert text.endswith("\r\n")
    lines = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert list(lines[0]) == [column.title for column in COLUMNS]
    told = [line["隐患描述"] for line in lines]
    assert told[:8] == [f"'{text}" for text in TEXTS[:8]]
    assert told[8:] == ["#N/A", '他说"好"\r\n，再来']
    assert lines[0]["发现日期"] == "2026-11-05"
    assert (lines[0]["照片数"], lines[0]["隐患等级"], lines[0]["备注"]) == (
        "2",
        "一般",
        "",
    )


def test_json_and_what_its_hash_leaves_out() -> None:
    head = {"period": "2026-11", "as_of": "1", "provisional": False}

    def written(head: dict[str, Any], texts: list[str]) -> tuple[str, Any]:
        target = io.BytesIO()
        digest = ledger_files.write_json(target, head, made(texts))
        return digest, orjson.loads(target.getvalue())

    digest, told = written(head, ["甲", "乙"])
    assert told["count"] == len(told["rows"]) == 2
    assert told["rows"][0]["severity"] == {"code": "general"}
    assert told["rows"][1]["description"] == "乙"
    assert {"code": "found_on", "title": "发现日期"} in told["columns"]
    assert written(head | {"as_of": "2"}, ["甲", "乙"])[0] == digest
    assert written(head, ["甲"])[0] != digest
    assert written(head | {"period": "2026-12"}, ["甲", "乙"])[0] != digest
    assert written(head, [])[1]["rows"] == []


def test_sha256_reads_from_the_beginning() -> None:
    source = io.BytesIO(b"abc")
    source.seek(2)
    assert ledger_files.sha256(source) == hashlib.sha256(b"abc").hexdigest()
