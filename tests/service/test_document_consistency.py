"""``audit verify`` finds changed documents, templates, files and counters."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from server.core.db import db
from server.documents.consistency import faults
from tests.documents import ordered
from tests.factories import Factory

CHANGES = [
    ('UPDATE documents SET content = content || \'{"note": "x"}\'', "document 昆消"),
    ("UPDATE documents SET number = number || 'x'", "document 昆消"),
    ("DELETE FROM documents", "is gone"),
    ("UPDATE document_files SET sha256 = 'x'", "file of document "),
    ("UPDATE document_templates SET packed = packed || 'x'", "document template "),
    ("UPDATE document_series SET last = last + 1", "1 papers, counted up to 2"),
    ("DELETE FROM document_series", "1 papers, counted up to 0"),
    ("UPDATE documents SET serial = 7", "document 昆消"),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_what_was_changed_is_named(make: Factory, change: str, said: str) -> None:
    fire = make.handler()
    paper = ordered(make, make.grid_worker(), fire)[1]
    fire.get(f"/documents/{paper['id']}/file")
    assert faults() == []
    db.session.execute(text("SET LOCAL session_replication_role = replica"))
    db.session.execute(text(change))
    found = faults()
    assert any(said in fault for fault in found), found
