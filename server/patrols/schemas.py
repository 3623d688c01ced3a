"""What patrols take and give over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import fields

from server.core.http import Schema
from server.core.http.schema import Day, Line, Moment, once
from server.core.position import PositionField
from server.core.text import Text
from server.patrols.origin import Channel
from server.places.schemas import PartyIn
from server.tickets.vocabulary import Severity, Source

MOST_ANSWERS = 200
MOST_PHOTOS = 30
LONGEST_SIGNATURE = 200_000


class PlaceField(fields.Field[dict[str, Any]]):
    """A place: the UUID of a registered one, or ``{id?, name, kind?, address?}``."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, Any]:
        given = {"id": value} if isinstance(value, str) else value
        message = Text(
            "应为场所 UUID，或含 name 的对象", "Must be a place's UUID or have a name"
        )
        if not isinstance(given, dict):
            raise ma.ValidationError([message])
        unknown = given.keys() - {"id", "name", "kind", "address"}
        texts = [v for k, v in given.items() if k != "id" and v is not None]
        fitting = all(isinstance(v, str) and len(v) <= 300 for v in texts)
        if unknown or not fitting or not (given.get("id") or given.get("name")):
            raise ma.ValidationError([message])
        place = {k: v for k, v in given.items() if v is not None}
        if "id" in place:
            try:
                place["id"] = UUID(place["id"])
            except (ValueError, AttributeError, TypeError) as error:
                raise ma.ValidationError([message]) from error
        return place


class SignatureField(fields.Field[Any]):
    """A signature: text (such as a data URL), or an object such as
    ``{name, refused, note, photo}``; the refusal to sign is recorded, not judged."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if not isinstance(value, str | dict) or len(str(value)) > LONGEST_SIGNATURE:
            message = Text("签名格式不对或过大", "Not a signature, or too large")
            raise ma.ValidationError([message])
        return value


class RefusedIn(Schema):
    """How a refusal (拒不整改) was shown; without it there is no refusal.

    ``witnesses`` (见证人) is left out of what was not told: what was sent before there
    was the field is still the same content.
    """

    how = Line(required=True, longest=200)
    note = Line(required=True, longest=2000)
    witnesses = Line(longest=200)


class HandlingIn(Schema):
    """What the finder does about it."""

    kind = fields.String(
        required=True,
        validate=ma.validate.OneOf(["on_spot", "deadline", "report_up"]),
    )
    note = Line(load_default="", empty=True, longest=2000, allow_none=True)
    due_on = Day(load_default=None, allow_none=True)
    refused = fields.Nested(RefusedIn, load_default=None, allow_none=True)


class ControlIn(Schema):
    """A control (管控措施) imposed at once: 停止使用, 临时封闭, 人员撤离 …"""

    measure = Line(required=True, longest=200)
    note = Line(load_default="", empty=True, longest=2000)


class ComplainantIn(Schema):
    """Who complained; may stay unnamed."""

    name = Line(load_default="", empty=True, longest=100)
    phone = Line(load_default="", empty=True, longest=50)


class ComplaintIn(Schema):
    """The complaint (投诉) or report that the town checked."""

    channel = fields.String(
        required=True, validate=ma.validate.OneOf([c.value for c in Channel])
    )
    received_at = Moment(required=True)
    note = Line(required=True, longest=2000)
    complainant = fields.Nested(ComplainantIn, load_default=None, allow_none=True)


class FindingIn(Schema):
    """One finding.

    ``source`` and ``complaint`` have no default: what older phones send keeps its
    content, and is recognised when it comes again.
    """

    duty_item = Line(required=True, longest=10)
    inspection = fields.UUID(load_default=None, allow_none=True)
    checkpoint = Line(load_default=None, allow_none=True, longest=20)
    category = Line(required=True, longest=10)
    severity = fields.String(
        required=True, validate=ma.validate.OneOf([s.value for s in Severity])
    )
    description = Line(required=True, longest=4000)
    position = PositionField(required=True)
    place = PlaceField(load_default=None, allow_none=True)
    responsible_party = fields.Nested(PartyIn, load_default=None, allow_none=True)
    found_at = Moment(required=True)
    facts = fields.List(
        Line(longest=60), load_default=list, validate=ma.validate.Length(max=40)
    )
    handling = fields.Nested(HandlingIn, required=True)
    control = fields.Nested(ControlIn, load_default=None, allow_none=True)
    source = fields.String(validate=ma.validate.OneOf([s.value for s in Source]))
    complaint = fields.Nested(ComplaintIn)
    photos = fields.List(
        fields.UUID(),
        load_default=list,
        validate=[ma.validate.Length(max=MOST_PHOTOS), once],
    )


class AnswerIn(Schema):
    """One answered checkpoint; ``no`` is the hazard."""

    checkpoint = Line(required=True, longest=20)
    answer = fields.String(
        required=True, validate=ma.validate.OneOf(["yes", "no", "na"])
    )
    note = Line(load_default=None, allow_none=True, empty=True, longest=2000)


class InspectionIn(Schema):
    """One inspection: a checklist answered whole."""

    checklist = Line(required=True, longest=10)
    version = fields.Integer(
        required=True, strict=True, validate=ma.validate.Range(1, 2**31 - 1)
    )
    place = PlaceField(load_default=None, allow_none=True)
    started_at = Moment(required=True)
    finished_at = Moment(required=True)
    position = PositionField(required=True)
    answers = fields.List(
        fields.Nested(AnswerIn),
        required=True,
        validate=ma.validate.Length(min=1, max=MOST_ANSWERS),
    )
    companions = fields.List(
        Line(longest=100), load_default=list, validate=ma.validate.Length(max=20)
    )
    signature = SignatureField(load_default=None, allow_none=True)


class IncidentDueOut(Schema):
    """A checkpoint answered 否 that is an incident, to be sent by PUT /incidents."""

    checkpoint = fields.String()
    kind = fields.String()


class InspectionOut(Schema):
    """What an inspection is acknowledged with."""

    id = fields.UUID()
    received_at = Moment()
    checklist = fields.String()
    version = fields.Integer()
    area = fields.String()
    answered = fields.Integer()
    failed = fields.Integer()
    findings = fields.List(fields.String())
    incidents_due = fields.List(fields.Nested(IncidentDueOut))


class FindingTicketOut(Schema):
    """The ticket a finding opened."""

    number = fields.String()
    state = fields.String()
    lead_department = fields.Dict(allow_none=True)
    co_departments = fields.List(fields.Dict())
    due_on = Day(allow_none=True)


class FindingOut(Schema):
    """What a finding is acknowledged with."""

    id = fields.UUID()
    received_at = Moment()
    area = fields.String()
    ticket = fields.Nested(FindingTicketOut)
    routing = fields.Dict()


class StoredFindingOut(Schema):
    """A finding as it was sent, with where it went; position in EPSG:4326."""

    id = fields.UUID()
    received_at = Moment()
    duty_item = fields.String()
    inspection = fields.UUID(allow_none=True)
    checkpoint = fields.String(allow_none=True)
    category = fields.String()
    severity = fields.String()
    description = fields.String()
    position = fields.Dict()
    area = fields.String()
    place = fields.Dict(allow_none=True)
    responsible_party = fields.Dict(allow_none=True)
    found_at = Moment()
    facts = fields.List(fields.String())
    handling = fields.Dict()
    control = fields.Dict(allow_none=True)
    source = fields.String()
    complaint = fields.Dict(allow_none=True)
    photos = fields.List(fields.UUID())
    ticket = fields.String()


class StoredInspectionOut(Schema):
    """An inspection as it was sent; position in EPSG:4326."""

    id = fields.UUID()
    received_at = Moment()
    checklist = fields.String()
    version = fields.Integer()
    place = fields.Dict(allow_none=True)
    started_at = Moment()
    finished_at = Moment()
    position = fields.Dict()
    area = fields.String()
    answers = fields.List(fields.Dict())
    companions = fields.List(fields.String())
    signature = SignatureField(allow_none=True)
