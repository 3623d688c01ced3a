"""Who may work at the desk: the whole policy on one page.

Filters and colleagues are a person's own; of tickets each is asked by its own policy.
"""

from __future__ import annotations

from server.core.permissions import SIGNED_IN
from server.tickets.policy import ACT

OWN_FILTERS = SIGNED_IN
COLLEAGUES = SIGNED_IN
BULK = ACT
