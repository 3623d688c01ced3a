"""Intake: what is taken, what is refused, and that refusing costs nothing."""

from __future__ import annotations

import io
import random
import resource
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from server.photos.images import (
    DamagedImage,
    DecompressionBomb,
    EmptyFile,
    ImageFacts,
    ImageRefused,
    Limits,
    NotAnImage,
    Truncated,
    UnsupportedImage,
    inspect,
    make_derivatives,
)
from server.photos.survey import survey

LIMITS = Limits()
MIB = 1024 * 1024


def picture(width: int = 48, height: int = 32) -> Image.Image:
    """A picture with enough detail that its data is more than headers."""
    dice = random.Random(7)  # the same in every process: contents become test ids
    grey = Image.frombytes("L", (width, height), dice.randbytes(width * height))
    return Image.merge("RGB", (grey, grey.transpose(Image.Transpose.ROTATE_180), grey))


def encoded(kind: str, image: Image.Image | None = None, **options: object) -> bytes:
    out = io.BytesIO()
    (image or picture()).save(out, kind, **options)
    return out.getvalue()


def exif_with_thumbnail() -> bytes:
    """EXIF whose block ends with a whole JPEG, end marker and all."""
    exif = Image.Exif()
    exif[0x0112] = 1
    return exif.tobytes() + encoded("jpeg", picture(16, 16))


def chunk(name: bytes, body: bytes) -> bytes:
    check = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)


def png_header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)


def look(tmp_path: Path, content: bytes, limits: Limits = LIMITS) -> ImageFacts:
    path = tmp_path / "upload"
    path.write_bytes(content)
    return inspect(path, limits)


SAMPLES = {
    "baseline": encoded("jpeg"),
    "progressive": encoded("jpeg", progressive=True),
    "with-thumbnail": encoded("jpeg", exif=exif_with_thumbnail()),
    "restarts": encoded("jpeg", restart_marker_blocks=1),
    "grey": encoded("jpeg", picture().convert("L")),
    "png": encoded("png"),
    "png-palette": encoded("png", picture().quantize(16)),
    "webp": encoded("webp"),
    "webp-lossless": encoded("webp", lossless=True),
    "webp-extended": encoded("webp", exif=exif_with_thumbnail()),
}


# --- whole and cut files ----------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_whole_file_is_taken(tmp_path: Path, name: str) -> None:
    facts = look(tmp_path, SAMPLES[name])
    kinds = {"png": "png", "web": "webp"}
    assert facts.kind == kinds.get(name[:3], "jpeg")
    assert (facts.width, facts.height, facts.trailing_bytes) == (48, 32, 0)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_prefix_is_ever_taken(tmp_path: Path, name: str) -> None:
    whole = SAMPLES[name]
    for cut in range(1, len(whole)):
        with pytest.raises((Truncated, NotAnImage)) as refused:
            look(tmp_path, whole[:cut])
        # Once the format is recognised, the sender is told to send again.
        assert cut < 12 or isinstance(refused.value, Truncated)


def test_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyFile):
        look(tmp_path, b"")


def test_lost_tail_filled_with_zeros_is_truncated(tmp_path: Path) -> None:
    whole = SAMPLES["with-thumbnail"]
    with pytest.raises(Truncated):
        look(tmp_path, whole[:-200] + bytes(200))


def test_second_picture_does_not_lend_its_end_to_the_first(tmp_path: Path) -> None:
    first, second = SAMPLES["baseline"], SAMPLES["baseline"]
    with pytest.raises(Truncated):
        look(tmp_path, first[:-2] + second)


@pytest.mark.parametrize("name", ["baseline", "progressive", "png", "webp"])
@pytest.mark.parametrize(
    "tail",
    [bytes(5000), b"PK\x05\x06" + bytes(18), SAMPLES["baseline"]],
    ids=["zeros", "zip", "second-picture"],
)
def test_appended_data_is_taken_and_flagged(
    tmp_path: Path, name: str, tail: bytes
) -> None:
    facts = look(tmp_path, SAMPLES[name] + tail)
    assert facts.trailing_bytes == len(tail)


def test_file_can_be_removed_after_a_refusal(tmp_path: Path) -> None:
    # Nothing keeps the mapping open, not even the exception's traceback.
    broken = bytearray(SAMPLES["png"])
    broken[50] ^= 1
    with pytest.raises(DamagedImage) as refused:
        look(tmp_path, bytes(broken))
    assert refused.value.slug == "image-damaged"
    (tmp_path / "upload").unlink()


# --- other formats ----------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (encoded("gif"), "GIF"),
        (encoded("bmp"), "BMP"),
        (encoded("tiff"), "TIFF"),
        (encoded("avif"), "AVIF"),
        (b"\0\0\0\x24ftypheic" + bytes(24), "HEIC"),
        (b"\0\0\0\x24ftypmif1" + bytes(24), "HEIF"),
        (b'<?xml version="1.0"?>\n<!-- x --><svg onload="alert(1)"/>', "SVG"),
        (b"\xef\xbb\xbf <SVG/>", "SVG"),
    ],
    ids=["gif", "bmp", "tiff", "avif", "heic", "heif", "svg", "svg-bom"],
)
def test_other_formats_are_named(tmp_path: Path, content: bytes, name: str) -> None:
    with pytest.raises(UnsupportedImage) as refused:
        look(tmp_path, content)
    assert refused.value.slug == "image-unsupported"
    assert name in refused.value.detail.en
    assert name in refused.value.detail.zh


@pytest.mark.parametrize(
    "content",
    [b"BMW 320i", b"<html></html>", b"%PDF-1.7", b"\0", bytes(4096), b"\xff\xd8",
     b"RIFF\x24\0\0\0WAVEfmt "],
    ids=["text", "html", "pdf", "zero", "zeros", "start-of-jpeg", "wave"],
)  # fmt: skip
def test_no_image_at_all(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NotAnImage):
        look(tmp_path, content)


def test_animations_are_refused(tmp_path: Path) -> None:
    frames = [picture(), picture().transpose(Image.Transpose.ROTATE_180)]
    for kind in ("png", "webp"):
        moving = encoded(kind, frames[0], save_all=True, append_images=frames[1:])
        with pytest.raises(UnsupportedImage):
            look(tmp_path, moving)


def test_variants_no_decoder_here_reads(tmp_path: Path) -> None:
    whole = SAMPLES["baseline"]
    frame = whole.index(b"\xff\xc0")
    lossless = whole[: frame + 1] + b"\xc3" + whole[frame + 2 :]
    twelve_bit = whole[: frame + 4] + b"\x0c" + whole[frame + 5 :]
    no_height = whole[: frame + 5] + b"\0\0" + whole[frame + 7 :]
    apple = png_header(8, 8)[:8] + chunk(b"CgBI", bytes(4)) + SAMPLES["png"][8:]
    for content in (lossless, twelve_bit, no_height, apple):
        with pytest.raises(UnsupportedImage):
            look(tmp_path, content)


# --- contradictions ---------------------------------------------------------


def test_jpeg_contradictions(tmp_path: Path) -> None:
    whole = SAMPLES["baseline"]
    frame, scan = whole.index(b"\xff\xc0"), whole.index(b"\xff\xda")
    two_frames = whole[:frame] + whole[frame:scan] * 2 + whole[scan:]
    no_frame = whole[:frame] + whole[scan:]
    no_scan = whole[:scan] + b"\xff\xd9"
    no_length = whole[:frame] + b"\xff\xe5\0\1" + whole[frame:]
    reserved = whole[:-2] + b"\xff\x02\xff\xd9"
    no_sampling = whole[: frame + 11] + b"\0" + whole[frame + 12 :]
    short_frame = whole[:frame] + b"\xff\xc0\0\x03\x08" + whole[scan:]
    for content in (
        two_frames, no_frame, no_scan, no_length, reserved, no_sampling, short_frame,
    ):  # fmt: skip
        with pytest.raises(DamagedImage):
            look(tmp_path, content)


def test_png_contradictions(tmp_path: Path) -> None:
    data, end = chunk(b"IDAT", zlib.compress(bytes(25))), chunk(b"IEND", b"")
    for content in (
        png_header(2, 8)[:8] + data + end,
        png_header(2, 8) + end,
        png_header(0, 8) + data + end,
        png_header(2, 8, depth=3) + data + end,
        png_header(2, 8, colour=5) + data + end,
        png_header(2, 8, colour=3) + data + end,
        png_header(2, 8)[:8] + chunk(b"IHDR", bytes(12)) + data + end,
    ):
        with pytest.raises(DamagedImage):
            look(tmp_path, content)


def test_webp_contradictions(tmp_path: Path) -> None:
    lossy, extended = SAMPLES["webp"], SAMPLES["webp-extended"]
    empty = b"RIFF" + struct.pack("<I", 4) + b"WEBP"
    too_long = lossy[:16] + struct.pack("<I", len(lossy)) + lossy[20:]
    no_key_frame = lossy[:23] + b"\0\0\0" + lossy[26:]
    other_canvas = extended[:24] + b"\xff" + extended[25:]
    for content in (empty, too_long, no_key_frame, other_canvas):
        with pytest.raises(DamagedImage):
            look(tmp_path, content)


@given(st.sampled_from(sorted(SAMPLES)), st.data())
@settings(deadline=None)
def test_damaged_bytes_are_taken_or_refused_never_worse(
    name: str, data: st.DataObject
) -> None:
    content = bytearray(SAMPLES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    with suppress(ImageRefused):
        assert survey(bytes(content), LIMITS).end <= len(content)


def test_endless_empty_segments_are_bounded(tmp_path: Path) -> None:
    whole = SAMPLES["baseline"]
    many = whole[:2] + b"\xff\xfe\0\2" * 30_000 + whole[2:]
    text = SAMPLES["png"][:33] + chunk(b"tEXt", b"") * 30_000 + SAMPLES["png"][33:]
    for content in (many, text):
        with pytest.raises(DamagedImage):
            look(tmp_path, content)


def test_endless_scans_are_bounded(tmp_path: Path) -> None:
    whole = SAMPLES["progressive"]
    scan = whole.index(b"\xff\xda")
    first = whole[scan : scan + 2 + int.from_bytes(whole[scan + 2 : scan + 4], "big")]
    with pytest.raises(DecompressionBomb):
        look(tmp_path, whole[:scan] + first * 200 + whole[scan:])


# --- bombs ------------------------------------------------------------------


def peak_memory(action: Callable[[], None]) -> int:
    """Run ``action`` and return its peak in bytes.

    Python's own allocations, or what the process's peak grew by if that is more:
    Pillow's pixels are not Python's.
    """
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    action()
    _, traced = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return max(traced, grown * 1024)


def test_giant_bilevel_png_is_refused_without_allocating(tmp_path: Path) -> None:
    side = 30_000
    packer = zlib.compressobj(1)
    row = bytes(1 + side // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    bomb = png_header(side, side, depth=1, colour=0) + chunk(b"IDAT", data)
    path = tmp_path / "upload"
    path.write_bytes(bomb + chunk(b"IEND", b""))

    def refuse() -> None:
        with pytest.raises(DecompressionBomb) as refused:
            inspect(path, LIMITS)
        assert "30000 × 30000" in refused.value.detail.en
        with pytest.raises(DecompressionBomb):
            make_derivatives(path, tmp_path / "web", tmp_path / "thumb")

    assert peak_memory(refuse) < 16 * MIB


def test_text_and_profile_bombs_are_not_inflated(tmp_path: Path) -> None:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(MIB)) for _ in range(64)) + packer.flush()
    whole = SAMPLES["png"]
    bombs = (
        chunk(b"iCCP", b"x\0\0" + packed)
        + chunk(b"zTXt", b"x\0\0" + packed)
        + chunk(b"iTXt", b"x\0\1\0\0\0" + packed)
    )
    path = tmp_path / "upload"
    path.write_bytes(whole[:33] + bombs + whole[33:])
    web = tmp_path / "web"

    def take() -> None:
        assert inspect(path, LIMITS).width == 48
        make_derivatives(path, web, tmp_path / "thumb")

    assert peak_memory(take) < 16 * MIB
    with Image.open(web) as image:
        assert image.size == (48, 32)


@pytest.mark.parametrize(
    ("content", "per_pixel"),
    [
        (SAMPLES["png"], 6),
        (SAMPLES["png-palette"], 6),
        (encoded("png", picture().convert("1")), 3),
        (encoded("png", Image.new("I;16", (48, 32))), 6),
        (encoded("png", picture().convert("RGBA")), 10),
        (SAMPLES["webp"], 19),
        (SAMPLES["baseline"], 8),
        (encoded("jpeg", progressive=True, subsampling=0), 8 + 6),
        (encoded("jpeg", progressive=True, subsampling=2), 8 + 3),
    ],
    ids=["rgb", "palette", "bilevel", "grey-16", "alpha", "webp", "jpeg", "444", "420"],
)
def test_memory_is_bounded_by_format(
    tmp_path: Path, content: bytes, per_pixel: int
) -> None:
    need = 48 * 32 * per_pixel
    assert look(tmp_path, content).decoded_bytes == need
    assert look(tmp_path, content, Limits(max_decoded_bytes=need)).width == 48
    with pytest.raises(DecompressionBomb):
        look(tmp_path, content, Limits(max_decoded_bytes=need - 1))


def test_a_draft_lets_large_photos_through(tmp_path: Path) -> None:
    """A 200-megapixel phone JPEG is fine, the same as progressive is not."""
    whole = SAMPLES["baseline"]
    frame = whole.index(b"\xff\xc0")

    def sized(code: bytes, height: int, width: int) -> bytes:
        size = struct.pack(">HH", height, width)
        return (
            whole[: frame + 1]
            + code
            + whole[frame + 2 : frame + 5]
            + size
            + (whole[frame + 9 :])
        )

    assert look(tmp_path, sized(b"\xc0", 12_240, 16_320)).width == 16_320
    for content in (
        sized(b"\xc2", 12_240, 16_320),
        sized(b"\xc0", 65_000, 65_000),
        sized(b"\xc0", 16, 65_501),
    ):
        with pytest.raises(DecompressionBomb):
            look(tmp_path, content)


def test_nothing_is_too_small(tmp_path: Path) -> None:
    for kind in ("jpeg", "png", "webp"):
        assert look(tmp_path, encoded(kind, Image.new("RGB", (1, 1)))).width == 1


def test_png_comments_do_not_count_as_picture(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * 1000)
    assert look(tmp_path, encoded("png", pnginfo=info)).trailing_bytes == 0


def test_refusals_speak_both_languages() -> None:
    for refusal in (
        EmptyFile, NotAnImage, UnsupportedImage, Truncated, DecompressionBomb,
        DamagedImage,
    ):  # fmt: skip
        assert issubclass(refusal, ImageRefused)
        assert refusal.title.zh
        assert refusal.title.en
        assert refusal.status in {415, 422}
    slugs = {refusal.slug for refusal in ImageRefused.__subclasses__()}
    assert len(slugs) == len(ImageRefused.__subclasses__())
