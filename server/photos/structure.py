"""What an image file's container tells, and what decoding one photo may cost."""

from __future__ import annotations

from dataclasses import dataclass
from mmap import mmap
from typing import Literal, NamedTuple

MIB = 1024 * 1024
WEB_SIDE = 1600
"""Longest side in pixels of the larger derivative; decoding aims at it."""

Kind = Literal["jpeg", "png", "webp"]
Buffer = bytes | mmap


@dataclass(frozen=True, slots=True)
class Limits:
    """What one photo may cost.

    Attributes:
        max_decoded_bytes: peak memory of making the derivatives, estimated per
            format from measured peaks. 512 MiB takes a 200-megapixel JPEG of a
            current phone, 28 megapixels of WebP and 50 to 90 of PNG.
        max_side: pixels; libjpeg's own limit, applied to all formats.
        max_pixels: bounds time where memory does not: a flat JPEG of 12 MB can
            hold 4 gigapixels, and its draft decode needs little memory.
        max_segments: markers or chunks in a file; a real one has a few thousand
            at most, 20 MB of empty ones would take seconds to walk.
        max_scans: passes of a progressive JPEG; real ones have about ten, and each
            costs a pass over all coefficients.

    There is no smallest size: a refused photo is lost evidence, a small one is
    kept with the verdict ``tiny``.
    """

    max_decoded_bytes: int = 512 * MIB
    max_side: int = 65_500
    max_pixels: int = 250_000_000
    max_segments: int = 20_000
    max_scans: int = 100


class Span(NamedTuple):
    """A range of bytes, ``stop`` exclusive."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Structure:
    """What the container tells.

    Attributes:
        kind: the format by content.
        width, height: pixels as stored, before orientation.
        end: offset of the first byte after the picture.
        decoded_bytes: estimated peak memory of making the derivatives.
        exif: the EXIF block, starting at its TIFF header.
        png_profile: payload of PNG's iCCP chunk, still compressed.
        pixel_parts: what a decoder needs for the pixels, in order. Comments, text,
            previews and trailing data are left out, so no decoder parses them.
    """

    kind: Kind
    width: int
    height: int
    end: int
    decoded_bytes: int
    exif: Span | None
    png_profile: Span | None
    pixel_parts: tuple[Span, ...]

    def pixel_data(self, data: Buffer) -> bytes:
        """Return the smallest file with the same pixels."""
        return b"".join(data[part.start : part.stop] for part in self.pixel_parts)


EXIF_PREFIX = b"Exif\0\0"


def tiff_part(data: Buffer, chunk: Span | None) -> Span | None:
    """Leave out the prefix that belongs to JPEG but that some writers copy."""
    if chunk and data[chunk.start : chunk.start + 6] == EXIF_PREFIX:
        return Span(chunk.start + 6, chunk.stop)
    return chunk
