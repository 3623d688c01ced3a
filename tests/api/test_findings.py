"""PUT /findings: taken once, routed, refused with the field's name."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.factories import Factory


def test_settled_on_the_spot_stays_with_the_town(make: Factory) -> None:
    worker = make.grid_worker()
    receipt = make.sent(worker, make.finding())
    assert receipt["ticket"]["state"] == "on_spot"
    assert receipt["ticket"]["lead_department"] is None
    assert receipt["routing"]["department"]["name"] == "卜尔汉图镇"
    assert receipt["routing"]["clauses"] == ["35.township.3"]


def test_refused_blocked_exit_goes_to_the_fire_brigade(make: Factory) -> None:
    worker = make.grid_worker()
    receipt = make.sent(worker, make.refused())
    assert receipt["ticket"]["state"] == "reported"
    assert receipt["ticket"]["lead_department"] == {
        "code": "kq-fire",
        "name": "区消防救援大队",
    }
    assert receipt["routing"]["rule"] == "L04"
    assert "35.区消防救援大队.2" in receipt["routing"]["clauses"]


def test_same_content_again_is_the_same_answer(make: Factory) -> None:
    worker, id, document = make.grid_worker(), uuid4(), make.finding()
    first = worker.put(f"/findings/{id}", json=document)
    again = worker.put(f"/findings/{id}", json=document)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json


def test_same_id_with_other_content_is_refused(make: Factory) -> None:
    worker, id = make.grid_worker(), uuid4()
    worker.put(f"/findings/{id}", json=make.finding())
    answer = worker.put(f"/findings/{id}", json=make.finding(description="别的"))
    assert answer.status_code == 409
    assert answer.json["type"] == "content-differs"
    assert answer.mimetype == "application/problem+json"


def wrong(answer: Any) -> dict[str, str]:
    """Return pointer → message of a 422."""
    assert answer.status_code == 422, answer.text
    return {e["pointer"]: e["message"] for e in answer.json["errors"]}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"duty_item": "99"}, "/duty_item"),
        ({"duty_item": "1"}, "/duty_item"),
        ({"category": "X9"}, "/category"),
        ({"severity": "terrible"}, "/severity"),
        ({"description": "  "}, "/description"),
        ({"checkpoint": "35-99"}, "/checkpoint"),
        ({"checkpoint": "40-01"}, "/checkpoint"),
        ({"facts": ["haunted"]}, "/facts/0"),
        ({"facts": "refused"}, "/facts"),
        ({"facts": ["refused"]}, "/handling/refused"),
        (
            {"facts": ["cannot_fix_now"], "handling": {"kind": "report_up"}},
            "/handling/note",
        ),
        ({"found_at": "2026-11-01T08:00:00"}, "/found_at"),
        ({"found_at": "2026-13-01T08:00:00Z"}, "/found_at"),
        ({"found_at": "2099-01-02T08:00:00+08:00"}, "/found_at"),
        ({"found_at": 7}, "/found_at"),
        (
            {"position": {"type": "Point", "coordinates": [200, 95]}},
            "/position/coordinates",
        ),
        ({"position": {"type": "Polygon", "coordinates": []}}, "/position/type"),
        ({"position": None}, "/position"),
        ({"handling": {"kind": "ignore"}}, "/handling/kind"),
        (
            {"handling": {"kind": "report_up", "refused": {"how": "x"}}},
            "/handling/refused/note",
        ),
        ({"handling": {}}, "/handling/kind"),
        ({"control": {"note": "x"}}, "/control/measure"),
        ({"photos": ["no-uuid"]}, "/photos/0"),
        ({"inspection": "no-uuid"}, "/inspection"),
        ({"place": "no-uuid"}, "/place"),
        ({"place": "5b0f4a57-5a4b-4a6e-9d0e-000000000001"}, "/place"),
        ({"responsible_party": {"kind": "business"}}, "/responsible_party/name"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_wrong_fields_are_named(make: Factory, change: Any, pointer: str) -> None:
    worker, id = make.grid_worker(), uuid4()
    answer = worker.put(f"/findings/{id}", json=make.finding() | change)
    assert pointer in wrong(answer)
    assert worker.get(f"/findings/{id}").status_code == 404
    assert worker.get("/tickets").json["items"] == []


def test_messages_come_in_the_callers_language(make: Factory) -> None:
    worker = make.grid_worker()
    document = make.finding() | {"facts": ["haunted"]}
    chinese = worker.put(f"/findings/{uuid4()}", json=document)
    english = worker.put(
        f"/findings/{uuid4()}", json=document, headers={"Accept-Language": "en"}
    )
    assert "未知情形" in chinese.json["errors"][0]["message"]
    assert "flying_wire" in english.json["errors"][0]["message"]
    assert english.json["title"] == "The content is not valid"


def test_position_outside_the_city(make: Factory) -> None:
    document = make.finding(position={"type": "Point", "coordinates": [116.4, 39.9]})
    answer = make.grid_worker().put(f"/findings/{uuid4()}", json=document)
    assert "/position" in wrong(answer)


def test_unknown_datum(make: Factory) -> None:
    document = make.finding()
    document["position"]["datum"] = "mars2000"
    answer = make.grid_worker().put(f"/findings/{uuid4()}", json=document)
    assert "gcj02" in wrong(answer)["/position/datum"]


def test_other_datums_are_stored_as_wgs84(make: Factory) -> None:
    from server.core.geo import from_wgs84, metres_between

    worker, (lon, lat) = make.grid_worker(), make.point_in("150203102200")
    for datum in ("gcj02", "bd09", "cgcs2000"):
        shifted = list(from_wgs84(lon, lat, datum))
        position = {"type": "Point", "coordinates": shifted, "datum": datum}
        receipt = make.sent(worker, make.finding(position=position))
        kept = worker.get(f"/findings/{receipt['id']}").json["position"]
        assert metres_between(lon, lat, *kept["coordinates"]) < 0.1
        assert kept["datum"] == "wgs84"
        assert kept["sent"] == position


def test_position_next_door_counts_for_the_callers_area(make: Factory) -> None:
    """In the city but outside the caller's town: the work stays in their area."""
    worker = make.grid_worker()
    elsewhere = make.position("150204")
    assert make.sent(worker, make.finding(position=elsewhere))["area"] == "150203102200"


def test_the_positions_grid_inside_the_town(make: Factory) -> None:
    receipt = make.sent(make.grid_worker(), make.finding())
    assert receipt["area"].startswith("150203102200-")


@pytest.mark.parametrize(
    ("body", "media_type", "status", "slug"),
    [
        (b"", "application/json", 400, "empty-body"),
        (b"   ", "application/json", 400, "empty-body"),
        (b"{", "application/json", 400, "malformed-json"),
        (b'{"a": NaN}', "application/json", 400, "malformed-json"),
        (b"\xff\xfe", "application/json", 400, "malformed-json"),
        (b"[]", "application/json", 422, "invalid"),
        (b"null", "application/json", 422, "invalid"),
        (b'{"description": "a\\u0000b"}', "application/json", 422, "invalid"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "unsupported-media-type"),
        (b"{}", "text/plain", 415, "unsupported-media-type"),
        (b" " * (2 << 20), "application/json", 413, "too-large"),
    ],
)
def test_broken_bodies(
    make: Factory, body: bytes, media_type: str, status: int, slug: str
) -> None:
    answer = make.grid_worker().put(
        f"/findings/{uuid4()}", data=body, content_type=media_type
    )
    assert (answer.status_code, answer.json["type"]) == (status, slug)
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("role", ["supervisor", "safety_office", "administrator"])
def test_wrong_role(make: Factory, role: str) -> None:
    caller = make.staff(role, "150203", "kq-fire")
    assert caller.put(f"/findings/{uuid4()}", json=make.finding()).status_code == 403


def test_the_town_sets_no_day_where_the_item_has_none(make: Factory) -> None:
    document = make.finding(
        duty_item="40", category="F10", handling={"kind": "deadline"}
    )
    answer = make.grid_worker().put(f"/findings/{uuid4()}", json=document)
    assert "/handling/kind" in wrong(answer)


def test_professional_is_not_settled_on_the_spot(make: Factory) -> None:
    document = make.finding(facts=["professional"])
    answer = make.grid_worker().put(f"/findings/{uuid4()}", json=document)
    assert "/handling/kind" in wrong(answer)


def test_major_needs_a_day(make: Factory) -> None:
    worker = make.grid_worker()
    document = make.finding(severity="major", handling={"kind": "deadline"})
    answer = worker.put(f"/findings/{uuid4()}", json=document)
    assert "/handling/due_on" in wrong(answer)
    document["handling"]["due_on"] = "2099-01-02"
    assert make.sent(worker, document)["ticket"]["due_on"] == "2099-01-02"


def test_control_is_reported_at_once(make: Factory) -> None:
    worker, housing = make.grid_worker(), make.handler("kq-housing")
    receipt = make.sent(
        worker,
        make.finding(
            duty_item="28",
            category="B2",
            severity="major",
            handling={"kind": "report_up"},
            control={"measure": "临时封闭", "note": "墙体贯通裂缝"},
        ),
    )
    seen = housing.ticket(receipt["ticket"]["number"])
    assert (seen["state"], seen["control"]) == ("reported", "in_force")
    assert seen["controls"][0]["measure"] == "临时封闭"


def test_anothers_inspection_cannot_be_named(make: Factory) -> None:
    first, second = make.grid_worker(), make.grid_worker()
    id = uuid4()
    version = first.get("/checklists/43").json
    answers = [{"checkpoint": c["id"], "answer": "yes"} for c in version["checkpoints"]]
    first.put(f"/inspections/{id}", json=inspection(make, answers, "43"))
    answer = second.put(f"/findings/{uuid4()}", json=make.finding(inspection=str(id)))
    assert "/inspection" in wrong(answer)


def inspection(make: Factory, answers: list[Any], checklist: str) -> dict[str, Any]:
    """Return an inspection document."""
    finding = make.finding()
    return {
        "checklist": checklist,
        "version": 1,
        "started_at": finding["found_at"],
        "finished_at": finding["found_at"],
        "position": finding["position"],
        "answers": answers,
    }
