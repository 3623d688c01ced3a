"""The filters of the ticket list as they are asked for, and the calendar's."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from server.core.http import Schema
from server.core.http.paging import MAX_LIMIT
from server.core.http.schema import Day, Line, Moment, Span
from server.core.text import Text
from server.tickets.listing import PAGE, SORTS
from server.tickets.vocabulary import Control, Severity, Source, State


class Words(fields.String):
    """One or more words of a set, separated by commas."""

    def __init__(self, known: list[str], **kw: Any) -> None:
        super().__init__(**kw)
        self.known = known

    def _deserialize(self, value: Any, *args: Any, **kw: Any) -> str:
        text = str(super()._deserialize(value, *args, **kw))
        unknown = [word for word in text.split(",") if word not in self.known]
        if unknown:
            raise ma.ValidationError(f"Must be one of: {', '.join(self.known)}.")
        return text


class Box(fields.Field[tuple[float, float, float, float]]):
    """A bounding box ``west,south,east,north``, degrees in EPSG:4326."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        try:
            west, south, east, north = (float(part) for part in value.split(","))
            if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
                raise ValueError
        except ValueError as error:
            message = Text(
                "应为“西,南,东,北”四个界限（度），如 109.6,40.5,109.9,40.8",
                "Must be west,south,east,north in degrees,"
                " such as 109.6,40.5,109.9,40.8.",
            )
            raise ma.ValidationError([message]) from error
        return west, south, east, north


class TicketQuery(Span):
    """Filters of the ticket list."""

    spans = (*Span.spans, ("due_from", "due_to"))

    state = Words([s.value for s in State])
    department = Line()
    area = Line()
    duty_item = Line()
    severity = Words([s.value for s in Severity])
    source = Words([s.value for s in Source])
    overdue = fields.Boolean()
    mine = fields.Boolean()
    q = Line()
    bbox = Box()
    category = Line()
    control = Words([c.value for c in Control])
    place = fields.UUID()
    assignee = Line(metadata={"description": "`me`, `none`, a user name or an id"})
    has_extension = fields.Boolean()
    mentioned = fields.Boolean(metadata={"description": "where the caller is named"})
    due_from = Day()
    due_to = Day()
    changed_since = Moment()


class CalendarQuery(Schema):
    """Days asked about, both ends in; from today, for a year, by default."""

    from_ = Day(data_key="from")
    to = Day()


class CalendarOut(Schema):
    """Holidays and make-up days; other days follow the week."""

    known_until = fields.Date()
    warning = fields.String(allow_none=True)
    days = fields.List(fields.Dict())


class CountQuery(TicketQuery):
    """Filters of the list, for counting; ``filter``: a saved one below them."""

    filter = fields.UUID()


class SavableQuery(TicketQuery):
    """What a saved filter keeps: the filters of the list, its order and page size.

    Without ``sort`` the newest come first, with ``q`` those that match best.
    """

    sort = fields.String(validate=ma.validate.OneOf(SORTS))
    limit = fields.Integer(
        validate=ma.validate.Range(1, MAX_LIMIT), metadata={"default": PAGE}
    )


class ListQuery(SavableQuery, CountQuery):
    """What the list takes: all of this, and where its page begins."""

    cursor = Line()
