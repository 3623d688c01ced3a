"""What each one is told: what happened, and what is theirs to do, if anything."""

from __future__ import annotations

import pytest

from server.notifications.kinds import RULES
from server.notifications.wordings import BY_STATE, DECIDING, INCIDENT_PARTS, WORDINGS
from tests.api.test_incidents import reported
from tests.api.test_notifications import event
from tests.factories import Caller, Factory, workday
from tests.notices import inbox, tell
from tests.orders import Desk, done


def newest(caller: Caller) -> str:
    """Return what the newest message says happened, without kind and number."""
    return str(inbox(caller)[0]["title"]).partition(" ")[2]


def test_the_tables_fit_each_other() -> None:
    for type, who, *_ in [*WORDINGS, *BY_STATE]:
        assert who in RULES[type].who, (type, who)
    assert set(DECIDING) <= set(RULES["ticket.returned"].who)
    every = [*WORDINGS.values(), *BY_STATE.values(), *DECIDING.values()]
    for said in [*every, *INCIDENT_PARTS.values()]:
        assert said.zh
        assert said.en.isascii()


@pytest.mark.parametrize("type", RULES)
def test_what_everyone_reads_asks_nobody(type: str) -> None:
    """Groups and webhooks are told it too, whoever reads there."""
    assert "请" not in RULES[type].what.zh.replace("申请", "")
    assert "please" not in RULES[type].what.en


def test_to_the_end_of_a_ticket(make: Factory) -> None:
    worker, officer, fire = make.grid_worker(), make.town_officer(), make.handler()
    mate = make.handler()
    number = make.reported(worker)
    tell()
    assert newest(fire) == "已上报，请受理"
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    fire.done(number, "order", due_on=workday(5), note="整改")
    tell()
    assert newest(worker) == newest(officer) == "部门已责令改正"
    fire.done(number, "reinspect", result="passed", note="已改")
    fire.done(number, "feed_back", note="已整改")
    tell()
    assert newest(officer) == "部门已反馈结果，请销号"
    assert newest(worker) == "部门已反馈结果，待镇级销号"
    officer.done(number, "close")
    tell()
    assert newest(mate) == newest(worker) == "已销号"


def test_a_case_for_the_police_is_not_the_towns(make: Factory) -> None:
    worker, officer, fire = make.grid_worker(), make.town_officer(), make.handler()
    police = make.handler("kq-police")
    number = make.reported(worker)
    fire.done(number, "accept")
    fire.done(number, "verify", result="substantiated", note="属实")
    fire.done(number, "transfer", department="kq-police", note="涉嫌犯罪")
    tell()
    assert newest(police) == "移送贵部门，请办理"
    assert newest(officer) == "已移送其他部门办理"
    police.done(number, "answer", note="已处理")
    tell()
    assert newest(fire) == "已有答复，请反馈结果"
    assert newest(officer) == "已有答复"


def test_a_return_is_the_officers_to_mend_until_the_office_decides(
    make: Factory,
) -> None:
    worker, officer, fire = make.grid_worker(), make.town_officer(), make.handler()
    number = make.reported(worker)
    fire.done(number, "return", note="情况不清")
    tell()
    assert newest(worker) == "被部门退回"
    assert newest(officer) == "被部门退回，请补充后再报"
    worker.done(number, "report_up", note="补充了照片")
    fire.done(number, "return", note="不属本部门")
    tell()
    assert newest(officer) == "被部门退回，待区安委办裁定"
    assert newest(worker) == "被部门退回"


def test_given_back_to_who_assigned_it(make: Factory) -> None:
    bureau, market = make.handler("kq-emergency"), make.handler("kq-market")
    number = make.reported(make.grid_worker(), duty_item="26", category="P5")
    bureau.done(number, "dispatch", department="kq-market", note="按行业")
    market.done(number, "return", note="不属本部门")
    tell()
    assert newest(bureau) == "被部门退回，请重新分派"


def test_what_the_town_has_not_closed_is_not_the_departments_fault(
    make: Factory,
) -> None:
    worker, officer, fire = make.grid_worker(), make.town_officer(), make.handler()
    chief = make.handler(role="lead")
    number = make.reported(worker)
    event("ticket.overdue", number, step="accept", level=1)
    tell()
    assert newest(fire) == "已逾期，请尽快办理"
    assert newest(chief) == "已逾期，请督促办理"
    fire.done(number, "accept")
    fire.done(number, "verify", result="not_substantiated", note="已清")
    fire.done(number, "feed_back", note="无隐患")
    tell()
    before = len(inbox(chief))
    event("ticket.overdue", number, step="close", level=1)
    tell()
    assert newest(officer) == "已逾期，请尽快办理"
    assert len(inbox(chief)) == before


def test_incidents_and_orders(make: Factory) -> None:
    worker, officer = make.grid_worker(), make.town_officer()
    command, called = make.handler("kq-emergency"), make.handler("kq-fire")
    reported(make, worker)
    tell()
    assert newest(command) == "突发事件报告，请指挥处置"
    assert newest(called) == "突发事件报告，请参与处置"
    assert newest(officer) == "突发事件报告"
    desk = Desk(make, "52")
    number = desk.issue()
    tell()
    assert newest(desk.worker) == newest(desk.officer) == "新下派工单，请签收"
    done(desk.worker, number, "accept")
    done(desk.officer, number, "comment", note="看过")
    assert done(desk.issuer, number, "urge", note="快")["state"] == "town_verifying"
    tell()
    assert newest(desk.worker) == "部门催办，请尽快办理"
