"""Reads and checks a catalogue folder (no database, no web).

``patrol checklists check`` prints what :func:`check` finds, one fault a line.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from server.checklists import build, clauses, crosscheck, crosscheck_clauses
from server.checklists.build import Sources
from server.checklists.catalogue import Catalogue
from server.checklists.clauses import Listing
from server.checklists.marked import CatalogueInvalid, Fault, Marked, Where, read

__all__ = [
    "CatalogueInvalid",
    "Fault",
    "bundled_root",
    "check",
    "find_catalogues",
    "listing",
    "load",
]

_HEAD = "catalogue.yaml"
_FILES = (
    "catalogue",
    "duty-items",
    "departments",
    "categories",
    "facts",
    "items",
    "routing",
    "ledgers",
    "places",
    "shared",
)
# A town may have none of these; then they hold nothing.
_OPTIONAL: dict[str, dict[str, Any]] = {
    "documents": {"documents": []},
    "outside": {"outside": []},
    "incidents": {"incidents": []},
    "duties": {"forms": [], "duties": []},
    "orders": {"orders": []},
    "issuing": {"form": "", "offices": [], "series": []},
}


def bundled_root() -> Path:
    """The project's own ``checklists/`` folder: a folder per town, and the schema."""
    return Path(__file__).parents[2] / "checklists"


def find_catalogues(root: Path) -> list[Path]:
    """The catalogue folders in ``root``, or ``root`` itself when it is one."""
    if (root / _HEAD).is_file():
        return [root]
    return sorted(head.parent for head in root.glob(f"*/{_HEAD}"))


def load(directory: Path) -> Catalogue:
    """Read one catalogue folder.

    Structure is checked first, for all files; references between the files only
    when every file is sound, because a broken one would make false faults elsewhere.

    Raises:
        CatalogueInvalid: with every fault of that stage, by file and line.
    """
    sources = _read_all(directory)
    faults = [*crosscheck.faults(sources), *crosscheck_clauses.faults(sources)]
    if faults:
        raise CatalogueInvalid(faults)
    catalogue = build.catalogue(sources)
    faults = list(_twice_accounted(catalogue, sources.outside))
    if faults:
        raise CatalogueInvalid(faults)
    return catalogue


def listing(directory: Path) -> Listing:
    """Read one catalogue folder as what is accounted and compared.

    Raises:
        CatalogueInvalid: see :func:`load`.
    """
    catalogue = load(directory)
    return Listing(
        str(directory), catalogue.title, catalogue.rules, catalogue.checklists
    )


def check(directory: Path) -> list[Fault]:
    """All faults of a catalogue folder, or of all catalogues in a folder of them."""
    folders = find_catalogues(directory)
    if not folders:
        return [Fault(str(directory), 1, f"这里没有清单：缺少 {_HEAD}")]
    faults: list[Fault] = []
    sound: list[tuple[Path, Catalogue]] = []
    for folder in folders:
        try:
            sound.append((folder, load(folder)))
        except CatalogueInvalid as invalid:
            faults += invalid.faults
    return sorted([*faults, *_side_by_side(sound)])


def _read_all(directory: Path) -> Sources:
    schema = bundled_root() / "schema"
    faults: list[Fault] = []

    def take(file: Path, name: str) -> Marked | None:
        try:
            return read(file, schema / f"{name}.json")
        except CatalogueInvalid as invalid:
            faults.extend(invalid.faults)
            return None

    files = {
        name.replace("-", "_"): take(directory / f"{name}.yaml", name)
        for name in _FILES
    }
    for name, nothing in _OPTIONAL.items():
        file = directory / f"{name}.yaml"
        files[name] = take(file, name) if file.exists() else Marked(file, nothing, {})
    found = [take(f, "checklist") for f in sorted(directory.glob("items/*.yaml"))]
    checklists = [marked for marked in found if marked is not None]
    sound = {name: marked for name, marked in files.items() if marked is not None}
    if faults:
        raise CatalogueInvalid(faults)
    checklists.sort(key=lambda marked: int(marked.data["item"]))
    return Sources(**sound, checklists=tuple(checklists))


def _twice_accounted(catalogue: Catalogue, outside: Marked) -> Iterator[Fault]:
    """A clause said to be outside that something of the catalogue cites."""
    whole = Listing(
        catalogue.code, catalogue.title, catalogue.rules, catalogue.checklists
    )
    numbers = [item.number for item in catalogue.rules.duty_items]
    for clause in clauses.contradictions(clauses.account(whole, numbers)):
        home = next(home for home in clause.homes if home.kind != clauses.OUTSIDE)
        lives = f"{clauses.LABELS[home.kind]} {home.key} "
        message = f"条款 {clause.reference} 已列为系统之外，但{lives}以它为依据"
        yield outside.fault(message, *_place_of(outside, clause.reference))


def _place_of(outside: Marked, reference: str) -> Where:
    for i, entry in enumerate(outside.data["outside"]):
        for j, named in enumerate(entry["clauses"]):
            if reference in build.filled_for(named, entry.get("items", [])):
                return ("outside", i, "clauses", j)
    return ()


def _side_by_side(catalogues: list[tuple[Path, Catalogue]]) -> Iterator[Fault]:
    """What two catalogues must not both say: code, area, and names of departments."""
    taken: dict[tuple[str, str], Path] = {}
    names: dict[str, str] = {}
    for folder, catalogue in catalogues:
        claims = [("代码", catalogue.code)]
        claims += [("区域", area) for area in catalogue.serves]
        for claim in claims:
            if claim in taken:
                message = f"{claim[0]} {claim[1]} 与 {taken[claim]} 重复"
                yield Fault(str(folder / _HEAD), 1, message)
            taken.setdefault(claim, folder)
        for department in catalogue.rules.departments:
            meant = f"{department.name}（{department.level}）"
            before = names.setdefault(department.code, meant)
            if before != meant:
                message = f"部门 {department.code} 在别的清单里是 {before}"
                yield Fault(str(folder / "departments.yaml"), 1, message)
