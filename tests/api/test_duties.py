"""PUT, GET and withdrawal of duty records, and their pictures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from server.audit.models import AuditEvent
from server.checklists.loader import bundled_root, load
from server.checklists.service import publish
from server.core.db import db
from server.core.permissions import Role
from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN
from tests.factories import COMMUNITY, Caller, Factory, picture

JPEG = {"content_type": "image/jpeg"}


def today() -> date:
    """Return the local day in China."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def drill(**changes: Any) -> dict[str, Any]:
    """Return a fire drill of two of the nine places."""
    document = {
        "kind": "fire-drill",
        "items": ["30", "35"],
        "held_on": str(today()),
        "place": "某村广场",
        "participants": {"count": 42, "names": ["张三"]},
        "subject": "商户消防演练",
        "summary": "疏散、灭火器使用",
        "photos": [str(uuid4())],
    }
    return document | changes


def training(**changes: Any) -> dict[str, Any]:
    """Return the training that a department owes the town (30.support)."""
    return drill(kind="fire-support-training", subject="安监员培训", **changes)


def sent(caller: Caller, document: dict[str, Any]) -> str:
    """Send a record that must be taken and return its id."""
    id = str(uuid4())
    answer = caller.put(f"/duties/{id}", json=document)
    assert answer.status_code == 201, answer.text
    return id


def pointers(answer: TestResponse) -> list[str]:
    """Return the fields that a refusal names."""
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json["errors"]]


def upload(
    caller: Caller, photo: str, record: str, stage: str = "after"
) -> TestResponse:
    """Upload a picture for a record."""
    path = f"/photos/{photo}?duty={record}&stage={stage}"
    return caller.put(path, data=picture(size=(32, 24)), **JPEG)


def ids(caller: Caller, **query: Any) -> list[str]:
    """Return the ids in the caller's list."""
    answer = caller.get("/duties", query_string=query)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json["items"]]


def test_the_town_s_record(make: Factory) -> None:
    worker, id, document = make.grid_worker(), str(uuid4()), drill()
    first = worker.put(f"/duties/{id}", json=document)
    assert first.status_code == 201
    assert first.json["clauses"] == ["30.township.2", "35.township.2"]
    assert first.json["party"] == {"code": "town-buerhantu", "name": "卜尔汉图镇"}
    assert (first.json["area"], first.json["kind"]) == (COMMUNITY, "fire-drill")
    shown = worker.get(f"/duties/{id}").json
    assert shown["participants"] == {"count": 42, "names": ["张三"]}
    assert shown["township"] is True
    assert shown["kind"]["title"] == "消防演练"
    assert (shown["held_on"], shown["held_until"]) == (str(today()), str(today()))
    assert shown["withdrawn"] is None
    event = db.session.scalars(
        select(AuditEvent).where(
            AuditEvent.type == "duty.recorded", AuditEvent.subject_id == id
        )
    ).one()
    assert event.payload["clauses"] == ["30.township.2", "35.township.2"]


def test_replay_and_other_content(make: Factory) -> None:
    worker, id, document = make.grid_worker(), str(uuid4()), drill()
    first = worker.put(f"/duties/{id}", json=document)
    again = worker.put(f"/duties/{id}", json=document)
    assert (again.status_code, again.json) == (200, first.json)
    other = worker.put(f"/duties/{id}", json=drill(subject="另一场"))
    assert (other.status_code, other.json["type"]) == (409, "content-differs")
    stranger = make.grid_worker().put(f"/duties/{id}", json=document)
    assert stranger.status_code == 409


def test_a_department_s_record(make: Factory) -> None:
    fire, id = make.handler("kq-fire"), str(uuid4())
    receipt = fire.put(f"/duties/{id}", json=training(items=["30", "45"])).json
    assert receipt["clauses"] == ["30.support", "45.support"]
    assert receipt["party"] == {"code": "kq-fire", "name": "区消防救援大队"}
    assert receipt["area"] == DISTRICT
    assert fire.get(f"/duties/{id}").json["township"] is False


def test_who_may_record_what(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler("kq-fire")
    ours = worker.put(f"/duties/{uuid4()}", json=training())
    assert (ours.status_code, ours.json["type"]) == (403, "forbidden")
    assert fire.put(f"/duties/{uuid4()}", json=drill()).status_code == 403
    office = make.safety_office().put(f"/duties/{uuid4()}", json=training())
    assert office.status_code == 403
    # The police hold such trainings, but not for item 43, of which they are no party.
    police = make.handler("kq-police")
    assert sent(police, training(items=["31"]))
    assert pointers(police.put(f"/duties/{uuid4()}", json=training(items=["43"]))) == [
        "/items/0"
    ]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"kind": "party"}, ["/kind"]),
        ({"items": []}, ["/items"]),
        ({"items": ["30", "44"]}, ["/items/1"]),
        ({"photos": []}, ["/photos"]),
        ({"participants": None, "place": None}, ["/participants", "/place"]),
        ({"participants": {"count": -1}}, ["/participants/count"]),
        ({"figures": {"cats": 1}}, ["/figures/cats"]),
        ({"held_on": str(today() + timedelta(days=2))}, ["/held_on"]),
        ({"held_on": None}, ["/held_on"]),
        ({"held_from": "2026-01-01T08:00:00+08:00"}, ["/held_on"]),
        ({"month": "2026-01"}, ["/month"]),
        ({"month": "January"}, ["/month"]),
        ({"area": OTHER_TOWN}, ["/area"]),
        ({"area": "nowhere"}, ["/area"]),
        ({"colour": "red"}, ["/colour"]),
    ],
)
def test_refusals_name_the_field(
    make: Factory, changes: dict[str, Any], wrong: list[str]
) -> None:
    worker, id = make.grid_worker(), uuid4()
    assert pointers(worker.put(f"/duties/{id}", json=drill(**changes))) == wrong
    assert worker.get(f"/duties/{id}").status_code == 404


def test_a_picture_announced_twice(make: Factory) -> None:
    same = str(uuid4())
    document = drill(photos=[same], attachments=[same])
    answer = make.grid_worker().put(f"/duties/{uuid4()}", json=document)
    assert pointers(answer) == ["/photos"]


def test_from_and_to(make: Factory) -> None:
    worker = make.town_officer()
    end = datetime.now(UTC)
    watch = {
        "kind": "46-on-call",
        "participants": {"count": 2},
        "subject": "防火值班",
        "held_from": (end - timedelta(days=2)).isoformat(),
        "held_to": end.isoformat(),
    }
    shown = worker.get(f"/duties/{sent(worker, watch)}").json
    assert shown["held_on"] < shown["held_until"]
    assert shown["items"] == ["46"]  # the only one goes without saying

    def refused(**changes: Any) -> list[str]:
        return pointers(worker.put(f"/duties/{uuid4()}", json=watch | changes))

    later = (end + timedelta(hours=1)).isoformat()
    assert refused(held_to=later) == ["/held_to"]
    assert refused(held_to=(end - timedelta(days=3)).isoformat()) == ["/held_to"]
    day = {"held_from": None, "held_to": None, "held_on": str(today())}
    assert refused(**day) == ["/held_from"]


def test_where_it_counts(make: Factory) -> None:
    officer = make.town_officer()
    near = sent(officer, drill(position=make.position(), place=None))
    shown = officer.get(f"/duties/{near}").json
    assert shown["area"].startswith(COMMUNITY)
    there = pytest.approx(make.position()["coordinates"], abs=1e-6)
    assert shown["position"]["coordinates"] == there
    far = sent(officer, drill(position=make.position(OTHER_TOWN)))
    assert officer.get(f"/duties/{far}").json["area"] == TOWN
    named = sent(officer, drill(area=COMMUNITY))
    assert officer.get(f"/duties/{named}").json["area"] == COMMUNITY


def test_the_monthly_form_and_its_figures(make: Factory) -> None:
    officer = make.town_officer()
    form = {
        "kind": "70-monthly-form",
        "held_on": str(today()),
        "month": f"{today():%Y-%m}",
        "subject": "生活垃圾分类信息",
        "figures": {"kitchen": 1.5, "recyclable": 2, "hazardous": 0, "other": 12.25},
    }
    shown = officer.get(f"/duties/{sent(officer, form)}").json
    assert (shown["month"], shown["clauses"]) == (form["month"], ["70.township.3"])
    assert shown["figures"] == form["figures"]
    assert shown["counts"] is True
    undated = {name: value for name, value in form.items() if name != "held_on"}
    shown = officer.get(f"/duties/{sent(officer, undated)}").json
    assert (shown["month"], shown["held_on"]) == (form["month"], str(today()))
    timeless = {**undated, "month": None}
    answer = officer.put(f"/duties/{uuid4()}", json=timeless)
    assert pointers(answer) == ["/held_on"]
    half = {**undated, "held_from": f"{today()}T00:00:00+08:00"}
    assert pointers(officer.put(f"/duties/{uuid4()}", json=half)) == ["/held_on"]
    without = {**form, "figures": {"kitchen": 1.5}, "month": None}
    answer = officer.put(f"/duties/{uuid4()}", json=without)
    assert pointers(answer) == [
        "/month",
        "/figures/recyclable",
        "/figures/hazardous",
        "/figures/other",
    ]


def test_it_counts_when_the_pictures_it_needs_have_come(make: Factory) -> None:
    worker, first, second = make.grid_worker(), str(uuid4()), str(uuid4())
    id = sent(worker, drill(photos=[first, second]))
    before = worker.get(f"/duties/{id}")
    assert before.json["photos_missing"] == [first, second]
    assert before.json["counts"] is False
    assert upload(worker, first, id).status_code == 201
    after = worker.get(f"/duties/{id}")
    assert after.json["photos_missing"] == [second]
    assert after.headers["ETag"] != before.headers["ETag"]
    assert upload(worker, second, id).status_code == 201
    assert worker.get(f"/duties/{id}").json["counts"] is True


def test_a_picture_that_is_not_needed_holds_nothing_back(make: Factory) -> None:
    officer = make.town_officer()
    photo = str(uuid4())
    teams = {
        "kind": "46-teams",
        "subject": "护林员队伍",
        "held_on": str(today()),
        "photos": [photo],
    }
    shown = officer.get(f"/duties/{sent(officer, teams)}").json
    assert (shown["photos_missing"], shown["counts"]) == ([photo], True)


def test_a_plan_needs_its_paper(make: Factory) -> None:
    officer, paper = make.town_officer(), str(uuid4())
    plan = {"kind": "46-plan", "subject": "应急预案", "held_on": str(today())}
    assert pointers(officer.put(f"/duties/{uuid4()}", json=plan)) == ["/attachments"]
    id = sent(officer, plan | {"attachments": [paper]})
    assert officer.get(f"/duties/{id}").json["counts"] is False
    assert upload(officer, paper, id, "document").status_code == 201
    assert officer.get(f"/duties/{id}").json["counts"] is True


def test_pictures_before_the_record_and_who_sees_them(make: Factory) -> None:
    worker, photo, id = make.grid_worker(), str(uuid4()), str(uuid4())
    assert upload(worker, photo, id).status_code == 201
    answer = worker.put(f"/duties/{id}", json=drill(photos=[photo]))
    assert answer.status_code == 201
    assert worker.get(f"/duties/{id}").json["counts"] is True
    officer, stranger = make.town_officer(), make.other_town_officer()
    assert officer.get(f"/photos/{photo}").status_code == 200
    assert officer.get(f"/photos/{photo}/original").status_code == 200
    colleague = make.grid_worker()
    assert colleague.get(f"/photos/{photo}").status_code == 200
    assert colleague.get(f"/photos/{photo}/original").status_code == 403
    assert stranger.get(f"/photos/{photo}").status_code == 404
    assert upload(stranger, str(uuid4()), id).status_code == 404
    listed = officer.get(f"/photos?duty={id}").json["items"]
    assert [one["id"] for one in listed] == [photo]


def test_another_record_s_picture_does_not_count(make: Factory) -> None:
    worker, photo = make.grid_worker(), str(uuid4())
    other = sent(worker, drill())
    assert upload(worker, photo, other).status_code == 201
    id = sent(worker, drill(photos=[photo]))
    assert worker.get(f"/duties/{id}").json["photos_missing"] == [photo]


def test_who_sees_what(make: Factory) -> None:
    worker = make.grid_worker()
    ours, theirs = sent(worker, drill()), sent(make.handler("kq-fire"), training())
    seeing = {
        # Support is owed to the towns of the list: their people see it.
        "town": (make.town_officer(), [ours, theirs]),
        "other town": (make.other_town_officer(), [theirs]),
        "fire": (make.handler("kq-fire"), [theirs]),
        "police": (make.handler("kq-police"), []),
        "office": (make.safety_office(), [ours, theirs]),
        "supervisor": (make.staff(Role.SUPERVISOR, DISTRICT), [ours, theirs]),
        "town supervisor": (make.staff(Role.SUPERVISOR, TOWN), [ours, theirs]),
        "administrator": (make.administrator(), [ours]),
    }
    for name, (caller, expected) in seeing.items():
        assert sorted(ids(caller)) == sorted(expected), name
        for id in (ours, theirs):
            status = caller.get(f"/duties/{id}").status_code
            assert status == (200 if id in expected else 404), name


def test_the_list_is_filtered_and_paged(make: Factory) -> None:
    office, worker = make.safety_office(), make.grid_worker()
    week = timedelta(days=7)
    new = sent(worker, drill())
    old = sent(worker, drill(held_on=str(today() - week), items=["31"]))
    theirs = sent(make.handler("kq-fire"), training(held_on=str(today() - 2 * week)))
    assert ids(office) == [new, old, theirs]
    assert ids(office, item="31") == [old]
    assert ids(office, kind="fire-drill") == [new, old]
    assert ids(office, party="township") == [new, old]
    assert ids(office, party="区消防救援大队") == [theirs]
    assert ids(office, party="kq-police") == []
    # A department's record for the whole district is about each of its villages.
    assert ids(office, area=COMMUNITY) == [new, old, theirs]
    assert ids(office, area=OTHER_TOWN) == [theirs]
    period = {"from": str(today() - week), "to": str(today() - timedelta(days=1))}
    assert ids(office, **period) == [old]
    page = office.get("/duties?limit=2").json
    assert [item["id"] for item in page["items"]] == [new, old]
    rest = office.get(f"/duties?limit=2&cursor={page['next']}").json
    assert ([item["id"] for item in rest["items"]], rest["next"]) == ([theirs], None)
    assert pointers(office.get("/duties?party=某局")) == ["/party"]
    assert pointers(office.get("/duties?area=1")) == ["/area"]
    assert pointers(office.get("/duties?cursor=abc")) == ["/cursor"]


def test_withdrawing(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    id = sent(worker, drill())
    before = worker.get(f"/duties/{id}").headers["ETag"]
    path, reason = f"/duties/{id}/withdraw", {"reason": "日期填错"}
    assert pointers(worker.post(path, json={})) == ["/reason"]
    taken = worker.post(path, json=reason)
    assert taken.status_code == 200, taken.text
    assert taken.json["withdrawn"]["reason"] == "日期填错"
    assert taken.json["counts"] is False
    assert taken.headers["ETag"] != before
    assert worker.post(path, json=reason).status_code == 200
    second = officer.post(path, json={"reason": "重复"})
    assert (second.status_code, second.json["type"]) == (409, "not-allowed-in-state")
    # It stays, and the same record sent again is known, not revived.
    assert ids(officer) == [id]
    events = db.session.scalars(
        select(AuditEvent.type)
        .where(AuditEvent.subject_type == "duty", AuditEvent.subject_id == id)
        .order_by(AuditEvent.id)
    )
    assert list(events) == ["duty.recorded", "duty.withdrawn"]


def test_who_may_withdraw(make: Factory) -> None:
    id, reason = sent(make.grid_worker(), drill()), {"reason": "重复"}
    path = f"/duties/{id}/withdraw"
    assert make.grid_worker().post(path, json=reason).status_code == 403
    assert make.other_town_officer().post(path, json=reason).status_code == 404
    assert make.handler("kq-fire").post(path, json=reason).status_code == 404
    assert make.safety_office().post(path, json=reason).status_code == 403
    assert make.town_officer().post(path, json=reason).status_code == 200
    theirs = f"/duties/{sent(make.handler('kq-fire'), training())}/withdraw"
    assert make.handler("kq-fire").post(theirs, json=reason).status_code == 403
    lead = make.handler("kq-fire", Role.LEAD)
    assert lead.post(theirs, json=reason).status_code == 200
    assert lead.post(f"/duties/{uuid4()}/withdraw", json=reason).status_code == 404


def test_the_kinds_one_may_send(make: Factory) -> None:
    def kinds(caller: Caller) -> dict[str, Any]:
        answer = caller.get("/duties/kinds")
        assert answer.status_code == 200
        return {kind["code"]: kind for kind in answer.json["kinds"]}

    town = kinds(make.grid_worker())
    assert {"fire-drill", "70-monthly-form"} <= town.keys()
    assert {kind["party"] for kind in town.values()} == {"township"}
    form = town["70-monthly-form"]
    assert (form["rhythm"], form["rhythm_origin"]) == ("monthly", "list")
    assert form["items"] == [{"number": "70", "name": "垃圾分类"}]
    assert form["figures"][0] == {
        "code": "kitchen",
        "name": "厨余垃圾",
        "unit": "吨",
        "required": True,
        "decimal": True,
    }
    police = kinds(make.handler("kq-police"))
    assert "fire-drill" not in police
    offered = [item["number"] for item in police["fire-support-training"]["items"]]
    assert offered == [*map(str, range(30, 39)), "39"]
    assert kinds(make.staff(Role.SUPERVISOR, DISTRICT)) == {}


def test_a_kind_that_is_no_more(make: Factory) -> None:
    """A phone that was away still tells of what it did while there was such a kind."""
    catalogue = load(bundled_root() / "buerhantu")
    left = tuple(k for k in catalogue.rules.duties if k.code != "fire-drill")
    publish(replace(catalogue, rules=replace(catalogue.rules, duties=left)))
    worker, id = make.grid_worker(), uuid4()
    kinds = worker.get("/duties/kinds").json["kinds"]
    assert "fire-drill" not in {kind["code"] for kind in kinds}
    before = drill(held_on=str(today() - timedelta(days=2)))
    assert worker.put(f"/duties/{id}", json=before).status_code == 201
    assert worker.get(f"/duties/{id}").json["kind"]["title"] == "消防演练"
    # Not what is done after it was dropped.
    assert pointers(worker.put(f"/duties/{uuid4()}", json=drill())) == ["/kind"]
