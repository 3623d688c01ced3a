"""Passwords with argon2id; pure.

Parameters are OWASP's minimum (19 MiB, two passes, one lane): a sign-in costs about
20 ms of one core, where the library's default would cost nine times that on a server
with two cores.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# Verified against when there is no such account, so that time tells nothing.
_DECOY = _hasher.hash("no account has this password")


def hash_password(password: str) -> str:
    """Return the encoded argon2id hash of ``password``."""
    return _hasher.hash(password)


def matches(password: str, encoded: str | None) -> bool:
    """Tell whether ``password`` is the one behind ``encoded``.

    With ``encoded`` None the same work is done and the answer is False.
    """
    try:
        _hasher.verify(encoded or _DECOY, password)
    except (VerificationError, InvalidHashError):
        return False
    return encoded is not None
