"""Which paper (文书) an action makes; pure.

``documents.yaml`` says what there is, who issues it and by which clause. Here an
action finds its paper: the event carries it, and the ticket lists it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from server.checklists.catalogue import Rules
from server.tickets.vocabulary import WITHOUT_SUM

# What is done -> the kinds of paper that may tell of it; the first the item has.
_KINDS: Mapping[str, tuple[str, ...]] = {
    "on_spot": ("persuasion_record", "stop_record"),
    "impose_control": ("control_record",),
    "order": ("order",),
    "penalise": ("penalty_decision",),
    "appraise": ("appraisal_report",),
    "transfer": ("transfer_letter",),
    "escalate": ("escalation_report", "closure_request"),
    "feed_back": ("feedback",),
    "reinspect": ("recheck",),
    "extend": ("extension",),
}
# Papers of ours, on any item: the list names the act, not the paper. They exist only
# where they are issued (``issuing.yaml``).
OWN_KINDS = frozenset({"recheck", "extension"})

# An order of a department to which the list gives no paper by name: 要求整改.
PLAIN_ORDER = "整改要求"


def paper(
    rules: Rules,
    item: str,
    action: str,
    department: str | None,
    *,
    number: str | None = None,
    due_on: date | None = None,
) -> dict[str, Any] | None:
    """Return the paper that ``action`` under ``item`` makes, None when it makes none.

    ``department`` is who acts: 责令改正通知书 is the fire brigade's alone, so another
    department's order bears a plain name.
    """
    for kind in _KINDS.get(action, ()):
        title = _title(rules, item, kind, department)
        if title is None and kind == "order":
            title = PLAIN_ORDER
        if kind in OWN_KINDS:
            title = rules.issuing.titled(kind)
        if title is not None:
            document = {"kind": kind, "title": title, "number": number}
            return document | {"due_on": due_on, "issuer": department}
    return None


def sum_said(kind: str, amount: object) -> str | None:
    """Return a penalty's sum as papers and ledgers print it; a warning has none."""
    return None if amount is None or kind in WITHOUT_SUM else str(amount)


def _title(rules: Rules, item: str, kind: str, department: str | None) -> str | None:
    fitting = [d for d in rules.documents if d.kind == kind and item in d.items]
    own = [d for d in fitting if department in d.departments]
    anyone = [d for d in fitting if not d.departments]
    return next((d.title for d in own + anyone), None)


def basis(
    rules: Rules, item: str, kind: str, title: str, department: str
) -> tuple[str, ...]:
    """Return the clauses a paper rests on; empty where the list has no such paper."""
    return next(
        (
            d.basis_for(item)
            for d in rules.documents
            if (d.kind, d.title) == (kind, title)
            and item in d.items
            and (not d.departments or department in d.departments)
        ),
        (),
    )


def orders_beside(rules: Rules, item: str, department: str | None) -> bool:
    """Tell whether a co-handler has an order of its own under ``item``.

    A fire hazard that a general safety inspection finds (42) is led by 应急局; the
    责令改正通知书 is 消防救援大队's all the same (model, A36).
    """
    return any(
        d.kind == "order" and item in d.items and department in d.departments
        for d in rules.documents
    )
