"""Reading published versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from server.checklists.models import ChecklistVersion, Ruleset
from server.core import fastsql
from server.core.db import db

# In force at a moment: the last version published by then, of the catalogue that serves
# the deepest of the areas: a town's own list goes before that of its district. Before
# the first publication the first one, because something has to decide.
_IN_FORCE = """
    SELECT id, catalogue, version, title, checklists, published_at
      FROM rulesets
     WHERE serves && %(codes)s::text[]
     ORDER BY published_at > %(at)s,
              (SELECT max(array_position(%(codes)s::text[], served))
                 FROM unnest(serves) AS served) DESC,
              CASE WHEN published_at > %(at)s THEN version END,
              version DESC
     LIMIT 1
    """


def ruleset_in_force(codes: Sequence[str], at: datetime) -> Any:
    """Return the rules serving one of the area ``codes`` at a moment (aware)."""
    return fastsql.first(_IN_FORCE, {"codes": list(codes), "at": at})


def first_catalogue() -> str | None:
    """Return the code of the catalogue published first, None without any."""
    return db.session.scalar(select(Ruleset.catalogue).order_by(Ruleset.id).limit(1))


def ruleset_document(ruleset_id: int) -> dict[str, Any]:
    """Return the rules document of one version."""
    query = select(Ruleset.document).where(Ruleset.id == ruleset_id)
    document: dict[str, Any] = db.session.scalars(query).one()
    return document


def rulesets_numbered(catalogue: str | None, version: int) -> Sequence[Ruleset]:
    """Return the version with this number, of one catalogue or of every one."""
    query = select(Ruleset).where(Ruleset.version == version)
    if catalogue is not None:
        query = query.where(Ruleset.catalogue == catalogue)
    return db.session.scalars(query.order_by(Ruleset.catalogue)).all()


def latest_ruleset(catalogue: str) -> Ruleset | None:
    """Return the newest version of a catalogue's rules."""
    query = select(Ruleset).where(Ruleset.catalogue == catalogue)
    return db.session.scalar(query.order_by(Ruleset.version.desc()).limit(1))


def latest_rulesets() -> list[int]:
    """Return the ids of the newest version of each catalogue's rules."""
    query = select(func.max(Ruleset.id)).group_by(Ruleset.catalogue)
    return list(db.session.scalars(query.order_by(Ruleset.catalogue)))


def latest_versions(catalogue: str) -> dict[str, Row[Any]]:
    """Return (code, version, hash) of each checklist's newest version, by code."""
    query = (
        select(ChecklistVersion.code, ChecklistVersion.version, ChecklistVersion.hash)
        .where(ChecklistVersion.catalogue == catalogue)
        .order_by(ChecklistVersion.code, ChecklistVersion.version)
    )
    rows: list[Row[Any]] = list(db.session.execute(query))
    return {row.code: row for row in rows}


def departments_elsewhere(catalogue: str) -> dict[str, list[str]]:
    """Return the aliases that the newest rules of other catalogues give, by code."""
    newest = (
        select(func.max(Ruleset.id))
        .where(Ruleset.catalogue != catalogue)
        .group_by(Ruleset.catalogue)
    )
    query = select(Ruleset.document).where(Ruleset.id.in_(newest)).order_by(Ruleset.id)
    aliases: dict[str, list[str]] = {}
    for document in db.session.scalars(query):
        for department in document["departments"]:
            aliases.setdefault(department["code"], []).extend(department["aliases"])
    return aliases


def checklist_version(
    catalogue: str, code: str, version: int
) -> ChecklistVersion | None:
    """Return one published version."""
    return db.session.scalar(
        select(ChecklistVersion).where(
            ChecklistVersion.catalogue == catalogue,
            ChecklistVersion.code == code,
            ChecklistVersion.version == version,
        )
    )


def checklist_hash(catalogue: str, code: str, version: int) -> str | None:
    """Return the content hash of one published version."""
    return db.session.scalar(
        select(ChecklistVersion.hash).where(
            ChecklistVersion.catalogue == catalogue,
            ChecklistVersion.code == code,
            ChecklistVersion.version == version,
        )
    )


def count_checkpoints() -> int:
    """Count the checkpoints of the newest versions of all checklists."""
    newest = (
        select(func.max(ChecklistVersion.id))
        .group_by(ChecklistVersion.catalogue, ChecklistVersion.code)
        .scalar_subquery()
    )
    checkpoints = ChecklistVersion.document["checkpoints"]
    query = select(func.sum(func.jsonb_array_length(checkpoints)))
    return db.session.scalar(query.where(ChecklistVersion.id.in_(newest))) or 0
