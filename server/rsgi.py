"""The entry that the web server loads: ``server.rsgi:app``."""

import os

from server.accounts.service import authenticate
from server.app import create_app
from server.config import Settings
from server.core.http.front import Front, Limits

settings = Settings.from_env()
_flask = create_app(settings)


def _is_known(token: str) -> None:
    with _flask.app_context():
        authenticate(token, settings)


app = Front(
    _flask,
    is_known=_is_known,
    threads=int(os.environ.get("PATROL_WEB_THREADS") or 128),
    limits=Limits(small=settings.max_json_bytes, most=settings.max_photo_bytes),
)
