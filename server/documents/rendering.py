"""A template and a content in, the bytes of a PDF or a DOCX out.

Pure: no database, no clock, no network. The same template and content give the same
bytes; a document bears the day it was issued on. What people wrote reaches a template
as data (``content.json``) and is never read as markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst

from server.documents import word
from server.documents.codes import qr_svg
from server.documents.faults import compile_fault
from server.documents.fonts import font_directory, typefaces
from server.documents.shape import complete
from server.documents.templates import LAYOUT, Template

_NO_DAY = datetime(1980, 1, 1, tzinfo=UTC)
# Letters, digits and signs without a space; Chinese text breaks anywhere by itself.
_LONG_WORD = re.compile(r"[^\s\u2e80-\u9fff\uff00-\uffef\U00020000-\U0003ffff]{20,}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_PIECE = re.compile(r".{12}")


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
    printed = breakable(whole)
    files = {
        "main.typ": template.typ,
        LAYOUT: template.layout,
        "content.json": json.dumps({"content": printed, "draft": draft}).encode(),
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


def breakable(value: Any) -> Any:
    """Texts in which a word that no line holds may be broken every twelve characters.

    A zero-width space does it; typst breaks words without hyphens nowhere.
    """
    if isinstance(value, dict):
        return {name: breakable(v) for name, v in value.items()}
    if isinstance(value, list):
        return [breakable(v) for v in value]
    if not isinstance(value, str) or _MOMENT.match(value):
        return value
    return _LONG_WORD.sub(lambda word: _PIECE.sub("\\g<0>\u200b", word[0]), value)


def compile_typst(variant: str, files: Mapping[str, bytes], day: str | None) -> bytes:
    """Compile ``files`` (text, ``main.typ`` first among them) to a PDF.

    No other file, font or package is used. ``day`` (ISO) is the day it
    says it was made on.

    Raises:
        TemplateFault: with the file (``main.typ`` goes by ``variant``) and line.
        FontsMissing: a typeface is not installed.
    """
    # A file that is not in `files` is looked for in the root, where only fonts are.
    return _compiled(dict(files), font_directory(), variant, day)


def compile_in(directory: Path, variant: str, day: str | None) -> bytes:
    """Compile ``main.typ`` of ``directory``, else like :func:`compile_typst`.

    Raises:
        TemplateFault, FontsMissing: as there.
    """
    return _compiled(directory / "main.typ", directory, variant, day)


def _compiled(
    # A dict works, and the library's types do not know it.
    source: Any,
    root: Path,
    variant: str,
    day: str | None,
) -> bytes:
    # Noon: the same day here and in Greenwich, whichever a reader shows.
    made = datetime.fromisoformat(f"{day}T12:00:00+08:00") if day else _NO_DAY
    families = typefaces()
    try:
        pdf, warnings = typst.compile_with_warnings(
            source,
            font_paths=families,
            ignore_system_fonts=True,
            root=root,
            format="pdf",
            timestamp=made,
        )
    except RuntimeError as error:
        raise compile_fault(error, variant) from error
    for warning in warnings:
        # A family that is not there would be replaced in silence.
        if "unknown font family" in warning.message:
            raise compile_fault(warning, variant)
    return bytes(pdf)
