"""URLs and secrets of targets as they are stored: encrypted; pure.

The key is derived from the installation's secret. Who has the database alone reads
none of them; after a change of the secret they have to be entered again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken

TAIL = 4


class Sealed(Exception):
    """Stored under another secret of the installation."""


def lock(secret_key: str, plain: str) -> str:
    """Return ``plain`` encrypted."""
    return _fernet(secret_key).encrypt(plain.encode()).decode()


def unlock(secret_key: str, stored: str) -> str:
    """Return what :func:`lock` was given.

    Raises:
        Sealed: it was stored under another key.
    """
    try:
        return _fernet(secret_key).decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise Sealed("stored under another PATROL_SECRET_KEY") from error


def fingerprint(secret_key: str, url: str) -> str:
    """Return what tells two URLs apart without telling either."""
    key = _key(b"notification-bot:", secret_key)
    return hmac.new(key, url.encode(), hashlib.sha256).hexdigest()


def _fernet(secret_key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key(b"notification-vault:", secret_key)))


def _key(purpose: bytes, secret_key: str) -> bytes:
    return hashlib.sha256(purpose + secret_key.encode()).digest()
