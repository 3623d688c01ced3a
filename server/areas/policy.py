"""Who may read areas: everyone signed in, inside their own city."""

from __future__ import annotations

from server.core.permissions import SIGNED_IN

READ = SIGNED_IN
