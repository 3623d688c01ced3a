"""The typefaces documents are set in, and no others.

``tools/system-packages.sh documents`` puts them into ``build/fonts``. What the machine
has installed besides is never used: a paper must look the same everywhere.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import typst

# 小标宋/宋, 黑, 楷, 仿宋, and what has the rarer characters that those lack.
FILES = (
    "FandolSong-Regular.otf",
    "FandolSong-Bold.otf",
    "FandolHei-Regular.otf",
    "FandolHei-Bold.otf",
    "FandolKai-Regular.otf",
    "FandolFang-Regular.otf",
    "NotoSerifCJK-Regular.ttc",
    "NotoSerifCJK-Bold.ttc",
)


class FontsMissing(RuntimeError):
    """A typeface is not installed; the message names it and the line to run."""


def font_directory() -> Path:
    """Where the typefaces lie: ``build/fonts`` of the clone (``/app`` in the image)."""
    return Path(__file__).parents[2] / "build" / "fonts"


def fonts(directory: Path | None = None) -> list[Path]:
    """The files of the typefaces, from ``directory`` or where they are installed.

    Raises:
        FontsMissing: one of them is not there.
    """
    place = directory or font_directory()
    missing = [name for name in FILES if not (place / name).is_file()]
    if missing:
        raise FontsMissing(
            f"缺少字体 fonts missing in {place}: {', '.join(missing)};"
            " run tools/system-packages.sh documents"
        )
    return [place / name for name in FILES]


@cache
def typefaces(directory: Path | None = None) -> typst.Fonts:
    """What typst may use, read once a process (a failure is not kept).

    Raises:
        FontsMissing: see :func:`fonts`.
    """
    place = fonts(directory)[0].parent
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(place)],
    )
