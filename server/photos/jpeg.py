"""The markers of a JPEG, walked to its real end (ITU-T T.81)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from server.core.text import Text
from server.photos.refusals import DecompressionBomb, Truncated, damaged, unsupported
from server.photos.structure import (
    EXIF_PREFIX,
    WEB_SIDE,
    Buffer,
    Limits,
    Span,
    Structure,
)

# Entropy-coded data holds FF only before 00 (stuffing) and RST0-7; FF may be
# repeated as fill. So this finds the next real marker, inside a scan or outside.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_TEM, _SOI, _EOI, _SOS, _APP1 = 0x01, 0xD8, 0xD9, 0xDA, 0xE1
_HUFFMAN_8BIT = {0xC0, 0xC1, 0xC2}
_OTHER_SOF = {0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
# Tables a decoder needs, and the two that tell the colour transform.
_PIXEL_SEGMENTS = {0xC4, 0xDB, 0xDD, 0xE0, 0xEE}


@dataclass(slots=True)
class _Jpeg:
    """What the segments of a JPEG have told so far."""

    width: int = 0
    height: int = 0
    samples: float = 0.0  # per pixel, after chroma subsampling
    components: int = 0
    progressive: bool = False
    buffered: bool = False  # libjpeg keeps all coefficients
    scans: int = 0
    exif: Span | None = None
    parts: list[Span] = field(default_factory=lambda: [Span(0, 2)])

    def segment(self, data: Buffer, code: int, span: Span) -> None:
        """Take one whole segment, ``span`` from its FF to its end."""
        if code in _HUFFMAN_8BIT:
            self._frame(data, code, span)
        elif code in _OTHER_SOF:
            raise unsupported("JPEG (lossless, hierarchical or arithmetic)")
        elif code == _SOS:
            self._scan(data, span)
            return
        elif code == _APP1 and data[span.start + 4 : span.start + 10] == EXIF_PREFIX:
            self.exif = self.exif or Span(span.start + 10, span.stop)
        # From the first scan on everything is kept in one part.
        if self.scans == 0 and self._for_pixels(data, code, span):
            self.parts.append(span)

    @staticmethod
    def _for_pixels(data: Buffer, code: int, span: Span) -> bool:
        if code == 0xE2:
            return data[span.start + 4 : span.start + 16] == b"ICC_PROFILE\0"
        return code in _PIXEL_SEGMENTS or code in _HUFFMAN_8BIT

    def _frame(self, data: Buffer, code: int, span: Span) -> None:
        body = data[span.start + 4 : span.stop]
        if self.components or len(body) < 6 or len(body) < 6 + 3 * body[5]:
            raise damaged("JPEG frame header")
        precision, self.height, self.width, self.components = struct.unpack_from(
            ">BHHB", body
        )
        if precision != 8 or self.components not in {1, 3, 4}:
            raise unsupported(f"JPEG ({precision} bit × {self.components})")
        if not self.width or not self.height:
            # Height 0 means "told after the scan" (DNL); no decoder here reads it.
            raise unsupported("JPEG without height (DNL)")
        factors = [divmod(body[7 + 3 * i], 16) for i in range(self.components)]
        if any(not 1 <= f <= 4 for pair in factors for f in pair):
            raise damaged("JPEG sampling factors")
        full = max(h for h, _ in factors) * max(v for _, v in factors)
        self.samples = sum(h * v for h, v in factors) / full
        self.progressive = code == 0xC2

    def _scan(self, data: Buffer, span: Span) -> None:
        if not self.components or span.stop - span.start < 5:
            raise damaged("JPEG scan without a frame")
        if self.scans == 0:
            self.buffered = self.progressive or data[span.start + 4] < self.components
            self.parts.append(Span(span.start, span.stop))
        self.scans += 1

    def decoded_bytes(self) -> int:
        """Return the measured model: 4 bytes a drafted pixel, twice while resizing.

        More than one scan makes libjpeg hold every coefficient (2 bytes) at full
        size, whatever the draft.
        """
        pixels = self.width * self.height
        drafted = 8 * pixels / draft_scale(self.width, self.height) ** 2
        return int(drafted + (2 * self.samples * pixels if self.buffered else 0))


def walk_jpeg(data: Buffer, limits: Limits) -> Structure:
    """Walk to the end-of-image marker that follows the last scan.

    Thumbnails inside EXIF have end markers too; they lie inside a segment, which is
    stepped over by its length.

    Raises:
        ImageRefused: ``Truncated``, ``DamagedImage``, ``UnsupportedImage``, or
            ``DecompressionBomb`` for too many scans.
    """
    seen, position = _Jpeg(), 2
    for _ in range(limits.max_segments):
        found = _MARKER.search(data, position)
        if found is None:
            raise Truncated
        start, code = found.start(), data[found.end() - 1]
        if code == _EOI:
            return _finish(seen, start + 2)
        if code == _SOI:
            # A second picture (MPO) although the first one never ended.
            raise Truncated
        if code == _TEM:
            position = start + 2
            continue
        if code < 0xC0:
            raise damaged("JPEG reserved marker")
        position = _segment_end(data, start)
        seen.segment(data, code, Span(start, position))
        if seen.scans > limits.max_scans:
            limit = limits.max_scans
            raise DecompressionBomb(
                Text(f"扫描次数超过 {limit}", f"more than {limit} scans")
            )
    raise damaged("JPEG with too many segments")


def _segment_end(data: Buffer, start: int) -> int:
    if start + 4 > len(data):
        raise Truncated
    length = int.from_bytes(data[start + 2 : start + 4], "big")
    if length < 2:
        raise damaged("JPEG segment length")
    if start + 2 + length > len(data):
        raise Truncated
    return start + 2 + length


def _finish(seen: _Jpeg, end: int) -> Structure:
    if not seen.scans:
        raise damaged("JPEG without picture data")
    first_scan = seen.parts.pop()
    return Structure(
        kind="jpeg",
        width=seen.width,
        height=seen.height,
        end=end,
        decoded_bytes=seen.decoded_bytes(),
        exif=seen.exif,
        png_profile=None,
        pixel_parts=(*seen.parts, Span(first_scan.start, end)),
    )


def draft_scale(width: int, height: int) -> int:
    """Return the divisor (8, 4, 2 or 1) at which libjpeg may decode.

    The result's longest side stays at or above ``WEB_SIDE``.
    """
    ratio = max(width, height) // WEB_SIDE
    return next((scale for scale in (8, 4, 2) if ratio >= scale), 1)
