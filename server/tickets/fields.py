"""Reading an action's body against the fields its transitions name; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from server.checklists.catalogue import ItemProcess, Rules
from server.core import workdays
from server.core.errors import FieldError, Invalid
from server.core.text import EMPTY, Text
from server.tickets.machine import Field, Transition

LONGEST_TEXT = 2000
MOST_PHOTOS = 30
MOST_DEPARTMENTS = 30
# Yuan and fen, as a penalty decision writes them.
_AMOUNT = re.compile(r"[0-9]{1,11}(\.[0-9]{1,2})?")
# Beyond it a day is a slip of the finger, and would never be overdue.
LATEST = date(2100, 1, 1)

MOST_PEOPLE = 20

MISSING = Text("缺少必填字段", "Missing data for required field.")


class BodyReader:
    """Reads one body; collects every wrong field before it refuses.

    Args:
        today: the local calendar day; a due date before it is refused.
        choices: returns what a choice may be.
    """

    def __init__(self, today: date, choices: Callable[[Field], Sequence[str]]) -> None:
        self.today = today
        self.choices = choices
        self.errors: list[FieldError] = []
        self.blank: set[str] = set()

    def read_fields(
        self, known: Iterable[Field], body: Any, demanded: Collection[str] = ()
    ) -> dict[str, Any]:
        """Return the values of the ``known`` fields in ``body``.

        ``demanded`` are names of optional fields that are required all the same.

        Raises:
            Invalid: with every field that is missing, unknown or wrong.
        """
        if not isinstance(body, dict):
            raise Invalid.at("", Text("应为对象", "Must be an object"))
        fields = {f.name: f for f in known}
        for name in body.keys() - fields.keys():
            self._wrong(name, Text("未知字段", "Unknown field."))
        values = {}
        for name, field in fields.items():
            given = body.get(name)
            if given == "":
                self.blank.add(name)
            if given is None or given == "" or given == []:
                if field.required or name in demanded:
                    self._lacks(name)
                continue
            values[name] = self._value(field, given)
        self._refuse_if_wrong()
        return values

    def require(self, names: Sequence[str], values: Mapping[str, Any]) -> None:
        """Refuse when one of ``names`` is not among ``values``.

        Raises:
            Invalid: with every missing one.
        """
        for name in names:
            if not values.get(name):
                self._lacks(name)
        self._refuse_if_wrong()

    def _refuse_if_wrong(self) -> None:
        if self.errors:
            raise Invalid.of(self.errors)

    def _lacks(self, name: str) -> None:
        self._wrong(name, EMPTY if name in self.blank else MISSING)

    def _wrong(self, name: str, message: Text) -> None:
        step = name.replace("~", "~0").replace("/", "~1")
        self.errors.append(FieldError(f"/{step}", message))

    def _value(self, field: Field, given: Any) -> Any:
        reader = getattr(self, f"_read_{field.kind}")
        value, message = reader(field, given)
        if message is not None:
            self._wrong(field.name, message)
        return value

    def _read_text(self, field: Field, given: Any) -> tuple[Any, Text | None]:
        if not isinstance(given, str):
            return None, Text("应为文字", "Not a valid string.")
        if not given.strip():
            return None, EMPTY
        if len(given) > LONGEST_TEXT:
            return None, Text(
                f"长度超过 {LONGEST_TEXT}", f"Longer than {LONGEST_TEXT} characters."
            )
        return given.strip(), None

    def _read_date(self, field: Field, given: Any) -> tuple[Any, Text | None]:
        try:
            day = date.fromisoformat(given)
            if day.isoformat() != given:  # week dates and the like
                raise ValueError
        except (TypeError, ValueError):
            return None, Text("应为日期，如 2026-03-01", "Not a date like 2026-03-01.")
        if field.past and day > self.today:
            return None, Text("日期不能晚于今天", "Must not be in the future.")
        if not field.past and day < self.today:
            return None, Text("期限不能早于今天", "A due date must not be in the past.")
        if day >= LATEST:
            return None, Text("期限过远", "A due date too far ahead.")
        return day, day_off(day) if field.working_day else None

    def _read_choice(self, field: Field, given: Any) -> tuple[Any, Text | None]:
        choices = self.choices(field)
        if given not in choices:
            listed = ", ".join(choices)
            return None, Text(f"应为其中之一：{listed}", f"Must be one of: {listed}.")
        return given, None

    def _read_photos(self, field: Field, given: Any) -> tuple[Any, Text | None]:
        try:
            if not isinstance(given, list) or len(given) > MOST_PHOTOS:
                raise ValueError
            return [UUID(photo) for photo in given], None
        except (AttributeError, TypeError, ValueError):
            return None, Text(
                f"应为不超过 {MOST_PHOTOS} 个照片 UUID 的列表",
                f"Must be a list of at most {MOST_PHOTOS} photo UUIDs.",
            )


class Reader(BodyReader):
    """Reads the body of a ticket's action.

    Args:
        today: the local calendar day; a due date before it is refused.
        department_code: resolves a code, name or alias to a code, or None.
        people: the ids of those among user names and ids whom a field may name, by
            what was given.
        liftable: the controls that may be lifted, id and measure.
    """

    def __init__(
        self,
        rules: Rules,
        process: ItemProcess,
        today: date,
        department_code: Callable[[str], str | None],
        people: Callable[[Field, Sequence[str]], Mapping[str, UUID]],
        liftable: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(today, lambda field: choices_of(field, process, liftable))
        self.rules = rules
        self.department_code = department_code
        self.people = people

    def read(
        self,
        allowed: Sequence[Transition],
        body: Any,
        demanded: Collection[str] = (),
    ) -> dict[str, Any]:
        """Return the values of the fields that the ``allowed`` rows name.

        Raises:
            Invalid: with every field that is missing, unknown or wrong.
        """
        known = (f for row in allowed for f in row.fields)
        return self.read_fields(known, body, demanded)

    def _read_ticket(self, field: Field, given: Any) -> tuple[Any, Text | None]:
        return self._read_text(field, given)

    def _read_amount(self, field: Field, given: Any) -> tuple[Any, Text | None]:
        message = Text(
            "应为大于 0 的金额（元），至多两位小数",
            "Must be an amount in yuan above 0, with two decimals at most.",
        )
        number = isinstance(given, int | float) and not isinstance(given, bool)
        if not number and not isinstance(given, str):
            return None, message
        if not _AMOUNT.fullmatch(str(given)) or not Decimal(str(given)):
            return None, message
        return Decimal(str(given)).quantize(Decimal("0.01")), None

    def _read_department(self, field: Field, given: Any) -> tuple[Any, Text | None]:
        code = self.department_code(given) if isinstance(given, str) else None
        if code is None:
            return None, Text(f"没有部门 {given}", f"No department {given}.")
        return code, None

    def _read_departments(self, field: Field, given: Any) -> tuple[Any, Text | None]:
        if not isinstance(given, list) or len(given) > MOST_DEPARTMENTS:
            return None, Text(
                f"应为不超过 {MOST_DEPARTMENTS} 个部门的列表",
                f"Must be a list of at most {MOST_DEPARTMENTS} departments.",
            )
        codes = []
        for one in given:
            code, message = self._read_department(field, one)
            if message is not None:
                return None, message
            codes.append(code)
        return list(dict.fromkeys(codes)), None

    def _read_staff(self, field: Field, given: Any) -> tuple[Any, Text | None]:
        known = self.people(field, [given]) if isinstance(given, str) else {}
        if not isinstance(given, str) or given not in known:
            return None, _nobody(given)
        return known[given], None

    def _read_people(self, field: Field, given: Any) -> tuple[Any, Text | None]:
        if (
            not isinstance(given, list)
            or len(given) > MOST_PEOPLE
            or not all(isinstance(one, str) for one in given)
        ):
            return None, Text(
                f"应为不超过 {MOST_PEOPLE} 个用户名或编号的列表",
                f"Must be a list of at most {MOST_PEOPLE} user names or ids.",
            )
        known = self.people(field, given)
        for index, one in enumerate(given):
            if one not in known:
                pointer = f"/{field.name}/{index}"
                self.errors.append(FieldError(pointer, _nobody(one)))
        return list(dict.fromkeys(known[one] for one in given if one in known)), None

    def _read_facts(self, field: Field, given: Any) -> tuple[Any, Text | None]:
        known = {fact.code for fact in self.rules.facts}
        if not isinstance(given, list) or not all(isinstance(f, str) for f in given):
            return None, Text("应为列表", "Not a valid list.")
        unknown = [fact for fact in given if fact not in known]
        if unknown:
            return None, unknown_facts(unknown, known)
        return given, None


def day_off(day: date) -> Text | None:
    """Return that a due date is a day off, with the next working day; None if not."""
    calendar = workdays.calendar()
    name = calendar.day_off(day)
    if name is None:
        return None
    after = calendar.on_or_after(day)
    return Text(
        f"{day} 是休息日（{name}），期限须为工作日，如 {after}",
        f"{day} is a day off ({name}); a due date must be a working day, such as"
        f" {after}.",
    )


def unfit_day(due_on: date, found_on: date) -> Text | None:
    """Return why a day cannot have been written for a hazard found then, or None."""
    if due_on >= LATEST:
        return Text("期限过远", "A due date too far ahead")
    if due_on < found_on:
        return Text("期限不能早于发现之日", "Due before the hazard was found")
    return None


def unknown_facts(unknown: Sequence[str], known: set[str]) -> Text:
    """Return the refusal of words outside the vocabulary, with the known ones."""
    listed = ", ".join(sorted(known))
    return Text(
        f"未知情形 {'、'.join(unknown)}；可用：{listed}",
        f"Unknown fact {', '.join(unknown)}; known are: {listed}",
    )


def choices_of(
    field: Field, process: ItemProcess, liftable: Sequence[tuple[str, str]] = ()
) -> list[str]:
    """Return the values a choice may take for an item, and a ticket's controls."""
    if field.choices == "liftable":
        return [id for id, _ in liftable]
    if field.choices == "report_triggers":
        return list(process.report_triggers)
    if field.choices == "penalties":
        return [penalty.code for penalty in process.penalties]
    return list(field.choices)


def _nobody(given: Any) -> Text:
    """Return the refusal of a person, the same whether or not there is one."""
    shown = given if isinstance(given, str) else "?"
    return Text(
        f"{shown[:50]} 不是可选的人员", f"{shown[:50]} is nobody to choose here."
    )
