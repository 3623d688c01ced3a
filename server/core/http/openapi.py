"""The OpenAPI 3.1 document, made from the routes, and its readable form."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any, cast

import marshmallow as ma
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response, current_app, request
from werkzeug.routing import Rule

from server.core.geo import Datum
from server.core.http.app import VERSION
from server.core.http.blueprint import Blueprint, Endpoint
from server.core.http.exchange import conditions, responses
from server.core.http.pages import STATIC, page
from server.core.http.render import compressed, dumps
from server.core.http.schema import Line, Moment
from server.core.permissions import PUBLIC
from server.core.position import PositionField

blueprint = Blueprint("openapi", __name__, template_folder="templates")


@blueprint.expose(
    "GET", "/openapi.json", permission=PUBLIC, summary="This description (OpenAPI 3.1)"
)
def document() -> Response:
    """Give out the OpenAPI document."""
    return compressed(dumps(describe(_app())), "application/json")


@blueprint.expose(
    "GET",
    "/docs",
    permission=PUBLIC,
    summary="This description as a page to read",
    media_types=("text/html",),
)
def docs() -> Response:
    """Show the OpenAPI document as one page without scripts."""
    return page(
        "docs.html",
        spec=describe(_app()),
        base=request.root_url.rstrip("/") + _base(_app()),
        static=request.script_root + STATIC,
    )


def _app() -> Flask:
    return cast(Flask, current_app._get_current_object())  # type: ignore[attr-defined]


def describe(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI document of ``app``, made once."""
    if "openapi" not in app.extensions:
        app.extensions["openapi"] = _describe(app)
    return cast(dict[str, Any], app.extensions["openapi"])


def _describe(app: Flask) -> dict[str, Any]:
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title="hazard-patrol",
        version=VERSION,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": "安全隐患巡查：检查、上报、流转、整改、统计。"},
        servers=[{"url": _base(app)}],
    )
    converter: Any = plugin.converter
    converter.map_to_openapi_type(Moment, "string", "date-time")
    converter.add_attribute_function(_own_kind)
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", _PROBLEM)
    spec.components.schema("Position", _POSITION)
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: r.rule):
        endpoint = getattr(app.view_functions[rule.endpoint], "spec", None)
        if isinstance(endpoint, Endpoint):
            _add_path(spec, rule, endpoint, _base(app))
    for name, blueprint in app.blueprints.items():
        spec.tag({"name": name, "description": _about(blueprint.import_name)})
    for (schema, *_), name in converter.refs.items():
        spec.components.schemas[name].setdefault("description", _said(schema))
    return _with_open_answers(spec.to_dict())


def _base(app: Flask) -> str:
    """Return the path below which the API lies, as this very document does."""
    rules = app.url_map.iter_rules(f"{blueprint.name}.document")
    return next(rules).rule.removesuffix("/openapi.json")


def _with_open_answers(document: dict[str, Any]) -> dict[str, Any]:
    """Let answers grow: only what is taken refuses fields it does not know."""
    schemas = document["components"]["schemas"]
    calls = [call for item in document["paths"].values() for call in item.values()]
    waiting = _named_in([call.get("requestBody") for call in calls])
    taken: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in taken:
            taken.add(name)
            waiting |= _named_in(schemas[name])
    for name in schemas.keys() - taken:
        schemas[name].pop("additionalProperties", None)
    return document


def _named_in(part: Any) -> set[str]:
    """Return the components that ``part`` of the document refers to."""
    return set(re.findall(r'"#/components/schemas/([^"]+)"', dumps(part).decode()))


def _own_kind(_: Any, field: ma.fields.Field[Any], **__: Any) -> dict[str, Any]:
    """Describe a field of a kind that apispec does not know."""
    kind = type(field)
    if kind is PositionField:
        position = {"$ref": "#/components/schemas/Position"}
        return {"anyOf": [position, {"type": "null"}]} if field.allow_none else position
    if kind in {Line, Moment} or kind.__module__.startswith("marshmallow"):
        return {}
    known = getattr(field, "known", ())
    words = f" Known: {', '.join(known)}." if known else ""
    return {"description": _said(kind) + words}


def _said(kind: type) -> str:
    """Return the first paragraph of a class's own docstring."""
    paragraph = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0]
    return " ".join(paragraph.replace("``", "").split())


def _about(module: str) -> str:
    """Return what the room of a blueprint says about itself."""
    room = sys.modules[module.removesuffix(".routes")]
    return (room.__doc__ or "").strip().split("\n\n")[0]


def _schema_name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    room = kind.__module__.split(".")[1]
    return f"{room}.{kind.__name__}"


def _add_path(spec: APISpec, rule: Rule, endpoint: Endpoint, base: str) -> None:
    whole = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
    path = whole.removeprefix(base)
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        operation: dict[str, Any] = {
            "operationId": f"{method.lower()}_{rule.endpoint.replace('.', '_')}",
            "tags": [rule.endpoint.split(".")[0]],
            "summary": endpoint.summary,
            "description": _who(endpoint),
            "parameters": _parameters(rule, method, endpoint),
            "responses": responses(rule, method, endpoint),
        }
        if path == whole:
            operation["servers"] = [{"url": "/"}]
        if not endpoint.permission.public:
            operation["security"] = [{"bearer": []}]
        body = _request_body(spec, method, endpoint)
        if body:
            operation["requestBody"] = body
        spec.path(path, operations={method.lower(): operation})


def _who(endpoint: Endpoint) -> str:
    permission = endpoint.permission
    if permission.public:
        return "Who: anyone"
    who = "anyone signed in"
    if permission.roles is not None:
        who = ", ".join(sorted(permission.roles))
    return f"Who: {who}; of them {endpoint.who}" if endpoint.who else f"Who: {who}"


def _parameters(rule: Rule, method: str, endpoint: Endpoint) -> list[Any]:
    listed: list[Any] = [
        {
            "in": "path",
            "name": name,
            "required": True,
            "schema": _path_type(rule, method, endpoint, name),
        }
        for name in sorted(rule.arguments)
    ]
    if endpoint.query is not None:
        listed.append({"in": "query", "schema": endpoint.query})
    return listed + conditions(method, endpoint)


def _path_type(rule: Rule, method: str, endpoint: Endpoint, name: str) -> Any:
    if f"<uuid:{name}>" in rule.rule:
        made = {"description": "version 4 or 7, made by the phone"}
        return {"type": "string", "format": "uuid"} | (made if method == "PUT" else {})
    if endpoint.bodies and rule.rule.endswith(f"<{name}>"):
        return {"type": "string", "enum": list(endpoint.bodies)}
    if f"<int:{name}>" in rule.rule:
        return {"type": "integer"}
    return {"type": "string"}


def _request_body(
    spec: APISpec, method: str, endpoint: Endpoint
) -> dict[str, Any] | None:
    if endpoint.bodies:
        # Any of, not one of: {"note": …} will do for several.
        options = [_component(spec, endpoint, name) for name in endpoint.bodies]
        return _required({"application/json": {"schema": {"anyOf": options}}})
    if endpoint.body is not None:
        return _required({"application/json": {"schema": endpoint.body}})
    if not endpoint.raw or method not in {"POST", "PUT", "PATCH"}:
        return None
    content = {
        media_type: {"schema": _raw_schema(media_type)}
        for media_type in endpoint.media_types
    }
    return _required(content)


def _required(content: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": content}


def _raw_schema(media_type: str) -> Any:
    binary = {"type": "string", "format": "binary"}
    if media_type.startswith("multipart/"):
        return {"type": "object", "properties": {"file": binary}, "required": ["file"]}
    return {"type": "object"} if media_type == "application/json" else binary


def _component(spec: APISpec, endpoint: Endpoint, name: str) -> dict[str, str]:
    """Keep the body for ``name`` as a component and return the reference to it."""
    key = f"{endpoint.permission.name}.{name}"
    if key not in spec.components.schemas:  # two calls may take the same bodies
        spec.components.schema(key, dict(endpoint.bodies[name]))
    return {"$ref": f"#/components/schemas/{key}"}


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "stable slug"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}

_POSITION = {
    "type": "object",
    "description": (
        "A GeoJSON Point with how exact it is and which datum it is in; "
        "stored and given back as WGS 84 (EPSG:4326)"
    ),
    "required": ["type", "coordinates"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "Point"},
        "coordinates": {
            "type": "array",
            "description": "longitude, latitude in degrees; a height is dropped",
            "items": {"type": "number"},
            "minItems": 2,
            "maxItems": 3,
        },
        "accuracy_m": {"type": ["number", "null"], "minimum": 0},
        "datum": {
            "type": ["string", "null"],
            "enum": [*(datum.value for datum in Datum), None],
            "default": Datum.WGS84.value,
        },
    },
}
