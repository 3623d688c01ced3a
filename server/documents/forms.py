"""The templates on which papers are issued: those of today's files, and those kept.

A person may change the files at any time: the next paper is issued on them. What was
issued keeps the bytes it was issued on. A template that does not work is found out
before a number is taken, once for each digest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from server.checklists.loader import bundled_root
from server.core.clock import now
from server.core.errors import Conflict, NotFound, Unavailable
from server.core.text import Text
from server.documents import queries, typeset
from server.documents.content import Content
from server.documents.loading import (
    named_unknown,
    read_templates,
    template_faults,
)
from server.documents.samples import full_of
from server.documents.templates import LAYOUT
from server.documents.typeset import FontsMissing, Template, TemplateFault, Templates

logger = logging.getLogger(__name__)


class TemplateBroken(Conflict):
    """No paper can be made with the template; names file, line and field (409)."""

    slug = "template-broken"
    title = Text("文书模板有误", "The document's template is broken")


def broken(fault: TemplateFault) -> TemplateBroken:
    """Return the problem for a fault, which names the file without its directory."""
    name = Path(fault.file).name
    where = f"{name}:{fault.line}: {fault.message}"
    extra = {"file": name, "line": fault.line}
    field = getattr(fault, "field", None)
    if field:
        extra["field"] = field
    text = Text(f"文书模板有误 {where}", f"Broken template {where}")
    return TemplateBroken(text, extra=extra)


def directory(catalogue: str) -> Path:
    """Return where the templates of a catalogue's town lie."""
    return bundled_root() / catalogue / "templates"


def choose(catalogue: str, kind: str, issuer: str, title: str) -> Template | None:
    """Return the template for a paper; None where the town has no templates at all.

    Raises:
        TemplateBroken: a file does not work, or there is none for such a paper.
    """
    place = directory(catalogue)
    if not place.is_dir():
        return None
    try:
        return typeset.select(_read(place, _stamp(place)), kind, issuer, title)
    except TemplateFault as fault:
        raise broken(fault) from fault
    except LookupError as error:
        message = f"没有“{title}”的模板 no template for {title}"
        raise broken(TemplateFault("templates.yaml", 1, message)) from error


def _stamp(place: Path) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a file of a directory does."""
    seen = [(str(file), file.stat()) for file in sorted(place.rglob("*"))]
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in seen)


_loaded: dict[Path, tuple[object, Templates]] = {}


def _read(place: Path, stamp: object) -> Templates:
    known = _loaded.get(place)
    if known is None or known[0] != stamp:
        known = (stamp, read_templates(place))
        _loaded[place] = known
    return known[1]


def made(
    template: Template, content: Content, format: str, *, draft: bool = False
) -> bytes:
    """Return a paper as ``pdf`` or ``docx``.

    Raises:
        NotFound: the template has no DOCX.
        TemplateBroken: it does not work.
        Unavailable: the typefaces are not installed.
    """
    if format == "docx" and template.docx is None:
        text = Text("此类文书没有可编辑的 DOCX", "There is no DOCX of such papers")
        raise NotFound(text)
    render = typeset.render_docx if format == "docx" else typeset.render_pdf
    return _set(lambda: render(template, content, draft=draft))


def case_file(content: dict[str, Any], images: Mapping[str, bytes]) -> bytes:
    """Return the case file (案卷) of ``typeset.render_case_file`` as PDF.

    Raises:
        TemplateBroken: its template does not work.
        Unavailable: the typefaces are not installed.
    """
    return _set(lambda: typeset.render_case_file(content, images))


def _set(render: Callable[[], bytes]) -> bytes:
    try:
        return render()
    except TemplateFault as fault:
        raise broken(fault) from fault
    except FontsMissing as missing:
        logger.error("no document can be set: %s", missing)
        text = Text("服务器缺少文书字体", "The typefaces are not installed")
        raise Unavailable(text, slug="fonts-missing") from missing


_working: set[str] = set()


def check(template: Template) -> str:
    """Return the digest of a template that works; tried once a process.

    Without the typefaces nothing can be set: the paper is issued all the same, and
    made when they are there.

    Raises:
        TemplateBroken: it names a field that there is not, or cannot be set.
    """
    digest = typeset.digest(template)
    if digest not in _working:
        try:
            layout = named_unknown(LAYOUT, template.layout.decode())
            for fault in chain(layout, template_faults(template, full_of)):
                raise broken(fault) from fault
        except FontsMissing as missing:
            logger.warning("template %s not tried: %s", template.variant, missing)
            return digest
        _working.add(digest)
    return digest


def keep(template: Template, digest: str) -> None:
    """Keep a template with the papers issued on it."""
    queries.keep_template(
        {
            "digest": digest,
            "kind": template.kind,
            "variant": template.variant,
            "packed": typeset.pack(template),
            "editable": template.docx is not None,
            "kept_at": now(),
        }
    )


@lru_cache(maxsize=64)
def kept(digest: str) -> Template:
    """Return the template kept under a digest, as it was then."""
    return typeset.unpack(queries.template(digest).packed)
