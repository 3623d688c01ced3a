"""The words of an incident: states with labels, and parts. Nothing else in here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

SUBJECT = "incident"  # of its audit events, and the kind of owner of its photos


class State(StrEnum):
    """States; which entry leads where is data (``incidents.yaml``)."""

    REPORTED = "reported"
    RECEIVED = "received"
    RESPONDING = "responding"
    CONTROLLED = "controlled"
    RECOVERING = "recovering"
    CLOSED = "closed"
    FALSE_ALARM = "false_alarm"


class Part(StrEnum):
    """What a department has to do with an incident."""

    COMMAND = "command"  # 指挥
    CALLED = "called"  # 参与处置
    INFORMED = "informed"  # 告知


ENDED = frozenset({State.CLOSED, State.FALSE_ALARM})

STATE_LABELS: Mapping[State, str] = {
    State.REPORTED: "已报告",
    State.RECEIVED: "已接报",
    State.RESPONDING: "处置中",
    State.CONTROLLED: "已控制",
    State.RECOVERING: "恢复中",
    State.CLOSED: "已办结",
    State.FALSE_ALARM: "误报",
}
