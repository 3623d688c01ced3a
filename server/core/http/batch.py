"""Several things in one request, each a unit of work of its own with its own result.

The edge of such a request is here: what one item did is committed before the next
begins, so one that fails takes nothing with it, and no two are locked at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from flask import request

from server.core.db import OutOfReach, unit_of_work
from server.core.errors import Problem, Unavailable
from server.core.http.app import language
from server.core.http.blueprint import note_denial
from server.core.http.render import problem_document

logger = logging.getLogger(__name__)
T = TypeVar("T")


def each(
    items: Iterable[T], permission: str, work: Callable[[T], dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return a result per item: ``status`` 200 with what ``work`` gives, or a problem.

    The problem is what the same thing alone would have been answered with.
    """
    chosen = language()
    return [_one(item, permission, work, chosen) for item in items]


def _one(
    item: T, permission: str, work: Callable[[T], dict[str, Any]], chosen: str
) -> dict[str, Any]:
    try:
        with unit_of_work():
            done = work(item)
    except Problem as problem:
        if problem.denied:
            note_denial(permission, problem.slug)
        refused = problem
    except OutOfReach as error:
        logger.warning("%s: out of reach: %s", request.path, type(error).__name__)
        refused = Unavailable()
    except Exception:
        logger.exception("%s: an item failed", request.path)
        refused = Problem()
    else:
        return {"status": 200, **done}
    return {"status": refused.status, "problem": problem_document(refused, chosen)}
