"""Reads a folder of templates and refuses what could not be set later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from server.checklists.loader import bundled_root
from server.checklists.marked import CatalogueInvalid, Marked, read
from server.documents import samples, shape, word
from server.documents.casefile import render_case_file
from server.documents.faults import TemplateFault, unknown_field
from server.documents.rendering import render_docx, render_pdf
from server.documents.templates import (
    LAYOUT,
    Row,
    Template,
    Templates,
)

# c.place.name in a template: the content is `c` in all of them.
_NAMED = re.compile(r"(?<![\w.-])c((?:\.[a-z_][a-z0-9_-]*)+)")
# What typst itself knows of a dictionary.
_METHODS = {"at", "keys", "len", "pairs", "values"}
_COMMENT = re.compile(r"(?<!:)//.*")


def load_templates(directory: Path) -> Templates:
    """Read ``templates.yaml`` and the templates it names.

    Each is tried with one sample, which takes about a second in all: keep the result.
    ``patrol documents check`` (:func:`faults`) tries all samples.

    Raises:
        TemplateFault: the first thing wrong, with file and line: a file that is not
            there, a field that documents do not have, a template that does not
            compile.
        FontsMissing: a typeface is not installed.
    """
    rows = read_templates(directory)
    for fault in _fields_and_samples(directory, rows, samples.full_of):
        raise fault
    return rows


def faults(directory: Path) -> Iterator[TemplateFault]:
    """Everything wrong with the templates in ``directory``; takes seconds."""
    try:
        rows = read_templates(directory)
    except TemplateFault as fault:
        yield fault
        return
    yield from _fields_and_samples(directory, rows, samples.all_of)
    try:
        render_case_file(samples.case_file(), {}, directory)
        render_case_file({}, {}, directory)
    except TemplateFault as fault:
        yield fault


def _fields_and_samples(
    directory: Path, rows: Templates, contents: samples.Contents
) -> Iterator[TemplateFault]:
    layout = (directory / LAYOUT).read_text(encoding="utf-8")
    yield from named_unknown(LAYOUT, layout)
    for template in {row.template.variant: row.template for row in rows}.values():
        yield from template_faults(template, contents)


def template_faults(
    template: Template, contents: samples.Contents
) -> Iterator[TemplateFault]:
    """What is wrong with one template, found by reading and by setting samples."""
    named = list(named_unknown(f"{template.variant}.typ", template.typ.decode()))
    if template.docx is not None:
        try:
            named += word.named_unknown(f"{template.variant}.docx", template.docx)
        except TemplateFault as fault:
            named.append(fault)
    yield from named
    if named:
        return
    try:
        for content, draft in contents(template):
            render_pdf(template, content, draft)
            if template.docx is not None:
                render_docx(template, content, draft)
    except TemplateFault as fault:
        yield fault


def named_unknown(file: str, text: str) -> Iterator[TemplateFault]:
    """Fields that ``text`` names and documents do not have, also where no sample
    leads the compiler to."""
    for number, line in enumerate(text.splitlines(), start=1):
        for match in _NAMED.finditer(_COMMENT.sub("", line)):
            path = takewhile(lambda n: n not in _METHODS, match[1].split(".")[1:])
            wrong = shape.unknown(tuple(path))
            if wrong is not None:
                yield unknown_field(file, number, wrong)


def read_templates(directory: Path) -> Templates:
    """The templates of a folder as they are, not tried.

    Raises:
        TemplateFault: a file is not there or cannot be read, or the list is wrong.
    """
    listed = directory / "templates.yaml"
    try:
        marked = read(listed, bundled_root() / "schema" / "templates.json")
    except CatalogueInvalid as invalid:
        first = invalid.faults[0]
        raise TemplateFault(
            Path(first.file).name, first.line, first.message
        ) from invalid
    layout = _bytes(directory / LAYOUT, LAYOUT, 1)
    entries = marked.data["templates"]
    return tuple(
        Row(
            entry["kind"],
            entry.get("issuer"),
            entry.get("title"),
            _template(directory, marked, index, layout),
        )
        for index, entry in enumerate(entries)
    )


def _template(directory: Path, marked: Marked, index: int, layout: bytes) -> Template:
    entry = marked.data["templates"][index]
    stem = entry["template"]
    line = marked.line("templates", index, "template")
    office = directory / f"{stem}.docx"
    return Template(
        kind=entry["kind"],
        variant=stem,
        typ=_bytes(directory / f"{stem}.typ", marked.file.name, line),
        docx=office.read_bytes() if office.exists() else None,
        layout=layout,
    )


def _bytes(file: Path, named_in: str, line: int) -> bytes:
    try:
        content = file.read_bytes()
        content.decode()
    except OSError as error:
        raise TemplateFault(
            named_in, line, f"无法读取 {file.name}：{error.strerror}"
        ) from error
    except UnicodeDecodeError as error:
        at = content.count(b"\n", 0, error.start) + 1
        raise TemplateFault(file.name, at, "不是 UTF-8 编码") from error
    return content
