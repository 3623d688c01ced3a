"""What the desk takes and gives over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import fields

from server.core.http import Schema
from server.core.http.schema import Line, Moment
from server.core.permissions import Person
from server.core.text import Text
from server.tickets.models import SavedFilter

# Items of one request for many; each takes some 20 ms.
MOST_ITEMS = 200
LONGEST_VALUE = 200


class Query(fields.Field[dict[str, str]]):
    """A query of the ticket list: its parameters as text."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, str]:
        if not isinstance(value, dict):
            raise ma.ValidationError("Not a valid mapping type.")
        errors = {
            str(name): [Text("应为文字、数字或真假", "Must be a text, number or truth")]
            for name, one in value.items()
            if not isinstance(one, str | int | bool) or len(str(one)) > LONGEST_VALUE
        }
        if errors:
            raise ma.ValidationError(errors)
        return {
            name: str(one).lower() if isinstance(one, bool) else str(one)
            for name, one in value.items()
            if one != ""
        }


class FilterIn(Schema):
    """A filter to keep; ``shared``: colleagues may use it."""

    name = Line(required=True, longest=50)
    query = Query(required=True)
    shared = fields.Boolean(load_default=False)


class FilterOut(Schema):
    """A saved filter; ``own``: the caller may change it."""

    id = fields.UUID()
    name = fields.String()
    query = fields.Dict()
    shared = fields.Boolean()
    own = fields.Boolean()
    owner = fields.String()
    changed_at = Moment()


class ColleagueOut(Schema):
    """Who may be assigned to or mentioned; how to reach them is not told here."""

    id = fields.UUID()
    username = fields.String()
    name = fields.String()
    roles = fields.List(fields.String())
    department = fields.String(allow_none=True)


class ItemIn(Schema):
    """A ticket of many, in the version that the caller has seen."""

    number = Line(required=True, longest=60)
    version = fields.Integer(strict=True)
    etag = Line()


class BulkIn(Schema):
    """One action on many tickets; ``fields`` as for one."""

    action = fields.String(
        required=True, validate=ma.validate.OneOf(["accept", "assign"])
    )
    items = fields.List(
        fields.Nested(ItemIn),
        required=True,
        validate=ma.validate.Length(min=1, max=MOST_ITEMS),
    )
    fields_ = fields.Dict(load_default=dict, data_key="fields")


class ResultOut(Schema):
    """What became of one ticket: its new ETag, or the problem of that action alone."""

    number = fields.String()
    status = fields.Integer()
    etag = fields.String()
    problem = fields.Dict()


class BulkOut(Schema):
    """A result per item, in their order."""

    done = fields.Integer()
    failed = fields.Integer()
    results = fields.List(fields.Nested(ResultOut))


def filter_out(kept: SavedFilter, own: UUID, names: dict[UUID, str]) -> dict[str, Any]:
    """Return the document of :class:`FilterOut`."""
    return {
        "id": kept.id,
        "name": kept.name,
        "query": kept.query,
        "shared": kept.shared,
        "own": kept.staff_id == own,
        "owner": names[kept.staff_id],
        "changed_at": kept.changed_at,
    }


def colleague_out(person: Person) -> dict[str, Any]:
    """Return the document of :class:`ColleagueOut`."""
    return {
        "id": person.staff_id,
        "username": person.username,
        "name": person.name,
        "roles": sorted(person.roles),
        "department": person.department_name,
    }
