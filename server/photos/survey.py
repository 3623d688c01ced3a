"""JPEG, PNG and WebP recognised and walked without decoding one pixel.

Intake needs to know in well under a millisecond what a file is, whether all of it
is there and what decoding it will cost. Only headers are read; compressed data
(JPEG scans, PNG text and profiles) is stepped over and never inflated.
"""

from __future__ import annotations

from server.core.text import Text
from server.photos.jpeg import walk_jpeg
from server.photos.png import walk_png
from server.photos.refusals import (
    DecompressionBomb,
    EmptyFile,
    NotAnImage,
    unsupported,
)
from server.photos.structure import MIB, Buffer, Kind, Limits, Structure
from server.photos.webp import walk_webp


def survey(data: Buffer, limits: Limits) -> Structure:
    """Walk a file's container.

    Raises:
        ImageRefused: one of its subclasses above, with the reason in ``detail``.
    """
    kind = _sniff(data)
    walk = {"jpeg": walk_jpeg, "png": walk_png, "webp": walk_webp}[kind]
    found = walk(data, limits)
    _check_cost(found, limits)
    return found


def _check_cost(found: Structure, limits: Limits) -> None:
    width, height = found.width, found.height
    size = f"{width} × {height}"
    if max(width, height) > limits.max_side:
        limit = limits.max_side
        raise DecompressionBomb(
            Text(f"{size}：单边超过 {limit} 像素", f"{size}: a side over {limit} px")
        )
    if width * height > limits.max_pixels:
        limit = limits.max_pixels
        raise DecompressionBomb(
            Text(f"{size}：总像素超过 {limit}", f"{size}: over {limit} pixels")
        )
    if found.decoded_bytes > limits.max_decoded_bytes:
        need, limit = found.decoded_bytes // MIB, limits.max_decoded_bytes // MIB
        raise DecompressionBomb(
            Text(
                f"{size}：解码约需 {need} MiB，上限 {limit} MiB",
                f"{size}: decoding takes about {need} MiB, the limit is {limit} MiB",
            )
        )


_OTHER_FORMATS = (
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "BigTIFF"),
    (0, b"MM\0+", "BigTIFF"),
    (0, b"8BPS", "PSD"),
    (0, b"\xff\x0a", "JPEG XL"),
    (4, b"JXL ", "JPEG XL"),
    (4, b"jP  \r\n", "JPEG 2000"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypavis", "AVIF"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypheix", "HEIC"),
    (4, b"ftyphevc", "HEIC"),
    (4, b"ftyphevx", "HEIC"),
    (4, b"ftypheim", "HEIC"),
    (4, b"ftypheis", "HEIC"),
    (4, b"ftypmif1", "HEIF"),
    (4, b"ftypmsf1", "HEIF"),
)
_BMP_HEADERS = {12, 40, 52, 56, 64, 108, 124}


def _sniff(data: Buffer) -> Kind:
    if len(data) == 0:
        raise EmptyFile
    head = bytes(data[:1024])
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    name = _other_format(head)
    if name:
        raise unsupported(name)
    raise NotAnImage


def _other_format(head: bytes) -> str | None:
    for offset, magic, name in _OTHER_FORMATS:
        if head.startswith(magic, offset):
            return name
    # "BM" alone also begins plain words; the size of the header does not.
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return "SVG" if text[:1] == b"<" and b"<svg" in text.lower() else None
