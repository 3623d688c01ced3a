"""The course of incidents: six kinds to their end, entries, moves, refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text, update
from werkzeug.test import TestResponse

from server.checklists.loader import bundled_root, load
from server.core.db import db
from server.core.permissions import Role
from server.demo.seed import DISTRICT
from server.incidents.consistency import faults
from server.incidents.models import Incident
from tests.api.test_incidents import pointers, reported
from tests.factories import Caller, Factory

KINDS = {k.code: k for k in load(bundled_root() / "buerhantu").rules.incident_kinds}

# kind -> each step as (party, entry, state afterwards); every doer of every entry
# but the two side ways (relapse, false alarm) is in it.
COURSES: dict[str, list[tuple[str, str, str]]] = {
    "fire": [
        ("town", "people_information", "reported"),
        ("kq-fire", "receive", "received"),
        ("town", "evacuation", "received"),
        ("town", "supplies", "received"),
        ("kq-fire", "firefighting", "responding"),
        ("kq-emergency", "update", "responding"),
        ("kq-fire", "close_off", "responding"),
        ("kq-fire", "control", "controlled"),
        ("kq-fire", "investigation", "controlled"),
        ("kq-fire", "losses", "controlled"),
        ("town", "aftermath", "recovering"),
        ("kq-fire", "close", "closed"),
    ],
    "gas_accident": [
        ("kq-housing", "receive", "received"),
        ("town", "evacuation", "received"),
        ("kq-housing", "dispatch", "responding"),
        ("kq-fire", "rescue", "responding"),
        ("kq-housing", "control", "controlled"),
        ("kq-police", "investigation", "controlled"),
        ("kq-market", "investigation", "controlled"),
        ("kq-housing", "investigation", "controlled"),
        ("kq-emergency", "listing", "controlled"),
        ("kq-housing", "close", "closed"),
    ],
    "wildfire": [
        ("town", "initial_fighting", "reported"),
        ("kq-agri", "initial_fighting", "reported"),
        ("kq-emergency", "receive", "received"),
        ("kq-emergency", "assessment", "received"),
        ("kq-emergency", "dispatch", "responding"),
        ("kq-agri", "firefighting", "responding"),
        ("kq-fire", "firefighting", "responding"),
        ("town", "evacuation", "responding"),
        ("town", "update", "responding"),
        ("kq-emergency", "medical_dispatch", "responding"),
        ("kq-emergency", "control", "controlled"),
        ("kq-emergency", "verification", "controlled"),
        ("kq-emergency", "upward_report", "controlled"),
        ("kq-emergency", "restoration", "recovering"),
        ("kq-emergency", "recovery_coordination", "recovering"),
        ("kq-emergency", "close", "closed"),
    ],
    "flood": [
        ("town", "evacuation", "reported"),
        ("kq-emergency", "receive", "received"),
        ("kq-emergency", "assessment", "received"),
        ("kq-fire", "rescue", "responding"),
        ("kq-emergency", "dispatch", "responding"),
        ("kq-housing", "drainage", "responding"),
        ("kq-housing", "traffic_control", "responding"),
        ("kq-agri", "flood_response", "responding"),
        ("town", "drought_watch", "responding"),
        ("kq-agri", "drought_watch", "responding"),
        ("town", "water_allocation", "responding"),
        ("kq-agri", "water_allocation", "responding"),
        ("kq-emergency", "medical_dispatch", "responding"),
        ("kq-health", "disease_control", "responding"),
        ("kq-health", "update", "responding"),
        ("town", "relief", "responding"),
        ("kq-emergency", "control", "controlled"),
        ("kq-housing", "restoration", "recovering"),
        ("kq-emergency", "restoration", "recovering"),
        ("kq-emergency", "verification", "recovering"),
        ("kq-emergency", "upward_report", "recovering"),
        ("town", "aftermath", "recovering"),
        ("kq-emergency", "recovery_coordination", "recovering"),
        ("kq-emergency", "close", "closed"),
    ],
    "weather": [
        ("town", "local_response", "reported"),
        ("kq-emergency", "receive", "received"),
        ("town", "evacuation", "received"),
        ("kq-emergency", "dispatch", "responding"),
        ("kq-emergency", "supplies", "responding"),
        ("kq-housing", "drainage", "responding"),
        ("kq-housing", "traffic_control", "responding"),
        ("kq-culture", "close_off", "responding"),
        ("kq-agri", "measures", "responding"),
        ("kq-agri", "update", "responding"),
        ("kq-emergency", "control", "controlled"),
        ("kq-emergency", "losses", "controlled"),
        ("kq-emergency", "upward_report", "controlled"),
        ("kq-housing", "restoration", "recovering"),
        ("town", "relief", "recovering"),
        ("town", "aftermath", "recovering"),
        ("kq-emergency", "recovery_coordination", "recovering"),
        ("kq-emergency", "close", "closed"),
    ],
    "geological": [
        ("kq-resources", "receive", "received"),
        ("kq-emergency", "receive", "received"),
        ("town", "evacuation", "received"),
        ("kq-resources", "site_investigation", "responding"),
        ("kq-resources", "upward_report", "responding"),
        ("kq-resources", "measures", "responding"),
        ("kq-resources", "technical_support", "responding"),
        ("kq-emergency", "dispatch", "responding"),
        ("kq-emergency", "supplies", "responding"),
        ("kq-fire", "rescue", "responding"),
        ("kq-fire", "update", "responding"),
        ("town", "relief", "responding"),
        ("kq-resources", "control", "controlled"),
        ("kq-resources", "losses", "controlled"),
        ("kq-emergency", "verification", "controlled"),
        ("town", "aftermath", "recovering"),
        ("kq-emergency", "recovery_coordination", "recovering"),
        ("kq-resources", "close", "closed"),
    ],
    "earthquake": [
        ("town", "self_rescue", "reported"),
        ("town", "evacuation", "reported"),
        ("kq-emergency", "receive", "received"),
        ("kq-emergency", "dispatch", "responding"),
        ("kq-fire", "rescue", "responding"),
        ("kq-emergency", "medical_dispatch", "responding"),
        ("kq-health", "medical", "responding"),
        ("kq-health", "disease_control", "responding"),
        ("kq-ndrc", "supplies", "responding"),
        ("kq-emergency", "supplies", "responding"),
        ("town", "supplies", "responding"),
        ("kq-emergency", "donations", "responding"),
        ("kq-housing", "building_assessment", "responding"),
        ("town", "losses", "responding"),
        ("kq-emergency", "losses", "responding"),
        ("kq-emergency", "verification", "responding"),
        ("kq-emergency", "upward_report", "responding"),
        ("kq-ndrc", "update", "responding"),
        ("kq-emergency", "control", "controlled"),
        ("town", "relief", "controlled"),
        ("kq-emergency", "relief", "controlled"),
        ("kq-emergency", "restoration", "recovering"),
        ("kq-housing", "restoration", "recovering"),
        ("town", "aftermath", "recovering"),
        ("kq-emergency", "recovery_coordination", "recovering"),
        ("kq-emergency", "close", "closed"),
    ],
}
NEEDED = {
    "initial_fighting": {"safe": True},
    "investigation": {"cause": "电气线路短路"},
    "relapse": {"reason": "余火复燃"},
    "false_alarm": {"reason": "农户焚烧秸秆，已扑灭"},
}


def entry(code: str, **changes: Any) -> dict[str, Any]:
    """Return an entry with the fields it needs."""
    document = {
        "entry": code,
        "occurred_at": datetime.now(UTC).isoformat(),
        "note": "现场情况",
        "fields": NEEDED.get(code, {}),
    }
    return document | changes


def put(
    caller: Caller, number: str, document: dict[str, Any], id: UUID | None = None
) -> TestResponse:
    """Record an entry with the caller's current copy."""
    seen = caller.get(f"/incidents/{number}")
    headers = {"If-Match": seen.headers.get("ETag", '"none"')}
    path = f"/incidents/{number}/entries/{id or uuid4()}"
    return caller.put(path, json=document, headers=headers)


def done(caller: Caller, number: str, code: str, **changes: Any) -> dict[str, Any]:
    """Record an entry that must be taken and return its acknowledgement."""
    answer = put(caller, number, entry(code, **changes))
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def everyone(make: Factory, kind: str) -> dict[str, Caller]:
    """Return someone for each party of a kind."""
    callers = {row.department: row.department for row in KINDS[kind].involved}
    return {"town": make.grid_worker()} | {code: make.handler(code) for code in callers}


@pytest.mark.parametrize("code", COURSES)
def test_every_party_takes_its_part_to_the_end(make: Factory, code: str) -> None:
    kind, steps = KINDS[code], COURSES[code]
    played = {(party, entry) for party, entry, _ in steps}
    for each in kind.entries:
        if each.code in {"update", "relapse", "false_alarm"}:
            continue
        left = {(d.party, each.code) for d in each.by} - played
        # Either command of 49 may say so; the other way is tried elsewhere.
        assert left <= {("kq-emergency", "control"), ("kq-emergency", "close")}
    people = everyone(make, code)
    number = reported(make, people["town"], kind=code)
    for n, (party, step, state) in enumerate(steps, 1):
        before = people[party].get(f"/incidents/{number}").json
        assert step in [a["entry"] for a in before["actions"]], step
        receipt = done(people[party], number, step)
        assert (receipt["seq"], receipt["state"]) == (n, state), step
        assert receipt["moved"] is (state != before["state"])
        name = "town-buerhantu" if party == "town" else party
        assert receipt["party"]["code"] == name
    seen = people[kind.command].get(f"/incidents/{number}").json
    assert (seen["state"], seen["entries"]) == ("closed", len(steps))
    for moment in ("acknowledged_at", "controlled_at", "ended_at"):
        assert seen[moment] is not None
    course = people["town"].get(f"/incidents/{number}/entries").json["items"]
    assert [(e["seq"], e["entry"]) for e in course] == [
        (n, step) for n, (_, step, _) in enumerate(steps, 1)
    ]
    # 发生火情及时组织群众疏散 stands in each of the nine small places as well.
    nine = map(str, range(30, 39)) if code == "fire" else ()
    cited = {ref.partition(".")[0] for told in course for ref in told["basis"]}
    assert cited <= {kind.item, *nine}
    assert faults() == []


def test_the_timeline_tells_entries_and_moves(make: Factory) -> None:
    people = everyone(make, "wildfire")
    number = reported(make, people["town"])
    done(people["kq-emergency"], number, "dispatch", figures={"trapped": 2})
    events = people["town"].get(f"/incidents/{number}/events").json["items"]
    assert [e["type"] for e in events] == [
        "incident.reported",
        "incident.entry_recorded",
        "incident.moved",
    ]
    assert (events[2]["from"], events[2]["to"]) == ("reported", "responding")
    assert events[1]["details"]["figures"] == {"trapped": 2}
    page = people["town"].get(f"/incidents/{number}/events?limit=1").json
    rest = people["town"].get(f"/incidents/{number}/events?cursor={page['next']}").json
    assert [e["id"] for e in page["items"] + rest["items"]] == [e["id"] for e in events]


def test_upward_reports_name_their_addressees(make: Factory) -> None:
    people = everyone(make, "geological")
    number = reported(make, people["town"], kind="geological")
    receipt = done(people["kq-resources"], number, "upward_report")
    assert [d["name"] for d in receipt["addressees"]] == [
        "市自然资源局",
        "区政府",
        "区应急管理局",
    ]


def test_the_second_command_of_a_landslide(make: Factory) -> None:
    people = everyone(make, "geological")
    number = reported(make, people["town"], kind="geological")
    emergency = people["kq-emergency"]
    done(emergency, number, "dispatch")
    seen = emergency.get(f"/incidents/{number}").json
    assert seen["acknowledged_at"] is None  # 自然资源分局 has not said anything yet
    done(people["kq-resources"], number, "site_investigation")
    done(people["kq-resources"], number, "upward_report")
    for step in ("control", "close"):
        done(emergency, number, step)
    seen = emergency.get(f"/incidents/{number}").json
    assert seen["state"] == "closed"
    assert seen["acknowledged_at"]


def test_a_false_alarm_ends_with_its_reason(make: Factory) -> None:
    people = everyone(make, "wildfire")
    number = reported(make, people["town"])
    command = people["kq-emergency"]
    bare = put(command, number, entry("false_alarm", fields={}))
    assert pointers(bare) == ["/fields/reason"]
    assert put(people["town"], number, entry("false_alarm")).status_code == 403
    receipt = done(command, number, "false_alarm")
    assert (receipt["state"], receipt["moved"]) == ("false_alarm", True)
    course = command.get(f"/incidents/{number}/entries").json["items"]
    assert course[-1]["fields"]["reason"] == "农户焚烧秸秆，已扑灭"
    for step in ("control", "close", "false_alarm", "relapse"):
        answer = put(command, number, entry(step))
        assert (answer.status_code, answer.json["type"]) == (
            409,
            "not-allowed-in-state",
        )
        assert answer.json["state"] == "false_alarm"
        assert "update" in answer.json["allowed"]


def test_the_fire_flares_up_again(make: Factory) -> None:
    people = everyone(make, "fire")
    number = reported(make, people["town"], kind="fire")
    fire = people["kq-fire"]
    done(fire, number, "firefighting")
    done(fire, number, "control")
    assert done(fire, number, "relapse")["state"] == "responding"
    seen = fire.get(f"/incidents/{number}").json
    assert seen["controlled_at"] is None
    assert done(fire, number, "control")["state"] == "controlled"


def test_not_closed_before_what_the_list_demands(make: Factory) -> None:
    people = everyone(make, "fire")
    number = reported(make, people["town"], kind="fire")
    fire = people["kq-fire"]
    for step in ("firefighting", "control", "losses"):
        done(fire, number, step)
    actions = fire.get(f"/incidents/{number}").json["actions"]
    assert "close" not in [a["entry"] for a in actions]
    answer = put(fire, number, entry("close"))
    assert (answer.status_code, answer.json["missing"]) == (409, ["investigation"])
    done(fire, number, "investigation")
    assert done(fire, number, "close")["state"] == "closed"


def test_a_phone_that_was_offline_comes_late(make: Factory) -> None:
    people = everyone(make, "wildfire")
    number = reported(make, people["town"])
    done(people["kq-emergency"], number, "false_alarm")
    hours_ago = (datetime.now(UTC) - timedelta(hours=5)).isoformat()
    receipt = done(people["town"], number, "initial_fighting", occurred_at=hours_ago)
    assert (receipt["state"], receipt["moved"]) == ("false_alarm", False)
    assert done(people["kq-fire"], number, "firefighting")["moved"] is False


def test_judgements_need_the_state_they_judge(make: Factory) -> None:
    people = everyone(make, "wildfire")
    command = people["kq-emergency"]
    number = reported(make, people["town"])
    path = f"/incidents/{number}/entries"
    old = command.get(f"/incidents/{number}").headers["ETag"]
    # Facts need no If-Match, and do not make the copy of another stale.
    for caller, step in ((people["town"], "update"), (people["kq-fire"], "update")):
        answer = caller.put(f"{path}/{uuid4()}", json=entry(step))
        assert answer.status_code == 201, answer.text
    assert command.get(f"/incidents/{number}").headers["ETag"] != old
    judged = entry("false_alarm")
    assert command.put(f"{path}/{uuid4()}", json=judged).status_code == 428
    for match, status in (("*", 428), ('W/"x"', 412), ("garbage", 412)):
        guarded = {"If-Match": match}
        answer = command.put(f"{path}/{uuid4()}", json=judged, headers=guarded)
        assert answer.status_code == status
    done(command, number, "dispatch")
    stale = command.put(f"{path}/{uuid4()}", json=judged, headers={"If-Match": old})
    assert stale.status_code == 412
    fresh = command.get(f"/incidents/{number}").headers["ETag"]
    done(people["town"], number, "evacuation")
    taken = command.put(f"{path}/{uuid4()}", json=judged, headers={"If-Match": fresh})
    assert taken.status_code == 201


def test_the_same_entry_again(make: Factory) -> None:
    people = everyone(make, "wildfire")
    number, id = reported(make, people["town"]), uuid4()
    document = entry("control")
    done(people["kq-emergency"], number, "dispatch")
    first = put(people["kq-emergency"], number, document, id)
    again = put(people["kq-emergency"], number, document, id)
    assert (first.status_code, again.status_code) == (201, 200), first.text
    assert first.json == again.json
    changed = put(people["kq-emergency"], number, document | {"note": "另"}, id)
    assert (changed.status_code, changed.json["type"]) == (409, "content-differs")
    elsewhere = reported(make, people["town"])
    other = put(people["kq-emergency"], elsewhere, document, id)
    assert (other.status_code, other.json["type"]) == (409, "content-differs")
    assert people["town"].get(f"/incidents/{number}").json["entries"] == 2


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"entry": "dance"}, "/entry"),
        ({"entry": "flood_response"}, "/entry"),  # not of this kind
        ({"occurred_at": None}, "/occurred_at"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "/occurred_at"),
        ({"note": "长" * 2001}, "/note"),
        ({"fields": {"speed": 3}}, "/fields/speed"),
        ({"figures": {"evacuated": "many"}}, "/figures/evacuated"),
        ({"figures": {"loss_yuan": -5}}, "/figures/loss_yuan"),
        ({"photos": ["nothing"]}, "/photos/0"),
        ({"state": "closed"}, "/state"),
        (
            {"entry": "initial_fighting", "fields": {"safe": False}},
            "/fields/safe",
        ),
    ],
)
def test_bad_entries(make: Factory, change: dict[str, Any], pointer: str) -> None:
    worker = make.grid_worker()
    number = reported(make, worker)
    answer = put(worker, number, entry("update") | change)
    assert pointers(answer) == [pointer]
    assert worker.get(f"/incidents/{number}/entries").json["items"] == []


def test_what_is_another_partys_to_record(make: Factory) -> None:
    people = everyone(make, "wildfire")
    number = reported(make, people["town"])
    for party, step in (
        ("town", "dispatch"),
        ("town", "receive"),
        ("kq-fire", "initial_fighting"),
        ("kq-emergency", "firefighting"),
        ("kq-agri", "control"),
    ):
        assert put(people[party], number, entry(step)).status_code == 403, step
    supervisor = make.staff(Role.SUPERVISOR, DISTRICT)
    assert supervisor.get(f"/incidents/{number}").json["actions"] == []
    assert put(supervisor, number, entry("update")).status_code == 403


def test_the_latest_figures_count(make: Factory) -> None:
    people = everyone(make, "wildfire")
    number = reported(make, people["town"], figures={"trapped": 5, "injured": 1})
    now = datetime.now(UTC)

    def at(minutes: int) -> str:
        return (now - timedelta(minutes=minutes)).isoformat()

    done(people["town"], number, "evacuation", figures={"evacuated": 40})
    figures = {"trapped": 0, "loss_yuan": 12000.5}
    done(people["kq-fire"], number, "firefighting", figures=figures)
    # Sent late, but of an earlier moment: it does not overrule.
    late = {"trapped": 3, "evacuated": 10}
    done(people["town"], number, "update", figures=late, occurred_at=at(5))
    seen = people["kq-emergency"].get(f"/incidents/{number}").json
    assert {f["code"]: f["value"] for f in seen["figures"]} == {
        "evacuated": 40,
        "trapped": 0,
        "injured": 1,
        "loss_yuan": 12000.5,
    }
    by = {f["code"]: f["by"]["code"] for f in seen["figures"]}
    assert by["trapped"] == "kq-fire"
    assert by["injured"] == "town-buerhantu"
    units = {f["code"]: (f["label"], f["unit"]) for f in seen["figures"]}
    assert units["loss_yuan"] == ("直接经济损失", "元")
    told = {f["code"]: f["entry"] for f in seen["figures"]}
    assert told["injured"] is None
    assert told["trapped"]


def test_the_course_is_read_in_pages(make: Factory) -> None:
    worker = make.grid_worker()
    number = reported(make, worker)
    for n in range(5):
        done(worker, number, "update", note=f"第 {n} 次")
    read: list[int] = []
    cursor = ""
    while True:
        page = worker.get(f"/incidents/{number}/entries?limit=2&cursor={cursor}").json
        read += [e["seq"] for e in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert read == [1, 2, 3, 4, 5]


def test_an_unchanged_incident_is_not_sent_again(make: Factory) -> None:
    worker = make.grid_worker()
    number = reported(make, worker)
    etag = worker.get(f"/incidents/{number}").headers["ETag"]
    again = {"If-None-Match": etag}
    assert worker.get(f"/incidents/{number}", headers=again).status_code == 304
    done(worker, number, "update")
    assert worker.get(f"/incidents/{number}", headers=again).status_code == 200
    other = make.town_officer().get(f"/incidents/{number}", headers=again)
    assert other.status_code == 200


def test_verify_sees_what_was_changed_beside_the_events(make: Factory) -> None:
    worker = make.grid_worker()
    number = reported(make, worker)
    done(worker, number, "update")
    assert faults() == []
    db.session.execute(update(Incident).values(state="closed", content_hash="0"))
    assert faults()[:2] == [
        f"incident {number} is 'closed', its last event says 'reported'",
        f"incident {number}: no event tells of it",
    ]
    with pytest.raises(Exception, match="never changed"):
        db.session.execute(text("UPDATE incident_entries SET note = ''"))
