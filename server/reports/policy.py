"""Who may read reports: everyone signed in, over what they may see.

The rows behind every figure are those of ``tickets.policy.visible``: an area's staff
count their area, a department's staff their department's tickets.
"""

from __future__ import annotations

from server.core.permissions import SIGNED_IN

READ = SIGNED_IN
