"""The system checks itself: routes, jobs, commits, imports, settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from server.core.http import Blueprint
from server.core.http.blueprint import Endpoint, MissingPermission
from server.orders import workflow as orders
from server.tickets import workflow as tickets
from server.wiring import JOBS, SUBSCRIPTIONS

SERVER = Path(__file__).parents[2] / "server"
SOURCES = {path: path.read_text(encoding="utf-8") for path in SERVER.rglob("*.py")}


def test_every_route_states_its_permission(shared_app: Flask) -> None:
    rules = list(shared_app.url_map.iter_rules())
    assert len(rules) > 25
    for rule in rules:
        spec = getattr(shared_app.view_functions[rule.endpoint], "spec", None)
        assert isinstance(spec, Endpoint), rule.rule


def test_a_route_without_a_permission_cannot_be_registered() -> None:
    blueprint = Blueprint("bare", __name__)
    with pytest.raises(MissingPermission, match="/naked"):
        blueprint.add_url_rule("/naked", "naked", lambda: "hello")
    with pytest.raises(MissingPermission):
        blueprint.route("/naked")(lambda: "hello")


def test_reads_do_not_need_roles_that_writes_do_not(shared_app: Flask) -> None:
    """Only sign-in, operations and the descriptions are open to anyone."""
    public = {
        rule.rule
        for rule in shared_app.url_map.iter_rules()
        if shared_app.view_functions[rule.endpoint].spec.permission.public  # type: ignore[attr-defined]
    }
    assert public == {
        "/",
        "/static/<path:name>",
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/v1/auth/login",
        "/api/v1/openapi.json",
        "/api/v1/docs",
        "/api/v1/documents/verify/<code>",
        "/v/<code>",
    }


def test_commit_occurs_once() -> None:
    calls = [
        (path.name, node.lineno)
        for path, source in SOURCES.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
        and ast.unparse(node.func.value) == "db.session"
    ]
    assert [name for name, _ in calls] == ["db.py"]


def test_no_alias_is_shared_by_threads() -> None:
    """An alias is completed when it is first used, which two threads do badly."""
    shared = [
        (path.name, node.lineno)
        for path, source in SOURCES.items()
        for statement in ast.parse(source).body
        if isinstance(statement, (ast.Assign, ast.AnnAssign))
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "aliased"
    ]
    assert shared == []


@pytest.mark.parametrize("thing", ["ticket", "order"])
def test_state_is_written_in_one_place(thing: str) -> None:
    writes = [
        (path.name, node.lineno)
        for path, source in SOURCES.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute)
        and target.attr == "state"
        and ast.unparse(target.value).endswith(thing)
    ]
    assert [name for name, _ in writes] == ["service.py"]


def test_every_subscribed_job_exists_and_every_job_is_owed() -> None:
    owed = {job for names in SUBSCRIPTIONS.values() for job in names}
    assert owed == set(JOBS)


# What the clock and the desk record: whom it concerns is known before they do.
AWAITED = {"ticket.assigned", "ticket.due_soon", "ticket.overdue"}


def test_every_subscribed_event_is_recorded_somewhere() -> None:
    recorded = set()
    for source in SOURCES.values():
        recorded |= set(re.findall(r'record\(\s*"([a-z_.]+)"', source))
    recorded |= {f"ticket.{row.event}" for row in tickets.TRANSITIONS}
    recorded |= {f"order.{row.event}" for row in orders.TRANSITIONS}
    assert set(SUBSCRIPTIONS) - AWAITED <= recorded


def test_files_and_functions_stay_short() -> None:
    long_files = [
        path.name
        for path, source in SOURCES.items()
        if source.count("\n") > 450 and path.name != "workflow.py"  # a table
    ]
    assert long_files == []
    long_functions = [
        (path.name, node.name)
        for path, source in SOURCES.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
        and (node.end_lineno or 0) - node.lineno > 60
    ]
    assert long_functions == []


def test_public_functions_have_docstrings() -> None:
    bare = [
        f"{path.relative_to(SERVER)}:{node.lineno} {node.name}"
        for path, source in SOURCES.items()
        for node in _public(ast.parse(source))
        if ast.get_docstring(node) is None
    ]
    assert bare == []


Definition = ast.FunctionDef | ast.ClassDef


def _public(module: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    """Yield the public definitions of a module and of its public classes."""
    for node in module.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node)
