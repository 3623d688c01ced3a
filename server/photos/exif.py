"""The few EXIF facts a patrol needs: orientation, position, time.

Our own reader of a dozen tags, because it must never fail: a broken block yields
no facts and a note, and the photo is taken all the same. Maker and model are not
read: they are not needed, so they are not kept.

Source: CIPA DC-008 (Exif 3.0), TIFF 6.0.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal, NamedTuple


class Position(NamedTuple):
    """WGS 84 (EPSG:4326), degrees, as the camera wrote it."""

    lon: float
    lat: float


@dataclass(slots=True)
class ExifFacts:
    """What one EXIF block tells; nothing in it is guessed.

    Attributes:
        orientation: 1 to 8; 1 when missing or out of range.
        position: where the camera says it was.
        gps_time: UTC, of the satellite fix, which may be older than the shutter.
        taken_at: UTC, of the shutter by the camera's clock; only with its offset.
        taken_text: the same moment as written, ``2026-03-01T10:00:00``, no zone.
        notes: stable words for what was there but could not be used.
    """

    orientation: int
    position: Position | None
    gps_time: datetime | None
    taken_at: datetime | None
    taken_text: str | None
    notes: list[str]


BROKEN = "exif-broken"

_ORIENTATION, _EXIF_IFD, _GPS_IFD = 0x0112, 0x8769, 0x8825
_TAKEN, _TAKEN_OFFSET = 0x9003, 0x9011
_LAT_REF, _LAT, _LON_REF, _LON, _GPS_CLOCK = 1, 2, 3, 4, 7
_GPS_STATUS, _GPS_DATUM, _GPS_DATE = 0x09, 0x12, 0x1D

# No civil receiver had a plausible fix before GPS's full operation; a 1980 date
# is a receiver that does not know the time yet.
_FIRST_GPS_YEAR = 1995
# A receiver without a fix writes zeros; so near 0°, 0° there is only water.
_ZERO_DEGREES = 1e-4
_MAX_ENTRIES = 512


def read_exif(block: bytes) -> ExifFacts:
    """Read a block that starts at its TIFF header. Never raises."""
    facts = ExifFacts(1, None, None, None, None, [])
    try:
        tiff = _Tiff(block)
        main = tiff.directory(tiff.first)
    except _UNREADABLE:
        facts.notes.append(BROKEN)
        return facts
    # One broken part must not cost the others.
    for part in (_read_orientation, _read_gps, _read_taken):
        _attempt(part, tiff, main, facts)
    return facts


_Directory = dict[int, bytes]
_UNREADABLE = (struct.error, ValueError, IndexError, OverflowError)


def _attempt(
    part: Callable[[_Tiff, _Directory, ExifFacts], None],
    tiff: _Tiff,
    main: _Directory,
    facts: ExifFacts,
) -> None:
    try:
        part(tiff, main, facts)
    except _UNREADABLE:
        if BROKEN not in facts.notes:
            facts.notes.append(BROKEN)


class _Tiff:
    """Directories of a TIFF block; values stay bytes until a tag is wanted."""

    # BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL
    _SIZES: dict[int, int] = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 10: 8}  # noqa: RUF012

    def __init__(self, block: bytes) -> None:
        orders: dict[bytes, Literal["<", ">"]] = {b"II*\0": "<", b"MM\0*": ">"}
        if block[:4] not in orders:
            raise ValueError("no TIFF header")
        self.block = block
        self.order = orders[block[:4]]
        self.first: int = struct.unpack_from(self.order + "I", block, 4)[0]

    def directory(self, offset: int) -> _Directory:
        """Return the raw values by tag; entries that point outside are left out."""
        (count,) = struct.unpack_from(self.order + "H", self.block, offset)
        values: _Directory = {}
        # A block cut short still has its first entries.
        count = min(count, _MAX_ENTRIES, (len(self.block) - offset - 2) // 12)
        for index in range(count):
            place = offset + 2 + 12 * index
            tag, kind, amount = struct.unpack_from(
                self.order + "HHI", self.block, place
            )
            size = self._SIZES.get(kind, 0) * amount
            start = place + 8
            if size > 4:
                (start,) = struct.unpack_from(self.order + "I", self.block, start)
            if 0 < size <= len(self.block) - start:
                values.setdefault(tag, self.block[start : start + size])
        return values

    def number(self, value: bytes) -> int:
        """Return a SHORT or LONG."""
        code = "H" if len(value) == 2 else "I"
        return int(struct.unpack_from(self.order + code, value)[0])

    def three(self, value: bytes | None) -> tuple[float, float, float] | None:
        """Return three rationals; None when missing or one is n/0."""
        if value is None or len(value) < 24:
            return None
        parts = struct.unpack_from(self.order + "6I", value)
        if 0 in parts[1::2]:
            return None
        first, second, third = (
            n / d for n, d in zip(parts[::2], parts[1::2], strict=True)
        )
        return first, second, third


def _text(value: bytes | None) -> str:
    return (value or b"").split(b"\0")[0].decode("ascii", "replace").strip()


def _read_orientation(tiff: _Tiff, main: _Directory, facts: ExifFacts) -> None:
    value = main.get(_ORIENTATION)
    if value is None:
        return
    orientation = tiff.number(value)
    if 1 <= orientation <= 8:
        facts.orientation = orientation
    else:
        facts.notes.append("orientation-unknown")


# --- position and its time --------------------------------------------------


def _read_gps(tiff: _Tiff, main: _Directory, facts: ExifFacts) -> None:
    pointer = main.get(_GPS_IFD)
    if pointer is None:
        return
    gps = tiff.directory(tiff.number(pointer))
    note = _gps_doubt(gps)
    if note is None:
        facts.position, note = _position(tiff, gps)
    if note:
        facts.notes.append(note)
    if _GPS_DATE in gps:
        facts.gps_time = _gps_time(
            _text(gps[_GPS_DATE]), tiff.three(gps.get(_GPS_CLOCK))
        )
        if facts.gps_time is None:
            facts.notes.append("gps-time-unreadable")


def _gps_doubt(gps: _Directory) -> str | None:
    if _LAT not in gps and _LON not in gps:
        return "gps-empty"
    if _text(gps.get(_GPS_STATUS)).upper() == "V":
        return "gps-void"
    datum = re.sub(r"[^A-Z0-9]", "", _text(gps.get(_GPS_DATUM)).upper())
    return "gps-datum" if datum not in {"", "WGS84"} else None


def _position(tiff: _Tiff, gps: _Directory) -> tuple[Position | None, str | None]:
    lat = _degrees(tiff, gps, _LAT, _LAT_REF, "NS")
    lon = _degrees(tiff, gps, _LON, _LON_REF, "EW")
    if lat is None or lon is None:
        return None, "gps-unreadable"
    if abs(lat) > 90 or abs(lon) > 180:
        return None, "gps-out-of-range"
    if abs(lat) < _ZERO_DEGREES and abs(lon) < _ZERO_DEGREES:
        return None, "gps-zero"
    return Position(lon, lat), None


def _degrees(
    tiff: _Tiff, gps: _Directory, tag: int, ref_tag: int, signs: str
) -> float | None:
    """Return signed degrees; None without value, hemisphere or sense."""
    parts = tiff.three(gps.get(tag))
    ref = _text(gps.get(ref_tag)).upper()
    if parts is None or len(ref) != 1 or ref not in signs:
        return None
    degrees, minutes, seconds = parts
    # 60 itself comes from rounding up in some phones.
    if minutes > 60 or seconds > 60:
        return None
    size = degrees + minutes / 60 + seconds / 3600
    return -size if ref == signs[1] else size


_GPS_DAY = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)")


def _gps_time(day: str, clock: tuple[float, float, float] | None) -> datetime | None:
    found = _GPS_DAY.fullmatch(day)
    if found is None or clock is None:
        return None
    hours, minutes, seconds = clock
    if not (hours < 24 and minutes < 60 and seconds < 61):
        return None
    year, month, date = map(int, found.groups())
    if year < _FIRST_GPS_YEAR:
        return None
    try:
        start = datetime(year, month, date, tzinfo=UTC)
    except ValueError:
        return None
    return start + timedelta(hours=hours, minutes=minutes, seconds=seconds)


# --- the camera's own clock -------------------------------------------------

_MOMENT = re.compile(r"(\d{4}):(\d\d):(\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


def _read_taken(tiff: _Tiff, main: _Directory, facts: ExifFacts) -> None:
    pointer = main.get(_EXIF_IFD)
    if pointer is None:
        return
    details = tiff.directory(tiff.number(pointer))
    written = _text(details.get(_TAKEN))
    if not written.replace(":", "").strip():
        return  # blanks and colons mean "unknown" by the standard
    naive = _moment(written)
    if naive is None:
        facts.notes.append("taken-unreadable")
        return
    facts.taken_text = naive.isoformat()[:19]
    offset = _text(details.get(_TAKEN_OFFSET))
    if not offset.replace(":", "").strip():
        return
    zone = _zone(offset)
    if zone is None:
        facts.notes.append("taken-offset-unreadable")
    else:
        facts.taken_at = naive.replace(tzinfo=zone).astimezone(UTC)


def _moment(written: str) -> datetime | None:
    """Return the written moment; its UTC is a placeholder for "no zone"."""
    found = _MOMENT.fullmatch(written)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _zone(offset: str) -> timezone | None:
    if offset == "Z":
        return UTC
    found = _OFFSET.fullmatch(offset)
    if found is None:
        return None
    sign, hours, minutes = found[1], int(found[2]), int(found[3])
    if hours > 14 or minutes > 59:  # +14:00 is the farthest in use
        return None
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if sign == "-" else ahead)
