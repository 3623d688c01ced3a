"""``patrol audit verify`` on a database with a past."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from flask import Flask
from sqlalchemy import text

from server.audit.models import AuditHead
from server.core.db import db, unit_of_work
from tests.conftest import SECRET
from tests.factories import Factory


def verify(app: Flask, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command against the application's database."""
    settings = app.extensions["settings"]
    command = "from server.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", command, "audit", "verify", *options],
        env={
            "PATH": os.environ["PATH"],
            "PATROL_DATABASE_URL": settings.database_url,
            "PATROL_REDIS_URL": settings.redis_url,
            "PATROL_SECRET_KEY": SECRET,
            "PATROL_PHOTO_DIR": str(settings.photo_dir),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def tamper(sql: str) -> None:
    """Change something behind the application's back."""
    with unit_of_work():
        for table in ("audit_events", "findings"):
            db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        db.session.execute(text(sql))


@pytest.mark.slow
def test_the_command_tells_what_does_not_hold(committed_app: Flask) -> None:
    with committed_app.app_context():
        make = Factory(committed_app)
        number = make.reported(make.grid_worker())
        make.handler().done(number, "accept")
        sound = verify(committed_app)
        assert (sound.returncode, sound.stderr) == (0, "")
        head = db.session.get_one(AuditHead, 1)
        assert f"{head.last_id} events, head {head.last_hash}" in sound.stdout
        assert verify(committed_app, "--head", head.last_hash).returncode == 0
        lost = verify(committed_app, "--head", "f" * 64)
        assert (lost.returncode, lost.stderr) == (
            1,
            f"chain: the earlier head {'f' * 64} is gone\n",
        )

        tamper("UPDATE tickets SET state = 'closed'")
        beside = verify(committed_app)
        assert beside.returncode == 1
        assert beside.stderr == (
            f"ticket {number} is 'closed', its last event says 'verifying'\n"
            f"ticket {number} is not as event {head.last_id} left it\n"
        )
        tamper("UPDATE audit_events SET actor_name = '别人' WHERE id = 1")
        both = verify(committed_app)
        assert both.returncode == 1
        assert "event 1: content does not match its hash" in both.stderr
        assert "the chain holds" not in both.stdout
