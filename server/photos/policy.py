"""Who may see a photo: the policy on one page.

A photo is seen by who sent it and by whoever sees what it belongs to
(``owners.OwnerKind.check``). The original carries metadata of a private person's
phone, so fewer may read it (``OwnerKind.originals``) and each read is logged.
"""

from __future__ import annotations

from server.core.permissions import SIGNED_IN, TOWN_ROLES, Permission, Role

UPLOAD = Permission(
    "photo.upload", TOWN_ROLES | {Role.HANDLER, Role.LEAD, Role.SAFETY_OFFICE}
)
READ = SIGNED_IN
READ_ORIGINAL = Permission("photo.read_original")
