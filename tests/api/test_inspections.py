"""PUT /inspections: a checklist answered whole, every no with its finding."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.api.test_findings import inspection, wrong
from tests.factories import Caller, Factory

Answers = list[dict[str, Any]]


def all_yes(caller: Caller, code: str = "35") -> Answers:
    """Return the answers of a faultless place."""
    checkpoints = caller.get(f"/checklists/{code}").json["checkpoints"]
    return [{"checkpoint": c["id"], "answer": "yes"} for c in checkpoints]


def test_faultless(make: Factory) -> None:
    worker, id = make.grid_worker(), uuid4()
    document = inspection(make, all_yes(worker), "35")
    first = worker.put(f"/inspections/{id}", json=document)
    again = worker.put(f"/inspections/{id}", json=document)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert (first.json["answered"], first.json["failed"]) == (20, 0)


def test_no_needs_its_finding_before(make: Factory) -> None:
    worker, id = make.grid_worker(), uuid4()
    answers = all_yes(worker)
    answers[0]["answer"] = "no"
    document = inspection(make, answers, "35")
    refused = worker.put(f"/inspections/{id}", json=document)
    assert "/answers/0" in wrong(refused)
    assert worker.get(f"/inspections/{id}").status_code == 404
    make.sent(worker, make.finding(inspection=str(id), checkpoint="35-01"))
    taken = worker.put(f"/inspections/{id}", json=document)
    assert taken.status_code == 201
    assert taken.json["findings"] == ["35-01"]


def test_anothers_finding_does_not_count(make: Factory) -> None:
    worker, other, id = make.grid_worker(), make.grid_worker(), uuid4()
    make.sent(other, make.finding(inspection=str(id), checkpoint="35-01"))
    answers = all_yes(worker)
    answers[0]["answer"] = "no"
    answer = worker.put(f"/inspections/{id}", json=inspection(make, answers, "35"))
    assert "/answers/0" in wrong(answer)


def test_advice_needs_no_finding(make: Factory) -> None:
    worker = make.grid_worker()
    answers = all_yes(worker, "40")
    assert answers[-1]["checkpoint"] == "40-14"
    answers[-1]["answer"] = "no"
    document = inspection(make, answers, "40")
    assert worker.put(f"/inspections/{uuid4()}", json=document).status_code == 201


@pytest.mark.parametrize(
    ("checkpoint", "kind"), [("46-01", "wildfire"), ("47-01", "flood")]
)
def test_an_incident_is_no_finding_but_due_as_a_report(
    make: Factory, checkpoint: str, kind: str
) -> None:
    """46.township.4, 47.township.5: reported with its facts, no hazard ticket."""
    worker, item = make.grid_worker(), checkpoint[:2]
    answers = all_yes(worker, item)
    assert answers[0]["checkpoint"] == checkpoint
    quiet = worker.put(f"/inspections/{uuid4()}", json=inspection(make, answers, item))
    assert quiet.json["incidents_due"] == []
    answers[0]["answer"] = "no"
    answer = worker.put(f"/inspections/{uuid4()}", json=inspection(make, answers, item))
    assert answer.status_code == 201
    assert answer.json["incidents_due"] == [{"checkpoint": checkpoint, "kind": kind}]


def _missing(answers: Answers) -> Answers:
    return answers[1:]


def _twice(answers: Answers) -> Answers:
    return [*answers, answers[0]]


def _unknown(answers: Answers) -> Answers:
    return [*answers, {"checkpoint": "99-01", "answer": "yes"}]


def _perhaps(answers: Answers) -> Answers:
    return [{**answers[0], "answer": "perhaps"}, *answers[1:]]


@pytest.mark.parametrize(
    ("spoil", "pointer"),
    [
        (_missing, "/answers"),
        (_twice, "/answers/20/checkpoint"),
        (_unknown, "/answers/20/checkpoint"),
        (_perhaps, "/answers/0/answer"),
        (lambda answers: [], "/answers"),
    ],
)
def test_wrong_answers(make: Factory, spoil: Any, pointer: str) -> None:
    worker = make.grid_worker()
    document = inspection(make, spoil(all_yes(worker)), "35")
    assert pointer in wrong(worker.put(f"/inspections/{uuid4()}", json=document))


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"version": 999}, "/version"),
        ({"version": "1.5"}, "/version"),
        ({"version": 0}, "/version"),
        ({"checklist": "99"}, "/checklist"),
        ({"finished_at": "2020-01-01T00:00:00Z"}, "/finished_at"),
        ({"finished_at": "2099-01-02T00:00:00Z"}, "/finished_at"),
        ({"started_at": "yesterday"}, "/started_at"),
        ({"companions": [""]}, "/companions/0"),
        ({"signature": 7}, "/signature"),
    ],
)
def test_wrong_fields(make: Factory, change: Any, pointer: str) -> None:
    worker = make.grid_worker()
    document = inspection(make, all_yes(worker), "35") | change
    assert pointer in wrong(worker.put(f"/inspections/{uuid4()}", json=document))


def test_same_id_with_other_answers(make: Factory) -> None:
    worker, id, answers = make.grid_worker(), uuid4(), None
    answers = all_yes(worker)
    worker.put(f"/inspections/{id}", json=inspection(make, answers, "35"))
    answers[0] = {**answers[0], "answer": "na"}
    answer = worker.put(f"/inspections/{id}", json=inspection(make, answers, "35"))
    assert answer.status_code == 409
    assert answer.json["type"] == "content-differs"


def test_read_by_the_sender_and_the_town_only(make: Factory) -> None:
    worker, id = make.grid_worker(), uuid4()
    worker.put(
        f"/inspections/{id}",
        json=inspection(make, all_yes(worker), "35")
        | {"companions": ["李四"], "signature": {"name": "王五", "refused": True}},
    )
    path = f"/inspections/{id}"
    assert worker.get(path).json["companions"] == ["李四"]
    assert make.town_officer().get(path).status_code == 200
    assert make.other_town_officer().get(path).status_code == 404
    assert make.handler().get(path).status_code == 404
