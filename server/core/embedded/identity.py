"""As whom PostgreSQL runs: it refuses to be root."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server.core.embedded.directories import PREFIX, private_directory
from server.core.embedded.errors import EmbeddedError
from server.core.embedded.programs import find_program

FALLBACK_PLACES = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108


@dataclass(frozen=True)
class Identity:
    """Who a server is.

    Attributes:
        prefix: the command that becomes this user, put before the server's own.
        uid, gid: the owner of its files as this process sees them.
    """

    prefix: tuple[str, ...]
    uid: int
    gid: int

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return ``argv`` to be run as this user."""
        return [*self.prefix, *argv]

    def can_use(self, directory: Path) -> bool:
        """Tell whether this user can enter the directory and write to it."""
        test = ["sh", "-c", 'cd "$1" && test -w .', "sh", str(directory)]
        try:
            done = subprocess.run(
                self.command(test), capture_output=True, timeout=20, cwd="/"
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


def myself() -> Identity:
    """Return the user of this process."""
    return Identity((), os.geteuid(), os.getegid())


def root_disguised() -> Identity | None:
    """Return root in a user namespace where it bears the name ``postgres``.

    Root's files are that user's there, so a data directory inside a clone that only
    root can enter needs no moving. The process keeps none of root's powers. None
    where the tool is missing; where namespaces are forbidden, ``can_use`` tells.
    """
    unshare = find_program("unshare")
    user = server_user()
    if unshare is None or user is None:
        return None
    mapping = (f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}")
    return Identity((unshare, "--user", *mapping, "--"), 0, 0)


def user_identity(uid: int) -> Identity:
    """Return another user, whom root can become.

    Raises:
        EmbeddedError: the tool for it is missing.
    """
    setpriv = find_program("setpriv")
    if setpriv is None:
        raise EmbeddedError("the program setpriv (package util-linux) is missing")
    try:
        gid = pwd.getpwuid(uid).pw_gid
    except KeyError:
        gid = uid
    who = (f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
    return Identity((setpriv, *who, "--"), uid, gid)


def server_user() -> pwd.struct_passwd | None:
    """Return the account Debian makes for the server, else the one for nobody."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def make_fallback_home(key: str, identity: Identity) -> Path:
    """Return a new directory of ``identity`` outside the clone.

    For root where neither namespaces nor the clone's place let the server work inside.
    The name is new every time: what a removed clone left behind is never picked up.

    Raises:
        EmbeddedError: no place can be used.
    """
    for place in FALLBACK_PLACES:
        try:
            base = place / PREFIX
            base.mkdir(mode=0o755, exist_ok=True)
            if base.is_symlink() or base.stat().st_uid != 0:
                continue
            home = base / f"{key}-{os.urandom(4).hex()}"
            private_directory(home, identity.uid, identity.gid)
        except (OSError, EmbeddedError):
            continue
        if identity.can_use(home):
            return home
    places = " or ".join(str(p) for p in FALLBACK_PLACES)
    raise EmbeddedError(f"no place for the database under {places}")
