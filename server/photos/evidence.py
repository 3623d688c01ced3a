"""Photos as evidence: what an action names must be there, and show what it should."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import UUID

from server.core.errors import FieldError, Invalid
from server.core.text import Text
from server.photos.models import Photo
from server.photos.owners import Owner
from server.photos.queries import shown_before
from server.photos.refusals import DamagedImage

DAMAGED = DamagedImage.slug

_SHOWING = {
    "before": Text("现场（stage=before）", "stage before"),
    "after": Text("整改后（stage=after）", "stage after"),
    "document": Text("文书（stage=document）", "stage document"),
}


def require(
    owner: Owner,
    photos: Sequence[UUID],
    stage: str | None,
    uploaded: Callable[[], Mapping[UUID, Photo]],
    spent: Collection[UUID] = (),
) -> None:
    """Refuse photos that are not there, or none that shows what is needed.

    ``uploaded`` gives the photos that count, by id, and is asked only where photos
    are named; new ones are to be uploaded for ``owner``. A picture that was sent as
    ``before`` shows no hazard gone, nor does one that turned out damaged or that was
    named when the hazard was looked at earlier (``spent``).

    Raises:
        Invalid: naming each photo that was not uploaded, or telling that none shows
            the stage.
    """
    if not photos:
        return
    known = uploaded()
    where = f"PUT /api/v1/photos/{{id}}?{owner.kind}={owner.key}&stage={stage or '…'}"
    errors = [
        FieldError(
            f"/photos/{index}",
            Text(
                f"没有照片 {photo}，请先上传：{where}",
                f"No photo {photo} here: upload it first by {where}",
            ),
        )
        for index, photo in enumerate(photos)
        if photo not in known
    ]
    old = {known[id].sha256 for id in spent if id in known}
    if not errors and stage and not _shown([known[id] for id in photos], stage, old):
        showing = _SHOWING[stage]
        text = Text(
            f"至少一张照片须为{showing.zh}，完好且不是整改前或以往复查的同一张：{where}",
            f"At least one photo must be of {showing.en}, whole and not the picture"
            f" from before or from an earlier re-inspection: {where}",
        )
        errors = [FieldError("/photos", text)]
    if errors:
        raise Invalid.of(errors)


def _shown(photos: Sequence[Photo], stage: str, old: set[str]) -> bool:
    fitting = [
        photo
        for photo in photos
        if photo.stage == stage and DAMAGED not in photo.verdicts
    ]
    if stage != "after":
        return bool(fitting)
    contents = {photo.sha256 for photo in fitting}
    return bool(contents - old - shown_before(contents))
