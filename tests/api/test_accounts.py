"""Signing in and out, phones, throttle."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from server.accounts.models import Staff, Token
from server.accounts.service import (
    close_account,
    open_account,
    reset_password,
    token_hash,
)
from server.audit.models import AuditEvent
from server.core.clock import now
from server.core.db import commit, db
from server.core.errors import Invalid
from server.core.permissions import Role
from tests.factories import PASSWORD, Factory

LOGIN = "/api/v1/auth/login"


def login(client: FlaskClient, username: str, password: str = PASSWORD, **more):  # type: ignore[no-untyped-def]
    return client.post(LOGIN, json={"username": username, "password": password, **more})


def events(kind: str) -> list[AuditEvent]:
    """Return the events of a kind."""
    return list(db.session.scalars(select(AuditEvent).where(AuditEvent.type == kind)))


def test_sign_in_and_out(make: Factory, client: FlaskClient) -> None:
    make.staff(username="zhang")
    answer = login(client, "Zhang")
    assert answer.status_code == 200
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["staff"]["roles"] == ["grid_worker"]
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert client.get("/api/v1/me", headers=headers).json["username"] == "zhang"
    assert client.post("/api/v1/auth/logout", headers=headers).status_code == 204
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    assert events("account.signed_in")
    assert events("account.signed_out")


def test_wrong_password_and_unknown_account_look_alike(
    make: Factory, client: FlaskClient
) -> None:
    make.staff(username="zhang")
    wrong, unknown = login(client, "zhang", "wrong"), login(client, "nobody", "wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json == unknown.json
    assert len(events("account.sign_in_failed")) == 2


def test_throttled_per_account(make: Factory, client: FlaskClient) -> None:
    make.staff(username="zhang")
    answers = [login(client, "zhang", "wrong").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    right = login(client, "zhang")
    assert right.status_code == 429
    assert int(right.headers["Retry-After"]) > 0
    make.staff(username="li")
    assert login(client, "li").status_code == 200


def test_closed_account(make: Factory, client: FlaskClient) -> None:
    caller = make.staff(username="zhang")
    db.session.execute(
        update(Staff).where(Staff.username == "zhang").values(active=False)
    )
    commit()
    assert login(client, "zhang").status_code == 401
    assert caller.get("/me").status_code == 401


def test_tokens_are_stored_hashed(make: Factory) -> None:
    caller = make.staff()
    stored = list(db.session.scalars(select(Token.hash)))
    assert token_hash(caller.token) in stored
    assert caller.token.encode() not in stored


def test_device_token_lives_thirty_days_and_is_renewed_by_use(make: Factory) -> None:
    caller = make.staff(device=True)
    token = db.session.scalars(
        select(Token).where(Token.hash == token_hash(caller.token))
    ).one()
    assert token.expires_at - now() > timedelta(days=29)
    # A phone that was offline for a week and a day, with two weeks left.
    token.renewed_at, token.expires_at = (
        now() - timedelta(days=16),
        now() + timedelta(days=14),
    )
    commit()
    make.sent(caller, make.finding())
    db.session.refresh(token)
    assert token.expires_at - now() > timedelta(days=29)


def test_expired_token(make: Factory) -> None:
    caller = make.staff(device=True)
    past = now() - timedelta(seconds=1)
    db.session.execute(update(Token).values(expires_at=past))
    commit()
    answer = caller.get("/me")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_revoked_phone_stops_at_once(make: Factory) -> None:
    caller = make.staff(device=True, username="zhang")
    assert [d["id"] for d in caller.get("/devices").json["items"]] == ["phone-zhang"]
    assert caller.delete("/devices/phone-zhang").status_code == 204
    assert caller.get("/me").status_code == 401
    assert events("device.revoked")


def test_phones_of_others(make: Factory) -> None:
    make.staff(device=True, username="zhang")
    stranger, chief = make.grid_worker(), make.administrator()
    assert stranger.get("/devices").json["items"] == []
    assert stranger.delete("/devices/phone-zhang").status_code == 404
    assert "phone-zhang" in [d["id"] for d in chief.get("/devices").json["items"]]
    assert chief.delete("/devices/phone-zhang").status_code == 204


def test_administrator_of_another_district(make: Factory) -> None:
    make.staff(device=True, username="zhang")
    elsewhere = make.staff("administrator", "150204")
    assert elsewhere.delete("/devices/phone-zhang").status_code == 404


def test_signing_in_again_on_a_phone_ends_its_earlier_token(make: Factory) -> None:
    first = make.staff(device=True, username="zhang")
    second = make.sign_in("zhang", device=True)
    assert first.get("/me").status_code == 401
    assert second.get("/me").status_code == 200


def test_denials_are_recorded(make: Factory) -> None:
    handler = make.handler()
    handler.put("/places/5b0f4a57-5a4b-4a6e-9d0e-000000000001", json={})
    number = make.reported(make.grid_worker())
    make.other_town_officer().get(f"/tickets/{number}")
    denied = events("access.denied")
    assert {event.payload["why"] for event in denied} == {"forbidden", "not-found"}
    assert all(event.actor_id for event in denied)


def test_no_token(client: FlaskClient) -> None:
    for headers in ({}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer "}):
        answer = client.get("/api/v1/me", headers=headers)
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"


def test_an_account_names_things_that_exist(make: Factory) -> None:
    make.staff(username="zhang")
    for username, grants, department, pointer in (
        ("Zhang", [(Role.SUPERVISOR, "150203")], None, "/username"),
        ("li", [(Role.SUPERVISOR, "999")], None, "/area"),
        ("li", [(Role.HANDLER, "150203")], None, "/department"),
        ("li", [(Role.HANDLER, "150203")], "kq-none", "/department"),
    ):
        with pytest.raises(Invalid) as refused:
            open_account(username, "某人", PASSWORD, grants, department)
        assert refused.value.errors[0].pointer == pointer


def test_password_reset_and_closing_end_tokens(
    make: Factory, client: FlaskClient
) -> None:
    caller = make.staff(username="zhang")
    reset_password("zhang", "another password")
    commit()
    assert caller.get("/me").status_code == 401
    assert login(client, "zhang").status_code == 401
    fresh = login(client, "zhang", "another password")
    assert fresh.status_code == 200
    close_account("zhang")
    commit()
    assert login(client, "zhang", "another password").status_code == 401
