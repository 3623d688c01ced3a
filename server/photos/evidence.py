"""Photos as evidence: what an action names must be there, and show what it should."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from server.core.errors import FieldError, Invalid
from server.core.text import Text
from server.photos.owners import Owner
from server.photos.queries import stages

_SHOWING = {
    "before": Text("现场（stage=before）", "stage before"),
    "after": Text("整改后（stage=after）", "stage after"),
    "document": Text("文书（stage=document）", "stage document"),
}


def require(owners: Sequence[Owner], photos: Sequence[UUID], stage: str | None) -> None:
    """Refuse photos that are not there, or none with the ``stage`` that is needed.

    ``owners``: whose photos count; new ones are to be uploaded for the first.

    Raises:
        Invalid: naming each photo that was not uploaded, or telling that none shows
            the stage.
    """
    if not photos:
        return
    known = stages(owners)
    owner = f"{owners[0].kind}={owners[0].key}"
    where = f"PUT /api/v1/photos/{{id}}?{owner}&stage={stage or '…'}"
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
    if not errors and stage and stage not in {known[photo] for photo in photos}:
        showing = _SHOWING[stage]
        text = Text(
            f"至少一张照片须为{showing.zh}：{where}",
            f"At least one photo must be of {showing.en}: {where}",
        )
        errors = [FieldError("/photos", text)]
    if errors:
        raise Invalid.of(errors)
