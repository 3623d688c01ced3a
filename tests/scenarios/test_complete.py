"""Has every item of the list that the product plays a scenario?"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

from tests.scenarios.cast import CATALOGUE, RULES

HERE = Path(__file__).parent


def _played() -> Iterator[tuple[str, str]]:
    """Yield (item, scenario) for every ``@item`` in this directory."""
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(f"tests.scenarios.{path.stem}")
        for name, function in vars(module).items():
            for mark in getattr(function, "pytestmark", []):
                if name.startswith("test_") and mark.name == "item":
                    for number in mark.args:
                        yield number, f"{path.stem}.{name}"


def test_every_item_has_a_scenario() -> None:
    """Patrolled, handed down or reported: each item of the catalogue is played."""
    items = {checklist.code for checklist in CATALOGUE.checklists}
    items |= {process.item for process in RULES.processes}
    items |= {order.item for order in RULES.orders}
    items |= {kind.item for kind in RULES.incident_kinds}
    assert items == {number for number, _ in _played()}


def test_every_scenario_says_its_item() -> None:
    """No scenario is left without ``@item``, or it would not be counted."""
    marked = {scenario for _, scenario in _played()}
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(f"tests.scenarios.{path.stem}")
        for name in vars(module):
            if name.startswith("test_") and path != Path(__file__):
                assert f"{path.stem}.{name}" in marked
