"""The OpenAPI document: valid 3.1, complete, and true about its own kinds."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.core.http.openapi import describe
from server.tickets.workflow import ACTIONS
from tests.factories import API, Factory


@pytest.fixture
def spec(client: FlaskClient) -> dict[str, Any]:
    """Return the document as a client gets it."""
    answer = client.get(f"{API}/openapi.json")
    assert answer.mimetype == "application/json"
    return dict(answer.json)


def calls(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every operation."""
    return [call for item in spec["paths"].values() for call in item.values()]


def validator(spec: dict[str, Any], name: str) -> Draft202012Validator:
    """Return a validator of the component ``name``."""
    root = {"$ref": f"#/components/schemas/{name}", "components": spec["components"]}
    return Draft202012Validator(root)


def test_valid_3_1(spec: dict[str, Any]) -> None:
    assert spec["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(spec).iter_errors()) == []


def test_every_route_is_described(shared_app: Flask, spec: dict[str, Any]) -> None:
    described = {
        (method.upper(), call["operationId"].split("_", 1)[1])
        for item in spec["paths"].values()
        for method, call in item.items()
    }
    for rule in shared_app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert (method, rule.endpoint.replace(".", "_")) in described, rule.rule


def test_operation_ids_are_unique_and_tags_are_listed(spec: dict[str, Any]) -> None:
    ids = Counter(call["operationId"] for call in calls(spec))
    assert [name for name, count in ids.items() if count > 1] == []
    listed = {tag["name"] for tag in spec["tags"]}
    assert {tag for call in calls(spec) for tag in call["tags"]} <= listed


def test_who_may_call_is_said(shared_app: Flask, spec: dict[str, Any]) -> None:
    for call in calls(spec):
        _, endpoint = call["operationId"].split("_", 1)
        view = next(
            view
            for name, view in shared_app.view_functions.items()
            if name.replace(".", "_") == endpoint
        )
        permission = view.spec.permission  # type: ignore[attr-defined]
        assert ("security" in call) is not permission.public
        for role in permission.roles or ():
            assert role in call["description"]


def test_fields_of_our_own_kinds_are_described(spec: dict[str, Any]) -> None:
    """No property of a component is left without a type or a word about it."""
    bare = [
        f"{name}.{field}"
        for name, schema in spec["components"]["schemas"].items()
        for field, said in schema.get("properties", {}).items()
        if not said.keys() & {"type", "$ref", "anyOf", "const", "description"}
    ]
    assert bare == []
    finding = spec["components"]["schemas"]["patrols.FindingIn"]["properties"]
    assert finding["found_at"] == {"type": "string", "format": "date-time"}
    assert finding["position"] == {"$ref": "#/components/schemas/Position"}


def test_what_is_taken_and_given_is_as_described(
    make: Factory, spec: dict[str, Any]
) -> None:
    worker = make.grid_worker()
    sent, receipt = make.refused(), make.sent(worker, make.refused())
    number = receipt["ticket"]["number"]
    for name, document in (
        ("patrols.FindingIn", sent),
        ("patrols.FindingOut", receipt),
        ("tickets.TicketOut", worker.get(f"/tickets/{number}").json),
        ("accounts.StaffOut", worker.get("/me").json),
        ("Problem", worker.get("/tickets/none").json),
    ):
        errors = list(validator(spec, name).iter_errors(document))
        assert [(name, e.json_path, e.message) for e in errors] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "Polygon", "coordinates": [109.8, 40.6]},
        {"type": "Point", "coordinates": [109.8]},
        {"type": "Point", "coordinates": [109.8, 40.6], "datum": "mars"},
        {"type": "Point", "coordinates": [109.8, 40.6], "accuracy_m": -1},
    ],
)
def test_position_is_refused_where_the_server_refuses_it(
    make: Factory, spec: dict[str, Any], wrong: dict[str, Any]
) -> None:
    assert not validator(spec, "Position").is_valid(wrong)
    document = make.finding(position=wrong)
    answer = make.grid_worker().put(
        "/findings/0b8f6f8e-7a38-4b63-9c33-1f6a8a0c4d11", json=document
    )
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"].startswith("/position")


def test_what_is_taken_refuses_unknown_fields_and_answers_may_grow(
    spec: dict[str, Any],
) -> None:
    schemas = spec["components"]["schemas"]
    for name in ("patrols.FindingIn", "patrols.HandlingIn", "accounts.LoginIn"):
        assert schemas[name]["additionalProperties"] is False
    for name in ("patrols.FindingOut", "tickets.TicketOut", "Problem"):
        assert "additionalProperties" not in schemas[name]


def test_the_version_is_the_package_s(
    client: FlaskClient, spec: dict[str, Any]
) -> None:
    own = version("hazard-patrol")
    assert spec["info"]["version"] == own
    assert f"版本 {own}" in client.get("/").text


def test_paths_lie_below_the_base_address(spec: dict[str, Any]) -> None:
    assert spec["servers"] == [{"url": API}]
    assert "/findings/{finding_id}" in spec["paths"]
    assert not any(path.startswith(API) for path in spec["paths"])
    for path in ("/healthz", "/readyz", "/metrics", "/"):
        [call] = spec["paths"][path].values()
        assert call["servers"] == [{"url": "/"}]


def test_versions_are_told_where_they_count(spec: dict[str, Any]) -> None:
    act = spec["paths"]["/tickets/{number}/actions/{action}"]["post"]
    [match] = [p for p in act["parameters"] if p["in"] == "header"]
    assert (match["name"], match["required"]) == ("If-Match", True)
    assert {"401", "403", "404", "412", "422", "428"} <= act["responses"].keys()
    place = spec["paths"]["/places/{place_id}"]["put"]
    [match] = [p for p in place["parameters"] if p["in"] == "header"]
    assert (match["name"], match["required"]) == ("If-Match", False)
    assert {"412", "428"} <= place["responses"].keys()
    for path in ("/me", "/tickets", "/tickets/{number}/events", "/areas/at"):
        read = spec["paths"][path]["get"]
        assert "If-None-Match" in [p["name"] for p in read["parameters"]]
        assert "ETag" in read["responses"]["200"]["headers"]
        assert "304" in read["responses"]
        assert "428" not in read["responses"]


def test_refusals_are_told_where_they_apply(spec: dict[str, Any]) -> None:
    for call in calls(spec):
        assert ("401" in call["responses"]) is ("security" in call)
    assert "404" in spec["paths"]["/tickets/{number}"]["get"]["responses"]
    assert "404" not in spec["paths"]["/me"]["get"]["responses"]
    assert "403" in spec["paths"]["/findings/{finding_id}"]["put"]["responses"]
    assert "403" not in spec["paths"]["/tickets/{number}"]["get"]["responses"]
    original = spec["paths"]["/photos/{photo_id}/original"]["get"]
    assert "403" in original["responses"]
    assert "its sender" in original["description"]


def test_each_action_has_its_fields(make: Factory, spec: dict[str, Any]) -> None:
    act = spec["paths"]["/tickets/{number}/actions/{action}"]["post"]
    [action] = [p for p in act["parameters"] if p["name"] == "action"]
    assert action["schema"]["enum"] == list(ACTIONS)
    options = act["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    named = [option["$ref"].rpartition("/")[2] for option in options]
    assert named == [f"ticket.act.{action}" for action in ACTIONS]

    def taken(action: str, **body: Any) -> bool:
        return bool(validator(spec, f"ticket.act.{action}").is_valid(body))

    assert taken("settle", note="清了", photos=[])
    assert not taken("settle", note="清了")
    assert not taken("settle", note="清了", photos=[], colour="red")
    assert taken("reinspect", result="passed", note="好")
    assert not taken("reinspect", result="perhaps", note="好")
    assert taken("penalise", kind="fine", amount=200, note="罚")
    assert taken("accept")
    # What a ticket says of its actions agrees with it.
    fire, number = make.handler(), make.reported(make.grid_worker())
    schemas = spec["components"]["schemas"]
    for one in fire.ticket(number)["actions"]:
        described = schemas[f"ticket.act.{one['action']}"]
        assert set(described["properties"]) >= {f["name"] for f in one["fields"]}
        assert set(described["required"]) <= set(one["required"])


def test_made_once(app: Flask) -> None:
    assert describe(app) is describe(app)
