"""The chunks of a PNG with their checksums (W3C PNG, third edition)."""

from __future__ import annotations

import struct
import zlib

from server.photos.refusals import Truncated, damaged, unsupported
from server.photos.structure import Buffer, Limits, Span, Structure, tiff_part

# Peak bytes per pixel measured with Pillow 13 through reading, conversion and
# resizing: it unpacks bits to bytes, and 8-bit RGB to four bytes.
_GREY_BYTES, _COLOUR_BYTES, _ALPHA_BYTES = 3, 6, 10
_DEPTHS = {
    0: {1, 2, 4, 8, 16},
    2: {8, 16},
    3: {1, 2, 4, 8},
    4: {8, 16},
    6: {8, 16},
}
_PIXEL_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


def walk_png(data: Buffer, limits: Limits) -> Structure:
    """Walk the chunks up to IEND and check every checksum.

    Raises:
        ImageRefused: ``Truncated``, ``DamagedImage`` or ``UnsupportedImage``.
    """
    position = 8
    spans: dict[bytes, Span] = {}  # first payload of each type
    parts = [Span(0, 8)]
    for _ in range(limits.max_segments):
        name, span = _chunk(data, position)
        position = span.stop
        if name == b"acTL":
            # The derivatives would show one frame and hide the others.
            raise unsupported("APNG (animation)")
        if name in _PIXEL_CHUNKS:
            parts.append(span)
        elif not name[0] & 0x20:  # a critical chunk no decoder here knows
            raise unsupported(f"PNG with {name.decode('ascii', 'replace')}")
        if not spans and name != b"IHDR":
            raise damaged("PNG does not begin with IHDR")
        spans.setdefault(name, Span(span.start + 8, span.stop - 4))
        if name == b"IEND":
            return _finish(data, spans, parts)
    raise damaged("PNG with too many chunks")


def _chunk(data: Buffer, position: int) -> tuple[bytes, Span]:
    if position + 12 > len(data):
        raise Truncated
    stop = position + 12 + int.from_bytes(data[position : position + 4], "big")
    if stop > len(data):
        raise Truncated
    with memoryview(data) as view:
        wrong = zlib.crc32(view[position + 4 : stop - 4]) != int.from_bytes(
            data[stop - 4 : stop], "big"
        )
    if wrong:
        raise damaged("PNG checksum")
    return data[position + 4 : position + 8], Span(position, stop)


def _finish(data: Buffer, spans: dict[bytes, Span], parts: list[Span]) -> Structure:
    header = spans[b"IHDR"]
    if header.stop - header.start != 13 or b"IDAT" not in spans:
        raise damaged("PNG without header or picture data")
    width, height, depth, colour, *_ = struct.unpack_from(">IIBBBBB", data, header[0])
    if not width or not height or depth not in _DEPTHS.get(colour, ()):
        raise damaged("PNG header")
    if colour == 3 and b"PLTE" not in spans:
        raise damaged("PNG without palette")
    if colour in {4, 6} or b"tRNS" in spans:
        cost = _ALPHA_BYTES
    else:
        plain = colour == 0 and depth <= 8
        cost = _GREY_BYTES if plain else _COLOUR_BYTES
    return Structure(
        kind="png",
        width=width,
        height=height,
        end=parts[-1].stop,
        decoded_bytes=width * height * cost,
        exif=tiff_part(data, spans.get(b"eXIf")),
        png_profile=spans.get(b"iCCP"),
        pixel_parts=tuple(parts),
    )
