"""The QR code of a paper."""

from __future__ import annotations

import io

import segno

# Medium: readable when a corner is creased or a seal touches it.
_LEVEL = "m"


def qr_svg(url: str) -> str:
    """A QR code of ``url`` as SVG, without a border."""
    out = io.BytesIO()
    made = segno.make(url, error=_LEVEL, micro=False)
    made.save(out, kind="svg", border=0, xmldecl=False, nl=False, omitsize=True)
    return out.getvalue().decode()


def qr_png(url: str) -> bytes:
    """A QR code of ``url`` as PNG, with the quiet zone that readers ask for."""
    out = io.BytesIO()
    segno.make(url, error=_LEVEL, micro=False).save(out, kind="png", scale=8, border=2)
    return out.getvalue()
