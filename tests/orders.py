"""Issuing and working inbound orders in tests."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from werkzeug.test import TestResponse

from tests.factories import COMMUNITY, Caller, Factory, picture, workday

SOON = workday(15)
ISSUER = {"52": "kq-agri", "53": "kq-agri", "73": "kq-resources", "74": "kq-agri"}


def document(make: Factory, item: str = "52", /, **changes: Any) -> dict[str, Any]:
    """Return an order of an item with all it must carry, in a village."""
    said: dict[str, Any] = {
        "item": item,
        "title": "图斑核查",
        "description": "村北地块，面积约 3 亩",
        "area": COMMUNITY,
        "source_no": "NS-2026-0017",
    }
    if item == "73":
        said |= {"determination": "实地核查，属违法占地", "due_on": SOON}
    if item == "74":
        said |= {"position": make.position()}
    return said | changes


class Desk:
    """The people around one item's orders, made when first asked for."""

    def __init__(self, make: Factory, item: str) -> None:
        self.make = make
        self.item = item
        self.issuer = make.handler(ISSUER[item])
        self.worker = make.grid_worker()
        self.officer = make.town_officer()

    def issue(self, **changes: Any) -> str:
        """Issue an order and return its number."""
        body = document(self.make, self.item, **changes)
        answer = self.issuer.put(f"/orders/{uuid4()}", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json["number"])


def show(caller: Caller, number: str) -> dict[str, Any]:
    """Return an order that the caller may see, with its ETag."""
    answer = caller.get(f"/orders/{number}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json, etag=answer.headers["ETag"])


def act(caller: Caller, number: str, action: str, **fields: Any) -> TestResponse:
    """Do an action with the order's current version."""
    seen = caller.get(f"/orders/{number}")
    headers = {"If-Match": seen.headers.get("ETag", '"none"')}
    path = f"/orders/{number}/actions/{action}"
    return caller.post(path, json=fields, headers=headers)


def done(caller: Caller, number: str, action: str, **fields: Any) -> dict[str, Any]:
    """Do an action that must succeed and return the order after it."""
    answer = act(caller, number, action, **fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def photo(caller: Caller, number: str, stage: str) -> str:
    """Send a picture of an order and return its id."""
    id = str(uuid4())
    answer = caller.put(
        f"/photos/{id}?order={number}&stage={stage}",
        data=picture(size=(32, 24)),
        content_type="image/jpeg",
    )
    assert answer.status_code == 201, answer.text
    return id


def pointers(answer: TestResponse) -> list[str]:
    """Return the pointers of a refusal."""
    assert answer.status_code == 422, answer.text
    return sorted(error["pointer"] for error in answer.json["errors"])
