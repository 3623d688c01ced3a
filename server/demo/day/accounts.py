"""The demonstration's accounts file, and who of them works which ticket."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from server.demo.day.client import DayFailed


@dataclass(frozen=True)
class Account:
    """One entry of the accounts file; ``role`` is a word of the contract."""

    username: str
    password: str = field(repr=False)
    role: str
    department: str | None = None
    area: str | None = None


class Roster:
    """All accounts of an installation."""

    def __init__(self, accounts: list[Account]) -> None:
        self.accounts = accounts

    def with_role(self, *roles: str) -> list[Account]:
        """Return the accounts of these roles, in the order of the file."""
        return [a for a in self.accounts if a.role in roles]

    def officer_of(self, areas: Collection[str]) -> Account | None:
        """Return the town officer (镇安监员) in charge of one of ``areas``."""
        officers = self.with_role("town_officer")
        return next((a for a in officers if a.area in areas), None)

    def of_department(self, code: str | None, role: str = "handler") -> Account | None:
        """Return the account of a department with a role."""
        people = self.with_role(role)
        return next((a for a in people if code and a.department == code), None)

    def named(self, username: str) -> Account | None:
        """Return the account of a user name."""
        return next((a for a in self.accounts if a.username == username), None)

    def overseer(self) -> Account | None:
        """Return an account that sees the whole district."""
        seeing = self.with_role("safety_office", "supervisor", "administrator")
        return next(iter(seeing), None)


def read_roster(path: Path) -> Roster:
    """Read the accounts file.

    Raises:
        DayFailed: it cannot be read, is no accounts file, or has no grid worker.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        roster = Roster([_account(entry) for entry in entries])
    except OSError as error:
        raise DayFailed(f"读不到账号文件 {path}：{error.strerror}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise DayFailed(f"{path} 不是账号文件：{error}") from error
    if not roster.with_role("grid_worker"):
        raise DayFailed(f"{path} 中没有网格员账号（grid_worker）")
    return roster


def _account(entry: dict[str, str]) -> Account:
    return Account(
        entry["username"],
        entry["password"],
        entry["role"],
        entry.get("department"),
        entry.get("area"),
    )
