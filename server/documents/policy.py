"""Who may see, take back and verify documents: the policy on one page.

A document is seen by whoever sees what it belongs to (``owners``).
"""

from __future__ import annotations

from server.core.permissions import PUBLIC, SIGNED_IN, Actor, Permission, Role

READ = SIGNED_IN
WITHDRAW = Permission("document.withdraw", frozenset({Role.LEAD, Role.TOWN_OFFICER}))
VERIFY = PUBLIC


def may_withdraw(actor: Actor, issuer: str, area_path: str, *, town: bool) -> bool:
    """Tell whether ``actor`` speaks for who issued it.

    The lead (负责人) of the department that issued it; a town's paper: the safety
    officer of the area it is of.
    """
    if town:
        return actor.covers(area_path, frozenset({Role.TOWN_OFFICER}))
    return actor.has(Role.LEAD) and actor.department == issuer
