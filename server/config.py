"""Settings, frozen at start and read from the environment only.

A wrong value stops the start with the variable's name, never a request later.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MIB = 1024 * 1024


class ConfigError(ValueError):
    """A setting is missing or wrong; the message names the variable."""


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over.

    ``security``: ``tls`` from the first byte, ``starttls`` (demanded), or ``none``.
    """

    host: str
    port: int
    security: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


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
    # Working days before a day is due on which people are warned, and after it on
    # which those above them are told.
    warn_working_days: int = 1
    escalate_working_days: int = 3
    # Holidays and make-up days that the library does not know yet.
    calendar_file: Path | None = None
    # Where people reach this installation, without a slash at the end: what links in
    # files and papers begin with.
    public_url: str = "http://127.0.0.1:8000"
    # Notifications: no mail without a server; outbound requests, see docs.
    mail_server: MailServer | None = None
    mail_from: str = ""
    # Mails of one person that become due within it go as one.
    mail_batch_seconds: int = 60
    webhook_allow_http: bool = False
    webhook_allow_nets: tuple[IPv4Network | IPv6Network, ...] = ()
    wecom_base: str = "https://qyapi.weixin.qq.com"
    dingtalk_base: str = "https://oapi.dingtalk.com"

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
            calendar_file=_path(source, "PATROL_CALENDAR_FILE"),
            public_url=_url(source),
            mail_server=_mail_server(source),
            mail_from=_mail_from(source),
            webhook_allow_http=_flag(source, "PATROL_WEBHOOK_ALLOW_HTTP"),
            webhook_allow_nets=_nets(source, "PATROL_WEBHOOK_ALLOW_NETS"),
            wecom_base=_base(source, "PATROL_WECOM_BASE", cls.wecom_base),
            dingtalk_base=_base(source, "PATROL_DINGTALK_BASE", cls.dingtalk_base),
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
        "warn_working_days",
        "escalate_working_days",
        "mail_batch_seconds",
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


def _path(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name, "").strip()
    return Path(value) if value else None


def _url(env: Mapping[str, str]) -> str:
    value = env.get("PATROL_PUBLIC_URL", "").strip().rstrip("/")
    if not value:
        return f"http://127.0.0.1:{env.get('PORT') or 8000}"
    if not re.fullmatch(r"https?://[\w.:\[\]-]+(/[\w./~%-]*)?", value, re.A):
        raise ConfigError(f"PATROL_PUBLIC_URL must be http(s)://…, not {value!r}")
    return value


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, "").strip()
    if not value:
        return default
    if not value.isdecimal():
        raise ConfigError(f"{name} must be a whole number, not {value!r}")
    return int(value)


_MAIL_SCHEMES = {
    "smtps": ("tls", 465),
    "smtp+starttls": ("starttls", 587),
    "smtp": ("none", 25),
}


def _mail_server(env: Mapping[str, str]) -> MailServer | None:
    name = "PATROL_SMTP_URL"
    said = env.get(name, "").strip()
    if not said:
        return None
    try:
        url = urlsplit(said)
        port = url.port
    except ValueError as error:
        raise ConfigError(f"{name} is no URL") from error
    if url.scheme not in _MAIL_SCHEMES or not url.hostname:
        schemes = ", ".join(f"{scheme}://host" for scheme in _MAIL_SCHEMES)
        raise ConfigError(f"{name} must be one of {schemes}")
    security, usual = _MAIL_SCHEMES[url.scheme]
    if url.username and security == "none":
        raise ConfigError(f"{name}: a password needs smtps:// or smtp+starttls://")
    user, password = (
        unquote(word) if word else None for word in (url.username, url.password)
    )
    return MailServer(url.hostname, port or usual, security, user, password)


def _mail_from(env: Mapping[str, str]) -> str:
    address = env.get("PATROL_MAIL_FROM", "").strip()
    if env.get("PATROL_SMTP_URL", "").strip() and not address:
        raise ConfigError("PATROL_MAIL_FROM is not set, but PATROL_SMTP_URL is")
    if address and not re.fullmatch(r"[^\s@<>,;:\"]+@[A-Za-z0-9.-]+", address):
        raise ConfigError("PATROL_MAIL_FROM must be one plain address")
    return address


def _nets(env: Mapping[str, str], name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    words = env.get(name, "").replace(",", " ").split()
    try:
        return tuple(ip_network(word) for word in words)
    except ValueError as error:
        raise ConfigError(f"{name}: {error}") from error


def _base(env: Mapping[str, str], name: str, default: str) -> str:
    base = env.get(name, "").strip().rstrip("/") or default
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", base):
        raise ConfigError(f"{name} must be http(s)://host, not {base!r}")
    return base
