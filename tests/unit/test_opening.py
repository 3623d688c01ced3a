"""What the town may not do with a finding is refused before anything is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from server.checklists.catalogue import Rules
from server.checklists.loader import bundled_root, load
from server.checklists.service import Edition
from server.core.errors import Invalid
from server.core.permissions import Actor
from server.tickets import deadlines
from server.tickets.opening import Hazard, open_ticket, town_notice
from server.tickets.vocabulary import Source

RULES = load(bundled_root() / "buerhantu").rules
SHANGHAI = ZoneInfo("Asia/Shanghai")
# In Shanghai it is the 2nd already.
FOUND_AT = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)


def edition(rules: Rules = RULES) -> Edition:
    """Return an edition with these rules."""
    return Edition(1, "buerhantu", 1, "", {}, {}, rules)


def hazard(item: str, handling: dict[str, Any], **changes: Any) -> Hazard:
    """Return a hazard as a phone sends it."""
    described = Hazard(
        source=Source.PATROL,
        finding_id=uuid4(),
        item=item,
        category="F1",
        severity="general",
        description="安全出口被堵",
        facts=frozenset(),
        handling=handling,
        control=None,
        responsible_party=None,
        place=(None, None, None),
        point="SRID=4326;POINT(109.8 40.6)",
        area_code="150203102200",
        area_path="150200/150203/150203102/150203102200/",
        photos=[],
        found_at=FOUND_AT,
    )
    return replace(described, **changes)


def refused(found: Hazard, rules: Rules = RULES) -> tuple[str, str]:
    """Return pointer and message of the refusal."""
    actor = Actor(
        staff_id=uuid4(),
        username="w",
        name="w",
        grants=(),
        department=None,
        department_name=None,
        token_id=uuid4(),
        device_id=None,
        expires_at=FOUND_AT + timedelta(days=1),
    )
    with pytest.raises(Invalid) as caught:
        open_ticket(found, actor, edition(rules), SHANGHAI, 1)
    ((pointer, message),) = caught.value.errors
    return pointer, message.en


@pytest.mark.parametrize("item", ["39", "40", "43", "44", "68"])
def test_no_due_date_where_the_list_has_the_town_set_none(item: str) -> None:
    category = "G1" if item == "44" else "F1"
    pointer, message = refused(hazard(item, {"kind": "deadline"}, category=category))
    assert pointer == "/handling/kind"
    assert message == f"Item {item} gives the town no due date: settle or report"


def test_a_professional_hazard_is_not_settled_on_the_spot() -> None:
    found = hazard("35", {"kind": "on_spot"}, facts=frozenset({"professional"}))
    assert refused(found) == (
        "/handling/kind",
        "A professional hazard is not settled on the spot by the town",
    )


def test_an_item_the_town_does_not_settle() -> None:
    closed = [
        replace(process, settle_on_spot=process.item != "43")
        for process in RULES.processes
    ]
    rules = replace(RULES, processes=tuple(closed))
    assert refused(hazard("43", {"kind": "on_spot"}), rules) == (
        "/handling/kind",
        "Item 43 is not settled on the spot by the town",
    )


def test_suspected_major_needs_its_due_date() -> None:
    found = hazard("35", {"kind": "deadline"}, severity="major")
    assert refused(found)[0] == "/handling/due_on"


def test_due_before_it_was_found_here() -> None:
    early = {"kind": "deadline", "due_on": date(2026, 3, 1)}
    assert refused(hazard("35", early)) == (
        "/handling/due_on",
        "Due before the hazard was found",
    )


def test_the_towns_notice_never_has_the_departments_title() -> None:
    titles = {}
    for process in RULES.processes:
        notice = town_notice(process, date(2026, 3, 9), "整字1号")
        titles[process.item] = notice["title"] if notice else None
        if notice:
            assert (notice["number"], notice["due_on"]) == ("整字1号", date(2026, 3, 9))
    assert titles.pop("42") == "整改通知书"
    urged = {str(item) for item in range(30, 39)} | {"26", "27", "41", "46", "47", "54"}
    assert {item for item, title in titles.items() if title} == urged
    assert {titles[item] for item in urged} == {"整改提醒单"}


# --- days -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "severity", "day"),
    [
        ("on_spot", "general", date(2026, 3, 2)),
        ("rectify", "general", date(2026, 3, 9)),
        ("rectify", "serious", date(2026, 3, 5)),
        ("rectify", "major", None),
        ("report", "major", date(2026, 3, 3)),
        ("accept", "general", date(2026, 3, 4)),
        ("verify", "general", date(2026, 3, 9)),
        ("feedback", "general", date(2026, 3, 5)),
        ("no such step", "general", None),
    ],
)
def test_default_days_are_local(step: str, severity: str, day: date | None) -> None:
    process = RULES.process("35")
    given = deadlines.default_due(process, step, severity, FOUND_AT, SHANGHAI)
    assert given == day


def test_a_step_has_one_day() -> None:
    def line(step: str, origin: str) -> dict[str, Any]:
        return deadlines.entry(step, date(2026, 3, 9), origin)

    setting = deadlines.LOCAL_SETTING
    lines = deadlines.replaced([], "rectify", line("rectify", setting))
    lines = deadlines.replaced(lines, "verify", line("verify", setting))
    assert not deadlines.in_writing(lines, "rectify")
    notice = line("rectify", deadlines.NOTICE)
    lines = deadlines.replaced(lines, "rectify", notice)
    assert [line["step"] for line in lines] == ["verify", "rectify"]
    assert lines[-1] == {"step": "rectify", "due_on": "2026-03-09", "origin": "notice"}
    assert deadlines.in_writing(lines, "rectify")
    assert not deadlines.in_writing(lines, "verify")
    assert deadlines.replaced(lines, "rectify", None) == lines[:1]
