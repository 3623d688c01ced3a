"""A blueprint on which a route without a permission cannot be registered.

One request is one unit of work: the view runs, the edge commits once, and only then
is the answer built. A refusal rolls everything back; if it is a denial, the audit
gets its event in a transaction of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import flask
from flask import Response, g, request

from server.core import db
from server.core.errors import Forbidden, Problem, Unauthenticated
from server.core.http import body as bodies
from server.core.http.app import language
from server.core.http.etag import conditional, in_language
from server.core.http.ids import checked_ids
from server.core.http.render import dumps, json_response
from server.core.http.schema import Schema, load_body, load_query
from server.core.permissions import Actor, Permission

View = Callable[..., Any]


class Reply(NamedTuple):
    """What a view gives back: plain data, a status, an ETag, more headers.

    A :class:`Text` in the data is said in the caller's language, which is made part of
    the ETag.
    """

    data: Any
    status: int = 200
    etag: str | None = None
    headers: Mapping[str, str] = {}


@dataclass(frozen=True)
class Endpoint:
    """One route as it is registered and documented.

    Attributes:
        raw: the view reads the request's stream itself (photos).
        json: the body is JSON whose fields the view checks itself (actions).
        bodies: for such a view, the JSON Schema of its body by what the last part of
            the path may be.
        match: when ``If-Match`` is needed: ``always``, to ``change`` what is there, or
            to ``judge`` (an incident's decisions).
        files: media types in which the answer may come instead of JSON.
        who: in words, who of those with the permission is let in; others get a 403.
    """

    permission: Permission
    summary: str
    body: type[Schema] | None = None
    query: type[Schema] | None = None
    answers: Mapping[int, Any] = field(default_factory=dict)
    raw: bool = False
    json: bool = False
    bodies: Mapping[str, Any] = field(default_factory=dict)
    match: Literal["always", "change", "judge"] | None = None
    files: tuple[str, ...] = ()
    who: str = ""
    media_types: tuple[str, ...] = ("application/json",)


class MissingPermission(TypeError):
    """A route was registered without saying who may call it."""


class Blueprint(flask.Blueprint):
    """Registers views only through :meth:`expose`, with their permission."""

    def expose(
        self,
        method: str,
        rule: str,
        *,
        permission: Permission,
        summary: str,
        **described: Any,
    ) -> Callable[[View], View]:
        """Register a view for ``method rule``.

        The view is called with the URL's values, then ``actor`` (unless the route is
        public), ``body`` and ``query`` when their schemas are given. It returns a
        :class:`Reply` or a ready Flask response.
        """
        spec = Endpoint(permission, summary, **described)

        def register(view: View) -> View:
            wrapped = _edge(view, spec)
            self.add_url_rule(
                rule, view.__name__, wrapped, methods=[method], strict_slashes=False
            )
            return view

        return register

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Refuse any view that did not come through :meth:`expose`.

        Raises:
            MissingPermission: the view carries no permission.
        """
        if not isinstance(getattr(view_func, "spec", None), Endpoint):
            raise MissingPermission(f"{rule}: a route needs a permission")
        super().add_url_rule(
            rule, endpoint, view_func, provide_automatic_options, **options
        )


def _edge(view: View, spec: Endpoint) -> View:
    @functools.wraps(view)
    def wrapped(**values: Any) -> Response:
        try:
            reply = view(**_arguments(spec, values))
            db.commit()
        except Problem as problem:
            _settle(problem, spec)
            raise
        except BaseException:
            db.db.session.rollback()
            raise
        if isinstance(reply, Response):
            return conditional(reply)
        # A retry reads its acknowledgement from the database, which keeps no order
        # of members: sorted, it has the same bytes as the first one.
        ordered = request.method == "PUT"
        body = dumps(reply.data, ordered=ordered, language=language())
        etag = reply.etag and in_language(reply.etag)
        return conditional(json_response(body, reply.status, etag, reply.headers))

    wrapped.spec = spec  # type: ignore[attr-defined]
    return wrapped


def _arguments(spec: Endpoint, values: dict[str, Any]) -> dict[str, Any]:
    actor = None
    if not spec.permission.public:
        actor = _authenticate()
        if not spec.permission.allows(actor):
            raise Forbidden()
    arguments = checked_ids(values)
    raw = bodies.read_body() if spec.body or spec.json else b""
    if actor is not None:
        arguments["actor"] = actor
    if spec.query is not None:
        arguments["query"] = load_query(spec.query, request.args)
    if spec.body is not None:
        arguments["body"] = load_body(spec.body, bodies.parse_json(raw))
    elif spec.json:
        arguments["body"] = bodies.parse_json(raw)
    return arguments


def _authenticate() -> Actor:
    """Return the caller.

    Raises:
        Unauthenticated: no token, or one that is unknown, revoked or expired.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated()
    actor: Actor = flask.current_app.extensions["authenticate"](token.strip())
    g.actor = actor
    return actor


def _settle(problem: Problem, spec: Endpoint) -> None:
    """Undo what a refused request did, or keep it where the refusal says so."""
    if problem.keeps:
        db.commit()
    else:
        db.db.session.rollback()
    if problem.denied:
        note_denial(spec.permission.name, problem.slug)


def note_denial(permission: str, slug: str) -> None:
    """Write down, in a unit of work of its own, that the caller was denied."""
    note = flask.current_app.extensions["note_denial"]
    with db.unit_of_work():
        path = request.path.replace("\x00", "%00")  # no text of the database
        note(g.get("actor"), permission, path, slug)
