"""POST /places/import: taken, unchanged, refused; all of it or nothing."""

from __future__ import annotations

import io
import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from server.audit.models import AuditEvent
from server.core.db import db
from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN
from server.places import sheet as sheets
from server.places.models import Place
from tests.factories import COMMUNITY, Caller, Factory
from tests.registers import HEADER, csv_file, workbook

CSV = {"Content-Type": "text/csv"}


def row(
    make: Factory, name: str = "老张面馆", kind: str = "35", **at: Any
) -> list[Any]:
    """Return a row of the short header."""
    lon, lat = make.point_in(at.get("area", COMMUNITY))
    return [name, kind, "某路1号", lon + at.get("east", 0), lat]


def send(caller: Caller, data: bytes, query: str = "") -> Any:
    """Send a file and return the answer."""
    return caller.post(f"/places/import{query}", data=data, headers=CSV)


def count() -> int:
    """Count the registered places."""
    return db.session.scalar(select(func.count()).select_from(Place)) or 0


@pytest.mark.parametrize("make_file", [csv_file, workbook])
def test_taken_then_unchanged(make: Factory, make_file: Any) -> None:
    officer = make.town_officer()
    data = make_file([row(make), row(make, "小学一校", "小学校", east=0.002)])
    first = send(officer, data)
    assert first.status_code == 200, first.text
    assert (first.json["taken"], first.json["written"]) == (2, True)
    assert [r["change"] for r in first.json["rows"]] == ["registered"] * 2
    seen = officer.get(f"/places/{first.json['rows'][1]['place']}").json
    assert (seen["name"], seen["kind"], seen["kind_name"]) == (
        "小学一校",
        "32",
        "小学校",
    )
    again = send(officer, data)
    assert (again.json["unchanged"], again.json["taken"]) == (2, 0)
    assert [r["place"] for r in again.json["rows"]] == [
        r["place"] for r in first.json["rows"]
    ]
    assert count() == 2
    after = officer.get(f"/places/{first.json['rows'][1]['place']}").json
    assert after["version"] == 1


def test_multipart(make: Factory) -> None:
    form = {"file": (io.BytesIO(workbook([row(make)])), "台账.xlsx")}
    answer = make.town_officer().post("/places/import", data=form)
    assert answer.json["taken"] == 1
    nothing = make.town_officer().post(
        "/places/import", data={"other": (io.BytesIO(b"x"), "x")}
    )
    assert nothing.json["errors"][0]["pointer"] == "/file"


def test_a_refused_row_stops_the_whole_file(make: Factory) -> None:
    officer = make.town_officer()
    outside = ["远处", "35", "", 116.4, 39.9]
    data = csv_file([row(make), row(make, "怪店", "99", east=0.002), outside])
    refused = send(officer, data)
    assert refused.status_code == 422
    assert refused.json["type"] == "rows-refused"
    assert [e["pointer"] for e in refused.json["errors"]] == ["/rows/3/B", "/rows/4/D"]
    report = refused.json["report"]
    assert [r["result"] for r in report["rows"]] == ["taken", "refused", "refused"]
    assert report["rows"][1]["errors"][0]["title"] == "场所类型"
    assert (report["written"], count()) == (False, 0)
    rehearsal = send(officer, data, "?dry_run=true")
    assert (rehearsal.status_code, rehearsal.json["refused"], count()) == (200, 2, 0)
    skipped = send(officer, data, "?skip_bad=true")
    assert (skipped.status_code, skipped.json["refused"]) == (200, 2)
    assert (skipped.json["written"], skipped.json["skip_bad"], count()) == (
        True,
        True,
        1,
    )


def test_a_rehearsal_writes_nothing(make: Factory) -> None:
    answer = send(make.town_officer(), csv_file([row(make)]), "?dry_run=true")
    assert (answer.json["taken"], answer.json["written"]) == (1, False)
    assert "place" not in answer.json["rows"][0]
    assert count() == 0


def test_rows_of_one_place_name_each_other(make: Factory) -> None:
    data = csv_file([row(make), row(make, "别家"), row(make, " 老张 面馆")])
    report = send(make.town_officer(), data).json["report"]
    assert [r["result"] for r in report["rows"]] == ["refused", "taken", "refused"]
    assert "第 4 行" in report["rows"][0]["errors"][0]["message"]
    assert "第 2 行" in report["rows"][2]["errors"][0]["message"]


def test_a_formula_is_refused_by_its_cell(make: Factory) -> None:
    cells = row(make)
    cells[2] = '=HYPERLINK("http://x")'
    report = send(make.town_officer(), workbook([cells])).json["report"]
    fault = report["rows"][0]["errors"][0]
    assert (report["rows"][0]["row"], fault["column"], fault["title"]) == (
        2,
        "C",
        "地址",
    )


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        (csv_file([["a"]], header=["场所名称", "天气"]), "/header/B"),
        (workbook([["a", "35", "", 1, 2]] * 2, merge=["A2:A3"]), "/cells/A2:A3"),
        (
            "场所名称,场所类型,经度,纬度\n甲,35,1,2\n".encode("gbk")
            + "乙店铺".encode(),
            "/rows/3",
        ),
        (b"\xd0\xcf\x11\xe0old", "/file"),
        (b"", "/file"),
    ],
)
def test_files_that_cannot_be_read(make: Factory, data: bytes, pointer: str) -> None:
    answer = send(make.town_officer(), data)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json["errors"]]


def test_size(make: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_FILE_BYTES", 100)
    answer = send(make.town_officer(), csv_file([row(make)] * 9))
    assert (answer.status_code, answer.json["type"]) == (413, "too-large")


def test_within_ones_areas(make: Factory) -> None:
    data = csv_file([row(make)])
    stranger = send(make.other_town_officer(), data)
    assert stranger.status_code == 422
    assert "您负责的区域" in stranger.text
    assert send(make.grid_worker(), data).status_code == 403
    assert send(make.safety_office(), data).status_code == 403
    admin = make.administrator()
    other = send(admin, data, f"?area={OTHER_TOWN}")
    assert other.status_code == 422
    foreign = send(make.town_officer(), data, f"?area={OTHER_TOWN}")
    assert foreign.json["errors"][0]["pointer"] == "/area"
    assert send(admin, data, f"?area={TOWN}").json["taken"] == 1
    assert send(admin, data, f"?area={DISTRICT}").json["unchanged"] == 1


def test_area_column_is_checked(make: Factory) -> None:
    header = [*HEADER, "区域代码"]
    good = csv_file([[*row(make), COMMUNITY]], header=header)
    assert send(make.town_officer(), good).json["taken"] == 1
    bad = csv_file([[*row(make), OTHER_TOWN]], header=header)
    (error,) = send(make.town_officer(), bad).json["errors"]
    assert error["pointer"] == "/rows/2/F"


def test_swapped_coordinates_are_recognised(make: Factory) -> None:
    cells = row(make)
    cells[3], cells[4] = cells[4], cells[3]
    (error,) = send(make.town_officer(), csv_file([cells])).json["errors"]
    assert "填反" in error["message"]


def test_datum(make: Factory) -> None:
    header = [*HEADER, "坐标系"]
    data = csv_file(
        [[*row(make), "高德"], [*row(make, "乙店"), "火星2号"]], header=header
    )
    (error,) = send(make.town_officer(), data).json["errors"]
    assert error["pointer"] == "/rows/3/F"
    report = send(make.town_officer(), data, "?skip_bad=true").json
    seen = make.town_officer().get(f"/places/{report['rows'][0]['place']}").json
    assert seen["position"]["sent"]["datum"] == "gcj02"
    assert seen["position"]["coordinates"] != seen["position"]["sent"]["coordinates"]


def test_criteria_and_risk_points_hold_for_files(make: Factory) -> None:
    header = [*HEADER, "职工人数", "集体宿舍人数", "风险描述", "管护人", "管护人电话"]
    rows = [
        [*row(make, "大厂", "38"), 80, 0, "", "", ""],
        [*row(make, "小厂", "38"), 50, "", "", "", ""],
        [*row(make, "3号井盖", "井盖"), "", "", "破损", "王某", "13800000000"],
        [*row(make, "4号井盖", "井盖"), "", "", "", "", ""],
    ]
    report = send(make.town_officer(), csv_file(rows, header=header)).json["report"]
    results = [r["result"] for r in report["rows"]]
    assert results == ["refused", "taken", "taken", "refused"]
    assert {e["column"] for e in report["rows"][0]["errors"]} == {"B", "F", "G"}
    assert {e["column"] for e in report["rows"][3]["errors"]} == {"H", "I", "J"}


def test_a_changed_row_changes_the_place_and_other_columns_stay(make: Factory) -> None:
    officer = make.town_officer()
    header = [*HEADER, "登记编号", "层数", "联系人"]
    made = send(officer, csv_file([[*row(make), "A-1", 2, "李某"]], header=header)).json
    id = made["rows"][0]["place"]
    short = [*HEADER, "登记编号", "人员密集"]
    renamed = [[*row(make, "老张饭庄"), "A-1", "是"]]
    changed = send(officer, csv_file(renamed, header=short)).json
    assert (changed["changed"], changed["rows"][0]["place"]) == (1, id)
    seen = officer.get(f"/places/{id}").json
    assert (seen["name"], seen["version"]) == ("老张饭庄", 2)
    assert seen["attributes"] == {"storeys": 2, "crowded": True}
    assert seen["contact"]["name"] == "李某"
    cleared = [[*row(make, "老张饭庄"), "A-1", "", ""]]
    send(officer, csv_file(cleared, header=[*short, "联系人"]))
    seen = officer.get(f"/places/{id}").json
    assert (seen["contact"], seen["attributes"]) == (None, {"storeys": 2})


def test_what_a_phone_registered_is_found_again(make: Factory) -> None:
    worker, id = make.grid_worker(), str(uuid4())
    document = {"name": "老张面馆", "kind": "35", "position": make.position()}
    assert worker.put(f"/places/{id}", json=document).status_code == 201
    report = send(make.town_officer(), csv_file([row(make)])).json
    assert (report["changed"], report["rows"][0]["place"], count()) == (1, id, 1)


def test_two_registered_places_that_fit_are_not_guessed_at(make: Factory) -> None:
    worker = make.grid_worker()
    document = {"name": "老张面馆", "kind": "35", "position": make.position()}
    for _ in range(2):
        worker.put(f"/places/{uuid4()}", json=document)
    (error,) = send(make.town_officer(), csv_file([row(make)])).json["errors"]
    assert "2 处" in error["message"]


def test_hints(make: Factory) -> None:
    officer = make.town_officer()
    send(officer, csv_file([row(make)]))
    near = [
        row(make, "老张面馆（总店）", east=0.0001),
        row(make, "老张面馆总店", east=0.0002),
        row(make, "完全不同", east=0.0001),
        row(make, "老张面馆分号", east=0.01),
    ]
    report = send(officer, csv_file(near), "?dry_run=true").json
    first, second, other, far = (r.get("similar", []) for r in report["rows"])
    assert [hint["name"] for hint in first] == ["老张面馆"]
    assert {hint.get("row") for hint in second} == {None, 2}
    assert first[0]["metres"] < 50
    assert other == far == []


def test_the_audit_names_every_place(make: Factory) -> None:
    officer = make.town_officer()
    report = send(officer, csv_file([row(make), row(make, "乙店", east=0.002)])).json
    events = db.session.scalars(
        select(AuditEvent).where(AuditEvent.type == "places.imported")
    ).all()
    (event,) = events
    assert event.subject_id == report["sha256"]
    assert [mark[0] for mark in event.payload["places"]] == [
        r["place"] for r in report["rows"]
    ]


def test_unchanged_files_leave_no_event(make: Factory) -> None:
    officer, data = make.town_officer(), csv_file([row(make)])
    for _ in range(2):
        send(officer, data)
    total = db.session.scalar(
        text("SELECT count(*) FROM audit_events WHERE type = 'places.imported'")
    )
    assert total == 1


def test_english_and_template(make: Factory) -> None:
    officer = make.town_officer()
    english = officer.post(
        "/places/import",
        data=csv_file([row(make, "甲", "99")]),
        headers={**CSV, "Accept-Language": "en"},
    )
    assert english.json["report"]["rows"][0]["errors"][0]["message"].isascii()
    book = officer.get("/places/import-template.xlsx")
    assert book.data.startswith(b"PK")
    assert "spreadsheetml" in book.mimetype
    assert json.dumps(book.headers["Content-Disposition"])


def test_a_change_by_hand_may_not_take_another_rows_key(make: Factory) -> None:
    officer = make.town_officer()
    rows = [row(make), row(make, "乙店", east=0.0001)]
    report = send(officer, csv_file(rows)).json
    first = officer.get(f"/places/{report['rows'][0]['place']}")
    body = {
        "name": "乙店",
        "kind": "35",
        "position": first.json["position"]["sent"],
    }
    match = {"If-Match": first.headers["ETag"]}
    answer = officer.put(f"/places/{first.json['id']}", json=body, headers=match)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == "/name"


def test_a_workbook_and_its_csv_are_the_same_content(make: Factory) -> None:
    officer = make.town_officer()
    header = [
        *HEADER,
        "职工人数",
        "人员密集",
        "跨度(米)",
        "风险等级",
        "责任人",
        "责任人类型",
    ]
    cells = [*row(make), 12, "是", 18.5, "高", "张某", "经营者"]
    assert send(officer, csv_file([cells], header=header)).json["taken"] == 1
    again = send(officer, workbook([cells], header=header)).json
    assert (again["unchanged"], again["encoding"]) == (1, None)
