"""A template and a content in, the bytes of a PDF or a DOCX out.

Pure: no database, no clock, no network. The same template and content give the same
bytes; a document bears the day it was issued on. What people wrote reaches a template
as data (``content.json``) and is never read as markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import typst

from server.documents import word
from server.documents.codes import qr_svg
from server.documents.faults import compile_fault
from server.documents.fonts import font_directory, typefaces
from server.documents.shape import complete
from server.documents.templates import LAYOUT, Template

_CHINA = timezone(timedelta(hours=8))
_NO_DAY = datetime(1980, 1, 1, tzinfo=UTC)


def render_pdf(
    template: Template, content: Mapping[str, Any], draft: bool = False
) -> bytes:
    """Set ``content`` (its shape: :mod:`server.documents.shape`) as a PDF.

    A draft has a blank for its number and 草稿 across its pages.

    Raises:
        TemplateFault: the template cannot be set with this content.
        FontsMissing: a typeface is not installed.
    """
    whole = complete(content)
    files = {
        "main.typ": template.typ,
        LAYOUT: template.layout,
        "content.json": json.dumps({"content": whole, "draft": draft}).encode(),
    }
    if whole["verify"] is not None:
        files["qr.svg"] = qr_svg(whole["verify"]["url"]).encode()
    return compile_typst(template.variant, files, whole["issued_on"])


def render_docx(
    template: Template, content: Mapping[str, Any], draft: bool = False
) -> bytes:
    """Fill the template's Word file with ``content``, as an office edits it.

    Raises:
        LookupError: this template has no Word file.
        TemplateFault: it names a field that there is not, or is no Word file.
    """
    if template.docx is None:
        raise LookupError(f"{template.variant} has no Word file")
    name = f"{template.variant}.docx"
    return word.fill(name, template.docx, complete(content), draft)


def compile_typst(
    variant: str,
    files: Mapping[str, bytes],
    day: str | None,
    output_format: str = "pdf",
) -> bytes:
    """Compile ``files`` (all there is: no other file, font or package) to a document.

    ``day`` (ISO) is what the PDF says it was made on. PNG gives the first page.

    Raises:
        TemplateFault: with the file (``main.typ`` goes by ``variant``) and line.
    """
    made = datetime.fromisoformat(day).replace(tzinfo=_CHINA) if day else _NO_DAY
    try:
        made_of, warnings = typst.compile_with_warnings(
            dict(files),
            font_paths=typefaces(),
            ignore_system_fonts=True,
            # A file that is not in `files` is looked for here, where only fonts are.
            root=font_directory(),
            format=output_format,
            timestamp=made,
        )
    except RuntimeError as error:
        raise compile_fault(error, variant) from error
    for warning in warnings:
        # A family that is not there would be replaced in silence.
        if "unknown font family" in warning.message:
            raise compile_fault(warning, variant)
    return made_of[0] if isinstance(made_of, list) else made_of
