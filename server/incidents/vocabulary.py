"""The words of an incident: states and parts. Nothing else in here."""

from __future__ import annotations

from enum import StrEnum

SUBJECT = "incident"  # of its audit events, and the kind of owner of its photos


class State(StrEnum):
    """States; which entry leads where is data (``incidents.yaml``)."""

    REPORTED = "reported"  # 已报告
    RECEIVED = "received"  # 已接报
    RESPONDING = "responding"  # 处置中
    CONTROLLED = "controlled"  # 已控制
    RECOVERING = "recovering"  # 恢复中
    CLOSED = "closed"  # 已办结
    FALSE_ALARM = "false_alarm"  # 误报


class Part(StrEnum):
    """What a department has to do with an incident."""

    COMMAND = "command"  # 指挥
    CALLED = "called"  # 参与处置
    INFORMED = "informed"  # 告知


ENDED = frozenset({State.CLOSED, State.FALSE_ALARM})
