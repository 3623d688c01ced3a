"""Making staff, phones, findings and tickets for tests, through the front door."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from server.accounts.service import create_staff, sign_in
from server.areas.models import AreaBoundary
from server.config import Settings
from server.core import workdays
from server.core.db import commit, db
from server.core.permissions import Role
from server.demo.seed import DISTRICT, OTHER_TOWN, TOWN

API = "/api/v1"
COMMUNITY = "150203102200"  # a village of 卜尔汉图镇
PASSWORD = "correct horse battery staple"
# 五落实 beside the day: what an order on a major hazard must say.
FIVE = {
    "responsibility": "产权人张某，单位负责人王某",
    "measures": "停用并加固",
    "funds": "自筹三万元",
    "plan": "出现险情立即撤离，联系村委会",
}
_numbers = count(1)


def earlier_today() -> datetime:
    """Return an hour ago, or the local day's beginning where that was yesterday."""
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return max(now - timedelta(hours=1), midnight).astimezone(UTC)


def workday(ahead: int) -> str:
    """Return the day so many working days from the local day, as due dates are."""
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    return workdays.calendar().add(today, ahead).isoformat()


def day_off() -> str:
    """Return a coming day off, and not today."""
    day = datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=1)
    while workdays.calendar().day_off(day) is None:
        day += timedelta(days=1)
    return day.isoformat()


class Caller:
    """A signed-in person with an HTTP client."""

    def __init__(self, client: FlaskClient, username: str, token: str) -> None:
        self.client = client
        self.username = username
        self.token = token

    def open(self, method: str, path: str, **kw: Any) -> TestResponse:
        """Send one request; paths are below ``/api/v1``."""
        headers = {"Authorization": f"Bearer {self.token}", **kw.pop("headers", {})}
        return self.client.open(
            API + path, method=method, headers=headers, buffered=True, **kw
        )

    def get(self, path: str, **kw: Any) -> TestResponse:
        """GET."""
        return self.open("GET", path, **kw)

    def put(self, path: str, **kw: Any) -> TestResponse:
        """PUT."""
        return self.open("PUT", path, **kw)

    def post(self, path: str, **kw: Any) -> TestResponse:
        """POST."""
        return self.open("POST", path, **kw)

    def patch(self, path: str, **kw: Any) -> TestResponse:
        """PATCH."""
        return self.open("PATCH", path, **kw)

    def delete(self, path: str, **kw: Any) -> TestResponse:
        """DELETE."""
        return self.open("DELETE", path, **kw)

    def ticket(self, number: str) -> dict[str, Any]:
        """Return a ticket this person may see."""
        answer = self.get(f"/tickets/{number}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json, etag=answer.headers["ETag"])

    def act(self, number: str, action: str, **fields: Any) -> TestResponse:
        """Do an action with the ticket's current version."""
        seen = self.get(f"/tickets/{number}")
        headers = {"If-Match": seen.headers.get("ETag", '"none"')}
        return self.post(
            f"/tickets/{number}/actions/{action}", json=fields, headers=headers
        )

    def photo(self, number: str, stage: str = "after") -> str:
        """Send a picture of a ticket and return its id."""
        photo = str(uuid4())
        answer = self.put(
            f"/photos/{photo}?ticket={number}&stage={stage}",
            data=picture(size=(32, 24)),
            content_type="image/jpeg",
        )
        assert answer.status_code == 201, answer.text
        return photo

    def done(self, number: str, action: str, **fields: Any) -> dict[str, Any]:
        """Do an action that must succeed and return the ticket after it."""
        answer = self.act(number, action, **fields)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)


class Factory:
    """Makes things in the application it is given (which holds a context)."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.settings: Settings = app.extensions["settings"]

    def staff(
        self,
        role: Role | str = Role.GRID_WORKER,
        area: str = COMMUNITY,
        department: str | None = None,
        *,
        device: bool = False,
        username: str | None = None,
    ) -> Caller:
        """Create a person and sign them in."""
        name = username or f"person{next(_numbers)}"
        create_staff(name, f"测试{name}", PASSWORD, [(Role(role), area)], department)
        commit()
        return self.sign_in(name, device=device)

    def sign_in(self, username: str, *, device: bool = False) -> Caller:
        """Sign an existing person in."""
        phone = {"id": f"phone-{username}", "name": "测试机", "platform": "android"}
        signed = sign_in(
            username, PASSWORD, phone if device else None, "127.0.0.1", self.settings
        )
        commit()
        return Caller(self.app.test_client(), username, signed.token)

    def grid_worker(self, area: str = COMMUNITY) -> Caller:
        """A grid worker (网格员)."""
        return self.staff(Role.GRID_WORKER, area)

    def town_officer(self, area: str = TOWN) -> Caller:
        """A town safety officer (镇级安监员)."""
        return self.staff(Role.TOWN_OFFICER, area)

    def other_town_officer(self) -> Caller:
        """A safety officer of another town of the district."""
        return self.staff(Role.TOWN_OFFICER, OTHER_TOWN)

    def handler(self, department: str = "kq-fire", role: Role = Role.HANDLER) -> Caller:
        """A handler (经办人) of a district department."""
        return self.staff(role, DISTRICT, department)

    def safety_office(self) -> Caller:
        """Someone of 区安委办."""
        return self.staff(Role.SAFETY_OFFICE, DISTRICT, "kq-emergency")

    def administrator(self) -> Caller:
        """An administrator of the district."""
        return self.staff(Role.ADMINISTRATOR, DISTRICT)

    def point_in(self, area: str) -> list[float]:
        """Return lon, lat (EPSG:4326) well inside an area."""
        inside = func.ST_PointOnSurface(AreaBoundary.geom)
        lon, lat = db.session.execute(
            select(func.ST_X(inside), func.ST_Y(inside)).where(
                AreaBoundary.area_code == area, AreaBoundary.valid_to.is_(None)
            )
        ).one()
        return [lon, lat]

    def position(self, area: str = COMMUNITY) -> dict[str, Any]:
        """Return a position document inside an area."""
        return {
            "type": "Point",
            "coordinates": self.point_in(area),
            "accuracy_m": 8,
            "datum": "wgs84",
        }

    def finding(self, **changes: Any) -> dict[str, Any]:
        """Return a finding: a blocked exit in a restaurant, settled on the spot."""
        document = {
            "duty_item": "35",
            "category": "F1",
            "severity": "general",
            "description": "后门堆放纸箱，安全出口被堵",
            "position": self.position(),
            "responsible_party": {"name": "某某餐馆", "kind": "business"},
            "found_at": earlier_today().isoformat(),
            "facts": [],
            "handling": {"kind": "on_spot", "note": "当场清理"},
            "photos": [],
        }
        return document | changes

    def refused(self, **changes: Any) -> dict[str, Any]:
        """Return a finding whose correction was refused and is reported up."""
        return (
            self.finding(
                facts=["refused"],
                handling={
                    "kind": "report_up",
                    "note": "业主拒绝清理",
                    "refused": {"how": "当场声明拒绝", "note": "称货物无处存放"},
                },
            )
            | changes
        )

    def sent(self, caller: Caller, document: dict[str, Any]) -> dict[str, Any]:
        """Send a finding that must be taken and return its acknowledgement."""
        answer = caller.put(f"/findings/{uuid4()}", json=document)
        assert answer.status_code == 201, answer.text
        return dict(answer.json)

    def ticket(self, caller: Caller, **changes: Any) -> str:
        """Open a ticket and return its number."""
        return str(self.sent(caller, self.finding(**changes))["ticket"]["number"])

    def reported(self, caller: Caller, **changes: Any) -> str:
        """Open a ticket that is reported up and return its number."""
        return str(self.sent(caller, self.refused(**changes))["ticket"]["number"])


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (640, 480), **save: Any
) -> bytes:
    """Return the bytes of a picture that is not one flat colour."""
    image = Image.effect_noise(size, 60).convert("RGB")
    target = io.BytesIO()
    image.save(target, kind, **save)
    return target.getvalue()
