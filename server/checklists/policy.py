"""Who may read checklists: everyone signed in, those of their own catalogue."""

from __future__ import annotations

from server.core.permissions import SIGNED_IN

READ = SIGNED_IN
