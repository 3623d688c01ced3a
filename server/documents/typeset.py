"""What sets documents, by one name: templates, their choice, PDF and DOCX.

The other modules of the application import from here only.
"""

from server.documents.casefile import render_case_file
from server.documents.faults import TemplateFault
from server.documents.fonts import FontsMissing, fonts
from server.documents.loading import load_templates
from server.documents.rendering import render_docx, render_pdf
from server.documents.templates import (
    Row,
    Template,
    Templates,
    bundled_templates,
    digest,
    pack,
    select,
    unpack,
)

__all__ = [
    "FontsMissing",
    "Row",
    "Template",
    "TemplateFault",
    "Templates",
    "bundled_templates",
    "digest",
    "fonts",
    "load_templates",
    "pack",
    "render_case_file",
    "render_docx",
    "render_pdf",
    "select",
    "unpack",
]
