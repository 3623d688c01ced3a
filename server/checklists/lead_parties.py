"""Is the lead of a routing row a party of its items? Part of the cross-check."""

from collections.abc import Iterator, Mapping
from typing import Any

from server.checklists.duty_list import DutyItem
from server.checklists.marked import Fault, Marked

# A row that goes by a gap we filled or a local setting may name another department.
OURS = ("design", "local")


def faults(
    routing: Marked, departments: list[dict[str, Any]], duty: Mapping[int, DutyItem]
) -> Iterator[Fault]:
    """Faults for leads that the duty list gives no part in an item of their row.

    Rows of source ``design`` and ``local`` are free; unknown departments and items
    are for :mod:`server.checklists.crosscheck` to name.
    """
    names = {d["code"]: {d["name"], *d["aliases"]} for d in departments}
    for i, row in enumerate(routing.data["lead"]):
        lead = row.get("lead")
        if lead not in names or row["source"] in OURS:
            continue
        for number in row["when"]["item"]:
            item = duty.get(number)
            if item and names[lead].isdisjoint(party.name for party in item.parties):
                message = f"规则 {row['id']} 的 {lead} 不是事项 {number} 的责任单位"
                yield routing.fault(message, "lead", i, "lead")
