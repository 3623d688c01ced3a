"""Two people about one ledger at the same moment, with real commits."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import func, select

from server.core.db import db
from server.submissions.consistency import faults
from server.submissions.models import LedgerSubmission
from tests.api.test_ledger_submissions import PATH, ended
from tests.concurrency.test_duty_races import calling, events, make
from tests.concurrency.test_ticket_races import at_once, statuses
from tests.factories import Factory

__all__ = ["make"]


def test_handed_over_twice_at_once(make: Factory) -> None:
    one, two = make.town_officer(), make.town_officer()
    for period in ("2020-01", "2020-02", "2020-03"):
        body = ended("D01") | {"period": period}
        answers = at_once(*[calling(who, "POST", PATH, body) for who in (one, two)])
        assert statuses(answers) == [201, 409]
        (id,) = [told["id"] for status, told in answers if status == 201]
        assert [told["submission"] for status, told in answers if status == 409] == [id]
        assert events("ledger.submitted", id) == 1
    assert db.session.scalar(select(func.count()).select_from(LedgerSubmission)) == 3
    assert faults() == []


def test_a_retry_at_once(make: Factory) -> None:
    officer, id = make.town_officer(), str(uuid4())
    send = calling(officer, "POST", PATH, ended("D01") | {"id": id})
    answers = at_once(send, send, send)
    assert statuses(answers) == [200, 200, 201]
    assert events("ledger.submitted", id) == 1


def test_answered_by_two_at_once(make: Factory) -> None:
    id = make.town_officer().post(PATH, json=ended("D01")).json["id"]
    one, two = make.safety_office(), make.safety_office()
    answers = at_once(
        calling(one, "POST", f"{PATH}/{id}/receipt", {}),
        calling(two, "POST", f"{PATH}/{id}/reject", {"reason": "不全"}),
    )
    assert statuses(answers) == [200, 409]
    assert events("ledger.answered", id) == 1
