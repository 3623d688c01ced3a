"""Fills Word files: what an office edits before or after a paper is issued.

The fields stand in the file's plain text, ``{{ party.name }}``, where a person sees
and can move them. A template is data that a person changes, so its language runs in
a sandbox, and a field that there is not is an error, never an empty place.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from docx.opc.exceptions import PackageNotFoundError
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage
from jinja2 import StrictUndefined, TemplateError, UndefinedError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from server.documents import wording
from server.documents.codes import qr_png
from server.documents.faults import TemplateFault, unknown_field
from server.documents.shape import SHAPE, unknown

_NO_DAY = datetime(1980, 1, 1)  # noqa: DTZ001 - a Word file's times have no zone
_QR = Mm(22)
# What a template can do wrong: its language, a filter given the wrong thing, markup
# that is cut in two.
_FAULTS = (TemplateError, TypeError, ValueError, ArithmeticError, SyntaxError)


def fill(name: str, docx: bytes, content: Mapping[str, Any], draft: bool) -> bytes:
    """Fill the Word file ``docx`` (called ``name``) with a complete ``content``.

    Raises:
        TemplateFault: a field that there is not, a fault in its language, or bytes
            that are no Word file. A Word file has no lines; the line is that of the
            paragraph, counted from 1, where the engine tells it.
    """
    template = _opened(name, docx)
    values = wording.printed(content) | {"draft": draft}
    values["qr"] = _picture(template, content)
    try:
        template.render(values, _environment(), autoescape=True)
    except UndefinedError as error:
        raise TemplateFault(name, _line(error), f"文书没有字段：{error}") from error
    except _FAULTS as error:
        raise TemplateFault(name, _line(error), str(error)) from error
    _describe(template, content)
    out = io.BytesIO()
    template.save(out)
    return _settled(out.getvalue())


def named_unknown(name: str, docx: bytes) -> Iterator[TemplateFault]:
    """Fields that the Word file names and documents do not have, in any branch.

    Raises:
        TemplateFault: it is no Word file, or its language cannot be read.
    """
    template = _opened(name, docx)
    try:
        tree = _environment().parse(template.patch_xml(template.get_xml()))
    except TemplateError as error:
        raise TemplateFault(name, _line(error), str(error)) from error
    own = {"draft", "qr"}
    wrong = meta.find_undeclared_variables(tree) - own - set(SHAPE)
    for node in tree.find_all(nodes.Getattr):
        if isinstance(node.node, nodes.Name) and node.node.name in SHAPE:
            found = unknown((node.node.name, node.attr))
            wrong |= {f"{node.node.name}.{found}"} if found else set()
    for field in sorted(wrong):
        yield unknown_field(name, 1, field)


def _opened(name: str, docx: bytes) -> DocxTemplate:
    try:
        template = DocxTemplate(io.BytesIO(docx))
        template.init_docx()
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise TemplateFault(name, 1, "不是 Word 文件（not a .docx file）") from error
    return template


def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    environment.filters |= wording.FILTERS
    return environment


def _picture(template: DocxTemplate, content: Mapping[str, Any]) -> Any:
    if content["verify"] is None:
        return ""
    picture = io.BytesIO(qr_png(content["verify"]["url"]))
    return InlineImage(template, picture, width=_QR)


def _line(error: Exception) -> int:
    return getattr(error, "lineno", None) or 1


def _describe(template: DocxTemplate, content: Mapping[str, Any]) -> None:
    """Say in the file's properties what it is; nothing of the machine or the hour."""
    day = content["issued_on"]
    made = datetime.fromisoformat(day) if day else _NO_DAY
    # get_docx() would read the template anew and lose what was filled in.
    properties = template.docx.core_properties
    properties.title = content["title"] or ""
    properties.author = content["issuer"]["name"] or ""
    properties.last_modified_by = ""
    properties.created = properties.modified = made
    properties.revision = 1


def _settled(docx: bytes) -> bytes:
    """The same archive with its members in order of name and without their times."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(docx)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        # What the parts are comes first, by the format's custom.
        first = "[Content_Types].xml"
        for name in sorted(old.namelist(), key=lambda name: (name != first, name)):
            new.writestr(zipfile.ZipInfo(name), old.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()
