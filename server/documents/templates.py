"""What a paper is set from, and which template is for which paper."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from server.checklists.loader import bundled_root

# Every template's first line takes the shared layout in under this name.
LAYOUT = "layout.typ"


def bundled_templates() -> Path:
    """The project's own templates."""
    return bundled_root() / "buerhantu" / "templates"


@dataclass(frozen=True)
class Template:
    """What one paper is set from; the whole of it, so that it can be kept.

    ``variant`` is the stem of its files ("order-fire"), ``typ`` and ``layout`` are
    their text, ``docx`` is None where the office gets no Word file.
    """

    kind: str
    variant: str
    typ: bytes = field(repr=False)
    docx: bytes | None = field(repr=False)
    layout: bytes = field(repr=False)


@dataclass(frozen=True)
class Row:
    """One row of ``templates.yaml``: None fits every issuer, every title."""

    kind: str
    issuer: str | None
    title: str | None
    template: Template


Templates = tuple[Row, ...]


def select(
    templates: Templates, kind: str, issuer: str | None, title: str | None
) -> Template:
    """The template of the first row that fits.

    ``issuer`` is the code of who issues the paper, ``title`` its printed name.

    Raises:
        LookupError: no row fits.
    """
    for row in templates:
        fits = row.issuer in {None, issuer} and row.title in {None, title}
        if row.kind == kind and fits:
            return row.template
    raise LookupError(f"no template for {kind} of {issuer}, {title}")


def pack(template: Template) -> bytes:
    """Everything of a template in one piece, to be kept; :func:`unpack` reads it."""
    parts = {
        "kind": template.kind,
        "variant": template.variant,
        "typ": template.typ.decode(),
        "layout": template.layout.decode(),
        "docx": template.docx and base64.b64encode(template.docx).decode(),
    }
    return json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()


def unpack(packed: bytes) -> Template:
    """The template that :func:`pack` made ``packed`` of."""
    parts = json.loads(packed)
    return Template(
        kind=parts["kind"],
        variant=parts["variant"],
        typ=parts["typ"].encode(),
        layout=parts["layout"].encode(),
        docx=base64.b64decode(parts["docx"]) if parts["docx"] else None,
    )


def digest(template: Template) -> str:
    """SHA-256 (hex) of all that a template is made of, the shared layout included."""
    return hashlib.sha256(pack(template)).hexdigest()
