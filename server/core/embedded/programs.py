"""Where the servers' programs are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from server.core.embedded.errors import EmbeddedError, ServicesMissing

DEBIAN_POSTGRES = Path("/usr/lib/postgresql")
DEBIAN_SHARE = Path("/usr/share/postgresql")
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


def find_program(name: str) -> str | None:
    """Return the path of a program from PATH or the usual places, or None."""
    return shutil.which(name) or shutil.which(name, path=SYSTEM_PATH)


def find_postgres(version: str | None = None) -> Path:
    """Return the directory of PostgreSQL's programs, PostGIS being installed for it.

    Args:
        version: the major version a data directory was made with (``PG_VERSION``),
            which no other version can open; None takes the newest.

    Raises:
        ServicesMissing: there is no PostgreSQL with PostGIS.
        EmbeddedError: there is one, but of another version.
    """
    found = [p for p in _postgres_directories() if _has_postgis(p)]
    if not found:
        raise ServicesMissing("PostgreSQL with PostGIS")
    if version is None:
        return found[0]
    for directory in found:
        if _major_version(directory) == version:
            return directory
    raise EmbeddedError(
        f"the data was made by PostgreSQL {version}, which is not installed with "
        f"PostGIS: run  sudo apt-get install postgresql-{version}-postgis-3"
    )


def find_redis() -> str:
    """Return the path of ``redis-server``.

    Raises:
        ServicesMissing: it is not installed.
    """
    program = find_program("redis-server")
    if program is None:
        raise ServicesMissing("Redis")
    return program


def _postgres_directories() -> Iterator[Path]:
    """Yield directories with a ``postgres``: Debian's, newest first, then PATH's."""
    versions = [p for p in DEBIAN_POSTGRES.glob("*/bin") if (p / "postgres").exists()]
    yield from sorted(versions, key=_version_of, reverse=True)
    if on_path := shutil.which("postgres"):
        yield Path(os.path.realpath(on_path)).parent


def _version_of(directory: Path) -> tuple[int, ...]:
    """Return ``(15,)`` for ``…/15/bin``, sortable also for ``9.6``."""
    name = directory.parent.name
    return tuple(int(part) for part in name.split(".") if part.isdigit())


def _major_version(directory: Path) -> str:
    """Return ``15`` for Debian's ``…/15/bin``; elsewhere the program tells itself."""
    if directory.parent.parent == DEBIAN_POSTGRES:
        return directory.parent.name
    told = subprocess.run(
        [directory / "postgres", "--version"], capture_output=True, text=True
    )
    numbers = re.search(r"\d+", told.stdout)
    return numbers.group() if numbers else ""


def _has_postgis(directory: Path) -> bool:
    prefix = directory.parent
    shares = (DEBIAN_SHARE / prefix.name, prefix / "share", prefix / "share/postgresql")
    return any((share / "extension/postgis.control").exists() for share in shares)
