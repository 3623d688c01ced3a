"""The words of an inbound order: its states. Nothing else in here."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """States of the machine in ``docs/orders.md``."""

    ISSUED = "issued"  # 已下派
    TOWN_VERIFYING = "town_verifying"  # 镇级核实
    TOWN_ENFORCING = "town_enforcing"  # 镇级查处整改
    ANSWERED = "answered"  # 已核实待报
    SUBMITTED = "submitted"  # 已上报
    DEPT_VERIFYING = "dept_verifying"  # 部门核查
    TRANSFERRED = "transferred"  # 已函告移送
    SENT_BACK = "sent_back"  # 已退回
    CLOSED = "closed"  # 已办结


# The town owes the next step, and the day of the order is the town's day.
WITH_THE_TOWN = frozenset(
    {
        State.ISSUED,
        State.TOWN_VERIFYING,
        State.TOWN_ENFORCING,
        State.ANSWERED,
        State.SENT_BACK,
    }
)
