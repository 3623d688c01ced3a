"""What duty records take and give over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import fields
from sqlalchemy import Row

from server.checklists.catalogue import Rules
from server.checklists.duties import DutyKind
from server.core.http import Schema
from server.core.http.paging import MAX_LIMIT
from server.core.http.schema import Day, Dict, Line, Moment, Span
from server.core.position import PositionField
from server.core.text import Text
from server.duties.kinds import items_for
from server.duties.models import DutyRecord

MOST_PICTURES = 30
MOST_ITEMS = 30
DAYS = ma.validate.Range(date(2000, 1, 1), date(2099, 12, 31))


class MonthField(fields.Field[date]):
    """A month, ``2026-10``; loaded as its first day."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> date:
        try:
            if not isinstance(value, str) or len(value) != len("2026-10"):
                raise ValueError
            month = date.fromisoformat(f"{value}-01")
        except ValueError as error:
            text = Text("应为月份，如 2026-10", "Must be a month such as 2026-10")
            raise ma.ValidationError([text]) from error
        DAYS(month)
        return month


class ParticipantsIn(Schema):
    """How many took part, and who of them is named."""

    count = fields.Integer(
        required=True, strict=True, validate=ma.validate.Range(0, 100_000)
    )
    names = fields.List(
        Line(longest=100), load_default=list, validate=ma.validate.Length(max=500)
    )


class DutyIn(Schema):
    """One duty as it was done: on a day, or from and to.

    A form for a ``month`` may leave the day out: it is the day the form comes in.

    ``area`` is a code inside the caller's area of duty; without it the position
    decides, else the caller's own area. ``figures`` are numbers by the kind's codes.
    ``photos`` and ``attachments`` (pictures of papers) are announced here and
    uploaded as ``PUT /photos/{id}?duty=``.
    """

    kind = Line(required=True, longest=60)
    items = fields.List(
        Line(longest=10), load_default=list, validate=ma.validate.Length(max=MOST_ITEMS)
    )
    held_on = Day(load_default=None, allow_none=True, validate=DAYS)
    held_from = Moment(load_default=None, allow_none=True)
    held_to = Moment(load_default=None, allow_none=True)
    month = MonthField(load_default=None, allow_none=True)
    area = Line(load_default=None, allow_none=True, longest=60)
    place = Line(load_default=None, allow_none=True, longest=300)
    position = PositionField(load_default=None, allow_none=True)
    participants = fields.Nested(ParticipantsIn, load_default=None, allow_none=True)
    subject = Line(required=True)
    summary = Line(load_default="", empty=True, longest=4000)
    figures = Dict(
        keys=fields.String(), load_default=dict, validate=ma.validate.Length(max=50)
    )
    photos = fields.List(
        fields.UUID(), load_default=list, validate=ma.validate.Length(max=MOST_PICTURES)
    )
    attachments = fields.List(
        fields.UUID(), load_default=list, validate=ma.validate.Length(max=MOST_PICTURES)
    )

    @ma.validates_schema
    def _one_time(self, data: dict[str, Any], **_: Any) -> None:
        moments = (data["held_from"] is not None, data["held_to"] is not None)
        times = moments[0] + (data["held_on"] is not None)
        if moments[0] == moments[1] and not times and data["month"] is not None:
            return
        if moments[0] != moments[1] or times != 1:
            text = Text(
                "须填写 held_on，或 held_from 与 held_to",
                "Give held_on, or held_from with held_to",
            )
            raise ma.ValidationError({"held_on": [text]})

    @ma.validates_schema
    def _pictures_once(self, data: dict[str, Any], **_: Any) -> None:
        announced = [*data["photos"], *data["attachments"]]
        if len(set(announced)) < len(announced):
            raise ma.ValidationError(
                {"photos": [Text("照片编号重复", "A picture is announced twice")]}
            )


class WithdrawIn(Schema):
    """Why a record is taken back."""

    reason = Line(required=True, longest=2000)


class DutyQuery(Span):
    """Filters of the list; ``party`` is ``township`` or a department (code or name).

    ``from`` and ``to`` are days under which records count, both included.
    """

    item = Line(longest=10)
    kind = Line(longest=60)
    party = Line(longest=60)
    area = Line(longest=60)
    from_ = Day(data_key="from", validate=DAYS)
    to = Day(validate=DAYS)
    limit = fields.Integer(load_default=100, validate=ma.validate.Range(1, MAX_LIMIT))
    cursor = Line(longest=200)


class FigureOut(Schema):
    """A figure of a kind: a number in ``unit``, whole unless ``decimal``."""

    code = fields.String()
    name = fields.String()
    unit = fields.String()
    required = fields.Boolean()
    decimal = fields.Boolean()


class DutyKindOut(Schema):
    """A kind of duty record that the caller may send."""

    code = fields.String()
    title = fields.String()
    form = fields.Dict(keys=fields.String(), values=fields.String())
    party = fields.String()
    items = fields.List(fields.Dict(keys=fields.String(), values=fields.String()))
    clauses = fields.List(fields.String())
    rhythm = fields.String(allow_none=True)
    rhythm_origin = fields.String(allow_none=True)
    requires = fields.List(fields.String())
    figures = fields.List(fields.Nested(FigureOut))


class DutyKindsOut(Schema):
    """The kinds of duty records that the caller may send."""

    kinds = fields.List(fields.Nested(DutyKindOut))


class DutyReceiptOut(Schema):
    """What a duty record is acknowledged with; the same for a retry."""

    id = fields.UUID()
    received_at = Moment()
    kind = fields.String()
    items = fields.List(fields.String())
    clauses = fields.List(fields.String())
    party = fields.Dict(keys=fields.String(), values=fields.String())
    area = fields.String()


class DutyOut(Schema):
    """A duty record; position in EPSG:4326.

    ``photos_missing`` are announced and not yet uploaded. ``counts``: not withdrawn,
    and everything that its kind demands has been uploaded.
    """

    id = fields.UUID()
    received_at = Moment()
    kind = fields.Dict(keys=fields.String(), values=fields.String())
    items = fields.List(fields.String())
    clauses = fields.List(fields.String())
    party = fields.Dict(keys=fields.String(), values=fields.String())
    township = fields.Boolean()
    recorded_by = fields.String()
    area = fields.String()
    place = fields.String(allow_none=True)
    position = fields.Dict(allow_none=True)
    held_on = Day()
    held_until = Day()
    held_from = Moment(allow_none=True)
    held_to = Moment(allow_none=True)
    month = fields.String(allow_none=True)
    participants = fields.Dict(allow_none=True)
    subject = fields.String()
    summary = fields.String()
    figures = fields.Dict()
    photos = fields.List(fields.UUID())
    attachments = fields.List(fields.UUID())
    photos_missing = fields.List(fields.UUID())
    counts = fields.Boolean()
    withdrawn = fields.Dict(allow_none=True)


def kind_out(kind: DutyKind, party: str, rules: Rules) -> dict[str, Any]:
    """Return the document of :class:`DutyKindOut` for a party (a code)."""
    items = items_for(rules, kind, party)
    return {
        "code": kind.code,
        "title": kind.title,
        "form": {"code": kind.form, "name": kind.form_name},
        "party": party,
        "items": [{"number": n, "name": rules.duty_item(n).name} for n in items],
        "clauses": [clause for item in items for clause in kind.clauses_of(item)],
        "rhythm": kind.rhythm,
        "rhythm_origin": kind.origin,
        "requires": list(kind.requires),
        "figures": [
            {
                "code": figure.code,
                "name": figure.name,
                "unit": figure.unit,
                "required": figure.required,
                "decimal": figure.decimal,
            }
            for figure in kind.figures
        ],
    }


def duty_out(row: Row[Any], kind: DutyKind) -> dict[str, Any]:
    """Return the document of :class:`DutyOut` for a row of ``queries.shown``."""
    record: DutyRecord = row[0]
    announced = [*record.photos, *record.attachments]
    uploaded = set(row.uploaded)
    return {
        "id": record.id,
        "received_at": record.received_at,
        "kind": {"code": kind.code, "title": kind.title, "form": kind.form_name},
        "items": record.items,
        "clauses": record.clauses,
        "party": {"code": record.department_code, "name": row.department},
        "township": record.township,
        "recorded_by": row.recorded_by,
        "area": record.area_code,
        "place": record.place,
        "position": _position(record, row.lon, row.lat),
        "held_on": record.held_on,
        "held_until": record.held_until,
        "held_from": record.held_from,
        "held_to": record.held_to,
        "month": record.month and f"{record.month:%Y-%m}",
        "participants": _participants(record),
        "subject": record.subject,
        "summary": record.summary,
        "figures": record.figures,
        "photos": record.photos,
        "attachments": record.attachments,
        "photos_missing": [id for id in announced if id not in uploaded],
        "counts": row.withdrawn_at is None and set(record.needed) <= uploaded,
        "withdrawn": _withdrawn(row),
    }


def _position(record: DutyRecord, lon: float, lat: float) -> dict[str, Any] | None:
    if record.position is None:
        return None
    return {
        "type": "Point",
        "coordinates": [lon, lat],
        "accuracy_m": record.position.get("accuracy_m"),
        "datum": "wgs84",
        "sent": record.position,
    }


def _participants(record: DutyRecord) -> dict[str, Any] | None:
    if record.participants is None:
        return None
    return {"count": record.participants, "names": record.names}


def _withdrawn(row: Row[Any]) -> dict[str, Any] | None:
    if row.withdrawn_at is None:
        return None
    return {"at": row.withdrawn_at, "by": row.withdrawn_by, "reason": row.reason}
