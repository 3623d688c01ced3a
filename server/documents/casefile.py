"""The printable case file (案卷) of a ticket: cover, account, timeline, photos, papers.

Its content is a dict, every text as printed:

    ticket        number            title   the item's title, or what the case is called
    state         "已办结"           printed_on   ISO day; the PDF's date
    duty_item     {number, title}   area    "卜尔汉图镇某某村"
    place         {name, address, kind} or None       party   {name, kind} or None
    category, severity, description
    found_at, found_by, reported_at, due_on, closed_at    RFC 3339 (due_on: ISO day)
    departments   [{name, role}]    role "主办", "协办", "知会"
    decision      {row, text, clauses [{clause, text}]} or None: why it was routed so
    five          {responsibility, measures, funds, deadline, plan} or None: 五落实
    refusals      [{at, who, how, note, witnesses, photos}]    拒不整改 as it was shown;
                  photos in words
    events        [{at, who, action, from, to, note}]    oldest first
    photos        [{id, step, stage, caption, taken_at}]  in the order to print;
                  step "发现", "第1次复查": those of one step stand together;
                  stage "整改前", "整改后"
    papers        [{title, number, issuer, issued_on, state}]
    penalties     [{kind, amount, number, decided_on, department}]
    controls      [{kind, imposed_at, lifted_at, note}]

What a case does not have is left out, None or []. ``images`` holds the photos' JPEG
bytes by ``id``; the derivative of 1,600 pixels does. A photo that is not among them,
or is no JPEG, is a box that says so.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image, UnidentifiedImageError

from server.documents.faults import TemplateFault
from server.documents.rendering import breakable, compile_in
from server.documents.shape import SHAPE, complete, fit
from server.documents.templates import LAYOUT, bundled_templates

CASE_FILE = "case-file"

CASE_SHAPE: dict[str, Any] = {
    "ticket": None,
    "title": None,
    "state": None,
    "printed_on": None,
    "duty_item": SHAPE["duty_item"],
    "area": None,
    "place": SHAPE["place"],
    "party": SHAPE["party"],
    "category": None,
    "severity": None,
    "description": None,
    "found_at": None,
    "found_by": None,
    "reported_at": None,
    "due_on": None,
    "closed_at": None,
    "departments": [{"name": None, "role": None}],
    "decision": {
        "row": None,
        "text": None,
        "clauses": [{"clause": None, "text": None}],
    },
    "five": {
        "responsibility": None,
        "measures": None,
        "funds": None,
        "deadline": None,
        "plan": None,
    },
    "refusals": [
        {
            "at": None,
            "who": None,
            "how": None,
            "note": None,
            "witnesses": None,
            "photos": None,
        }
    ],
    "events": [
        {
            "at": None,
            "who": None,
            "action": None,
            "from": None,
            "to": None,
            "note": None,
        }
    ],
    "photos": [
        {"id": None, "step": None, "stage": None, "caption": None, "taken_at": None}
    ],
    "papers": [
        {
            "title": None,
            "number": None,
            "issuer": None,
            "issued_on": None,
            "state": None,
        }
    ],
    "penalties": SHAPE["penalties"],
    "controls": [{"kind": None, "imposed_at": None, "lifted_at": None, "note": None}],
}


def render_case_file(
    content: Mapping[str, Any],
    images: Mapping[str, bytes],
    directory: Path | None = None,
) -> bytes:
    """Set a case file as a PDF; same content and images, same bytes.

    ``directory`` holds ``case-file.typ`` and the shared layout, the project's own by
    default.

    Raises:
        TemplateFault: the template cannot be set with this content.
        FontsMissing: a typeface is not installed.
    """
    templates = directory or bundled_templates()
    fitting = fit(CASE_SHAPE, content)
    case = breakable(fitting)
    # The shared layout reads a document's content; of that only the title is needed.
    document = complete({"title": f"案卷 {case['ticket'] or ''}".strip()})
    files = {
        "main.typ": _read(templates / f"{CASE_FILE}.typ"),
        LAYOUT: _read(templates / LAYOUT),
        "content.json": json.dumps({"content": document, "draft": False}).encode(),
    }
    for index, photo in enumerate(case["photos"]):
        picture = images.get(fitting["photos"][index]["id"])
        photo["file"] = None
        if picture is not None and _is_jpeg(picture):
            photo["file"] = f"photo-{index}.jpg"
            files[photo["file"]] = picture
    files["case.json"] = json.dumps(case).encode()
    # typst takes files from memory only when they are text.
    with TemporaryDirectory(prefix="case-file-") as place:
        for name, text in files.items():
            (Path(place) / name).write_bytes(text)
        return compile_in(Path(place), CASE_FILE, case["printed_on"])


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise TemplateFault(file.name, 1, f"无法读取：{error.strerror}") from error


def _is_jpeg(picture: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(picture)) as image:
            return image.format == "JPEG"
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return False
