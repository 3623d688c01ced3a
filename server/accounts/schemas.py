"""What accounts take and give over HTTP."""

from __future__ import annotations

import re
from typing import Any

import marshmallow as ma
from marshmallow import fields

from server.accounts.models import Device
from server.core.http import Schema
from server.core.http.schema import Line, Moment
from server.core.permissions import Actor
from server.core.text import Text


class DeviceId(Line):
    """What a phone calls itself: one word that may stand in a path and in a log."""

    def _deserialize(self, value: Any, *args: Any, **kw: Any) -> str:
        word = super()._deserialize(value, *args, **kw)
        if not re.fullmatch(r"[A-Za-z0-9._:-]{1,100}", word):
            message = Text(
                "设备编号应为 1 至 100 个字母、数字或 . _ : -",
                "A device id is 1 to 100 letters, digits or . _ : -",
            )
            raise ma.ValidationError([message])
        return word


class DeviceIn(Schema):
    """A phone that is enrolled with the sign-in."""

    id = DeviceId(required=True)
    name = Line(load_default="", empty=True, longest=100)
    platform = Line(load_default="", empty=True, longest=50)


class LoginIn(Schema):
    """A sign-in."""

    username = Line(required=True, longest=100)
    password = fields.String(required=True, validate=ma.validate.Length(1, 200))
    device = fields.Nested(DeviceIn, load_default=None, allow_none=True)


class AreaOut(Schema):
    """An area of duty."""

    code = fields.String()
    name = fields.String()
    level = fields.String()


class GrantOut(Schema):
    """A role and where it is held."""

    role = fields.String()
    area = fields.String()


class DepartmentOut(Schema):
    """A department."""

    code = fields.String()
    name = fields.String()


class StaffOut(Schema):
    """A member of staff."""

    id = fields.UUID()
    username = fields.String()
    name = fields.String()
    roles = fields.List(fields.String())
    grants = fields.List(fields.Nested(GrantOut))
    areas = fields.List(fields.Nested(AreaOut))
    department = fields.Nested(DepartmentOut, allow_none=True)


class MeOut(StaffOut):
    """The caller, and when the token used now ends."""

    token_expires_at = Moment()


class LoginOut(Schema):
    """A signed-in session."""

    access_token = fields.String()
    token_type = fields.String()
    expires_at = Moment()
    staff = fields.Nested(StaffOut)


class DeviceOut(Schema):
    """An enrolled phone."""

    id = fields.String()
    name = fields.String()
    platform = fields.String()
    owner = fields.String()
    enrolled_at = Moment()


def staff_out(actor: Actor) -> dict[str, Any]:
    """Return the document of :class:`StaffOut`."""
    areas = {grant.area.code: grant.area for grant in actor.grants}
    return {
        "id": actor.staff_id,
        "username": actor.username,
        "name": actor.name,
        "roles": sorted(actor.roles),
        "grants": [{"role": g.role, "area": g.area.code} for g in actor.grants],
        "areas": [
            {"code": a.code, "name": a.name, "level": a.level} for a in areas.values()
        ],
        "department": {"code": actor.department, "name": actor.department_name}
        if actor.department
        else None,
    }


def device_out(device: Device, owner: str) -> dict[str, Any]:
    """Return the document of :class:`DeviceOut`."""
    return {
        "id": device.id,
        "name": device.name,
        "platform": device.platform,
        "owner": owner,
        "enrolled_at": device.enrolled_at,
    }
