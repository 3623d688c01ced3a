"""Commands on the templates of documents: check them, see a sample.

Neither needs a database; whoever changes a template runs both often.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from server.documents import loading, samples
from server.documents.fonts import FontsMissing
from server.documents.typeset import (
    Template,
    TemplateFault,
    bundled_templates,
    render_case_file,
    render_docx,
    render_pdf,
)

GUIDE = "docs/documents-templates.md"
CASE_FILE = "case-file"


@click.group()
def documents() -> None:
    """Templates of documents (文书模板)."""


@documents.command("check")
@click.argument("directory", type=click.Path(path_type=Path), required=False)
def check_documents(directory: Path | None) -> None:
    """Try all templates; name file, line and fault, in Chinese."""
    place = directory or bundled_templates()
    try:
        faults = list(loading.faults(place))
    except FontsMissing as missing:
        raise click.ClickException(str(missing)) from missing
    for fault in faults:
        click.echo(str(fault), err=True)
    if faults:
        click.echo(f"发现 {len(faults)} 处问题；改法见 {GUIDE}", err=True)
        sys.exit(1)
    click.echo("没有问题")


@documents.command("sample")
@click.argument("kind")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--templates", type=click.Path(path_type=Path), help="Another folder.")
@click.option("--draft", is_flag=True, help="Without a number, 草稿 across the page.")
def sample_document(kind: str, file: Path, templates: Path | None, draft: bool) -> None:
    """Write a sample of KIND to FILE (.pdf or .docx); its content is invented.

    KIND is the name of a template's file (order-fire) or of a kind (order), or
    case-file.
    """
    place = templates or bundled_templates()
    if file.suffix not in {".pdf", ".docx"}:
        raise click.BadParameter("ends with .pdf or .docx", param_hint="FILE")
    try:
        file.write_bytes(_sample(kind, file.suffix, place, draft))
    except (TemplateFault, FontsMissing, LookupError) as error:
        raise click.ClickException(str(error)) from error


def _sample(kind: str, suffix: str, place: Path, draft: bool) -> bytes:
    if kind == CASE_FILE:
        if suffix == ".docx":
            raise LookupError(f"{CASE_FILE} has no Word file")
        return render_case_file(samples.case_file(), {}, place)
    template = _template(kind, place)
    whole = samples.full(template)
    content = samples.unissued(whole) if draft else whole
    render = render_pdf if suffix == ".pdf" else render_docx
    return render(template, content, draft)


def _template(kind: str, place: Path) -> Template:
    found = [row.template for row in loading.read_templates(place)]
    named = [t for t in found if t.variant == kind] or [
        t for t in found if t.kind == kind
    ]
    if not named:
        known = sorted({template.variant for template in found} | {CASE_FILE})
        raise LookupError(f"no template {kind}; there are {', '.join(known)}")
    return named[-1]
