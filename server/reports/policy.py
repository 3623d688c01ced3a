"""Who may read reports: everyone signed in, over what they may see.

The rows behind every figure are those of ``tickets.policy.visible``: an area's staff
count their area, a department's staff their department's tickets. The ledgers (台账)
go to those who keep them and to whom they are addressed.
"""

from __future__ import annotations

from server.core.permissions import (
    DEPARTMENT_ROLES,
    SIGNED_IN,
    Actor,
    Permission,
    Role,
)

READ = SIGNED_IN

_KEEPERS = frozenset({Role.TOWN_OFFICER, Role.SUPERVISOR, Role.ADMINISTRATOR})
_ADDRESSEES = DEPARTMENT_ROLES | {Role.SAFETY_OFFICE}
LEDGER = Permission("ledger.read", _KEEPERS | _ADDRESSEES)


def ledger_paths(actor: Actor, addressee: str | None) -> tuple[str, ...]:
    """Return the areas whose rows ``actor`` reads in a ledger; none: not theirs.

    The town that keeps it, supervisors and administrators read every ledger, over
    their areas. A department's staff (区安委办 among them) read those addressed to
    it, whole: also rows whose tickets have not been reported, because it is owed the
    ledger of all hazards (30.township.3, 43.township.3). ``addressee`` is a
    department's code, None for a ledger that stays in the town.
    """
    paths = actor.paths(_KEEPERS)
    if addressee is not None and actor.department == addressee:
        paths += actor.paths(_ADDRESSEES)
    return paths
