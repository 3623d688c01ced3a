"""Papers issued with the actions: numbers, files, drafts, withdrawal, verification."""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from server.accounts.service import authenticate
from server.audit.models import Delivery
from server.checklists.service import edition_for
from server.core.db import db
from server.core.permissions import Role
from server.documents import forms, typeset
from server.documents import service as documents
from server.tickets import service as tickets
from server.wiring import JOBS
from tests.api.test_findings import inspection
from tests.api.test_inspections import all_yes
from tests.documents import DUE, ordered, stored, verified
from tests.factories import Caller, Factory

TITLES_ON_ITEM_42 = ["整改通知书", "复查意见", "延期审批", "复查意见"]


def test_a_fire_order_is_issued(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    number, paper = ordered(make, worker, fire)
    year = stored(paper["id"]).year
    assert paper["number"] == f"昆消责改〔{year}〕1号"
    assert (paper["title"], paper["issuer"]) == ("责令改正通知书", "kq-fire")
    assert paper["status"] == "valid"
    shown = fire.get(f"/documents/{paper['id']}").json
    said = shown["content"]
    assert said["number"] == shown["number"] == paper["number"]
    assert said["issuer"] == {"name": "昆都仑区消防救援大队", "code": "kq-fire"}
    assert said["addressee"] == {"name": "某某餐馆"}
    assert said["requirement"] == "立即清理安全出口"
    assert said["due_on"] == DUE
    assert said["hazards"][0]["description"] == "后门堆放纸箱，安全出口被堵"
    assert said["basis"][0] == {
        "clause": None,
        "text": "《中华人民共和国消防法》第五十四条",
    }
    assert said["basis"][1]["clause"] == "35.区消防救援大队.1"
    assert said["ticket"] == number
    assert said["area"].startswith("卜尔汉图镇")
    second = ordered(make, worker, fire)[1]
    assert second["number"] == f"昆消责改〔{year}〕2号"


def test_the_same_bytes_for_ever(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    paper = ordered(make, worker, fire)[1]
    url = f"/documents/{paper['id']}/file?format=pdf"
    first = fire.get(url)
    assert first.status_code == 200, first.text
    assert first.data.startswith(b"%PDF")
    digest = hashlib.sha256(first.data).hexdigest()
    assert first.headers["ETag"] == f'"{digest}"'
    assert first.headers["Content-Type"] == "application/pdf"
    assert worker.get(url).data == first.data
    again = fire.get(url, headers={"If-None-Match": f'"{digest}"'})
    assert again.status_code == 304
    seen = fire.get(f"/documents/{paper['id']}").json
    assert seen["files"]["pdf"]["sha256"] == digest
    assert seen["files"]["pdf"]["size"] == len(first.data)


def test_docx_where_an_office_edits_it(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    paper = ordered(make, worker, fire)[1]
    assert paper["links"].keys() == {"pdf", "docx"}
    url = f"/documents/{paper['id']}/file?format=docx"
    first = fire.get(url)
    assert first.status_code == 200, first.text
    assert first.data.startswith(b"PK")
    assert worker.get(url).data == first.data
    name = first.headers["Content-Disposition"]
    assert f"{quote(paper['number'])}.docx" in name
    assert fire.get(url.replace("docx", "txt")).status_code == 422
    number = verified(make, worker, fire)
    path = f"/tickets/{number}/drafts/order?format=docx"
    draft = fire.post(path, json={"due_on": DUE, "note": "清理"})
    assert draft.data.startswith(b"PK")


def test_without_typefaces_the_case_goes_on(
    make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: Any, **__: Any) -> Any:
        raise typeset.FontsMissing("none")

    monkeypatch.setattr(forms, "template_faults", missing)
    monkeypatch.setattr(forms, "_working", set())
    monkeypatch.setattr(typeset, "render_pdf", missing)
    worker, fire = make.grid_worker(), make.handler()
    paper = ordered(make, worker, fire)[1]
    assert paper["number"].endswith("〕1号")
    answer = fire.get(f"/documents/{paper['id']}/file")
    assert (answer.status_code, answer.json["type"]) == (503, "fonts-missing")
    monkeypatch.undo()
    assert fire.get(f"/documents/{paper['id']}/file").status_code == 200


def test_the_job_makes_the_pdf(app: Flask, make: Factory) -> None:
    fire = make.handler()
    paper = ordered(make, make.grid_worker(), fire)[1]
    owed = db.session.scalars(select(Delivery).where(Delivery.job == "render_document"))
    assert len(owed.all()) == 1
    JOBS["render_document"]({"subject_id": paper["id"]})
    seen = fire.get(f"/documents/{paper['id']}").json
    data = fire.get(f"/documents/{paper['id']}/file").data
    assert seen["files"]["pdf"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert seen["files"]["docx"]["sha256"] is None


def test_a_lost_file_is_made_again_alike(app: Flask, make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    paper = ordered(make, worker, fire)[1]
    url = f"/documents/{paper['id']}/file"
    first = fire.get(url).data
    store = app.extensions["document_store"]
    path = store.original(hashlib.sha256(first).hexdigest())
    path.write_bytes(b"something else")
    assert fire.get(url).data == first
    path.unlink()
    assert fire.get(url).data == first


def test_an_issued_paper_keeps_its_template(
    make: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, fire = make.grid_worker(), make.handler()
    old = ordered(make, worker, fire)[1]
    copy = _own_templates(tmp_path, monkeypatch)
    with open(copy / "order-fire.typ", "a", encoding="utf-8") as file:
        file.write("\n另附：改过的模板。\n")
    new = ordered(make, worker, fire)[1]
    before, after = stored(old["id"]), stored(new["id"])
    assert before.template_digest != after.template_digest
    kept = forms.kept(before.template_digest)
    assert "改过的模板" not in kept.typ.decode()
    assert fire.get(f"/documents/{old['id']}/file").status_code == 200
    assert fire.get(f"/documents/{new['id']}/file").status_code == 200


def _own_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "templates"
    shutil.copytree(forms.directory("buerhantu"), copy)
    monkeypatch.setattr(forms, "directory", lambda _: copy)
    return copy


@pytest.mark.parametrize(
    ("broken", "field"),
    [("#c.no_such_thing", "no_such_thing"), ("#let x = (", "order-fire.typ")],
)
def test_a_broken_template_changes_nothing(
    make: Factory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
    field: str,
) -> None:
    worker, fire = make.grid_worker(), make.handler()
    number = verified(make, worker, fire)
    before = fire.ticket(number)
    events = fire.get(f"/tickets/{number}/events").json
    copy = _own_templates(tmp_path, monkeypatch)
    good = (copy / "order-fire.typ").read_bytes()
    (copy / "order-fire.typ").write_bytes(good + b"\n" + broken.encode())
    answer = fire.act(number, "order", due_on=DUE, note="x")
    assert (answer.status_code, answer.json["type"]) == (409, "template-broken")
    assert answer.json["file"] == "order-fire.typ"
    assert answer.json["line"] >= good.count(b"\n")
    assert field in answer.json["detail"]
    after = fire.ticket(number)
    assert (after["state"], after["version"]) == (before["state"], before["version"])
    assert fire.get(f"/tickets/{number}/events").json == events
    (copy / "order-fire.typ").write_bytes(good)
    done = fire.done(number, "order", due_on=DUE, note="x")
    assert done["documents"][-1]["number"].endswith("〕1号")


def test_a_number_from_outside_is_only_noted(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    number = verified(make, worker, fire)
    done = fire.done(number, "order", due_on=DUE, note="x", document_no="消1号")
    assert done["documents"][-1]["number"] == "消1号"
    assert "id" not in done["documents"][-1]
    assert fire.get(f"/documents?ticket={number}").json["items"] == []


def test_item_42_of_the_town(make: Factory) -> None:
    """The notice at once, the failed re-inspection, the extension, the passed one."""
    worker, officer = make.grid_worker(), make.town_officer()
    sent = make.sent(
        worker,
        make.finding(
            duty_item="42",
            category="F3",
            handling={"kind": "deadline", "note": "清理", "due_on": DUE},
        ),
    )
    number = sent["ticket"]["number"]
    opened = worker.ticket(number)["documents"]
    assert [d["title"] for d in opened] == ["整改通知书"]
    assert opened[0]["number"].startswith("卜镇整通〔")
    assert stored(opened[0]["id"]).content["inspectors"] == [
        worker.get("/me").json["name"]
    ]
    worker.done(number, "reinspect", result="failed", note="仍在")
    officer.done(number, "extend", due_on="2099-02-02", note="材料未到")
    photo = worker.photo(number)
    worker.done(number, "reinspect", result="passed", note="已改", photos=[photo])
    papers = worker.ticket(number)["documents"]
    assert [d["title"] for d in papers] == TITLES_ON_ITEM_42
    assert {d["issuer"] for d in papers[1:]} == {"town-buerhantu"}
    rows = [stored(d["id"]).content for d in papers]
    assert (rows[1]["round"], rows[1]["result"]) == (1, "failed")
    assert rows[1]["orders"][0]["number"] == papers[0]["number"]
    assert (rows[2]["extension"]["from"], rows[2]["extension"]["to"]) == (
        DUE,
        "2099-02-02",
    )
    assert (rows[3]["round"], rows[3]["result"]) == (2, "passed")
    for paper in papers:
        path = paper["links"]["pdf"].removeprefix("/api/v1")
        assert worker.get(path).status_code == 200, paper["title"]


def test_the_town_reminds_elsewhere_only_when_asked(make: Factory) -> None:
    worker = make.grid_worker()
    handling = {"kind": "deadline", "note": "x", "due_on": DUE}
    number = make.ticket(worker, handling=handling)
    assert worker.ticket(number)["documents"][0]["number"] is None
    assert worker.get(f"/documents?ticket={number}").json["items"] == []
    number = make.ticket(worker)
    done = worker.done(number, "issue_notice", due_on=DUE, note="请清理")
    assert done["documents"][-1]["number"].startswith("卜镇整提〔")


def test_transfer_and_feedback(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    number = verified(make, worker, fire)
    done = fire.done(number, "transfer", department="区公安分局", note="涉嫌违法")
    letter = stored(done["documents"][-1]["id"]).content
    assert letter["addressee"]["name"] == "包头市公安局昆都仑区分局"
    assert letter["reason"] == "涉嫌违法"
    number, order = ordered(make, worker, fire)
    photo = fire.photo(number)
    fire.done(number, "reinspect", result="passed", note="改", photos=[photo])
    fed = fire.done(number, "feed_back", note="已整改")
    feedback = stored(fed["documents"][-1]["id"]).content
    assert feedback["addressee"]["name"] == "卜尔汉图镇人民政府"
    assert [o["number"] for o in feedback["orders"]] == [order["number"]]
    assert feedback["result"] == "passed"
    for paper in fed["documents"]:
        assert fire.get(f"/documents/{paper['id']}/file").status_code == 200


def test_a_draft_takes_no_number(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    number = verified(make, worker, fire)
    before = fire.ticket(number)
    path = f"/tickets/{number}/drafts/order"
    draft = fire.post(path, json={"due_on": DUE, "note": "清理"})
    assert draft.status_code == 200, draft.text
    assert draft.data.startswith(b"%PDF")
    after = fire.ticket(number)
    assert (after["version"], after["state"]) == (before["version"], before["state"])
    assert after["due_on"] == before["due_on"]
    assert after["documents"] == before["documents"]
    assert fire.get(f"/documents?ticket={number}").json["items"] == []
    assert fire.post(path, json={"note": "x"}).status_code == 422
    assert fire.post(f"{path}x", json={}).status_code == 404
    comment = fire.post(f"/tickets/{number}/drafts/comment", json={"note": "x"})
    assert (comment.status_code, comment.json["type"]) == (409, "no-document")
    assert worker.post(path, json={"due_on": DUE, "note": "x"}).status_code == 403
    done = fire.done(number, "order", due_on=DUE, note="清理")
    assert done["documents"][-1]["number"].endswith("〕1号")


def test_withdrawn_by_another_paper(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    chief = make.handler(role=Role.LEAD)
    number, paper = ordered(make, worker, fire)
    path = f"/documents/{paper['id']}/withdraw"
    reason = {"reason": "当事人名称有误"}
    assert fire.post(path, json=reason).status_code == 403
    assert make.town_officer().post(path, json=reason).status_code == 403
    assert chief.post(path, json={}).status_code == 422
    other = make.handler("kq-commerce", role=Role.LEAD)
    assert other.post(path, json=reason).status_code == 404
    row = dict(vars(stored(paper["id"])))
    answer = chief.post(path, json=reason)
    assert answer.status_code == 201, answer.text
    withdrawal = answer.json
    assert withdrawal["number"].startswith("昆消撤决〔")
    assert withdrawal["title"] == "撤回决定"
    assert withdrawal["withdraws"]["number"] == paper["number"]
    assert withdrawal["content"]["withdraws"]["number"] == paper["number"]
    assert withdrawal["content"]["reason"] == "当事人名称有误"
    db.session.expire_all()
    same = vars(stored(paper["id"]))
    assert {k: v for k, v in same.items() if k[0] != "_"} == {
        k: v for k, v in row.items() if k[0] != "_"
    }
    seen = worker.get(f"/documents/{paper['id']}").json
    assert (seen["status"], seen["withdrawn_by"]["number"]) == (
        "withdrawn",
        withdrawal["number"],
    )
    again = chief.post(path, json=reason)
    assert (again.status_code, again.json["type"]) == (409, "already-withdrawn")
    back = chief.post(f"/documents/{withdrawal['id']}/withdraw", json=reason)
    assert (back.status_code, back.json["type"]) == (409, "not-withdrawable")
    ticket = fire.ticket(number)
    assert [(d["title"], d["status"]) for d in ticket["documents"]] == [
        ("责令改正通知书", "withdrawn"),
        ("撤回决定", "valid"),
    ]
    assert ticket["state"] == "ordered"
    last = fire.get(f"/tickets/{number}/events").json["items"][-1]
    assert (last["type"], last["note"]) == (
        "ticket.document_withdrawn",
        "当事人名称有误",
    )
    assert fire.get(f"/documents/{withdrawal['id']}/file").status_code == 200


def test_the_town_withdraws_its_own(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    number = make.ticket(worker)
    done = worker.done(number, "issue_notice", due_on=DUE, note="请清理")
    path = f"/documents/{done['documents'][-1]['id']}/withdraw"
    assert worker.post(path, json={"reason": "x"}).status_code == 403
    assert make.other_town_officer().post(path, json={"reason": "x"}).status_code == 404
    answer = officer.post(path, json={"reason": "写错"})
    assert answer.status_code == 201
    assert answer.json["number"].startswith("卜镇撤决〔")


def test_anyone_verifies(app: Flask, make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    paper = ordered(make, worker, fire)[1]
    shown = fire.get(f"/documents/{paper['id']}").json
    code = shown["verify"]["code"]
    assert len(code) >= 20
    pdf = hashlib.sha256(fire.get(f"/documents/{paper['id']}/file").data).hexdigest()
    stranger = app.test_client()
    told = stranger.get(f"/api/v1/documents/verify/{code}")
    assert told.json == {
        "title": "责令改正通知书",
        "number": paper["number"],
        "issuer": "昆都仑区消防救援大队",
        "issued_on": shown["issued_on"],
        "addressee": "某**馆",
        "status": "valid",
        "withdrawn_by": None,
        "pdf_sha256": pdf,
    }
    page = stranger.get(f"/v/{code}")
    assert page.status_code == 200
    for word in ("有效", paper["number"], "某**馆", pdf, "viewport"):
        assert word in page.text
    assert "某某餐馆" not in page.text + told.text
    assert stranger.get("/api/v1/documents/verify/nobody").status_code == 404
    assert stranger.get("/v/nobody").status_code == 404
    assert "没有找到" in stranger.get("/v/nobody").text
    chief = make.handler(role=Role.LEAD)
    path = f"/documents/{paper['id']}/withdraw"
    number = chief.post(path, json={"reason": "写错"}).json["number"]
    told = stranger.get(f"/api/v1/documents/verify/{code}").json
    assert (told["status"], told["withdrawn_by"]["number"]) == ("withdrawn", number)
    assert number in stranger.get(f"/v/{code}").text


def test_other_peoples_documents(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    paper = ordered(make, worker, fire)[1]
    for stranger in (make.other_town_officer(), make.handler("kq-commerce")):
        for path in ("", "/file"):
            assert stranger.get(f"/documents/{paper['id']}{path}").status_code == 404
        assert stranger.get("/documents").json["items"] == []
    assert fire.get(f"/documents/{uuid4()}").status_code == 404


def test_the_list_and_its_filters(make: Factory) -> None:
    worker, fire = make.grid_worker(), make.handler()
    number, paper = ordered(make, worker, fire)
    other = ordered(make, worker, fire)[1]

    def ids(query: str) -> list[str]:
        return [d["id"] for d in fire.get(f"/documents{query}").json["items"]]

    assert ids("") == [other["id"], paper["id"]]
    assert ids(f"?ticket={number}") == [paper["id"]]
    assert ids("?kind=order&issuer=消防大队") == [other["id"], paper["id"]]
    assert ids("?issuer=kq-housing") == []
    assert ids(f"?number={paper['number']}") == [paper["id"]]
    first = fire.get("/documents?limit=1").json
    assert ids(f"?limit=1&cursor={first['next']}") == [paper["id"]]


def test_the_record_of_an_inspection(make: Factory) -> None:
    worker = make.grid_worker()
    key = str(uuid4())
    document = inspection(make, all_yes(worker), "35") | {
        "signature": {"refused": True, "note": "负责人不在"}
    }
    assert worker.put(f"/inspections/{key}", json=document).status_code == 201
    first = worker.post(f"/inspections/{key}/record")
    assert first.status_code == 201, first.text
    assert first.json["number"].startswith("卜镇检记〔")
    said = first.json["content"]
    assert len(said["checkpoints"]) == len(document["answers"])
    assert {c["answer"] for c in said["checkpoints"]} == {"是"}
    assert all(c["question"] for c in said["checkpoints"])
    assert said["signature"] == {"refused": True, "note": "负责人不在"}
    again = worker.post(f"/inspections/{key}/record")
    assert (again.status_code, again.json["id"]) == (200, first.json["id"])
    assert worker.get(f"/documents/{first.json['id']}/file").status_code == 200
    officer = make.town_officer()
    assert (
        officer.get(f"/documents?inspection={key}").json["items"][0]["id"]
        == (first.json["id"])
    )
    stranger = make.other_town_officer()
    assert stranger.post(f"/inspections/{key}/record").status_code == 404
    assert stranger.get(f"/documents/{first.json['id']}").status_code == 404
    path = f"/documents/{first.json['id']}/withdraw"
    assert officer.post(path, json={"reason": "记错"}).status_code == 201
    anew = worker.post(f"/inspections/{key}/record")
    assert anew.status_code == 201
    assert anew.json["id"] != first.json["id"]


def _at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    for module in (tickets, documents):
        monkeypatch.setattr(module, "now", lambda: moment)


def test_numbers_begin_anew_with_the_local_year(
    make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, fire = make.grid_worker(), make.handler()
    numbers = [verified(make, worker, fire) for _ in range(3)]

    def issued(number: str, moment: datetime) -> str:
        _at(monkeypatch, moment)
        done = fire.done(number, "order", due_on=DUE, note="x")
        return str(done["documents"][-1]["number"])

    # 15:59 UTC is the last minute of the year in Shanghai.
    old = datetime(2030, 12, 31, 15, 59, 59, tzinfo=UTC)
    assert issued(numbers[0], old) == "昆消责改〔2030〕1号"
    new = datetime(2030, 12, 31, 16, 0, 0, tzinfo=UTC)
    assert issued(numbers[1], new) == "昆消责改〔2031〕1号"
    assert issued(numbers[2], new) == "昆消责改〔2031〕2号"


@pytest.mark.parametrize("table", ["documents", "document_templates", "document_files"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET {} = {}"])
def test_rows_are_never_changed(make: Factory, table: str, change: str) -> None:
    worker, fire = make.grid_worker(), make.handler()
    paper = ordered(make, worker, fire)[1]
    fire.get(f"/documents/{paper['id']}/file")
    column = "digest" if table == "document_templates" else "id"
    column = "document_id" if table == "document_files" else column
    with pytest.raises(IntegrityError, match="never changed"):
        db.session.execute(text(change.format(table, column, column)))


def test_only_the_issuer_of_the_title(make: Factory) -> None:
    """What no action can ask for is refused all the same."""
    worker, fire = make.grid_worker(), make.handler()
    paper = stored(ordered(make, worker, fire)[1]["id"])
    rules = edition_for(paper.area_path).rules
    wrong: Any = documents.Paper(
        kind="order",
        title="责令改正通知书",
        issuer="kq-housing",
        owner=("ticket", paper.owner_id),
        area_path=paper.area_path,
        content=paper.content,
    )
    with pytest.raises(documents.NotTheIssuer):
        documents.issue(
            _actor(make, fire), wrong, rules, datetime.now(UTC), make.settings.timezone
        )


def _actor(make: Factory, who: Caller) -> Any:
    return authenticate(who.token, make.settings)
