"""Ledgers handed over: snapshots, receipts, what is due."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from server.areas.service import import_areas
from server.checklists.loader import bundled_root, load
from server.checklists.service import publish
from server.core.db import commit, db
from server.core.permissions import Role
from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN
from server.submissions.due import ledgers_due
from tests.api.test_duties import pointers
from tests.factories import COMMUNITY, Caller, Factory

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = datetime.now(ZONE).date()
PERIOD = f"{TODAY - timedelta(days=3)}..{TODAY + timedelta(days=1)}"
AFTER = datetime.now(UTC) + timedelta(days=3)  # PERIOD is over
LATER = AFTER + timedelta(hours=1)
MONTH = f"{TODAY:%Y-%m}"
NEXT_MONTH = (TODAY.replace(day=28) + timedelta(days=4)).replace(day=1)
FORMS = ("csv", "json", "xlsx")
PATH = "/reports/ledger/submissions"
Clock = Callable[[datetime], None]


def ended(ledger: str) -> dict[str, Any]:
    """Return what hands over a ledger of a period that is over."""
    return {"addressee": ledger, "period": "2020-01"}


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the moment at which everything is asked for and happens."""

    def change(moment: datetime) -> None:
        for room in ("reports.routes", "submissions.routes", "audit.service"):
            monkeypatch.setattr(f"server.{room}.now", lambda: moment)
        for room in (
            "tickets.service",
            "patrols.service",
            "areas.service",
            "checklists.service",
        ):
            monkeypatch.setattr(f"server.{room}.now", lambda: moment)
        monkeypatch.setattr("server.tickets.opening.now", lambda: moment)

    return change


def post(caller: Caller, path: str = "", **body: Any) -> Any:
    return caller.post(PATH + path, json=body)


def submitted(caller: Caller, ledger: str = "D01", **body: Any) -> dict[str, Any]:
    answer = post(caller, **{"addressee": ledger, "period": PERIOD} | body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def file(caller: Caller, id: str, form: str) -> bytes:
    answer = caller.get(f"{PATH}/{id}/file", query_string={"format": form})
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.data).hexdigest()}"'
    return bytes(answer.data)


def live(caller: Caller, form: str, **query: Any) -> bytes:
    wanted = {"addressee": "D01", "period": PERIOD, "format": form} | query
    answer = caller.get("/reports/ledger", query_string=wanted)
    assert answer.status_code == 200, answer.text
    return bytes(answer.data)


def renamed(supervisor: Caller, name: str) -> None:
    area = supervisor.get(f"/areas/{COMMUNITY}").json
    told = {"code": COMMUNITY, "scheme": area["scheme"], "name": name}
    told |= {"level": "community", "parent": TOWN}
    feature = {"type": "Feature", "geometry": area["boundary"], "properties": told}
    collection = {"type": "FeatureCollection", "features": [feature]}
    import_areas(json.dumps(collection).encode())


def test_the_same_bytes_whatever_happens_later(make: Factory, at: Clock) -> None:
    worker, officer, fire = make.grid_worker(), make.town_officer(), make.handler()
    number = make.reported(worker, photos=[str(uuid4())])
    make.ticket(worker, description="=cmd|' /C calc'!A0")
    at(AFTER)
    told = submitted(officer, note="十一月")
    kept = {form: file(officer, told["id"], form) for form in FORMS}
    assert kept == {form: live(officer, form) for form in FORMS}
    assert (told["count"], told["open"], told["without_update"]) == (2, 2, 0)
    assert (told["edition"], told["provisional"]) == (1, False)
    by_form = {f["format"]: f for f in told["files"]}
    for form, data in kept.items():
        assert by_form[form]["sha256"] == hashlib.sha256(data).hexdigest()
        assert by_form[form]["size"] == len(data)
    # A formula is a text in each form.
    assert "'=cmd" in kept["csv"].decode()
    sheet = load_workbook(io.BytesIO(kept["xlsx"]))["台账"]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert any(c.value == "=cmd|' /C calc'!A0" and c.data_type == "s" for c in cells)

    at(LATER)
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    make.ticket(worker)
    supervisor = make.staff(Role.SUPERVISOR, DISTRICT)
    renamed(supervisor, "新名村")
    catalogue = load(bundled_root() / "buerhantu")
    object.__setattr__(catalogue, "title", catalogue.title + "（修订）")
    rules = catalogue.rules
    ledgers = rules.ledgers
    object.__setattr__(ledgers[0], "title", "别名")
    assert publish(catalogue).new_ruleset
    commit()
    assert {form: file(officer, told["id"], form) for form in FORMS} == kept
    assert {form: live(officer, form) for form in FORMS} == kept
    in_town = {form: live(supervisor, form, area=TOWN) for form in FORMS}
    assert in_town == kept
    shown = officer.get(f"{PATH}/{told['id']}").json
    assert shown == told


def test_only_what_is_over(make: Factory, at: Clock) -> None:
    officer = make.town_officer()
    body = {"addressee": "D01", "period": PERIOD}
    answer = post(officer, **body)
    assert answer.status_code == 422
    assert pointers(answer) == ["/period"]
    end = datetime.combine(TODAY + timedelta(days=2), datetime.min.time(), ZONE)
    at(end + timedelta(minutes=4))
    assert pointers(post(officer, **body)) == ["/period"]
    at(end + timedelta(minutes=5))
    assert post(officer, **body).status_code == 201


@pytest.mark.parametrize(
    "period", ["2020-02", "2020-Q1", "2019", "2020-02-03..2020-02-04"]
)
def test_every_form_of_a_period(make: Factory, period: str) -> None:
    told = submitted(make.town_officer(), period=period)
    assert (told["period"], told["count"]) == (period, 0)


def test_the_report_itself_goes_while_its_period_runs(make: Factory) -> None:
    officer = make.town_officer()
    refusal = make.refused(duty_item="39", category="F1", facts=["refused"])
    number = make.sent(officer, refusal)["ticket"]["number"]
    told = submitted(officer, "D03", period=MONTH)
    assert (told["provisional"], told["count"]) == (True, 1)
    rows = json.loads(file(officer, told["id"], "json"))["rows"]
    assert [row["number"] for row in rows] == [number]


def test_refusals(make: Factory) -> None:
    officer = make.town_officer()

    def wrong(**body: Any) -> list[str]:
        answer = post(officer, **{"addressee": "D01", "period": "2020-01"} | body)
        assert answer.status_code == 422, answer.text
        return list(pointers(answer))

    assert wrong(period="2020-13") == ["/period"]
    assert wrong(period="2099") == ["/period"]
    assert wrong(addressee="没有此局") == ["/addressee"]
    assert wrong(addressee="town_only") == ["/addressee"]
    assert wrong(addressee="kq-fire") == ["/ledger"]
    assert wrong(ledger="D02") == ["/ledger"]
    assert wrong(area="x") == ["/area"]
    assert wrong(area=COMMUNITY) == ["/area"]
    assert wrong(replaces=str(uuid4())) == ["/reason"]
    assert wrong(reason="错") == ["/replaces"]
    assert wrong(replaces=str(uuid4()), reason="错") == ["/replaces"]
    assert wrong(id="1") == ["/id"]
    assert wrong(x=1) == ["/x"]
    named = {"addressee": "kq-fire", "ledger": "D02", "period": "2020-01"}
    assert post(officer, **named).status_code == 201


def test_once_for_each_town_ledger_and_period(make: Factory, at: Clock) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    number = make.ticket(worker)
    at(AFTER)
    first = submitted(officer)
    again = post(officer, addressee="kq-emergency", ledger="D01", period=PERIOD)
    assert (again.status_code, again.json["submission"]) == (409, first["id"])
    assert again.json["type"].endswith("already-submitted")
    submitted(make.other_town_officer())
    before = file(officer, first["id"], "json")

    at(LATER)
    worker.done(number, "settle", note="清了", photos=[worker.photo(number)])
    later = make.ticket(worker)  # found an hour ago, in the period, told after it
    at(LATER + timedelta(minutes=1))
    second = submitted(officer, replaces=first["id"], reason="补充整改情况")
    assert (second["edition"], second["replaces"]) == (2, first["id"])
    told = json.loads(file(officer, second["id"], "json"))
    assert [row["number"] for row in told["rows"]] == [number, later]
    assert told["rows"][0]["state"]["code"] == "closed_town"
    assert "更正" in second["files"][0]["name"]
    assert file(officer, first["id"], "json") == before
    shown = officer.get(f"{PATH}/{first['id']}").json
    assert shown["replaced_by"] == second["id"]
    stale = post(
        officer, addressee="D01", period=PERIOD, replaces=first["id"], reason="又错"
    )
    assert (stale.status_code, stale.json["submission"]) == (409, second["id"])


def test_a_retry_makes_no_second_one(make: Factory) -> None:
    officer, id = make.town_officer(), str(uuid4())
    first = submitted(officer, id=id, period="2020-01")
    again = post(officer, id=id, addressee="D01", period="2020-01")
    assert (again.status_code, again.json) == (200, first)
    other = post(officer, id=id, addressee="D01", period="2020-02")
    assert other.status_code == 409
    assert other.json["type"].endswith("content-differs")


def test_who_sees_and_who_may(make: Factory) -> None:
    officer, other = make.town_officer(), make.other_town_officer()
    id = submitted(officer, period="2020-01")["id"]
    office, supervisor = make.safety_office(), make.staff(Role.SUPERVISOR, DISTRICT)
    for caller in (officer, office, supervisor, make.handler("kq-emergency")):
        assert caller.get(f"{PATH}/{id}").status_code == 200
        listed = caller.get(PATH, query_string={"addressee": "D01"}).json["items"]
        assert [one["id"] for one in listed] == [id]
    for caller in (other, make.handler("kq-fire"), make.handler("kq-housing")):
        assert caller.get(f"{PATH}/{id}").status_code == 404
        assert caller.get(f"{PATH}/{id}/file").status_code == 404
        assert caller.get(PATH).json["items"] == []
    assert (
        make.handler("kq-fire").post(f"{PATH}/{id}/receipt", json={}).status_code == 404
    )
    assert make.grid_worker().get(f"{PATH}/{id}").status_code == 403
    for caller in (officer, supervisor):
        assert caller.post(f"{PATH}/{id}/receipt", json={}).status_code == 403
    for caller in (office, supervisor, make.grid_worker()):
        assert post(caller, **ended("D01")).status_code == 403
    elsewhere = post(other, **ended("D01"), area=TOWN)
    assert elsewhere.status_code == 404


def test_listed_by_period_and_area(make: Factory) -> None:
    officer = make.town_officer()
    january = submitted(officer, period="2020-01")["id"]
    february = submitted(officer, period="2020-02-01..2020-02-29")["id"]
    supervisor = make.staff(Role.SUPERVISOR, DISTRICT)

    def ids(**query: Any) -> list[str]:
        answer = supervisor.get(PATH, query_string=query)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json["items"]]

    assert ids() == [february, january]
    assert ids(period="2020-02") == [february]
    assert ids(area=TOWN, addressee="区安委办") == [february, january]
    assert ids(area=OTHER_TOWN) == ids(addressee="kq-fire") == []
    page = supervisor.get(PATH, query_string={"limit": 1}).json
    assert [one["id"] for one in page["items"]] == [february]
    assert ids(cursor=page["next"]) == [january]
    assert pointers(supervisor.get(PATH, query_string={"period": "x"})) == ["/period"]


def test_receipt_once(make: Factory) -> None:
    officer, office = make.town_officer(), make.safety_office()
    id = submitted(officer, period="2020-01")["id"]
    answer = post(office, f"/{id}/receipt", note="收到")
    assert answer.status_code == 200
    told = answer.json["receipt"]
    assert (told["outcome"], told["note"]) == ("received", "收到")
    assert post(office, f"/{id}/receipt", note="收到").json["receipt"] == told
    second = post(make.safety_office(), f"/{id}/receipt")
    assert second.json["type"].endswith("not-allowed-in-state")
    assert post(office, f"/{id}/reject", reason="不全").status_code == 409
    type = db.session.scalar(
        text(
            "SELECT payload->>'outcome' FROM audit_events"
            " WHERE type = 'ledger.answered'"
        )
    )
    assert type == "received"


def test_sent_back_and_corrected(make: Factory) -> None:
    officer, office = make.town_officer(), make.safety_office()
    id = submitted(officer, period="2020-01")["id"]
    assert pointers(post(office, f"/{id}/reject")) == ["/reason"]
    sent_back = post(office, f"/{id}/reject", reason="缺照片")
    assert sent_back.json["receipt"]["note"] == "缺照片"
    new = submitted(officer, period="2020-01", replaces=id, reason="已补照片")
    assert post(office, f"/{new['id']}/receipt").status_code == 200
    third = submitted(officer, period="2020-02")["id"]
    submitted(officer, period="2020-02", replaces=third, reason="改")
    assert post(office, f"/{third}/receipt").status_code == 409


def owed(caller: Caller, **query: Any) -> dict[tuple[str, str], dict[str, Any]]:
    answer = caller.get("/reports/ledger/due", query_string=query)
    assert answer.status_code == 200, answer.text
    found = answer.json["items"]
    return {
        (one["ledger"]["id"], one["period"]): one
        for one in found
        if one["area"]["code"] == TOWN
    }


def test_what_is_due(make: Factory, at: Clock) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    make.ticket(worker)
    running = owed(officer)
    assert {key[0] for key in running} == {"D01", "D02", "D04"}
    assert running["D01", MONTH]["state"] == "running"
    assert running["D01", MONTH]["origin"] == "local setting"
    due_on = NEXT_MONTH + timedelta(days=2)
    assert running["D01", MONTH]["due_on"] == str(due_on)

    noon = datetime.combine(due_on, datetime.min.time(), ZONE) + timedelta(hours=12)
    at(noon)
    assert owed(officer)["D01", MONTH]["state"] == "due"
    at(noon + timedelta(days=1))
    told = owed(officer)
    assert (told["D01", MONTH]["state"], told["D01", MONTH]["late"]) == (
        "overdue",
        True,
    )
    assert told["D02", MONTH]["state"] == "due"
    id = submitted(officer, period=MONTH)["id"]
    supervisor, office = make.staff(Role.SUPERVISOR, DISTRICT), make.safety_office()
    told = owed(supervisor)
    assert told["D01", MONTH]["state"] == "late"
    assert told["D01", MONTH]["submission"] == id
    submitted(officer, "D02", period=MONTH)
    assert owed(supervisor)["D02", MONTH]["state"] == "submitted"
    post(office, f"/{id}/reject", reason="不全")
    assert owed(office)["D01", MONTH]["state"] == "returned"
    assert owed(office)["D01", MONTH]["receipt"]["note"] == "不全"
    assert owed(make.handler("kq-fire")).keys() == {
        key for key in told if key[0] == "D02"
    }
    assert owed(make.other_town_officer()) == {}
    assert owed(supervisor, area=OTHER_TOWN) == {}
    wrong = supervisor.get(
        "/reports/ledger/due", query_string={"from": "2026-02-01", "to": "2026-01-01"}
    )
    assert pointers(wrong) == ["/from"]

    reminded = [
        (one.kept.id, one.state)
        for one in ledgers_due(noon + timedelta(days=1), ZONE)
        if one.town.code == TOWN and one.period.said == MONTH
    ]
    assert reminded == [("D01", "returned"), ("D04", "due")]


def test_rows_without_update_are_counted_alike(make: Factory, at: Clock) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    touched, _ = make.ticket(worker), make.ticket(worker)
    settled = make.ticket(worker)
    worker.done(settled, "settle", note="清了", photos=[worker.photo(settled)])
    month = f"{NEXT_MONTH:%Y-%m}"
    moment = datetime.combine(NEXT_MONTH, datetime.min.time(), ZONE)
    at(moment + timedelta(days=5))
    officer.done(touched, "comment", note="已催")
    last = moment + timedelta(days=33)
    at(last)
    told = owed(officer, to=str(last.date() + timedelta(days=40)))["D01", month]
    assert told["without_update"] == 1
    sent = submitted(officer, period=month)
    assert (sent["count"], sent["open"], sent["without_update"]) == (2, 2, 1)
