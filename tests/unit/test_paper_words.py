"""Documents as Word files, for an office to edit."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from docx import Document

from server.documents import samples
from server.documents.typeset import TemplateFault, render_docx
from server.documents.word import named_unknown
from tests.papers import VARIANTS, template

EDITED = [variant for variant in VARIANTS if variant != "inspection_record"]


def words(docx: bytes) -> str:
    """The text of the paragraphs and tables of a Word file."""
    document = Document(io.BytesIO(docx))
    found = [paragraph.text for paragraph in document.paragraphs]
    for table in document.tables:
        found += [cell.text for row in table.rows for cell in row.cells]
    return "\n".join(found)


def filled(variant: str, draft: bool = False, **changes: Any) -> bytes:
    """The sample of a template's Word file with other values."""
    made = template(variant)
    return render_docx(made, samples.full(made) | changes, draft)


def spoilt(line: str) -> bytes:
    """A Word file with one line."""
    out = io.BytesIO()
    document = Document()
    document.add_paragraph(line)
    document.save(out)
    return out.getvalue()


@pytest.mark.parametrize("variant", EDITED)
def test_it_is_filled_in(variant: str) -> None:
    content = samples.full(template(variant))
    whole = words(filled(variant))
    for value in (content["title"], content["number"], content["issuer"]["name"]):
        assert value in whole
    assert "K7QM-2F4X-9TDA" in whole
    assert not any(mark in whole for mark in ("{{", "{%", "None", "草　稿"))


@pytest.mark.parametrize("variant", EDITED)
def test_nothing_given_is_nothing_written(variant: str) -> None:
    made = template(variant)
    whole = words(render_docx(made, samples.minimal(made)))
    assert not any(mark in whole for mark in ("{{", "{%", "None"))
    draft = words(render_docx(made, samples.unissued(samples.full(made)), draft=True))
    assert "草　稿" in draft
    assert "〔    〕  号" in draft


@pytest.mark.parametrize("variant", EDITED)
def test_the_same_again_is_the_same_to_the_byte(variant: str) -> None:
    assert filled(variant) == filled(variant)


def test_what_people_write_stays_what_it_is() -> None:
    hostile = '<w:p/> & "x" {{ ticket }} {% raw %} {%p if x %}\n第二行\x00\ud800'
    whole = words(filled("order-fire", requirement=hostile))
    assert '<w:p/> & "x" {{ ticket }} {% raw %} {%p if x %}\n第二行' in whole


def test_it_names_official_typefaces_and_what_may_stand_in() -> None:
    with zipfile.ZipFile(io.BytesIO(filled("order-fire"))) as archive:
        body = archive.read("word/document.xml").decode()
        table = archive.read("word/fontTable.xml").decode()
        assert {entry.date_time for entry in archive.infolist()} == {
            (1980, 1, 1, 0, 0, 0)
        }
    for name in ("仿宋_GB2312", "方正小标宋简体"):
        assert f'w:eastAsia="{name}"' in body
        assert f'<w:font w:name="{name}"><w:altName ' in table


def test_the_code_is_a_picture() -> None:
    with_code = Document(io.BytesIO(filled("order-fire")))
    assert len(with_code.inline_shapes) == 1
    without = Document(io.BytesIO(filled("order-fire", verify=None)))
    assert len(without.inline_shapes) == 0


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("{{ adress }}", "adress"),
        ("{{ place.adress }}", "place.adress"),
        ("{% if result == '?' %}{{ place.adress }}{% endif %}", "place.adress"),
    ],
)
def test_an_unknown_field_is_named(line: str, name: str) -> None:
    (fault,) = named_unknown("x.docx", spoilt(line))
    assert fault.file == "x.docx"
    assert name in fault.message


@pytest.mark.parametrize(
    "line",
    [
        "{{ adress }}",
        "{% for h in hazards %}{{ h.colour }}{% endfor %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ unclosed",
        "{% include 'x' %}",
    ],
)
def test_a_fault_in_a_word_file_is_a_fault(line: str) -> None:
    made = replace(template("order-fire"), docx=spoilt(line))
    with pytest.raises(TemplateFault) as refused:
        render_docx(made, samples.full(made))
    assert refused.value.file == "order-fire.docx"


def test_what_is_no_word_file_is_refused() -> None:
    made = replace(template("order-fire"), docx=b"not a zip")
    with pytest.raises(TemplateFault, match="不是 Word 文件"):
        render_docx(made, samples.full(made))
    with pytest.raises(LookupError):
        render_docx(template("inspection_record"), samples.full(made))
