"""The words of an inbound order: states and labels. Nothing else in here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """States of the machine in ``docs/orders.md``."""

    ISSUED = "issued"
    TOWN_VERIFYING = "town_verifying"
    TOWN_ENFORCING = "town_enforcing"
    ANSWERED = "answered"
    SUBMITTED = "submitted"
    DEPT_VERIFYING = "dept_verifying"
    TRANSFERRED = "transferred"
    SENT_BACK = "sent_back"
    CLOSED = "closed"


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

STATE_LABELS: Mapping[State, str] = {
    State.ISSUED: "已下派",
    State.TOWN_VERIFYING: "镇级核实",
    State.TOWN_ENFORCING: "镇级查处整改",
    State.ANSWERED: "已核实待报",
    State.SUBMITTED: "已上报",
    State.DEPT_VERIFYING: "部门核查",
    State.TRANSFERRED: "已函告移送",
    State.SENT_BACK: "已退回",
    State.CLOSED: "已办结",
}
# What an action is called where the item's own title of the step does not tell.
ACTION_LABELS: Mapping[str, str] = {
    "accept": "签收",
    "verify": "核实",
    "return": "退回重新核实",
    "enforce": "查处",
    "rectify": "整改",
    "submit": "上报",
    "take_up": "受理",
    "assign": "交镇处置",
    "transfer": "移送",
    "answer": "答复",
    "close": "办结",
    "send_back": "退回",
    "guide": "指导",
    "urge": "催办",
    "comment": "备注",
}
