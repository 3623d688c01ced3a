"""What tests of documents share: the project's templates, and the text of a PDF."""

from __future__ import annotations

import io
from functools import cache

from pypdf import PdfReader

from server.documents.loading import read_templates
from server.documents.typeset import (
    Template,
    Templates,
    bundled_templates,
)


@cache
def templates() -> Templates:
    """The project's templates, read once a process."""
    return read_templates(bundled_templates())


def template(variant: str) -> Template:
    """The template whose files are called ``variant``."""
    return next(r.template for r in templates() if r.template.variant == variant)


VARIANTS = (
    "inspection_record",
    "town_notice",
    "town_reminder",
    "order-fire",
    "order-emergency",
    "order-plain",
    "extension",
    "recheck",
    "transfer_letter",
    "feedback",
    "withdrawal",
)


def pages(pdf: bytes) -> list[str]:
    """The text of each page, without spaces, line ends and break marks."""
    reader = PdfReader(io.BytesIO(pdf))
    return ["".join(page.extract_text().split()) for page in reader.pages]


def text(pdf: bytes) -> str:
    """The text of all pages, as :func:`pages`."""
    return "".join(pages(pdf)).replace("\u200b", "")


def embedded_fonts(pdf: bytes) -> set[str]:
    """The names of the fonts in a PDF, without the subset's prefix."""
    found: set[str] = set()
    for page in PdfReader(io.BytesIO(pdf)).pages:
        fonts = page["/Resources"].get("/Font", {})  # type: ignore[union-attr]
        for font in fonts.values():
            name = str(font.get_object()["/BaseFont"])
            found.add(name.lstrip("/").rpartition("+")[2])
    return found
