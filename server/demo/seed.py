"""Loading what an installation starts with: catalogues, and for a demonstration the
district of 昆都仑区, places and accounts."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import orjson

from server.accounts import queries as accounts
from server.accounts.service import create_staff
from server.areas import queries as areas
from server.areas.service import ImportReport, import_areas
from server.checklists.loader import bundled_root, find_catalogues, load
from server.checklists.service import Publication, publish
from server.core.permissions import Role
from server.demo.district import demo_areas

TOWN = "150203102"  # 卜尔汉图镇
OTHER_TOWN = "150203100"  # 昆河镇
DISTRICT = "150203"  # 昆都仑区
FIRST_ACCOUNT = "grid1"


def load_catalogues(root: Path | None = None) -> list[Publication]:
    """Publish every catalogue below ``root`` (by default the project's own)."""
    return [publish(load(path)) for path in find_catalogues(root or bundled_root())]


def load_areas() -> ImportReport:
    """Import the demonstration district; again changes nothing."""
    return import_areas(orjson.dumps(demo_areas()))


@dataclass(frozen=True)
class Account:
    """A demonstration account as it is kept in the accounts file."""

    username: str
    name: str
    role: Role
    area: str
    department: str | None = None


def demo_accounts() -> list[Account]:
    """Return the demonstration's accounts: two communities, another town, eleven
    departments with handler and lead, the safety office and the rest."""
    first, second = _communities(TOWN)[:2]
    other = _communities(OTHER_TOWN)[0]
    people = [
        Account(FIRST_ACCOUNT, "网格员甲", Role.GRID_WORKER, first),
        Account("grid2", "网格员乙", Role.GRID_WORKER, second),
        Account("grid3", "网格员丙（昆河镇）", Role.GRID_WORKER, other),
        Account("town1", "镇安监员", Role.TOWN_OFFICER, TOWN),
        Account("town2", "镇安监员（昆河镇）", Role.TOWN_OFFICER, OTHER_TOWN),
    ]
    for short, label, code in (
        ("fire", "消防救援大队", "kq-fire"),
        ("housing", "住建局", "kq-housing"),
        ("emergency", "应急局", "kq-emergency"),
        ("police", "公安分局", "kq-police"),
        ("commerce", "商务局", "kq-commerce"),
        ("agri", "农牧局", "kq-agri"),
        ("resources", "自然资源分局", "kq-resources"),
        ("market", "市场监管局", "kq-market"),
        ("ecology", "生态环境分局", "kq-ecology"),
        ("urban", "城管局", "kq-urban"),
        ("culture", "文体旅游广电局", "kq-culture"),
    ):
        people += [
            Account(f"{short}1", f"{label}经办人", Role.HANDLER, DISTRICT, code),
            Account(f"{short}-lead", f"{label}负责人", Role.LEAD, DISTRICT, code),
        ]
    return [
        *people,
        Account("safety1", "区安委办", Role.SAFETY_OFFICE, DISTRICT, "kq-emergency"),
        Account("supervisor1", "督导员", Role.SUPERVISOR, DISTRICT),
        Account("admin1", "管理员", Role.ADMINISTRATOR, DISTRICT),
    ]


def _communities(town: str) -> list[str]:
    features = demo_areas()["features"]
    return [
        f["properties"]["code"] for f in features if f["properties"]["parent"] == town
    ]


def load_accounts(path: Path) -> bool:
    """Create the demonstration's accounts with random passwords, once.

    The passwords exist in ``path`` only, readable by the owner alone; it is written
    before the accounts are committed, so they are never lost. Returns False when the
    accounts are there already.

    Raises:
        RuntimeError: the accounts exist and their file is gone.
    """
    if accounts.by_username(FIRST_ACCOUNT) is not None:
        if not path.exists():
            raise RuntimeError(
                f"accounts exist but {path} with their passwords is gone"
            )
        return False
    kept = []
    for account in demo_accounts():
        password = secrets.token_urlsafe(12)
        create_staff(
            account.username,
            account.name,
            password,
            [(account.role, account.area)],
            account.department,
        )
        entry = {
            "username": account.username,
            "password": password,
            "role": account.role.value,
            "department": account.department,
            "area": account.area,
        }
        kept.append({k: v for k, v in entry.items() if v is not None})
    _write_private(path, json.dumps(kept, ensure_ascii=False, indent=1))
    return True


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def is_loaded() -> bool:
    """Tell whether the demonstration district is there."""
    return areas.by_code(TOWN) is not None
