"""Who may see and manage accounts: the whole policy on one page."""

from __future__ import annotations

from server.core.permissions import PUBLIC, SIGNED_IN, Permission, Role

SIGN_IN = PUBLIC
OWN_ACCOUNT = SIGNED_IN
DEVICES = SIGNED_IN
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})

# A device token outlives a week without a network; a desk session does not.
REVOKE_DEVICE = Permission("device.revoke")
