"""The HTTP edge: routes with permissions, JSON in and out, problems, ETags."""

from server.core.http.blueprint import Blueprint, Endpoint, Reply
from server.core.http.etag import (
    etag_of,
    fresh,
    require_match,
    require_version,
)
from server.core.http.paging import Page, cursor_of, read_cursor
from server.core.http.schema import Schema

__all__ = [
    "Blueprint",
    "Endpoint",
    "Page",
    "Reply",
    "Schema",
    "cursor_of",
    "etag_of",
    "fresh",
    "read_cursor",
    "require_match",
    "require_version",
]
