"""What the bundle takes and gives over HTTP."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from server.areas.schemas import AreaOut
from server.checklists.schemas import ChecklistOut
from server.core.http import Schema
from server.core.http.schema import Moment
from server.core.text import Text
from server.orders.schemas import OrderRow
from server.places.schemas import PlaceOut
from server.sync.cursor import MAX_LENGTH, Cursor, decode
from server.tickets.schemas import ActionOut, TicketRow


class SinceField(fields.Field[Cursor | None]):
    """The cursor of an earlier bundle; one of an older format loads as None."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Cursor | None:
        try:
            if len(value) > MAX_LENGTH:
                raise ValueError("too long")
            return decode(value)
        except ValueError as error:
            message = Text("游标无效", "Not a cursor of this bundle")
            raise ma.ValidationError([message]) from error


class BundleQuery(Schema):
    """``since``: the cursor of the phone's last bundle."""

    since = SinceField(load_default=None)


class CatalogueOut(Schema):
    """The catalogue that serves the caller, in the version in force."""

    code = fields.String()
    title = fields.String()
    version = fields.Integer()


class VocabularyOut(Schema):
    """Words for filling in a finding, what each item lets the town do, and what a
    report of an incident must say."""

    categories = fields.List(fields.Dict())
    facts = fields.List(fields.Dict())
    departments = fields.List(fields.Dict())
    items = fields.List(fields.Dict())
    incident_kinds = fields.List(fields.Dict())


class BundleAreaOut(AreaOut):
    """An area; the boundary (GeoJSON MultiPolygon, EPSG:4326) if the caller patrols
    it, null for the chain above."""

    boundary = fields.Dict(allow_none=True)
    generated = fields.Boolean(allow_none=True)


class BundleTicketOut(TicketRow):
    """A ticket that waits for the caller.

    ``overdue`` is as of ``generated_at`` and not sent again when only the day turns:
    a phone without a network compares the day of ``waits_for`` itself, as that is
    what ``overdue`` goes by: ``due_on`` stands still while the ticket is suspended.
    """

    place = fields.Dict(allow_none=True)
    finding = fields.UUID()
    facts = fields.List(fields.String())
    responsible_party = fields.Dict(allow_none=True)
    basis = fields.String()
    deadlines = fields.List(fields.Dict())
    photos = fields.List(fields.UUID())


class BundleOrderOut(OrderRow):
    """An inbound order that waits for the caller, with what they may do."""

    actions = fields.List(fields.Nested(ActionOut))


class OutcomeOut(Schema):
    """What became of a hazard the caller found; ``result`` is in Chinese.

    The newest for a number replaces the one before.
    """

    number = fields.String()
    state = fields.String()
    result = fields.String()
    at = Moment()
    note = fields.String()


class RemovedOut(Schema):
    """Tombstones: codes, place ids and ticket numbers to forget, known or not."""

    checklists = fields.List(fields.String())
    areas = fields.List(fields.String())
    places = fields.List(fields.UUID())
    tickets = fields.List(fields.String())


class BundleOut(Schema):
    """Everything for work without a network.

    ``full`` true: replaces all the phone has. False: changes since the cursor; lists
    hold what is new or changed, ``vocabulary`` is null when it is unchanged. Only
    ``orders`` is always all that waits: they are few. ``outcomes`` of a full bundle
    go back 30 days.
    """

    cursor = fields.String()
    generated_at = Moment()
    full = fields.Boolean()
    catalogue = fields.Nested(CatalogueOut, allow_none=True)
    vocabulary = fields.Nested(VocabularyOut, allow_none=True)
    checklists = fields.List(fields.Nested(ChecklistOut))
    areas = fields.List(fields.Nested(BundleAreaOut))
    places = fields.List(fields.Nested(PlaceOut))
    tickets = fields.List(fields.Nested(BundleTicketOut))
    orders = fields.List(fields.Nested(BundleOrderOut))
    outcomes = fields.List(fields.Nested(OutcomeOut))
    removed = fields.Nested(RemovedOut)
