"""What the OpenAPI document says of a call's headers and answers."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from werkzeug.routing import Rule

from server.core.http.blueprint import Endpoint
from server.core.http.schema import Schema

_PROBLEM = {"application/problem+json": {"schema": "Problem"}}
_ETAG = {"ETag": {"schema": {"type": "string"}, "description": "version of the answer"}}

_UNNEEDED = {
    "change": "; not for what is new or comes again as it is",
    "judge": "; only for what decides",
}


def conditions(method: str, endpoint: Endpoint) -> list[dict[str, Any]]:
    """Return the headers with which a call depends on a version."""
    if endpoint.match is not None:
        said = "ETag of the version to change"
        said += _UNNEEDED.get(endpoint.match, "")
        return [_header("If-Match", said, endpoint.match == "always")]
    if _is_read(method, endpoint):
        return [_header("If-None-Match", "ETag of the copy the caller has", False)]
    return []


def _header(name: str, said: str, required: bool) -> dict[str, Any]:
    return {
        "in": "header",
        "name": name,
        "required": required,
        "description": said,
        "schema": {"type": "string"},
    }


def _is_read(method: str, endpoint: Endpoint) -> bool:
    return method == "GET" and endpoint.media_types == ("application/json",)


def responses(rule: Rule, method: str, endpoint: Endpoint) -> dict[str, Any]:
    """Return the answers of a call: what it gives, and how it refuses."""
    answers: dict[str, Any] = {
        str(status): _answer(HTTPStatus(status), schema)
        for status, schema in endpoint.answers.items()
    }
    if not answers:
        answers["200"] = {"description": "OK", **_plain_content(method, endpoint)}
    for media_type in endpoint.files:
        binary = {"schema": {"type": "string", "format": "binary"}}
        answers["200"]["content"][media_type] = binary
    if _is_read(method, endpoint):
        answers["200"]["headers"] = _ETAG
        answers["304"] = {"description": "The copy the caller has is current"}
    for status, said in _refusals(rule, method, endpoint).items():
        answers[str(status)] = {"description": said, "content": _PROBLEM}
    answers["default"] = {"description": "Problem (RFC 9457)", "content": _PROBLEM}
    return answers


def _refusals(rule: Rule, method: str, endpoint: Endpoint) -> dict[int, str]:
    permission = endpoint.permission
    ids = method == "PUT" and "<uuid:" in rule.rule
    takes = endpoint.body or endpoint.query or endpoint.json or ids
    known = {
        401: (not permission.public, "No token, or one that has ended"),
        403: (
            permission.roles is not None or bool(endpoint.who),
            "The caller may not do this",
        ),
        404: (
            bool(rule.arguments),
            "Not there, or outside the caller's areas and department",
        ),
        412: (endpoint.match is not None, "If-Match names another version"),
        422: (bool(takes), "Wrong fields or parameters, each named in errors"),
        428: (endpoint.match is not None, "If-Match is missing or *"),
    }
    return {status: said for status, (applies, said) in known.items() if applies}


def _plain_content(method: str, endpoint: Endpoint) -> Mapping[str, Any]:
    """Name the media types of an answer that is no JSON document."""
    if method != "GET" or endpoint.media_types == ("application/json",):
        return {}
    text = {"schema": {"type": "string"}}
    return {"content": dict.fromkeys(endpoint.media_types, text)}


def _answer(status: HTTPStatus, schema: Any) -> dict[str, Any]:
    if schema is None:
        return {"description": status.phrase}
    described = schema
    if isinstance(schema, list):
        described = {
            "type": "object",
            "properties": {
                "items": {"type": "array", "items": cast(type[Schema], schema[0])},
                "next": {"type": ["string", "null"]},
            },
        }
    content = {"application/json": {"schema": described}}
    return {"description": status.phrase, "content": content}
