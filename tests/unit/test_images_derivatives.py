"""Derivatives: upright, small, sRGB, without a trace of the sender's metadata."""

from __future__ import annotations

import io
import os
import struct
import threading
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from server.photos.images import DamagedImage, DerivativeFacts, make_derivatives

RED, GREEN, BLUE, WHITE = (254, 0, 0), (0, 255, 1), (0, 0, 254), (255, 255, 255)
KINDS = pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
Colour = tuple[int, int, int]


def quarters(width: int = 80, height: int = 48) -> Image.Image:
    """Red, green over blue, white."""
    image = Image.new("RGB", (2, 2))
    for place, colour in zip(
        ((0, 0), (1, 0), (0, 1), (1, 1)), (RED, GREEN, BLUE, WHITE), strict=True
    ):
        image.putpixel(place, colour)
    return image.resize((width, height), Image.Resampling.NEAREST)


def scene(seed: int) -> Image.Image:
    """A smooth random picture, alike at every size."""
    cells = bytes((seed * 37 + i * i * 97 + i * 53) % 251 for i in range(64))
    small = Image.frombytes("L", (8, 8), cells)
    return small.resize((640, 640), Image.Resampling.BICUBIC).convert("RGB")


def encoded(kind: str, image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def derive(tmp_path: Path, content: bytes) -> tuple[DerivativeFacts, Image.Image]:
    source = tmp_path / "source"
    source.write_bytes(content)
    facts = make_derivatives(source, tmp_path / "web", tmp_path / "thumb")
    with Image.open(tmp_path / "web") as web, Image.open(tmp_path / "thumb") as thumb:
        web.load()
        assert (web.format, web.mode, web.size) == ("JPEG", "RGB", facts.web_size)
        assert (thumb.format, thumb.mode) == ("JPEG", "RGB")
        assert thumb.size == facts.thumb_size
        return facts, web


def is_near(image: Image.Image, place: tuple[float, float], colour: Colour) -> bool:
    x, y = (int(share * side) for share, side in zip(place, image.size, strict=True))
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= 24 for a, b in zip(pixel, colour, strict=True))


# Corners as shown (top left, top right, bottom left, bottom right), written out by
# hand from the Exif standard's description of each value.
SHOWN = {
    1: (RED, GREEN, BLUE, WHITE),
    2: (GREEN, RED, WHITE, BLUE),
    3: (WHITE, BLUE, GREEN, RED),
    4: (BLUE, WHITE, RED, GREEN),
    5: (RED, BLUE, GREEN, WHITE),
    6: (BLUE, RED, WHITE, GREEN),
    7: (WHITE, GREEN, BLUE, RED),
    8: (GREEN, WHITE, RED, BLUE),
}
CORNERS = ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75))


@KINDS
@pytest.mark.parametrize("orientation", SHOWN)
def test_orientation_is_applied_once(
    tmp_path: Path, kind: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"jpeg": {"subsampling": 0}, "webp": {"quality": 95}}.get(kind, {})
    facts, web = derive(tmp_path, encoded(kind, quarters(), exif=exif, **options))
    assert facts.web_size == ((48, 80) if orientation >= 5 else (80, 48))
    for place, colour in zip(CORNERS, SHOWN[orientation], strict=True):
        assert is_near(web, place, colour), (place, web.getpixel((20, 12)))
    assert web.getexif().get(0x0112) is None


@KINDS
def test_sizes(tmp_path: Path, kind: str) -> None:
    facts, _ = derive(tmp_path, encoded(kind, quarters(2000, 1000)))
    assert (facts.web_size, facts.thumb_size) == ((1600, 800), (320, 160))
    facts, _ = derive(tmp_path, encoded(kind, quarters(200, 400)))
    assert (facts.web_size, facts.thumb_size) == ((200, 400), (160, 320))
    facts, _ = derive(tmp_path, encoded(kind, quarters(3000, 2)))
    assert (facts.web_size, facts.thumb_size) == ((1600, 1), (320, 1))


@pytest.mark.parametrize("progressive", [False, True])
def test_drafted_decode_keeps_picture_and_aspect(
    tmp_path: Path, progressive: bool
) -> None:
    image = quarters(4000, 3000)
    facts, web = derive(tmp_path, encoded("jpeg", image, progressive=progressive))
    assert facts.web_size == (1600, 1200)
    for place, colour in zip(CORNERS, SHOWN[1], strict=True):
        assert is_near(web, place, colour)


# --- colours ----------------------------------------------------------------


def half_clear() -> Image.Image:
    image = Image.new("RGBA", (40, 40), (*RED, 255))
    image.paste((0, 0, 0, 0), (20, 0, 40, 40))
    return image


def deep_grey() -> Image.Image:
    image = Image.new("I;16", (40, 40), 0x8000)
    image.paste(0xFFFF, (20, 0, 40, 40))
    return image


def hand_png(depth: int, colour: int, pixel: bytes) -> bytes:
    """A 20 x 20 PNG of one colour, for what Pillow reads but does not write."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    header = struct.pack(">IIBBBBB", 20, 20, depth, colour, 0, 0, 0)
    rows = (b"\0" + pixel * 20) * 20
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def flat(mode: str, colour: object) -> Image.Image:
    return Image.new(mode, (40, 40), colour)  # type: ignore[arg-type]


LEFT_RIGHT = [
    ("cmyk", encoded("jpeg", flat("CMYK", (0, 255, 255, 0))), RED, RED),
    ("cmyk-progressive",
     encoded("jpeg", flat("CMYK", (255, 255, 0, 0)), progressive=True), BLUE, BLUE),
    ("grey-jpeg", encoded("jpeg", flat("L", 90)), (90,) * 3, (90,) * 3),
    ("palette", encoded("png", half_clear().convert("RGB").quantize(4)), RED,
     (0, 0, 0)),
    ("palette-clear", encoded("png", half_clear().quantize(4)), RED, WHITE),
    ("bilevel", encoded("png", half_clear().getchannel("A").convert("1")), WHITE,
     (0, 0, 0)),
    ("grey-alpha", encoded("png", half_clear().convert("LA")), (76,) * 3, WHITE),
    ("rgba", encoded("png", half_clear()), RED, WHITE),
    ("rgb-key", encoded("png", half_clear().convert("RGB"), transparency=(0, 0, 0)),
     RED, WHITE),
    ("webp-alpha", encoded("webp", half_clear(), lossless=True), RED, WHITE),
    ("grey-16", encoded("png", deep_grey()), (128,) * 3, WHITE),
    ("rgb-16", hand_png(16, 2, b"\xff\xff\0\0\0\0"), RED, RED),
    ("grey-alpha-16", hand_png(16, 4, b"\x80\0\xff\xff"), (128,) * 3, (128,) * 3),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "left", "right"),
    [case[1:] for case in LEFT_RIGHT],
    ids=[case[0] for case in LEFT_RIGHT],
)
def test_every_mode_becomes_rgb(
    tmp_path: Path, content: bytes, left: Colour, right: Colour
) -> None:
    _, web = derive(tmp_path, content)
    assert is_near(web, (0.2, 0.5), left), web.getpixel((4, 10))
    assert is_near(web, (0.9, 0.5), right), web.getpixel((18, 10))


@pytest.mark.parametrize(
    ("mode", "colour", "shown"),
    [
        ("1", 1, WHITE),
        ("L", 90, (90,) * 3),
        ("I;16", 0x8000, (128,) * 3),
        ("LA", (90, 255), (90,) * 3),
        ("P", 0, (0, 0, 0)),
        ("RGBA", (*RED, 255), RED),
        ("CMYK", (0, 255, 255, 0), RED),
    ],
)
def test_every_mode_can_be_reduced(
    tmp_path: Path, mode: str, colour: object, shown: Colour
) -> None:
    # Large enough for the quick first step of resizing, which not all modes have.
    image = Image.new(mode, (4000, 400), colour)  # type: ignore[arg-type]
    kind = "jpeg" if mode == "CMYK" else "png"
    facts, web = derive(tmp_path, encoded(kind, image))
    assert facts.web_size == (1600, 160)
    assert is_near(web, (0.5, 0.5), shown), web.getpixel((800, 80))


def swapped_profile() -> bytes:
    """sRGB with red and green primaries exchanged, under another name."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name in ("rXYZ", "gXYZ"):
        assert name.encode() in profile
    profile = profile.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ")
    profile = profile.replace(b"????", b"gXYZ")
    return profile.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


@KINDS
def test_embedded_profile_is_converted_to_srgb(tmp_path: Path, kind: str) -> None:
    image = Image.new("RGB", (40, 40), (255, 0, 0))
    _, web = derive(tmp_path, encoded(kind, image, icc_profile=swapped_profile()))
    assert is_near(web, (0.5, 0.5), (0, 255, 0)), web.getpixel((20, 20))
    assert "icc_profile" not in web.info


@KINDS
def test_unusable_profile_costs_nothing(tmp_path: Path, kind: str) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (b"no profile at all", lab, swapped_profile()[:200]):
        content = encoded(kind, Image.new("RGB", (40, 40), RED), icc_profile=profile)
        _, web = derive(tmp_path, content)
        assert is_near(web, (0.5, 0.5), RED)


# --- what must not get out --------------------------------------------------


def test_no_metadata_is_left(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRET maker"
    exif.get_ifd(0x8825).update({1: "N", 2: (40.0, 39.0, 51.84)})
    sensitive = {
        "exif": exif,
        "icc_profile": swapped_profile(),
        "xmp": b"<x:xmpmeta>SECRET</x:xmpmeta>",
        "comment": b"SECRET comment",
        "dpi": (300, 300),
    }
    content = encoded("jpeg", quarters(), **sensitive) + b"SECRET tail"
    assert content.count(b"SECRET") == 4
    derive(tmp_path, content)
    for name in ("web", "thumb"):
        made = (tmp_path / name).read_bytes()
        for trace in (b"SECRET", b"Exif", b"ICC_PROFILE", b"xap", b"\xff\xfe"):
            assert trace not in made
        with Image.open(tmp_path / name) as image:
            assert set(image.info) <= {
                "jfif", "jfif_version", "jfif_unit", "jfif_density",
            }  # fmt: skip


# --- damage and failures ----------------------------------------------------


def without_tables(content: bytes) -> bytes:
    start = content.index(b"\xff\xdb")
    length = int.from_bytes(content[start + 2 : start + 4], "big")
    return content[:start] + content[start + 2 + length :]


def half_data(content: bytes) -> bytes:
    """Rebuild a PNG with half its pixel data and right checksums."""
    start = content.index(b"IDAT")
    length = int.from_bytes(content[start - 4 : start], "big")
    body = b"IDAT" + content[start + 4 : start + 4 + length // 2]
    check = struct.pack(">I", zlib.crc32(body))
    rest = content[start + 8 + length :]
    return content[: start - 4] + struct.pack(">I", len(body) - 4) + body + check + rest


@pytest.mark.parametrize(
    "content",
    [
        without_tables(encoded("jpeg", quarters(), qtables=[[8] * 64])),
        half_data(encoded("png", scene(5))),
        # The first partition is said to be longer than the file.
        (webp := encoded("webp", quarters()))[:21] + b"\xff\xff" + webp[23:],
    ],
    ids=["jpeg", "png", "webp"],
)
def test_pixels_that_do_not_decode_are_damaged(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DamagedImage) as refused:
        derive(tmp_path, content)
    assert refused.value.slug == "image-damaged"
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_failure_to_write_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "web").write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        derive(tmp_path, encoded("jpeg", quarters()))
    assert (tmp_path / "web").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "web"]


def test_missing_source_is_not_damage(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        make_derivatives(tmp_path / "none", tmp_path / "web", tmp_path / "thumb")


def test_independent_of_the_librarys_global_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    for kind in ("jpeg", "png"):
        source.write_bytes(encoded(kind, quarters()))
        facts = make_derivatives(source, tmp_path / "web", tmp_path / "thumb")
        assert facts.web_size == (80, 48)


def test_threads_do_not_disturb_each_other(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(encoded("jpeg", quarters(1000, 600)))
    results: list[DerivativeFacts] = []

    def work(number: int) -> None:
        # The same targets: the last complete file wins.
        results.extend(
            make_derivatives(source, tmp_path / "web", tmp_path / "thumb")
            for _ in range(number)
        )

    threads = [threading.Thread(target=work, args=(3,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 12
    assert all(result == results[0] for result in results)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "source", "thumb", "web",
    ]  # fmt: skip


# --- hash and verdicts ------------------------------------------------------


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_hash_recognises_the_same_picture(tmp_path: Path) -> None:
    first, _ = derive(tmp_path, encoded("jpeg", scene(1), quality=95))
    again, _ = derive(tmp_path, encoded("webp", scene(1).resize((400, 400))))
    other, _ = derive(tmp_path, encoded("jpeg", scene(2)))
    assert len(first.phash) == 16
    assert distance(first.phash, again.phash) <= 4
    assert distance(first.phash, other.phash) >= 12


def test_hash_is_that_of_the_upright_picture(tmp_path: Path) -> None:
    upright, _ = derive(tmp_path, encoded("png", scene(3)))
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = scene(3).transpose(Image.Transpose.ROTATE_90)
    turned, _ = derive(tmp_path, encoded("png", lying, exif=exif))
    assert distance(upright.phash, turned.phash) <= 2


def test_only_a_picture_below_thumbnail_size_is_tiny(tmp_path: Path) -> None:
    small, _ = derive(tmp_path, encoded("png", quarters(319, 200)))
    enough, _ = derive(tmp_path, encoded("png", quarters(320, 200)))
    assert (small.verdicts, enough.verdicts) == (["tiny"], [])
