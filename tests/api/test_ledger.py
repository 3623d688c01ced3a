"""GET /reports/ledger: as of a period's end, whose, for whom, in which form."""

from __future__ import annotations

import csv
import gzip
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
from server.core.db import commit, db
from server.core.permissions import Role
from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN
from tests.api.test_duties import pointers
from tests.factories import COMMUNITY, Caller, Factory, workday

TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
PERIOD = f"{TODAY - timedelta(days=3)}..{TODAY + timedelta(days=1)}"
NEXT = f"{TODAY + timedelta(days=2)}..{TODAY + timedelta(days=4)}"
AFTER = datetime.now(UTC) + timedelta(days=3)  # in NEXT
MUCH_LATER = datetime.now(UTC) + timedelta(days=40)
Clock = Callable[[datetime], None]


@pytest.fixture
def asked_at(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the moment at which ledgers are asked for."""
    return lambda at: monkeypatch.setattr("server.reports.routes.now", lambda: at)


@pytest.fixture
def done_at(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the moment at which things happen."""

    def change(at: datetime) -> None:
        for room in ("audit", "tickets", "patrols", "areas"):
            monkeypatch.setattr(f"server.{room}.service.now", lambda: at)
        monkeypatch.setattr("server.tickets.opening.now", lambda: at)

    return change


@pytest.fixture(autouse=True)
def _over(asked_at: Clock) -> None:
    asked_at(AFTER)


@pytest.fixture
def supervisor(make: Factory) -> Caller:
    return make.staff(Role.SUPERVISOR, DISTRICT)


def ask(caller: Caller, addressee: str, **query: Any) -> Any:
    headers = query.pop("headers", {})
    wanted = {"addressee": addressee, "period": PERIOD} | query
    return caller.get("/reports/ledger", query_string=wanted, headers=headers)


def ledger(caller: Caller, addressee: str, **query: Any) -> dict[str, Any]:
    answer = ask(caller, addressee, **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def rows(caller: Caller, addressee: str, **query: Any) -> dict[str, dict[str, Any]]:
    """Return the rows by the number of their ticket."""
    told = ledger(caller, addressee, **query)["rows"]
    by_number = {row["number"]: row for row in told}
    assert len(by_number) == len(told)
    return by_number


def data(caller: Caller, form: str, **query: Any) -> bytes:
    answer = ask(caller, query.pop("addressee", "D01"), format=form, **query)
    assert answer.status_code == 200, answer.text
    return bytes(answer.data)


def refused(item: str, category: str, **changes: Any) -> dict[str, Any]:
    return {
        "duty_item": item,
        "category": category,
        "facts": ["refused"],
        "handling": {
            "kind": "report_up",
            "note": "拒绝",
            "refused": {"how": "当场声明", "note": "不改"},
        },
    } | changes


# --- as of --------------------------------------------------------------------------


def test_what_happens_later_changes_nothing(
    make: Factory, supervisor: Caller, asked_at: Clock, done_at: Clock
) -> None:
    worker, fire = make.grid_worker(), make.handler()
    number = make.reported(worker, photos=[str(uuid4())])
    settled = make.ticket(worker)
    fire.done(number, "accept")
    before = {form: data(supervisor, form) for form in ("json", "csv", "xlsx")}
    tag = ask(supervisor, "D01", format="xlsx").headers["ETag"]

    done_at(AFTER)
    fire.done(number, "verify", result="substantiated", note="属实")
    due = workday(20)
    graded = {"result": "substantiated", "note": "属实", "severity": "serious"}
    fire.done(number, "verify", **graded)
    due = str(TODAY + timedelta(days=20))
    fire.done(number, "order", due_on=due, note="改", document_no="消1号")
    worker.done(settled, "settle", note="清完", photos=[worker.photo(settled)])
    new = make.ticket(worker)
    asked_at(MUCH_LATER)
    after = {form: data(supervisor, form) for form in ("json", "csv", "xlsx")}
    assert after == before
    again = ask(supervisor, "D01", format="xlsx")
    assert again.headers["ETag"] == tag

    # Even a ticket tampered with beside its events: they alone are read.
    db.session.execute(
        text(
            "UPDATE tickets SET state = 'closed', description = 'x', due_on = NULL,"
            " ended_at = now() - interval '99 days', lead_department = NULL,"
            " facts = '{}', merged_into = 'y', substantiated = false"
        )
    )
    assert {form: data(supervisor, form) for form in before} == before

    told = rows(supervisor, "D01")
    assert told[number]["state"] == {"code": "verifying", "name": "核查中"}
    assert told[number]["verified"] is None
    assert told[number]["severity"]["code"] == "general"
    assert told[settled]["state"]["code"] == "on_spot"
    assert new not in told
    later = rows(supervisor, "D01", period=NEXT)
    assert later.keys() == {number, settled, new}
    assert later[number]["severity"]["code"] == "serious"
    assert later[number]["order_no"] == "消1号"
    assert later[number]["order_due_on"] == due
    assert later[settled]["closed_on"] == str(TODAY + timedelta(days=3))
    # Settled in NEXT: gone from what comes after it; what is open stays.
    last = f"{TODAY + timedelta(days=5)}..{TODAY + timedelta(days=6)}"
    assert rows(supervisor, "D01", period=last).keys() == {number, new}


def test_told_late_it_belongs_to_the_period_it_was_told_in(
    make: Factory, supervisor: Caller, done_at: Clock, asked_at: Clock
) -> None:
    worker = make.grid_worker()
    asked_at(MUCH_LATER)
    before = data(supervisor, "csv")
    done_at(AFTER)
    number = make.ticket(worker)  # found an hour ago, in PERIOD
    assert data(supervisor, "csv") == before
    assert number in rows(supervisor, "D01", period=NEXT)


def test_a_village_keeps_the_name_it_had(
    make: Factory, supervisor: Caller, done_at: Clock, asked_at: Clock
) -> None:
    number = make.ticket(make.grid_worker())
    name = supervisor.get(f"/areas/{COMMUNITY}").json
    asked_at(MUCH_LATER)
    before = data(supervisor, "csv", area=COMMUNITY)
    done_at(AFTER)
    feature = {
        "type": "Feature",
        "geometry": name["boundary"],
        "properties": {
            "code": COMMUNITY,
            "scheme": name["scheme"],
            "name": "新名村",
            "level": "community",
            "parent": TOWN,
        },
    }
    import_areas(
        json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    )
    commit()
    assert data(supervisor, "csv", area=COMMUNITY) == before
    was = rows(supervisor, "D01")[number]["village"]
    assert was == {"code": COMMUNITY, "name": name["name"]}
    now = rows(supervisor, "D01", period=NEXT)[number]["village"]["name"]
    assert now == "新名村"


# --- which ledger ---------------------------------------------------------------------


def test_each_ledger_holds_its_own(make: Factory, supervisor: Caller) -> None:
    officer = make.town_officer()
    urged = {"kind": "deadline", "note": "限期", "due_on": str(TODAY)}
    numbers = {
        "D01": {make.ticket(officer), make.reported(officer)},
        "D02": {make.ticket(officer, duty_item="43", category="F2")},
        "D03": {make.ticket(officer, **refused("39", "F1"))},
        "D04": {
            make.ticket(officer, duty_item="26", category="P5", handling=urged),
            make.ticket(officer, **refused("26", "P5")),
        },
        "D05": {make.ticket(officer, duty_item="42", category="P3", handling=urged)},
    }
    # 39 holds only what was reported for its trigger.
    make.ticket(officer, duty_item="39", category="F1")
    asked = {"kind": "report_up", "note": "请指导"}
    make.ticket(officer, duty_item="39", category="F1", handling=asked)
    make.ticket(officer, **refused("40", "F10"))  # no ledger
    for id, expected in numbers.items():
        told = rows(supervisor, id)
        assert told.keys() == expected, id
        assert {row["ledger"] for row in told.values()} == {id}
    (told,) = rows(supervisor, "D03").values()
    assert told["trigger"]["code"] == ["refused"]
    assert told["reported_to"]["name"] == "区消防救援大队"

    for name in ("kq-emergency", "区应急管理局", "区安委办"):
        both = rows(supervisor, name)
        assert both.keys() == numbers["D01"] | numbers["D04"]
    assert rows(supervisor, "kq-fire").keys() == numbers["D02"] | numbers["D03"]
    only = rows(supervisor, "kq-fire", ledger="D02")
    assert only.keys() == numbers["D02"]
    for name in ("town_only", "卜尔汉图镇", "town-buerhantu"):
        assert rows(supervisor, name).keys() == numbers["D05"]
    assert rows(supervisor, "昆河镇") == {}


def test_cannot_fix_now_is_a_trigger_of_39(make: Factory, supervisor: Caller) -> None:
    officer = make.town_officer()
    number = make.ticket(officer, duty_item="39", category="F1")
    assert rows(supervisor, "D03") == {}
    officer.done(number, "report_up", trigger="cannot_fix_now", note="需拆除")
    told = rows(supervisor, "D03")[number]
    assert told["trigger"]["name"] == "无法立即整改"
    assert told["reported_on"] == str(TODAY)


def test_a_row_in_full(make: Factory, supervisor: Caller) -> None:
    worker = make.grid_worker()
    photo = str(uuid4())
    place = {"name": "老王饭馆", "address": "二街 3 号"}
    number = make.ticket(worker, photos=[photo], place=place)
    after = worker.photo(number)
    worker.done(number, "settle", note="已清", photos=[after])
    told = ledger(supervisor, "D01")
    assert told["addressee"] == {"code": "kq-emergency", "name": "区应急管理局"}
    assert told["areas"] == [{"code": DISTRICT, "name": "昆都仑区"}]
    assert (told["count"], told["provisional"]) == (1, False)
    assert told["timezone"] == "Asia/Shanghai"
    end = datetime.combine(
        TODAY + timedelta(days=2), datetime.min.time(), ZoneInfo("Asia/Shanghai")
    )
    assert datetime.fromisoformat(told["as_of"]) == end
    (kind,) = told["ledgers"]
    assert kind["basis"][:2] == ["30.township.3", "31.township.3"]
    assert (kind["rhythm"], kind["reported_only"]) == (["prompt"], False)
    (row,) = told["rows"]
    assert [c["code"] for c in told["columns"]] == list(row)
    assert row["inspector"] == f"测试{worker.username}"
    assert row["place"] == "老王饭馆，二街 3 号"
    assert row["party"] == "某某餐馆"
    assert (row["photo_count"], row["photos"]) == (2, [photo, after])
    assert row["town_measure"] == "当场处理：当场清理；当场办结：已清"
    assert row["closed_on"] == str(TODAY)
    assert row["state"]["name"] == "镇级办结"


# --- who ------------------------------------------------------------------------------


def test_who_reads_which(make: Factory) -> None:
    here = make.reported(make.grid_worker())
    other = make.other_town_officer()
    there = make.ticket(other, position=make.position(OTHER_TOWN))
    both = {here, there}
    assert rows(make.safety_office(), "D01").keys() == both
    assert rows(make.administrator(), "D01").keys() == both
    # Also what is not reported: the addressee is owed the ledger of all hazards.
    assert rows(make.handler("kq-emergency"), "D01").keys() == both
    assert rows(make.handler("kq-emergency", Role.LEAD), "D01").keys() == both
    assert rows(make.town_officer(), "D01").keys() == {here}
    assert rows(other, "D01").keys() == {there}
    assert rows(make.staff(Role.SUPERVISOR, TOWN), "D01").keys() == {here}

    assert ask(make.grid_worker(), "D01").status_code == 403
    fire = make.handler("kq-fire")
    assert rows(fire, "kq-fire") == {}
    for caller, addressee in (
        (fire, "D01"),
        (fire, "kq-emergency"),
        (fire, "town_only"),
        (make.safety_office(), "D02"),
        (make.safety_office(), "D05"),
        (make.handler("kq-housing"), "D03"),
        (other, "卜尔汉图镇"),
    ):
        assert ask(caller, addressee).status_code == 404, addressee
    seen = [make.administrator(), make.town_officer()]
    assert all(rows(caller, "town_only") == {} for caller in seen)


def test_areas_narrow_and_nothing_outside(make: Factory, supervisor: Caller) -> None:
    number = make.ticket(make.grid_worker())
    assert rows(supervisor, "D01", area=COMMUNITY).keys() == {number}
    assert rows(supervisor, "D01", area=OTHER_TOWN) == {}
    officer = make.town_officer()
    assert rows(officer, "D01", area=COMMUNITY).keys() == {number}
    narrowed = ledger(officer, "D01", area=DISTRICT)
    assert [area["code"] for area in narrowed["areas"]] == [TOWN]
    assert ask(officer, "D01", area=OTHER_TOWN).status_code == 404


# --- how it is asked for ------------------------------------------------------------


def test_refusals(supervisor: Caller) -> None:
    def wrong(**query: Any) -> list[str]:
        answer = ask(supervisor, query.pop("addressee", "D01"), **query)
        assert answer.status_code == 422, answer.text
        return list(pointers(answer))

    assert wrong(period="2026-13") == ["/period"]
    assert wrong(period="") == ["/period"]
    assert wrong(addressee="没有此局") == ["/addressee"]
    assert wrong(addressee="kq-housing") == ["/addressee"]
    assert wrong(addressee="") == ["/addressee"]
    assert wrong(ledger="D01", addressee="kq-fire") == ["/ledger"]
    assert wrong(area="1") == ["/area"]
    assert wrong(format="pdf") == ["/format"]
    assert wrong(other="1") == ["/other"]


def test_a_period_that_runs(make: Factory, supervisor: Caller, asked_at: Clock) -> None:
    number = make.ticket(make.grid_worker())
    end = datetime.fromisoformat(f"{TODAY + timedelta(days=2)}T00:00:00+08:00")
    asked_at(end + timedelta(minutes=4))
    answer = ask(supervisor, "D01")
    assert pointers(answer) == ["/period"]
    assert PERIOD in answer.json["detail"]
    told = ledger(supervisor, "D01", provisional="true")
    assert told["provisional"] is True
    moment = datetime.now(UTC)
    asked_at(moment)
    running = ask(supervisor, "D01", provisional="true")
    assert running.headers["Ledger-Provisional"] == "true"
    assert datetime.fromisoformat(running.json["as_of"]) == moment
    assert [row["number"] for row in running.json["rows"]] == [number]
    asked_at(moment + timedelta(seconds=5))
    again = ask(supervisor, "D01", provisional="true")
    assert again.headers["ETag"] == running.headers["ETag"]
    file = ask(supervisor, "D01", provisional="true", format="csv")
    assert "%E6%9A%82%E8%87%B3" in file.headers["Content-Disposition"]  # 暂至
    assert pointers(ask(supervisor, "D01", provisional="true", period=NEXT)) == [
        "/period"
    ]
    asked_at(end + timedelta(minutes=5))
    assert ledger(supervisor, "D01", provisional="true")["provisional"] is False


def test_files(make: Factory, supervisor: Caller) -> None:
    number = make.ticket(make.grid_worker(), description="=HYPERLINK(1)")
    plain = ask(supervisor, "D01", format="csv")
    assert plain.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in plain.headers["Content-Disposition"]
    assert plain.content_length == len(plain.data)
    (line,) = csv.DictReader(io.StringIO(plain.data.decode("utf-8-sig"), newline=""))
    assert line["编号"] == number
    assert line["隐患描述"] == "'=HYPERLINK(1)"
    packed = ask(supervisor, "D01", format="csv", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    book = load_workbook(io.BytesIO(data(supervisor, "xlsx")))
    assert book.sheetnames == ["台账", "照片", "说明"]
    described = {cell.value: cell.data_type for cell in book["台账"][2]}
    assert described["=HYPERLINK(1)"] == "s"
    assert ("范围", f"昆都仑区（{DISTRICT}）") in list(book["说明"].values)


@pytest.mark.parametrize("form", ["json", "csv", "xlsx"])
def test_who_has_it_gets_304(make: Factory, supervisor: Caller, form: str) -> None:
    make.ticket(make.grid_worker())
    query = {"addressee": "D01", "period": PERIOD, "format": form}
    tag = supervisor.get("/reports/ledger", query_string=query).headers["ETag"]
    for have, status in ((tag, 304), ('"other"', 200)):
        answer = supervisor.get(
            "/reports/ledger", query_string=query, headers={"If-None-Match": have}
        )
        assert (answer.status_code, answer.headers["ETag"]) == (status, tag)
        assert (answer.data == b"") is (status == 304)
