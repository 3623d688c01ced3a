"""How far each ticket gets on a patrol day, as data.

A fate is a path of steps; who does a step is a part in the ticket, not a name. What
a step does not fill in, the player fills in from the fields that the ticket's
``actions`` ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Any

from server.demo.day import scenarios as s
from server.demo.day.scenarios import Scenario


class Who(Enum):
    """Who does a step."""

    FINDER = "finder"  # the grid worker who found it
    TOWN = "town"  # the town officer (镇安监员) of the place
    LEAD = "lead"  # a handler of the lead department
    CHIEF = "chief"  # the lead department's lead (负责人)
    CO = "co"  # a handler of a co-handling department
    OFFICE = "office"  # 区安委办


class Filled(Enum):
    """A value that is only known when the ticket is."""

    LEAD_DEPARTMENT = "lead department"
    CO_DEPARTMENT = "co department"


@dataclass(frozen=True)
class Step:
    """One action by someone; ``values`` are fields of its body."""

    who: Who
    action: str
    values: Mapping[str, Any] = field(default_factory=dict)


def _step(who: Who, action: str, **values: Any) -> Step:
    return Step(who, action, values)


Path = tuple[Step, ...]

LEFT: Path = ()
SETTLE: Path = (_step(Who.FINDER, "settle"),)
NOTICE: Path = (_step(Who.FINDER, "issue_notice"),)
TOWN_PASSED: Path = (_step(Who.TOWN, "reinspect", result="passed"),)
TOWN_FAILED: Path = (_step(Who.TOWN, "reinspect", result="failed"),)
EXTEND: Path = (_step(Who.TOWN, "extend"),)
REPORT_REFUSED: Path = (
    _step(
        Who.FINDER,
        "report_up",
        trigger="refused",
        how="到期复查仍未整改，当事人声明拒绝",
        note="限期内未整改，复查后仍拒绝，上报",
    ),
)
REPORT_AGAIN: Path = (_step(Who.FINDER, "report_up", note="已补充照片和具体地址"),)
ACCEPT: Path = (_step(Who.LEAD, "accept"),)
RETURN: Path = (_step(Who.LEAD, "return"),)
VERIFY: Path = (_step(Who.LEAD, "verify", result="substantiated"),)
NOT_SO: Path = (_step(Who.LEAD, "verify", result="not_substantiated"),)
ORDER: Path = (_step(Who.LEAD, "order"),)
LEAD_FAILED: Path = (_step(Who.LEAD, "reinspect", result="failed"),)
LEAD_PASSED: Path = (_step(Who.LEAD, "reinspect", result="passed"),)
PENALISE: Path = (_step(Who.LEAD, "penalise"),)
FEED_BACK: Path = (_step(Who.LEAD, "feed_back"),)
CLOSE: Path = (_step(Who.TOWN, "close"),)
CO_SAYS: Path = (_step(Who.CO, "comment", note="已到场协同核查，意见一致"),)
APPRAISE: Path = (_step(Who.LEAD, "appraise", note="委托鉴定"),)
GRADE_C: Path = (_step(Who.LEAD, "appraise", grade="C", note="鉴定为C级，应加固"),)
GRADE_D: Path = (
    _step(Who.LEAD, "appraise", grade="D", note="鉴定为D级，应拆除或重建"),
)
LIFT: Path = (_step(Who.LEAD, "lift_control"),)
DISPATCH: Path = (
    _step(
        Who.OFFICE,
        "dispatch",
        department=Filled.LEAD_DEPARTMENT,
        note="纳入联合检查行动，请牵头办理",
    ),
)
TRANSFER: Path = (
    _step(
        Who.LEAD,
        "transfer",
        department=Filled.CO_DEPARTMENT,
        note="涉嫌违反治安管理，移送处理",
    ),
)
ANSWER: Path = (_step(Who.CO, "answer", note="已依法处理，隐患消除"),)
CHIEF_EXTENDS: Path = (
    _step(Who.LEAD, "request_extension", note="拆除需先安置住户，申请延期"),
    _step(Who.CHIEF, "extend", note="施工队伍已进场，同意延期"),
)

ORDERED = ACCEPT + VERIFY + ORDER
RECTIFIED = ORDERED + LEAD_PASSED
CLOSED = RECTIFIED + FEED_BACK + CLOSE
# 42.区应急管理局.5: still there, heavier sanction, once more.
PUNISHED = ORDERED + LEAD_FAILED + PENALISE
HARD_CLOSED = PUNISHED + LEAD_PASSED + FEED_BACK + CLOSE
APPRAISED_C = ACCEPT + APPRAISE + GRADE_C + ORDER
APPRAISED_D = ACCEPT + APPRAISE + GRADE_D + ORDER
HOUSE_CLOSED = APPRAISED_C + LEAD_PASSED + LIFT + FEED_BACK + CLOSE

Task = tuple[Scenario, Path]

# The day in the order in which its findings are dealt out to the phones; a longer
# day plays it again, shuffled. The first sixteen show the main things; together every
# state is left on some ticket that a checklist of the catalogue can bring about.
PROGRAMME: tuple[Task, ...] = (
    (s.BLOCKED_EXIT, HARD_CLOSED),
    (s.FLYING_WIRE, CO_SAYS + CLOSED),
    (s.CRACKED_HOUSE, HOUSE_CLOSED),
    (s.FIREWORKS, ACCEPT + VERIFY + PENALISE + ORDER + LEAD_PASSED + FEED_BACK + CLOSE),
    (s.GAS_CYLINDER, ORDERED + CO_SAYS + LEAD_PASSED + FEED_BACK),
    (s.SIMPLE, SETTLE),
    (s.DEADLINE, TOWN_PASSED),
    (s.NOTICE, TOWN_FAILED + EXTEND + TOWN_PASSED),
    (s.CANNOT_FIX, ORDERED),
    (s.SIMPLE, SETTLE),
    (s.DEADLINE, LEFT),
    (s.BLOCKED_EXIT_ELSEWHERE, RETURN + REPORT_AGAIN + ACCEPT),
    (s.SIMPLE, SETTLE),
    (s.GAS_PIPE, LEFT),
    (s.EBIKE_INSIDE, ACCEPT + NOT_SO + FEED_BACK + CLOSE),
    (s.SIMPLE, LEFT),
    (s.DEADLINE, TOWN_FAILED + EXTEND),
    (s.CRACKED_HOUSE, ACCEPT + APPRAISE),
    (s.DEADLINE, TOWN_FAILED + REPORT_REFUSED + CLOSED),
    (s.SIMPLE, SETTLE),
    (s.BLACK_GAS, ACCEPT + VERIFY + TRANSFER),
    (s.BLOCKED_EXIT, ACCEPT),
    (s.SIMPLE_SMALL, NOTICE + TOWN_PASSED),
    (s.ILLEGAL_COMPANY, PUNISHED),
    (s.DEADLINE, TOWN_PASSED),
    (s.NOTICE, TOWN_FAILED),
    (s.BLOCKED_EXIT_ELSEWHERE, RETURN),
    (s.SIMPLE, SETTLE),
    (s.FLYING_WIRE, RECTIFIED),
    (s.BLOCKED_EXIT_ELSEWHERE, DISPATCH),
    (s.DEADLINE_LATE, LEFT),
    (s.CANNOT_FIX, CLOSED),
    (s.BLACK_GAS, ACCEPT + VERIFY + TRANSFER + ANSWER + FEED_BACK + CLOSE),
    (s.FLYING_WIRE, ACCEPT + NOT_SO),
    (s.SIMPLE, SETTLE),
    (s.CRACKED_HOUSE, APPRAISED_D + CHIEF_EXTENDS),
    (s.ILLEGAL_COMPANY, HARD_CLOSED),
    (s.GAS_CYLINDER, CLOSED),
    (s.NOTICE, TOWN_PASSED),
    (s.BLOCKED_EXIT_ELSEWHERE, DISPATCH + CLOSED),
    (s.SIMPLE_LATE, LEFT),
    (s.FIREWORKS, LEFT),
)


def deal(findings: int, seed: int) -> list[Task]:
    """Return ``findings`` tasks: the programme, then the programme shuffled."""
    rng = Random(f"{seed}/programme")  # noqa: S311 - a play, not a secret
    tasks = list(PROGRAMME)
    while len(tasks) < findings:
        again = list(PROGRAMME)
        rng.shuffle(again)
        tasks += again
    return tasks[:findings]
