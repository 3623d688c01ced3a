"""The HTTP edge: routes with permissions, JSON in and out, problems, ETags."""

from server.core.http.batch import each
from server.core.http.blueprint import Blueprint, Endpoint, Reply
from server.core.http.etag import (
    check_version,
    etag_of,
    fresh,
    in_language,
    named_tags,
    require_version,
)
from server.core.http.paging import Page, after_of, int4, page_of
from server.core.http.schema import Schema

__all__ = [
    "Blueprint",
    "Endpoint",
    "Page",
    "Reply",
    "Schema",
    "after_of",
    "check_version",
    "each",
    "etag_of",
    "fresh",
    "in_language",
    "int4",
    "named_tags",
    "page_of",
    "require_version",
]
