"""The entry that the web server loads: ``server.rsgi:app``."""

import gc
import os

from server.accounts.service import authenticate
from server.app import create_app
from server.config import Settings
from server.core import workdays
from server.core.clock import local_date, now
from server.core.http.front import Front, Limits

settings = Settings.from_env()
_flask = create_app(settings)
_ending = workdays.calendar().warning(local_date(now(), settings.timezone))
if _ending:
    _flask.logger.warning("%s", _ending.en)


def _is_known(token: str) -> None:
    with _flask.app_context():
        authenticate(token, settings)


app = Front(
    _flask,
    is_known=_is_known,
    threads=int(os.environ.get("PATROL_WEB_THREADS") or 128),
    limits=Limits(small=settings.max_json_bytes, most=settings.max_photo_bytes),
)

# What is loaded now stays: the collector need not walk it again and again.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
