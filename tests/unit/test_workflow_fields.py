"""Which fields each step of the machine asks for."""

from __future__ import annotations

import pytest

from server.tickets import workflow


def test_closing_by_recheck_needs_an_after_photo() -> None:
    needs = {row.id: row.needs for row in workflow.rows("reinspect")}
    assert needs == {"T7": ("photos",), "T6": (), "T19": (), "T20": (), "T18": ()}


REQUIRED = {
    "settle": {"note", "photos"},
    "issue_notice": {"due_on", "note"},
    "request_extension": {"due_on", "note"},
    "refuse_extension": {"note"},
    "suspend": {"until", "note"},
    "resume": {"note"},
    "dispatch": {"department", "note"},
    "accept": set(),
    "return": {"note"},
    "verify": {"result", "note"},
    "order": {"due_on", "note"},
    "penalise": {"kind", "note"},
    "transfer": {"department", "note"},
    "escalate": {"note"},
    "answer": {"note"},
    "feed_back": {"note"},
    "close": set(),
    "impose_control": {"measure", "note"},
    "lift_control": {"note"},
    "merge": {"into", "note"},
    "comment": {"note"},
    "reinspect": {"result", "note"},
    "grade_severity": {"severity", "note"},
    "answer_part": {"result", "note"},
    "convene": {"departments", "on", "note"},
    "record_joint": {"found", "departments"},
}


@pytest.mark.parametrize("action", REQUIRED)
def test_required_fields(action: str) -> None:
    for row in workflow.rows(action):
        assert {f.name for f in row.fields if f.required} == REQUIRED[action]


def test_an_extension_that_was_asked_for_needs_no_day() -> None:
    needed = {
        row.id: {f.name for f in row.fields if f.required}
        for row in workflow.rows("extend")
    }
    assert needed == {"T8": {"due_on", "note"}, "X2": set()}


def test_reporting_names_its_trigger_except_after_a_return() -> None:
    needed = {
        row.id: {f.name for f in row.fields if f.required}
        for row in workflow.rows("report_up")
    }
    assert needed == {
        "T5": {"trigger", "note"},
        "T9": {"trigger", "note"},
        "T13b": {"note"},
    }
    for row in workflow.rows("report_up"):
        assert "how" in {f.name for f in row.fields}


def test_an_appraisal_is_ordered_then_graded() -> None:
    needed = {
        row.id: {f.name for f in row.fields if f.required}
        for row in workflow.rows("appraise")
    }
    assert needed["T14"] == {"appraiser", "note"}
    assert needed["T14b"] == needed["T16"] == {"grade", "note"}


def test_every_field_and_event_has_its_words() -> None:
    for row in workflow.TRANSITIONS:
        assert row.event.replace("_", "").islower()
        for field in row.fields:
            assert field.title.zh
            assert field.title.en
