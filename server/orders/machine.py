"""What the machine of an inbound order is made of: hats, fields, guards; pure.

The table of transitions is in ``workflow``; which of them an item has, and what each
must carry there, is data (``checklists/*/orders.yaml``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from server.checklists.orders import TOWN_STEPS, OrderProcess
from server.core.text import Text
from server.orders.vocabulary import State
from server.tickets.machine import Field


class Hat(StrEnum):
    """What an actor is to this order; one person may wear several.

    The town's 综合行政执法队 has no role of its own: its people are town officers.
    """

    TOWN = "town"  # grid worker or town officer of the order's area
    OFFICER = "officer"  # town officer in the order's area
    ISSUER = "issuer"  # handler or lead of the department that issued it
    TRANSFEREE = "transferee"  # handler or lead of whom it was transferred to
    VIEWER = "viewer"  # anyone who may see the order


@dataclass(frozen=True)
class Situation:
    """Where an order stands; all plain values.

    Attributes:
        result: code of what the town's verification came to, None before.
        done: the steps that need not be done (again).
        back_to: where the department sent it back to, while it is sent back.
    """

    state: State
    process: OrderProcess
    result: str | None = None
    done: frozenset[str] = frozenset()
    back_to: State | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """The steps that the result of the verification asks for, in their order."""
        found = self.process.result(self.result)
        return found.needs if found else ()

    @property
    def town_needs(self) -> tuple[str, ...]:
        """Those of :attr:`needs` that are the town's."""
        return tuple(need for need in self.needs if need in TOWN_STEPS)

    @property
    def left(self) -> tuple[str, ...]:
        """Those of :attr:`needs` that are not done."""
        return tuple(need for need in self.needs if need not in self.done)


Guard = Callable[[Situation], Text | None]


@dataclass(frozen=True)
class Transition:
    """One row of the machine; ``target`` None leaves the state as it is.

    ``beside``: the order does not wait for this step (a reminder, a comment).
    """

    id: str
    action: str
    sources: frozenset[State]
    target: State | None
    hats: frozenset[Hat]
    fields: tuple[Field, ...]
    event: str
    guards: tuple[Guard, ...] = ()
    beside: bool = False


# --- guards: None lets pass, a text says why not --------------------------------


def goes_on_verifying(case: Situation) -> Text | None:
    """Sent back to be verified again."""
    if case.back_to is not State.TOWN_VERIFYING:
        return Text("部门要求重新整改", "It was sent back to be put right")
    return None


def goes_on_enforcing(case: Situation) -> Text | None:
    """Sent back to be put right again."""
    if case.back_to is not State.TOWN_ENFORCING:
        return Text("部门要求重新核实", "It was sent back to be verified")
    return None


def verified_to_here(case: Situation) -> Text | None:
    """The town may take back its own verification, not what the department decided."""
    found = case.process.result(case.result)
    if found is None or found.then != case.state:
        return Text("部门已作出决定", "The department has decided already")
    return None


def town_is_done(case: Situation) -> Text | None:
    """What the town owes after its verification is done (73: 查处 and 整改)."""
    left = _titles(case, [need for need in case.left if need in case.town_needs])
    if left:
        return Text(f"尚未完成：{left}", f"Not done yet: {left}")
    return None


def nothing_is_left(case: Situation) -> Text | None:
    """An order is closed when all its result asks for is done."""
    left = _titles(case, case.left)
    if left:
        return Text(f"尚未完成：{left}", f"Not done yet: {left}")
    return None


def town_has_to_act(case: Situation) -> Text | None:
    """The department calls in the town where its result says so (74.区农牧局.2)."""
    if not set(case.left) & set(case.town_needs):
        return Text("核实结果不涉及镇级处置", "The result asks nothing of the town")
    return None


def transfer_is_due(case: Situation) -> Text | None:
    """A letter to the police presupposes a result that names it (74.区农牧局.2)."""
    if "transfer" not in case.left:
        return Text("核实结果不涉及移送", "The result names no transfer")
    return None


def guided_after_penalty(case: Situation) -> Text | None:
    """Steps that come after others (73.区自然资源分局.4: after the penalty)."""
    step = case.process.step("guide")
    missing = [name for name in (step.after if step else ()) if name not in case.done]
    if missing:
        titles = _titles(case, missing)
        return Text(f"须先完成：{titles}", f"To be done before: {titles}")
    return None


def _titles(case: Situation, names: list[str] | tuple[str, ...]) -> str:
    steps = [case.process.step(name) for name in names]
    return "、".join(step.title for step in steps if step)


# --- fields -----------------------------------------------------------------------

NOTE = Field("note", "text", Text("说明", "Note"))
NOTE_OPTIONAL = Field("note", "text", Text("说明", "Note"), required=False)
PHOTOS = Field("photos", "photos", Text("照片", "Photos"), required=False)
RESULT = Field("result", "choice", Text("核实结果", "Result"))
LAND = Field("land", "text", Text("土地现状", "State of the land"), required=False)
MEASURE = Field("measure", "text", Text("查处（处置）措施", "Measure"))
REMEDY = Field("remedy", "choice", Text("整改方式", "Remedy"))
DOCUMENT_NO = Field(
    "document_no", "text", Text("文书编号", "Document number"), required=False
)
REFERENCE = Field(
    "reference", "text", Text("平台填报记录", "Entry in the platform"), required=False
)
BACK_TO = Field("to", "choice", Text("退回环节", "Sent back to"))
DUE_ON = Field(
    "due_on", "date", Text("完成期限", "Due date"), required=False, working_day=True
)
