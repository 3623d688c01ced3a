"""The duty list (履职清单): its items and how many clauses each party has.

Read from ``duty-items.yaml``. The sentences of the list are cited, not copied.
"""

from dataclasses import dataclass

from server.checklists.duties import TOWNSHIP


@dataclass(frozen=True, slots=True)
class Party:
    """One party of a duty item and how many clauses the list gives it.

    ``name`` is ``township`` or the department's name; ``clauses[n-1]`` is the number
    of sub-points （1）（2） of clause n, mostly 0.
    """

    name: str
    clauses: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DutyItem:
    """One item of the duty list: number, name and the clauses each party has.

    ``support``: the item has a line in the column 履职保障. The sentences of the list
    are cited by reference, not copied.
    """

    number: str
    name: str
    parties: tuple[Party, ...] = ()
    support: bool = False

    def clauses(self) -> tuple[str, ...]:
        """References to every clause and sub-point, party by party, then support."""
        named = tuple(
            ".".join((self.number, party.name, str(n), *point))
            for party in self.parties
            for n, points in enumerate(party.clauses, 1)
            for point in ((), *((str(i),) for i in range(1, points + 1)))
        )
        return (*named, f"{self.number}.support") if self.support else named

    def has_clause(self, reference: str) -> bool:
        """Whether a reference such as ``30.township.3`` names a clause of this item."""
        item, _, rest = reference.partition(".")
        if item != self.number:
            return False
        if rest == "name":
            return True
        if rest == "support":
            return self.support
        name, *numbers = rest.split(".")
        if not 1 <= len(numbers) <= 2 or not all(n.isdecimal() for n in numbers):
            return False
        for party in self.parties:
            if party.name == name and 1 <= int(numbers[0]) <= len(party.clauses):
                subpoints = party.clauses[int(numbers[0]) - 1]
                return len(numbers) == 1 or 1 <= int(numbers[1]) <= subpoints
        return False

    def owing(self, reference: str) -> tuple[str, ...]:
        """The names of the parties that may owe an existing clause of this item.

        A support line names nobody: any department of the item may owe it.
        """
        name = reference.split(".")[1]
        if name != "support":
            return (name,)
        return tuple(p.name for p in self.parties if p.name != TOWNSHIP)
