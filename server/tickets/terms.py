"""Text as the search sees it, Chinese without a segmenter; pure.

A text is brought to one form (NFKC, so that full width is half width; lower case) and
cut into runs of Chinese and runs of other letters and digits; all else only separates.
Of each place in a run the piece that begins there is indexed: two characters of
Chinese, three of anything else, fewer at the end. A word of the query then is found by
its pieces, one shorter than a piece by the pieces that begin with it. The pieces only
narrow: what decides is that the word stands in the plain text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

_CHINESE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"[{_CHINESE}]+|(?:(?![{_CHINESE}])[^\\W_])+")
_HAN = re.compile(f"[{_CHINESE}]")
CHINESE_PIECE, OTHER_PIECE = 2, 3
# "…" of any keyboard; NFKC has made the full-width one a plain one already.
_QUOTES = str.maketrans("“”„«»「」『』", '"' * 9)
_WORD = re.compile(r'"([^"]*)"?|([^\s"]+)')


def plain(*texts: str | None) -> str:
    """Return the runs of the texts with a space between any two."""
    return " ".join(run for text in texts if text for run in _runs(text))


def pieces(said: str) -> set[str]:
    """Return what is indexed of a :func:`plain` text."""
    return {
        run[start : start + _length(run)]
        for run in said.split()
        for start in range(len(run))
    }


def words(query: str) -> list[str]:
    """Return the words of a query, each once; what stands in quotes is one word."""
    folded = unicodedata.normalize("NFKC", query).translate(_QUOTES)
    found = (quoted or bare for quoted, bare in _WORD.findall(folded))
    return list(dict.fromkeys(word for word in found if word.strip()))


def asked(said: str) -> str:
    """Return the text of a tsquery that a text must fulfil to hold ``said``.

    ``said`` is a :func:`plain` text, not empty.
    """
    return " & ".join(piece for run in said.split() for piece in _wanted(run))


def vector(pieces: Iterable[str], keys: Iterable[str] = ()) -> str:
    """Return the text of a tsvector of pieces and of :func:`key`."""
    return " ".join([*(f"'{piece}'" for piece in sorted(pieces)), *keys])


def key(kind: str, code: str) -> str:
    """Return the lexeme, quoted, by which a code (of an area, an item) is found."""
    escaped = code.replace("\\", "\\\\").replace("'", "''")
    return f"'{kind}:{escaped}'"


def _runs(text: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFKC", text).lower()
    return (match[0] for match in _RUN.finditer(folded))


def _length(run: str) -> int:
    return CHINESE_PIECE if _HAN.match(run) else OTHER_PIECE


def _wanted(run: str) -> Iterator[str]:
    length = _length(run)
    if len(run) < length:
        yield f"'{run}':*"
        return
    for start in range(len(run) - length + 1):
        yield f"'{run[start : start + length]}'"
