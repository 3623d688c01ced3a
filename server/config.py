"""Settings, frozen at start and read from the environment only.

A wrong value stops the start with the variable's name, never a request later.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MIB = 1024 * 1024


class ConfigError(ValueError):
    """A setting is missing or wrong; the message names the variable."""


@dataclass(frozen=True)
class Settings:
    """Everything the program can be told from outside.

    Sizes are bytes, times of day are those of ``timezone``, lifetimes are days or
    seconds as the name says.
    """

    database_url: str
    redis_url: str
    # Keys the audit chain (HMAC). Changing it makes older events unverifiable.
    secret_key: str = field(repr=False)
    photo_dir: Path
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    # The demonstration's accounts, day and start page links exist only when set.
    demo: bool = False
    accounts_file: Path | None = None
    max_json_bytes: int = 1 * MIB
    max_photo_bytes: int = 20 * MIB
    # How many reverse proxies in front may be believed for the client's address.
    trusted_proxies: int = 0
    device_token_days: int = 30
    session_token_hours: int = 12
    # Failed sign-ins allowed per account, and per address, in the window.
    login_attempts: int = 10
    login_attempts_per_address: int = 60
    login_window_seconds: int = 300
    pool_size: int = 4
    pool_overflow: int = 0
    # Where people reach the server from outside: the QR code on a document leads there.
    public_url: str = "http://127.0.0.1:8000"

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from ``PATROL_*`` variables.

        Raises:
            ConfigError: a required variable is missing or a value does not parse.
        """
        source = os.environ if env is None else env
        return cls(
            database_url=_required(source, "PATROL_DATABASE_URL"),
            redis_url=_required(source, "PATROL_REDIS_URL"),
            secret_key=_secret(source),
            photo_dir=Path(_required(source, "PATROL_PHOTO_DIR")),
            timezone=_timezone(source),
            demo=_flag(source, "PATROL_DEMO"),
            accounts_file=_path(source, "PATROL_ACCOUNTS_FILE"),
            public_url=_public_url(source),
            **{
                name: _number(source, f"PATROL_{name.upper()}", default)
                for name, default in _NUMBERS.items()
            },
        )


_NUMBERS: dict[str, int] = {
    name: getattr(Settings, name)
    for name in (
        "max_json_bytes",
        "max_photo_bytes",
        "trusted_proxies",
        "device_token_days",
        "session_token_hours",
        "login_attempts",
        "login_attempts_per_address",
        "login_window_seconds",
        "pool_size",
        "pool_overflow",
    )
}


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise ConfigError(f"{name} is not set")
    return value


def _secret(env: Mapping[str, str]) -> str:
    value = _required(env, "PATROL_SECRET_KEY")
    if len(value) < 32:
        raise ConfigError("PATROL_SECRET_KEY must have at least 32 characters")
    return value


def _timezone(env: Mapping[str, str]) -> ZoneInfo:
    name = env.get("PATROL_TIMEZONE", "Asia/Shanghai")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(f"PATROL_TIMEZONE: no such time zone {name!r}") from error


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "0").lower()
    if value in {"1", "true", "yes"}:
        return True
    if value in {"0", "false", "no", ""}:
        return False
    raise ConfigError(f"{name} must be 1 or 0, not {value!r}")


def _public_url(env: Mapping[str, str]) -> str:
    port = env.get("PORT", "").strip() or "8000"
    value = env.get("PATROL_PUBLIC_URL", "").strip() or f"http://127.0.0.1:{port}"
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
        raise ConfigError(f"PATROL_PUBLIC_URL must be http(s)://…, not {value!r}")
    return value.rstrip("/")


def _path(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name, "").strip()
    return Path(value) if value else None


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, "").strip()
    if not value:
        return default
    if not value.isdecimal():
        raise ConfigError(f"{name} must be a whole number, not {value!r}")
    return int(value)
