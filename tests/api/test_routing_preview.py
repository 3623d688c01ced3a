"""POST /routing/preview: the decision, its clauses, and nothing created."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from server.audit.models import AuditEvent, AuditHead
from server.core.db import db
from server.core.permissions import Role
from server.demo.seed import DISTRICT
from server.tickets.models import Ticket
from tests.factories import Caller, Factory


@pytest.fixture
def worker(make: Factory) -> Caller:
    """A grid worker."""
    return make.grid_worker()


def previewed(caller: Caller, item: str, category: str, **more: Any) -> dict[str, Any]:
    """Return the decision previewed for a case."""
    body = {"duty_item": item, "category": category, **more}
    answer = caller.post("/routing/preview", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def wrong(caller: Caller, **changes: Any) -> list[str]:
    """Return the pointers of what is refused."""
    body = {"duty_item": "35", "category": "F1"} | changes
    answer = caller.post("/routing/preview", json=body)
    assert answer.status_code == 422, answer.text
    return sorted(e["pointer"] for e in answer.json["errors"])


def test_the_whole_decision(worker: Caller) -> None:
    decision = previewed(worker, "35", "G1", facts=["refused"])
    passed_over = decision.pop("passed_over")
    assert decision == {
        "department": {"code": "kq-housing", "name": "区住房和城乡建设局"},
        "co_handlers": [{"code": "kq-commerce", "name": "区商务局"}],
        "coordinator": None,
        "next_level": None,
        "item": "44",
        "rule": "L14",
        "basis": "44.township.2",
        "clauses": ["44.township.2"],
        "source": "text",
        "reason": (
            "第35项检查发现瓶（气瓶）类隐患，转按第44项办理，"
            "具备条件“拒不整改（拒不改正）”，"
            "依据 44.township.2 由区住房和城乡建设局牵头"
        ),
        "at_once": False,
        "reported": True,
        "facts": ["refused", "restaurant"],
        "rerouted_by": "L03",
        "co_rules": [
            {
                "rule": "C10",
                "departments": ["kq-commerce"],
                "basis": ["44.区商务局.1", "44.区商务局.2"],
            }
        ],
    }
    assert len(passed_over) == 13
    assert passed_over[-1] == {"rule": "L13", "why": "第44项不属于第43项"}


def test_the_cases_of_the_bar(worker: Caller) -> None:
    """What a stranger with the contract in hand tries first."""

    def departments(item: str, category: str, *facts: str) -> list[str]:
        decision = previewed(worker, item, category, facts=list(facts))
        both = [decision["department"], *decision["co_handlers"]]
        return [department["name"] for department in both]

    assert departments("35", "F1", "refused") == ["区消防救援大队", "区公安分局"]
    assert departments("40", "F10", "refused", "flying_wire") == [
        "区消防救援大队",
        "区公安分局",
    ]
    assert departments("28", "B2") == ["区住房和城乡建设局"]
    assert departments("30", "F5") == ["区应急管理局", "区消防救援大队", "区公安分局"]
    assert departments("35", "F1") == ["卜尔汉图镇"]


def test_reported_by_the_towns_own_decision(worker: Caller) -> None:
    stays = previewed(worker, "43", "F2")
    goes = previewed(worker, "43", "F2", reported=True)
    assert (stays["reported"], goes["reported"]) == (False, True)
    assert goes["department"]["code"] == "kq-fire"


def test_a_checkpoint_brings_its_facts(worker: Caller) -> None:
    checklist = worker.get("/checklists/28").json
    controlled = next(c for c in checklist["checkpoints"] if c["control"])
    decision = previewed(
        worker, "28", controlled["category"], checkpoint=controlled["id"]
    )
    assert "collapse_risk" in decision["facts"]
    assert decision["at_once"] is True


def test_the_preview_is_what_then_happens(make: Factory, worker: Caller) -> None:
    decision = previewed(worker, "35", "F1", facts=["refused", "crime"])
    sent = make.sent(worker, make.refused(facts=["refused", "crime"]))["routing"]
    decision.pop("passed_over")
    assert sent == decision


def _trace() -> tuple[int | None, int | None, int | None]:
    """Return how many tickets and events there are, and the head's event."""
    return (
        db.session.scalar(select(func.count()).select_from(Ticket)),
        db.session.scalar(select(func.count()).select_from(AuditEvent)),
        db.session.scalar(select(AuditHead.last_id)),
    )


def test_nothing_is_created(worker: Caller) -> None:
    before = _trace()
    previewed(worker, "35", "F1", facts=["refused"])
    wrong(worker, category="X9")
    assert _trace() == before


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"duty_item": "99"}, ["/duty_item"]),
        ({"duty_item": "45"}, ["/duty_item"]),
        ({"duty_item": 35}, ["/duty_item"]),
        ({"category": "X9"}, ["/category"]),
        ({"category": None}, ["/category"]),
        ({"facts": ["refused", "haunted", "cursed"]}, ["/facts/1", "/facts/2"]),
        ({"facts": "refused"}, ["/facts"]),
        ({"checkpoint": "35-99"}, ["/checkpoint"]),
        ({"checkpoint": "40-01"}, ["/checkpoint"]),
        ({"severity": "mild"}, ["/severity"]),
        ({"colour": "red"}, ["/colour"]),
        ({"duty_item": "99", "category": "X9"}, ["/category", "/duty_item"]),
    ],
)
def test_wrong_words(
    worker: Caller, changes: dict[str, Any], pointers: list[str]
) -> None:
    assert wrong(worker, **changes) == pointers


def test_an_unknown_fact_comes_with_the_known_ones(worker: Caller) -> None:
    body = {"duty_item": "35", "category": "F1", "facts": ["haunted"]}
    answer = worker.post("/routing/preview", json=body)
    (error,) = answer.json["errors"]
    assert "haunted" in error["message"]
    assert "flying_wire" in error["message"]


def test_any_signed_in_person_may_ask(make: Factory) -> None:
    for caller in (make.handler(), make.staff(Role.SUPERVISOR, DISTRICT)):
        assert previewed(caller, "35", "F1")["reported"] is False
    stranger = Caller(make.app.test_client(), "nobody", str(uuid4()))
    body = {"duty_item": "35", "category": "F1"}
    assert stranger.post("/routing/preview", json=body).status_code == 401
