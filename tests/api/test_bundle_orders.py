"""Inbound orders in the device bundle: all that wait for the caller, nothing else."""

from __future__ import annotations

from tests.factories import Caller, Factory
from tests.orders import Desk, done


def bundle(caller: Caller, since: str | None = None) -> dict:  # type: ignore[type-arg]
    answer = caller.get("/device/bundle" + (f"?since={since}" if since else ""))
    assert answer.status_code == 200
    return dict(answer.json)


def test_orders_are_carried_while_they_wait(make: Factory) -> None:
    desk = Desk(make, "74")
    first = bundle(desk.worker)
    assert first["orders"] == []
    number = desk.issue()
    second = bundle(desk.worker, first["cursor"])
    assert second["full"] is False
    (order,) = second["orders"]
    assert (order["number"], order["state"]) == (number, "issued")
    assert [a["action"] for a in order["actions"]] == ["accept", "comment"]
    done(desk.worker, number, "accept")
    (order,) = bundle(desk.worker, second["cursor"])["orders"]
    verify = next(a for a in order["actions"] if a["action"] == "verify")
    assert {f["name"] for f in verify["fields"]} >= {"result", "note"}
    assert bundle(desk.issuer)["orders"] == []
    assert bundle(make.other_town_officer())["orders"] == []
    done(desk.worker, number, "verify", result="neither", note="无")
    # The worker has done what was theirs; the officer has to report it.
    assert bundle(desk.worker)["orders"] == []
    assert len(bundle(desk.officer)["orders"]) == 1
    done(desk.officer, number, "submit", note="报")
    assert bundle(desk.officer)["orders"] == []
    assert len(bundle(desk.issuer)["orders"]) == 1
