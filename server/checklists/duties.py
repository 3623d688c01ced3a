"""The kinds of duty records (履职记录) of a catalogue, read from ``duties.yaml``.

A duty record says that something the list asks for was done: a training, a drill, a
plan, material given. What is inspected, reported, verified or ordered is no duty
record but a checkpoint, a ticket or an incident.
"""

from dataclasses import dataclass

TOWNSHIP = "township"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a duty record: a number not below 0 in ``unit``.

    ``decimal``: it may have a fraction (亩, 万元); others are counts.
    """

    code: str
    name: str
    unit: str
    required: bool
    decimal: bool


@dataclass(frozen=True, slots=True)
class DutyKind:
    """One kind of duty record: who does what, and which clauses that fulfils.

    ``parties`` are ``township`` or departments as the list names them; several only
    where a support line (履职保障) does not say which department owes it. ``rhythm``
    is ``monthly``, ``yearly`` or None, ``origin`` says whose figure that is
    (``list``: written, ``local setting``: the list has no more than 定期).

    ``requires`` are what a record must give: ``participants``, ``place``, ``period``
    (from and to), ``month``, ``photos``, ``document`` (a picture of the paper).
    In ``clauses`` ``{item}`` stands for the number of each of ``items``. ``source`` is
    that of the rows of routing.
    """

    code: str
    title: str
    form: str
    form_name: str
    items: tuple[str, ...]
    parties: tuple[str, ...]
    rhythm: str | None
    origin: str | None
    requires: tuple[str, ...]
    figures: tuple[Figure, ...]
    clauses: tuple[str, ...]
    source: str

    def clauses_of(self, item: str) -> tuple[str, ...]:
        """The clauses of one item that a record of this kind is about."""
        filled = (clause.replace("{item}", item) for clause in self.clauses)
        return tuple(c for c in filled if c.partition(".")[0] == item)
