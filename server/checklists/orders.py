"""Inbound orders (下派工单) of a catalogue: what ``orders.yaml`` says of each item.

The machine is in ``server/orders/workflow.py``; here is which of its steps an item
has, what each must carry and on which clauses it rests.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Data = dict[str, Any]

# Every order has these, or it could not come to its end.
ALWAYS = (
    "issue",
    "accept",
    "verify",
    "return",
    "submit",
    "take_up",
    "close",
    "send_back",
)
# What the town does about a thing it has verified.
TOWN_STEPS = ("enforce", "rectify")


@dataclass(frozen=True, slots=True)
class OrderChoice:
    """One thing a step can come to.

    ``then`` (verify only): ``town_enforcing`` or ``answered``. ``needs``: steps that
    have to be done before the order may be closed.
    """

    code: str
    title: str
    then: str | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderStep:
    """One step of an item's orders.

    ``requires``: fields it must carry beside those it always has. ``photos``: stage
    of its photos, None where none are looked for. ``after``: steps to be done before.
    ``to``: code of the department a case is transferred to.
    """

    step: str
    title: str
    requires: tuple[str, ...]
    photos: str | None
    choices: tuple[OrderChoice, ...]
    after: tuple[str, ...]
    to: str | None
    basis: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class OrderProcess:
    """The orders of one item; ``origin`` are the departments that may issue them."""

    item: str
    title: str
    origin: tuple[str, ...]
    steps: tuple[OrderStep, ...]

    def step(self, name: str) -> OrderStep | None:
        """The step of this name, or None when the item has none."""
        return next((step for step in self.steps if step.step == name), None)

    def result(self, code: str | None) -> OrderChoice | None:
        """What the verification can come to, by its code."""
        verify = self.step("verify")
        choices = verify.choices if verify else ()
        return next((choice for choice in choices if choice.code == code), None)


def order_processes(rows: Iterable[Data]) -> tuple[OrderProcess, ...]:
    """The entries of orders.yaml, already checked."""
    return tuple(
        OrderProcess(
            item=str(row["item"]),
            title=row["title"],
            origin=tuple(row["origin"]),
            steps=tuple(_step(step) for step in row["steps"]),
        )
        for row in rows
    )


def _step(step: Data) -> OrderStep:
    return OrderStep(
        step=step["step"],
        title=step["title"],
        requires=tuple(step.get("requires", ())),
        photos=step.get("photos"),
        choices=tuple(_choice(choice) for choice in step.get("choices", ())),
        after=tuple(step.get("after", ())),
        to=step.get("to"),
        basis=tuple(step["basis"]),
        source=step["source"],
    )


def _choice(choice: Data) -> OrderChoice:
    return OrderChoice(
        code=choice["code"],
        title=choice["title"],
        then=choice.get("then"),
        needs=tuple(choice.get("needs", ())),
    )
