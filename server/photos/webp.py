"""The chunks of a WebP (RFC 9649)."""

from __future__ import annotations

import struct

from server.photos.refusals import Truncated, damaged, unsupported
from server.photos.structure import Buffer, Limits, Span, Structure, tiff_part

# Measured with Pillow 13, which decodes stills through libwebp's animation
# decoder: two canvases, the frame as bytes, the image, and working memory.
_BYTES = 19


def walk_webp(data: Buffer, limits: Limits) -> Structure:
    """Walk the chunks inside the size that the RIFF header declares.

    Raises:
        ImageRefused: ``Truncated``, ``DamagedImage`` or ``UnsupportedImage``.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise Truncated
    spans: dict[bytes, Span] = {}  # first payload of each type
    position = 12
    for _ in range(limits.max_segments):
        if position >= end:
            return _finish(data, spans, end)
        name = data[position : position + 4]
        if name == b"ANMF":
            # The derivatives would show one frame and hide the others.
            raise unsupported("WebP (animation)")
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        payload = Span(position + 8, position + 8 + length)
        if payload.stop > end:
            raise damaged("WebP chunk length")
        spans.setdefault(name, payload)
        position = payload.stop + (length & 1)
    raise damaged("WebP with too many chunks")


def _finish(data: Buffer, spans: dict[bytes, Span], end: int) -> Structure:
    width, height = _size(data, spans)
    canvas = spans.get(b"VP8X")
    if canvas:
        body = data[canvas.start : canvas.stop]
        told = [int.from_bytes(body[i : i + 3], "little") + 1 for i in (4, 7)]
        if len(body) < 10 or told != [width, height]:
            raise damaged("WebP canvas size")
    return Structure(
        kind="webp",
        width=width,
        height=height,
        end=end,
        decoded_bytes=width * height * _BYTES,
        exif=tiff_part(data, spans.get(b"EXIF")),
        png_profile=None,
        pixel_parts=(Span(0, end),),
    )


def _size(data: Buffer, spans: dict[bytes, Span]) -> tuple[int, int]:
    if lossy := spans.get(b"VP8 "):
        body = data[lossy.start : min(lossy.start + 10, lossy.stop)]
        if len(body) == 10 and body[3:6] == b"\x9d\x01\x2a":
            width, height = struct.unpack_from("<HH", body, 6)
            if width & 0x3FFF and height & 0x3FFF:
                return width & 0x3FFF, height & 0x3FFF
    elif lossless := spans.get(b"VP8L"):
        body = data[lossless.start : min(lossless.start + 5, lossless.stop)]
        if len(body) == 5 and body[0] == 0x2F:
            bits = int.from_bytes(body[1:], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise damaged("WebP without picture data")
