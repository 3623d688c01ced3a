"""Photos as a phone takes them: each one different, 60 to 300 KB, with EXIF."""

from __future__ import annotations

import io
from datetime import datetime
from functools import lru_cache
from random import Random

from PIL import Image, ImageDraw

SIZE = (1024, 768)
# Drawn smaller and enlarged: quicker, and as soft as a phone's lens.
DRAWN = (512, 384)
# EXIF tags (Exif 3.0, CIPA DC-008).
MAKE, MODEL, ORIENTATION, SOFTWARE, DATE_TIME = 0x010F, 0x0110, 0x0112, 0x0131, 0x0132
EXIF_IFD, GPS_IFD = 0x8769, 0x8825
DATE_TIME_ORIGINAL, OFFSET_ORIGINAL = 0x9003, 0x9011
# How the pixels lie in the file for each EXIF orientation of a hand-held phone.
TURNED: dict[int, Image.Transpose | None] = {
    1: None,
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}
LonLat = tuple[float, float]


def take(rng: Random, at: datetime, spot: LonLat | None) -> bytes:
    """Return a JPEG that looks a little like a corridor with goods in it.

    Args:
        at: the moment of taking, aware; written as local time with its offset.
        spot: longitude and latitude in EPSG:4326 for EXIF, None without.
    """
    image = _scene(rng)
    orientation = rng.choice([1, 1, 1, 6, 6, 8, 3])
    turn = TURNED[orientation]
    if turn is not None:
        image = image.transpose(turn)
    target = io.BytesIO()
    exif = _exif(at, orientation, spot) if rng.random() < 0.8 else None
    if exif is None and orientation != 1:
        exif = _exif(at, orientation, None)
    quality = rng.randint(76, 84)
    if exif is None:
        image.save(target, "JPEG", quality=quality)
    else:
        image.save(target, "JPEG", quality=quality, exif=exif)
    return target.getvalue()


def _scene(rng: Random) -> Image.Image:
    """Return a wall, a floor, a door and some boxes, with the grain of a sensor."""
    width, height = DRAWN
    image = Image.new("RGB", DRAWN, _tone(rng, 150, 220))
    draw = ImageDraw.Draw(image)
    horizon = rng.randint(height // 3, height // 2)
    draw.rectangle((0, horizon, width, height), fill=_tone(rng, 70, 140))
    for step in range(rng.randint(5, 9)):
        ends = (width // 2, horizon, step * width // 6, height)
        draw.line(ends, _tone(rng, 60, 130), 2)
    left = rng.randint(0, width - 160)
    draw.rectangle((left, horizon - 110, left + 100, horizon + 60), _tone(rng, 40, 90))
    for _ in range(rng.randint(3, 12)):
        side = rng.randint(30, 130)
        x, y = rng.randint(0, width - side), rng.randint(horizon - 30, height - 40)
        brown = (rng.randint(130, 190), rng.randint(95, 140), rng.randint(60, 100))
        draw.rectangle((x, y, x + side, y + side * 3 // 4), brown, _tone(rng, 30, 60))
        draw.line((x, y + side // 3, x + side, y + side // 3), _tone(rng, 200, 240), 3)
    image = image.resize(SIZE, Image.Resampling.BILINEAR)
    grain = rng.choice(_grains())
    return Image.blend(image, grain, rng.uniform(0.07, 0.17))


@lru_cache(maxsize=1)
def _grains() -> list[Image.Image]:
    return [Image.effect_noise(SIZE, 70).convert("RGB") for _ in range(3)]


def _tone(rng: Random, low: int, high: int) -> tuple[int, int, int]:
    tone = rng.randint(low, high)
    return tone, max(0, tone - rng.randint(0, 20)), max(0, tone - rng.randint(0, 30))


def _exif(at: datetime, orientation: int, spot: LonLat | None) -> Image.Exif:
    exif = Image.Exif()
    written = at.strftime("%Y:%m:%d %H:%M:%S")
    exif[MAKE], exif[MODEL], exif[SOFTWARE] = "Demo", "Patrol phone", "patrol demo day"
    exif[ORIENTATION], exif[DATE_TIME] = orientation, written
    offset = at.strftime("%z")
    exif.get_ifd(EXIF_IFD).update(
        {
            DATE_TIME_ORIGINAL: written,
            OFFSET_ORIGINAL: f"{offset[:3]}:{offset[3:]}" if offset else "+00:00",
        }
    )
    if spot is not None:
        lon, lat = spot
        exif.get_ifd(GPS_IFD).update(
            {
                1: "N" if lat >= 0 else "S",
                2: _degrees(lat),
                3: "E" if lon >= 0 else "W",
                4: _degrees(lon),
            }
        )
    return exif


def _degrees(value: float) -> tuple[float, float, float]:
    """Return degrees, minutes and seconds, as EXIF writes an angle."""
    whole = abs(value)
    degrees = int(whole)
    minutes = int((whole - degrees) * 60)
    return float(degrees), float(minutes), (whole - degrees - minutes / 60) * 3600
