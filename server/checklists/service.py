"""Publishing a catalogue, and the version of it that decides a case."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.dialects.postgresql import insert as upsert

from server.audit.service import record
from server.checklists import queries
from server.checklists.catalogue import Catalogue, Checklist, Rules, content_hash
from server.checklists.clauses import Listing
from server.checklists.models import ChecklistVersion, Ruleset
from server.core.clock import now
from server.core.db import db
from server.core.errors import NotFound
from server.core.permissions import Actor
from server.core.text import Text
from server.departments.models import Department

T = TypeVar("T")


class NoCatalogue(NotFound):
    """No catalogue serves the caller's area."""

    slug = "no-catalogue"
    title = Text("本区域没有检查清单", "No catalogue serves this area")


@dataclass(frozen=True)
class Edition:
    """The version of a catalogue in force at some moment.

    ``versions`` maps each checklist code to its version in this edition, ``hashes``
    to the hash of its content.
    """

    id: int
    catalogue: str
    version: int
    title: str
    versions: dict[str, int]
    hashes: dict[str, str]
    rules: Rules


@dataclass(frozen=True)
class Publication:
    """What publishing a catalogue changed."""

    catalogue: str
    ruleset: int
    new_ruleset: bool
    new_versions: list[tuple[str, int]]


class _Kept:
    """A small memory for immutable documents; parsing one costs milliseconds."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: OrderedDict[object, object] = OrderedDict()

    def get(self, key: object, make: Callable[[], T]) -> T:
        """Return what is kept under ``key``, or make and keep it."""
        try:
            self._items.move_to_end(key)
            return self._items[key]  # type: ignore[return-value]
        except KeyError:
            made = make()
        self._items[key] = made
        while len(self._items) > self._size:
            self._items.popitem(last=False)
        return made


_rules = _Kept(16)
_checklists = _Kept(200)


def publish(catalogue: Catalogue) -> Publication:
    """Store what is new in ``catalogue`` as immutable versions.

    Publishing the same content again changes nothing; a changed checklist gets the
    next version, and findings made under the old one keep theirs.
    """
    _publish_departments(catalogue)
    before = queries.latest_versions(catalogue.code)
    versions: dict[str, tuple[int, str]] = {}
    new: list[tuple[str, int]] = []
    for checklist in catalogue.checklists:
        document = checklist.to_document()
        digest = content_hash(document)
        known = before.get(checklist.code)
        if known is not None and known.hash == digest:
            versions[checklist.code] = (known.version, digest)
            continue
        version = known.version + 1 if known else 1
        versions[checklist.code] = (version, digest)
        new.append((checklist.code, version))
        db.session.add(
            ChecklistVersion(
                catalogue=catalogue.code,
                code=checklist.code,
                version=version,
                title=checklist.title,
                hash=digest,
                document=document,
                published_at=now(),
            )
        )
    ruleset, is_new = _publish_rules(catalogue, versions)
    if is_new:
        record(
            "catalogue.published",
            None,
            ("catalogue", catalogue.code),
            {"ruleset": ruleset.version, "checklists": [list(pair) for pair in new]},
        )
    return Publication(catalogue.code, ruleset.version, is_new, new)


def _publish_departments(catalogue: Catalogue) -> None:
    """Store the departments; what two catalogues share goes by the names of both."""
    elsewhere = queries.departments_elsewhere(catalogue.code)
    for department in catalogue.rules.departments:
        aliases = [*department.aliases, *elsewhere.get(department.code, ())]
        values = {
            "name": department.name,
            "level": department.level,
            "aliases": list(dict.fromkeys(aliases)),
        }
        db.session.execute(
            upsert(Department)
            .values(code=department.code, catalogue=catalogue.code, **values)
            .on_conflict_do_update(index_elements=["code"], set_=values)
        )


def _publish_rules(
    catalogue: Catalogue, versions: dict[str, tuple[int, str]]
) -> tuple[Ruleset, bool]:
    document = catalogue.rules.to_document()
    serves = list(catalogue.serves)
    digest = content_hash({"rules": document, "checklists": versions, "serves": serves})
    latest = queries.latest_ruleset(catalogue.code)
    if latest is not None and latest.hash == digest:
        return latest, False
    ruleset = Ruleset(
        catalogue=catalogue.code,
        version=latest.version + 1 if latest else 1,
        title=catalogue.title,
        hash=digest,
        serves=serves,
        checklists=versions,
        document=document,
        published_at=now(),
    )
    db.session.add(ruleset)
    db.session.flush()
    return ruleset, True


def edition_for(area_path: str, at: datetime | None = None) -> Edition:
    """Return the edition serving an area, at ``at`` (aware) or now.

    Raises:
        NoCatalogue: none serves it.
    """
    codes = area_path.rstrip("/").split("/")
    row = queries.ruleset_in_force(codes, at or now())
    if row is None:
        raise NoCatalogue()
    return Edition(
        row.id,
        row.catalogue,
        row.version,
        row.title,
        {code: version for code, (version, _) in row.checklists.items()},
        {code: digest for code, (_, digest) in row.checklists.items()},
        rules_of(row.id),
    )


def newest_of_first() -> Rules | None:
    """Return the newest rules of the first catalogue by its code, if any is there."""
    code = queries.first_catalogue()
    latest = queries.latest_ruleset(code) if code else None
    return rules_of(latest.id) if latest else None


def newest_rules() -> list[Rules]:
    """Return the newest rules of every catalogue."""
    return [rules_of(id) for id in queries.latest_rulesets()]


def rules_of(ruleset_id: int) -> Rules:
    """Return one version of the rules, by the id that tickets keep."""
    return _rules.get(
        ruleset_id, lambda: Rules.from_document(queries.ruleset_document(ruleset_id))
    )


def edition_of(actor: Actor) -> Edition:
    """Return the edition in force where ``actor`` works.

    Raises:
        NoCatalogue: none serves it, or the actor has no area.
    """
    if actor.home is None:
        raise NoCatalogue()
    return edition_for(actor.home.path)


def own_catalogue(actor: Actor) -> str | None:
    """Return the catalogue in force where ``actor`` works.

    For who works above every catalogue it is the one that was published first; None
    before any is.
    """
    try:
        return edition_of(actor).catalogue
    except NoCatalogue:
        return queries.first_catalogue()


def published(catalogue: str | None, version: int) -> Listing:
    """Return one published version of a catalogue, whole; None is the only one.

    Raises:
        NotFound: no such version, or None although there are several catalogues.
    """
    rows = queries.rulesets_numbered(catalogue, version)
    name = f"{catalogue or ''}@{version}"
    if len(rows) != 1:
        several = ", ".join(f"{row.catalogue}@{version}" for row in rows)
        text = Text(
            f"没有唯一的版本 {name} {several}", f"not one version {name} {several}"
        )
        raise NotFound(text)
    return _listing(rows[0])


def newest(catalogue: str) -> Listing | None:
    """Return the newest published version of a catalogue, None without any."""
    row = queries.latest_ruleset(catalogue)
    return _listing(row) if row else None


def _listing(row: Ruleset) -> Listing:
    return Listing(
        name=f"{row.catalogue}@{row.version}",
        title=row.title,
        rules=rules_of(row.id),
        checklists=tuple(
            checklist_of(row.catalogue, code, number)
            for code, (number, _) in sorted(row.checklists.items())
        ),
    )


def checklist_of(catalogue: str, code: str, version: int) -> Checklist:
    """Return one published version of a checklist.

    Raises:
        NotFound: never published.
    """
    return _checklists.get(
        (catalogue, code, version), lambda: _load(catalogue, code, version)
    )


def _load(catalogue: str, code: str, version: int) -> Checklist:
    row = queries.checklist_version(catalogue, code, version)
    if row is None:
        raise NotFound(
            Text(
                f"清单 {code} 没有第 {version} 版",
                f"checklist {code} has no version {version}",
            )
        )
    return Checklist.from_document(row.document)
