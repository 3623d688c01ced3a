"""A template that cannot be used is refused with its file and line."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.cli import patrol
from server.documents import fonts as typefaces
from server.documents import samples
from server.documents.typeset import (
    FontsMissing,
    TemplateFault,
    bundled_templates,
    digest,
    fonts,
    load_templates,
    render_pdf,
)
from tests.papers import template

ONE = "templates:\n  - {kind: feedback, template: feedback}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The feedback's template alone, with the layout, to be spoilt."""
    for name in ("layout.typ", "feedback.typ", "feedback.docx", "case-file.typ"):
        shutil.copy(bundled_templates() / name, tmp_path)
    (tmp_path / "templates.yaml").write_text(ONE, encoding="utf-8")
    return tmp_path


def add(file: Path, line: str) -> int:
    """Put a line at the end of a template; its number."""
    text = file.read_text(encoding="utf-8") + line + "\n"
    file.write_text(text, encoding="utf-8")
    return text.count("\n")


def refusal(folder: Path) -> TemplateFault:
    """What loading the folder is refused with."""
    with pytest.raises(TemplateFault) as refused:
        load_templates(folder)
    return refused.value


def test_the_projects_own_are_sound() -> None:
    told = CliRunner().invoke(patrol, ["documents", "check"])
    assert (told.exit_code, told.output) == (0, "没有问题\n")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("#c.adress", "adress"),
        ("#c.place.adress", "adress"),
        # No sample has this result: the line is never run.
        ('#if c.result == "?" [#c.adress]', "adress"),
        ("#for h in c.hazards [#h.colour]", "colour"),
        ('#of(c.place, "adress")', "adress"),
        ("#c.title的", "title的"),
    ],
)
def test_an_unknown_field_is_named(folder: Path, line: str, name: str) -> None:
    number = add(folder / "feedback.typ", line)
    fault = refusal(folder)
    assert (fault.file, fault.line) == ("feedback.typ", number)
    assert name in fault.message


def test_a_comment_and_a_method_name_no_field(folder: Path) -> None:
    add(folder / "feedback.typ", '// #c.adress\n#c.issuer.at("name") #c.orders.len()')
    assert load_templates(folder)


def test_a_field_of_the_layout_is_looked_at_too(folder: Path) -> None:
    number = add(folder / "layout.typ", "#let stray() = c.stray")
    fault = refusal(folder)
    assert (fault.file, fault.line) == ("layout.typ", number)
    assert "stray" in fault.message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("#let x = ", "expected expression"),
        ("#nothing()", "unknown variable"),
        ('#text(font: "No Such Font")[x]', "unknown font family"),
        ('#read("/etc/passwd")', "file not found"),
        ('#read("../../pyproject.toml")', ""),
    ],
)
def test_what_does_not_compile_has_a_line(folder: Path, line: str, words: str) -> None:
    number = add(folder / "feedback.typ", line)
    fault = refusal(folder)
    assert (fault.file, fault.line) == ("feedback.typ", number)
    assert words in fault.message


def test_a_list_that_names_no_file(folder: Path) -> None:
    listed = folder / "templates.yaml"
    listed.write_text(ONE + "  - {kind: order, template: gone}\n", encoding="utf-8")
    fault = refusal(folder)
    assert (fault.file, fault.line) == ("templates.yaml", 3)
    assert "gone.typ" in fault.message
    listed.write_text("templates:\n  - {kind: letter, template: x}\n", encoding="utf-8")
    assert (refusal(folder).file, refusal(folder).line) == ("templates.yaml", 2)
    listed.unlink()
    assert refusal(folder).file == "templates.yaml"


def test_the_command_tells_every_fault(folder: Path) -> None:
    number = add(folder / "feedback.typ", "#c.adress #c.colour")
    add(folder / "case-file.typ", "#f.stray")
    told = CliRunner().invoke(patrol, ["documents", "check", str(folder)])
    assert told.exit_code == 1
    *named, count = told.stderr.splitlines()
    assert [line.split(": ")[0] for line in named[:2]] == [f"feedback.typ:{number}"] * 2
    assert named[2].startswith("case-file.typ:")
    assert count == "发现 3 处问题；改法见 docs/documents-templates.md"


def test_samples_are_written(tmp_path: Path) -> None:
    def sample(*arguments: str) -> int:
        return CliRunner().invoke(patrol, ["documents", "sample", *arguments]).exit_code

    assert sample("order-fire", str(tmp_path / "a.pdf")) == 0
    assert sample("feedback", str(tmp_path / "a.docx"), "--draft") == 0
    assert sample("case-file", str(tmp_path / "b.pdf")) == 0
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "a.docx").read_bytes().startswith(b"PK")
    assert (tmp_path / "b.pdf").read_bytes().startswith(b"%PDF-")
    assert sample("dance", str(tmp_path / "c.pdf")) == 1
    assert sample("inspection_record", str(tmp_path / "c.docx")) == 1
    assert sample("order-fire", str(tmp_path / "c.txt")) == 2
    assert not list(tmp_path.glob("c.*"))


def test_a_change_of_the_layout_is_another_template() -> None:
    made = template("order-fire")
    other = replace(made, layout=made.layout + b"\n// another")
    assert digest(other) != digest(made)
    # What was kept renders as before whatever the files are now.
    content = samples.full(made)
    assert render_pdf(other, content) == render_pdf(made, content)


def test_a_missing_typeface_is_named_and_nothing_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = template("order-fire")
    for file in fonts():
        if file.name != "FandolFang-Regular.otf":
            (tmp_path / file.name).symlink_to(file)
    monkeypatch.setattr(typefaces, "font_directory", lambda: tmp_path)
    typefaces.typefaces.cache_clear()
    try:
        with pytest.raises(FontsMissing, match=r"FandolFang.*system-packages.sh"):
            render_pdf(made, samples.full(made))
        told = CliRunner().invoke(patrol, ["documents", "check"])
        assert told.exit_code == 1
        assert "FandolFang-Regular.otf" in told.stderr
    finally:
        typefaces.typefaces.cache_clear()
