"""Setting up campaigns."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from server.areas import queries as areas
from server.audit.service import record
from server.campaigns import policy, queries
from server.campaigns.models import Campaign
from server.checklists.catalogue import Rules
from server.checklists.service import edition_for
from server.core.clock import now
from server.core.content import content_hash
from server.core.db import db
from server.core.errors import (
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
)
from server.core.permissions import Actor
from server.core.text import Text

# A campaign is a stretch of days, not a standing duty.
LONGEST_DAYS = 366


def view(actor: Actor, campaign_id: UUID) -> Campaign:
    """Return a campaign the actor sees.

    Raises:
        NotFound: no such campaign, or in other areas.
    """
    campaign = queries.by_id(campaign_id)
    if campaign is None:
        raise NotFound()
    if not policy.sees(actor, campaign):
        raise NotFound(hidden=True)
    return campaign


def save(
    actor: Actor, campaign_id: UUID, content: dict[str, Any], version: int | None
) -> tuple[Campaign, bool]:
    """Set up a campaign, or change it when ``version`` is the one it has.

    The same content again is no change. Returns the campaign and whether it is new.

    Raises:
        NotFound: the id is a campaign in areas the actor does not see.
        Forbidden: it is in areas that are not all the actor's.
        PreconditionRequired: it exists with other content and no version was named.
        PreconditionFailed: the version named is not the current one.
        Invalid: a field is wrong, or an area is not the actor's.
    """
    values = _values(actor, content)
    made = db.session.execute(
        insert(Campaign)
        .values(id=campaign_id, version=1, created_by=actor.staff_id, **values)
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(Campaign.id)
    ).one_or_none()
    campaign = queries.by_id(campaign_id, lock=True)
    assert campaign is not None
    if made is not None:
        about = {"name": campaign.name, "items": campaign.items}
        record("campaign.created", actor, ("campaign", campaign_id), about)
        return campaign, True
    if not policy.sees(actor, campaign):
        raise NotFound(hidden=True)
    if campaign.content_hash != values["content_hash"]:
        _change(actor, campaign, values, version)
    return campaign, False


def _change(
    actor: Actor, campaign: Campaign, values: dict[str, Any], version: int | None
) -> None:
    if not policy.organises(actor, campaign.area_paths):
        raise Forbidden()
    if version is None:
        raise PreconditionRequired()
    if version != campaign.version:
        raise PreconditionFailed()
    for name, value in values.items():
        setattr(campaign, name, value)
    campaign.version += 1
    db.session.flush()
    subject = ("campaign", campaign.id)
    record("campaign.changed", actor, subject, {"version": campaign.version})


def _values(actor: Actor, content: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a campaign.

    Raises:
        Invalid: naming every wrong field.
    """
    paths = _paths(actor, content["areas"])
    errors = list(_period_faults(content))
    rules = edition_for(paths[0]).rules
    errors += _word_faults(content, rules)
    if errors:
        raise Invalid.of(errors)
    names = ("name", "items", "kinds", "starts_on", "ends_on", "night", "note")
    return {
        **{name: content[name] for name in names},
        "area_codes": content["areas"],
        "area_paths": paths,
        "content_hash": content_hash(content),
        "changed_at": now(),
    }


def _paths(actor: Actor, codes: list[str]) -> list[str]:
    known = areas.by_codes(codes)
    errors = [
        FieldError(
            f"/areas/{i}", Text("没有此区域，或不是您的", "No such area of yours")
        )
        for i, code in enumerate(codes)
        if code not in known or not policy.organises(actor, [known[code].path])
    ]
    if errors:
        raise Invalid.of(errors)
    return [known[code].path for code in codes]


def _period_faults(content: dict[str, Any]) -> list[FieldError]:
    days = (content["ends_on"] - content["starts_on"]).days
    if days < 0:
        text = Text("结束日期早于开始日期", "Ends before it starts")
        return [FieldError("/ends_on", text)]
    if days >= LONGEST_DAYS:
        text = Text(f"不能超过 {LONGEST_DAYS} 天", f"At most {LONGEST_DAYS} days")
        return [FieldError("/ends_on", text)]
    return []


def _word_faults(content: dict[str, Any], rules: Rules) -> list[FieldError]:
    """Items that are none, kinds that are none or not inspected under the items."""
    places = rules.places
    errors = []
    for i, item in enumerate(content["items"]):
        if not places.kinds_of(item) and not places.also_by(item):
            text = Text(
                f"事项 {item} 没有场所类型", f"No kind of place for item {item}"
            )
            errors.append(FieldError(f"/items/{i}", text))
    free = any(places.also_by(item) for item in content["items"])
    fitting = {code for item in content["items"] for code in places.kinds_of(item)}
    for i, code in enumerate(content["kinds"]):
        if places.kind(code) is None or (code not in fitting and not free):
            known = [k for k in places.kinds if free or k.code in fitting]
            titled = "、".join(f"{kind.name}（{kind.code}）" for kind in known)
            listed = ", ".join(kind.code for kind in known)
            text = Text(
                f"所列事项下没有场所类型 {code}；可用：{titled or '无'}",
                f"No kind {code} under these items; known: {listed or 'none'}",
            )
            errors.append(FieldError(f"/kinds/{i}", text))
    return errors
