"""Importing a register file: each row judged, then all of it or nothing.

The steps read from the top: cells, where it is, what kind it is, which place it is,
whether the rules take it, and only then the register is written, in one transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import marshmallow as ma
from sqlalchemy import insert

from server.areas import queries as areas
from server.areas.service import Spot
from server.audit.service import record
from server.checklists.places import PlaceRules
from server.checklists.service import NoCatalogue, edition_for
from server.core.batches import batched
from server.core.clock import now
from server.core.db import Broken, db, violated
from server.core.errors import Invalid
from server.core.http.schema import load_body
from server.core.permissions import Actor
from server.core.position import PositionField
from server.core.text import Text
from server.places import columns as cols
from server.places import naming, policy, queries, schemas, service
from server.places.columns import CellFault, Column
from server.places.criteria import check
from server.places.csvfile import read_csv
from server.places.hints import add_hints
from server.places.models import Place
from server.places.report import Entry, Outcome, Report
from server.places.sheet import MAX_FILE_BYTES, column_letter, refuse, too_large
from server.places.workbook import OLE_MAGIC, ZIP_MAGIC, read_workbook

BATCH = 500


@dataclass(frozen=True)
class Order:
    """How a file is imported.

    Attributes:
        actor: who imports; None for the command line, which may write anywhere.
        area: code of the area in which every row must lie, None for no such bound.
        dry_run: tell what would be done, and do nothing.
        skip_bad: take the sound rows and leave the refused ones out.
    """

    actor: Actor | None
    area: str | None = None
    dry_run: bool = False
    skip_bad: bool = False


def import_places(data: bytes, order: Order) -> Report:
    """Import a CSV or XLSX register.

    A row that is registered already is changed to what the file says of it; columns
    that the file has not, keep what the register has. The same file again changes
    nothing. Nothing is written when a row is refused, unless ``order.skip_bad``.

    Raises:
        Invalid: the file as a whole cannot be read (encoding, headers, merged
            cells, no rows), or there is no such area.
        TooLarge: over ``MAX_FILE_BYTES``.
    """
    if len(data) > MAX_FILE_BYTES:
        raise too_large(MAX_FILE_BYTES)
    is_book = data.startswith((ZIP_MAGIC, OLE_MAGIC))
    sheet = read_workbook(data) if is_book else read_csv(data)
    header = cols.read_header(sheet.header)
    entries = [Entry(row.number, *cols.read_row(row, header)) for row in sheet.rows]
    mark = _marker(header)
    if not order.dry_run:
        queries.lock_imports()
    _locate(entries, order, mark)
    _classify(entries, mark)
    _find_doubles(entries)
    _find_registered(entries, order)
    for entry in entries:
        _judge(entry, mark)
    add_hints(entries)
    digest = hashlib.sha256(data).hexdigest()
    report = Report(digest, sheet.encoding, entries, order.dry_run, order.skip_bad)
    if report.written:
        _write(report, order)
    return report


Mark = Callable[[Entry, str, Text], None]


def _marker(header: Mapping[int, Column]) -> Mark:
    """Return how a fault is noted at the column whose value has a JSON pointer."""
    where = {"/".join(column.path): index for index, column in header.items()}

    def mark(entry: Entry, pointer: str, message: Text) -> None:
        path = pointer.strip("/")
        index = where.get(path)
        if index is None and path.startswith("position"):
            index = where["position/lon"]
        if index is None:
            titles = [c.title for c in cols.COLUMNS if "/".join(c.path) == path]
            entry.faults.append(CellFault(None, titles[0] if titles else None, message))
        else:
            fault = CellFault(column_letter(index), header[index].title, message)
            entry.faults.append(fault)

    return mark


def _locate(entries: Sequence[Entry], order: Order, mark: Mark) -> None:
    """Find the area of each row, and refuse rows outside the areas allowed."""
    for entry in entries:
        if entry.sound:
            _read_position(entry, mark)
    found: dict[int, tuple[str, str]] = {}
    points = [(e.number, e.position.lon, e.position.lat) for e in entries if e.position]
    for some in batched(points, 5000):
        found |= queries.spots(some)
    allowed, said = _allowed(order)
    named = areas.by_codes(
        sorted({e.values[("area",)] for e in entries if e.values.get(("area",))})
    )
    for entry in entries:
        if not entry.position:
            continue
        spot = found.get(entry.number)
        if spot is None or not any(spot[1].startswith(path) for path in allowed):
            text = Text(f"位置不在{said.zh}范围内", f"Outside {said.en}")
            mark(entry, "/position", text)
            continue
        entry.spot = Spot(*spot)
        code = entry.values.get(("area",))
        area = named.get(code) if code else None
        if code and (area is None or not spot[1].startswith(area.path)):
            text = Text(
                f"位置不在区域 {code} 内", f"The position is not in area {code}"
            )
            mark(entry, "/area", text)


def _read_position(entry: Entry, mark: Mark) -> None:
    # A spreadsheet keeps 15 digits, a CSV file all: a centimetre is enough for both.
    lon = round(entry.values[("position", "lon")], 7)
    lat = round(entry.values[("position", "lat")], 7)
    document = {"type": "Point", "coordinates": [lon, lat]}
    datum = entry.values.get(("position", "datum"))
    if datum:
        document["datum"] = datum
    try:
        entry.position = PositionField().deserialize(document)
    except ma.ValidationError:
        swapped = abs(lat) > 90 >= abs(lon)
        hint = "，经度与纬度可能填反" if swapped else ""
        text = Text(f"不是有效的经纬度{hint}", "Not a longitude and a latitude")
        mark(entry, "/position/lat" if swapped else "/position", text)


def _allowed(order: Order) -> tuple[list[str], Text]:
    """Return the paths in which rows may lie, and how these areas are called.

    Raises:
        Invalid: no such area, or none of the actor's.
    """
    own = list(order.actor.paths(policy.IMPORTERS)) if order.actor else [""]
    if order.area is None:
        if order.actor is None:
            return own, Text("任何区域", "every area")
        return own, Text("您负责的区域", "your areas")
    area = areas.by_code(order.area)
    if area is None or not any(area.path.startswith(path) for path in own):
        raise refuse("/area", "没有此区域，或不是您的区域", "No such area of yours")
    return [area.path], Text(area.name, area.name)


def _classify(entries: Sequence[Entry], mark: Mark) -> None:
    """Find the kind that each row names, by the catalogue of its town."""
    known: dict[str, PlaceRules | None] = {}
    for entry in entries:
        if not entry.sound:
            continue
        town = naming.town_of(entry.spot.path)
        if town not in known:
            known[town] = _rules_at(entry.spot.path)
        rules = entry.rules = known[town]
        kind = _kind(rules, entry.values[("kind",)]) if rules else None
        if rules is None:
            text = Text("此区域没有事项清单", "No catalogue serves this area")
            mark(entry, "/position", text)
        elif kind is None:
            given = entry.values[("kind",)][:40]
            text = Text(f"没有场所类型“{given}”", f"No such kind of place: {given!r}")
            mark(entry, "/kind", text)
        else:
            entry.kind = kind


def _rules_at(path: str) -> PlaceRules | None:
    try:
        return edition_for(path).rules.places
    except NoCatalogue:
        return None


def _kind(rules: PlaceRules, given: str) -> str | None:
    """Return the code of a kind given by code, by name, or by both."""
    plain = naming.plain_name(given)
    for kind in rules.kinds:
        name = naming.plain_name(kind.name)
        if plain in (kind.code, name, kind.code + name):
            return kind.code
    return None


def _find_doubles(entries: Sequence[Entry]) -> None:
    """Refuse rows of one key, each naming the other: nobody knows which is right."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.sound:
            entry.natural_key = _key(entry)
            groups.setdefault(entry.natural_key, []).append(entry)
    for group in groups.values():
        _refuse_doubles(group)


def _refuse_doubles(group: Sequence[Entry]) -> None:
    for entry in group if len(group) > 1 else ():
        others = "、".join(str(e.number) for e in group if e is not entry)
        text = Text(f"与第 {others} 行重复", f"The same place as in row {others}")
        entry.faults.append(CellFault(None, None, text))


def _key(entry: Entry) -> str:
    code = entry.values.get(("credit_code",))
    return naming.natural_key(
        name=entry.values[("name",)],
        area_path=entry.spot.path,
        kind=str(entry.kind),
        credit_code=code.upper() if code else None,
        register_no=entry.values.get(("register_no",)),
    )


def _find_registered(entries: Sequence[Entry], order: Order) -> None:
    """Find the registered place that each row is, by its key or by its name."""
    by_key: dict[str, list[Place]] = {}
    by_name: dict[str, list[Place]] = {}
    names = {e.number: _name_key(e) for e in entries if e.sound}
    sound = [e for e in entries if e.sound]
    for some in batched(sound, 5000):
        keys = [str(e.natural_key) for e in some]
        found = queries.by_keys(
            keys, [names[e.number] for e in some], lock=not order.dry_run
        )
        for place in found:
            by_key.setdefault(place.natural_key, []).append(place)
            by_name.setdefault(place.name_key, []).append(place)
    allowed, _ = _allowed(order)
    claimed: dict[Any, list[Entry]] = {}
    for entry in sound:
        same = {p.id: p for p in by_key.get(str(entry.natural_key), ())}
        if not same:
            same = {
                p.id: p
                for p in by_name.get(names[entry.number], ())
                if _may_be(entry, p)
            }
        entry.place = _the_one(entry, list(same.values()), allowed)
        if entry.place is not None:
            claimed.setdefault(entry.place.id, []).append(entry)
    for group in claimed.values():
        _refuse_doubles(group)


def _name_key(entry: Entry) -> str:
    return naming.name_key(entry.values[("name",)], entry.spot.path, str(entry.kind))


def _may_be(entry: Entry, place: Place) -> bool:
    """Tell whether a place of the same name may be the row's: no number says no."""
    pairs = (
        (("credit_code",), place.credit_code),
        (("register_no",), place.register_no),
    )
    return all(
        not entry.values.get(path) or not known or entry.values[path].upper() == known
        for path, known in pairs
    )


def _the_one(
    entry: Entry, same: Sequence[Place], allowed: Sequence[str]
) -> Place | None:
    chosen = [place for place in same if place.imported] or list(same)
    if len(chosen) > 1:
        text = Text(
            f"登记中有 {len(chosen)} 处相同场所，无法确定是哪一处，请填登记编号",
            f"{len(chosen)} registered places fit: give a register number",
        )
        entry.faults.append(CellFault(None, None, text))
        return None
    if chosen and not any(chosen[0].area_path.startswith(p) for p in allowed):
        text = Text("该场所登记在允许的区域之外", "It is registered outside the area")
        entry.faults.append(CellFault(None, None, text))
        return None
    return chosen[0] if chosen else None


def _judge(entry: Entry, mark: Mark) -> None:
    """Load the row's document as a phone's would be, and tell what becomes of it."""
    if not entry.sound:
        return
    try:
        content = load_body(schemas.PlaceIn, _document(entry))
        check(entry.rules, content)
    except Invalid as problem:
        for error in problem.errors:
            mark(entry, error.pointer, error.message)
        return
    entry.content = content
    entry.stored = service.columns_of(content, entry.spot, now())
    if entry.place is None:
        entry.outcome, entry.place_id = Outcome.REGISTERED, uuid4()
        return
    entry.place_id = entry.place.id
    same = entry.place.content_hash == entry.stored["content_hash"]
    entry.outcome = Outcome.UNCHANGED if same else Outcome.CHANGED


def _document(entry: Entry) -> dict[str, Any]:
    """Return the place's document: what is registered, and over it what is given."""
    document = _registered_document(entry.place)
    for path, value in entry.values.items():
        if path[0] in ("position", "area", "kind"):
            continue
        if len(path) == 1:
            document[path[0]] = value
        else:
            part = document.setdefault(path[0], {}) or {}
            document[path[0]] = {**part, path[1]: value}
    document["kind"] = entry.kind
    document["position"] = entry.position.sent
    document["address"] = document.get("address") or ""
    for name in ("responsible_party", "contact", "keeper", "attributes"):
        part = {k: v for k, v in (document.get(name) or {}).items() if v is not None}
        document[name] = part or None
    return document


def _registered_document(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {}
    names = ("name", "address", "responsible_party", *service.LATER)
    return {name: getattr(place, name) for name in names}


def _write(report: Report, order: Order) -> None:
    """Write what is taken, and note every place of it in the audit."""
    moment = now()
    new = [e for e in report.entries if e.outcome is Outcome.REGISTERED]
    changed = [e for e in report.entries if e.outcome is Outcome.CHANGED]
    first = {
        "version": 1,
        "created_by": order.actor.staff_id if order.actor else None,
        "registered_at": moment,
        "imported": True,
    }
    try:
        for some in batched(new, BATCH):
            rows = [{**e.stored, **first, "id": e.place_id} for e in some]
            db.session.execute(insert(Place), rows)
        for entry in report.entries:
            _update(entry)
        db.session.flush()
    except Broken as error:
        if violated(error) != "uq_places_imported":
            raise
        raise refuse(
            "/file", "有人同时修改了同一场所，请重试", "Changed meanwhile: try again"
        ) from error
    _record(report, order, [*new, *changed])


def _update(entry: Entry) -> None:
    place = entry.place
    if place is None or entry.outcome not in (Outcome.CHANGED, Outcome.UNCHANGED):
        return
    if not place.imported:
        place.imported = True
    if entry.outcome is Outcome.CHANGED:
        for name, value in entry.stored.items():
            setattr(place, name, value)
        place.version += 1


def _record(report: Report, order: Order, taken: Sequence[Entry]) -> None:
    """One event per 500 places, each named with its version and content.

    An event per place would hold the head of the audit chain, and with it every
    phone, for seconds.
    """
    for part, some in enumerate(batched(taken, BATCH), start=1):
        record(
            "places.imported",
            order.actor,
            ("import", report.sha256),
            {"part": part, "area": order.area, "places": list(_marks(some))},
        )


def _marks(entries: Sequence[Entry]) -> Iterator[list[Any]]:
    for entry in entries:
        version = entry.place.version if entry.place else 1
        yield [str(entry.place_id), version, entry.stored["content_hash"]]
