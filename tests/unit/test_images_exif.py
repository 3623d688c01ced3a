"""EXIF facts: read when certain, noted when not, never a reason to refuse."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from server.photos.exif import ExifFacts, read_exif
from server.photos.images import Limits, inspect

ASCII, SHORT, RATIONAL = 2, 3, 5
Directory = dict[int, tuple[int, int, bytes]]
ORDERS = pytest.mark.parametrize("order", ["<", ">"])


def text(value: str) -> tuple[int, int, bytes]:
    raw = value.encode() + b"\0"
    return ASCII, len(raw), raw


def rationals(order: str, *pairs: tuple[int, int]) -> tuple[int, int, bytes]:
    numbers = [n for pair in pairs for n in pair]
    return RATIONAL, len(pairs), struct.pack(f"{order}{len(numbers)}I", *numbers)


def tiff(
    order: str = "<",
    main: Directory | None = None,
    exif: Directory | None = None,
    gps: Directory | None = None,
) -> bytes:
    """Build a TIFF block; the sub-directories stand where the pointers say."""
    block = bytearray(b"II*\0" if order == "<" else b"MM\0*") + bytes(4)

    def write(entries: Directory) -> int:
        table = struct.pack(order + "H", len(entries))
        for tag, (kind, count, raw) in sorted(entries.items()):
            value = raw.ljust(4, b"\0")
            if len(raw) > 4:
                value = struct.pack(order + "I", len(block))
                block.extend(raw)
            table += struct.pack(order + "HHI", tag, kind, count) + value
        start = len(block)
        block.extend(table + bytes(4))
        return start

    entries = dict(main or {})
    for tag, part in ((0x8769, exif), (0x8825, gps)):
        if part is not None:
            entries[tag] = (4, 1, struct.pack(order + "I", write(part)))
    block[4:8] = struct.pack(order + "I", write(entries))
    return bytes(block)


def place(
    order: str = "<", lat_ref: str | None = "N", lon_ref: str | None = "E"
) -> Directory:
    """40°39'51.84" (40.6644), 109°39'57.96" (109.6661)."""
    gps: Directory = {
        2: rationals(order, (40, 1), (39, 1), (5184, 100)),
        4: rationals(order, (109, 1), (39, 1), (5796, 100)),
    }
    if lat_ref is not None:
        gps[1] = text(lat_ref)
    if lon_ref is not None:
        gps[3] = text(lon_ref)
    return gps


def read(order: str = "<", **parts: Directory) -> ExifFacts:
    return read_exif(tiff(order, **parts))


@ORDERS
@pytest.mark.parametrize(
    ("lat_ref", "lon_ref", "lat", "lon"),
    [("N", "E", 1, 1), ("S", "E", -1, 1), ("N", "W", 1, -1), ("s", "w", -1, -1)],
)
def test_position_to_a_millionth_of_a_degree(
    order: str, lat_ref: str, lon_ref: str, lat: int, lon: int
) -> None:
    facts = read(order, gps=place(order, lat_ref, lon_ref))
    assert facts.position is not None
    assert facts.position.lat == pytest.approx(lat * 40.6644, abs=1e-6)
    assert facts.position.lon == pytest.approx(lon * 109.6661, abs=1e-6)
    assert facts.notes == []


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({2: rationals("<", (0, 1), (0, 1), (0, 1)),
          4: rationals("<", (0, 1), (0, 1), (0, 1))}, "gps-zero"),
        ({2: rationals("<", (91, 1), (0, 1), (0, 1))}, "gps-out-of-range"),
        ({4: rationals("<", (180, 1), (0, 1), (1, 1))}, "gps-out-of-range"),
        ({2: rationals("<", (40, 1), (39, 1), (0, 0))}, "gps-unreadable"),
        ({2: rationals("<", (40, 1), (61, 1), (0, 1))}, "gps-unreadable"),
        ({2: rationals("<", (40, 1), (39, 1))}, "gps-unreadable"),
        ({1: text("X")}, "gps-unreadable"),
        ({9: text("V")}, "gps-void"),
        ({0x12: text("GCJ-02")}, "gps-datum"),
        ({0x12: text("TOKYO")}, "gps-datum"),
    ],
)  # fmt: skip
def test_doubtful_position_is_left_out_with_a_note(
    change: Directory, note: str
) -> None:
    facts = read(gps=place() | change)
    assert facts.position is None
    assert facts.notes == [note]


@pytest.mark.parametrize("written", ["WGS-84", "WGS 84", "wgs84", ""])
def test_wgs84_is_recognised_however_written(written: str) -> None:
    assert read(gps=place() | {0x12: text(written)}).position is not None


@pytest.mark.parametrize(("lat_ref", "lon_ref"), [(None, "E"), ("N", None)])
def test_position_without_hemisphere_is_refused(
    lat_ref: str | None, lon_ref: str | None
) -> None:
    facts = read(gps=place("<", lat_ref, lon_ref))
    assert facts.position is None
    assert facts.notes == ["gps-unreadable"]


def test_the_equator_alone_is_no_null_position() -> None:
    zero = rationals("<", (0, 1), (0, 1), (0, 1))
    facts = read(gps=place() | {2: zero})
    assert facts.position == pytest.approx((109.6661, 0.0))


def test_no_gps_block_is_nothing_to_note_and_an_empty_one_is() -> None:
    assert read(main={}).notes == []
    assert read(gps={0: (1, 4, b"\2\3\0\0")}).notes == ["gps-empty"]


@ORDERS
def test_gps_time_is_utc(order: str) -> None:
    clock = rationals(order, (2, 1), (15, 1), (305, 10))
    gps = place(order) | {7: clock, 0x1D: text("2026:03:02")}
    facts = read(order, gps=gps)
    assert facts.gps_time == datetime(2026, 3, 2, 2, 15, 30, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "day", ["2014:09:259", "2026:02:30", "1980:01:06", "0000:00:00", "yesterday"]
)
def test_impossible_gps_day_costs_the_time_and_not_the_position(day: str) -> None:
    clock = rationals("<", (2, 1), (15, 1), (30, 1))
    facts = read(gps=place() | {7: clock, 0x1D: text(day)})
    assert facts.gps_time is None
    assert facts.position is not None
    assert facts.notes == ["gps-time-unreadable"]


@pytest.mark.parametrize("hour", [(24, 1), (1, 0)])
def test_impossible_gps_clock(hour: tuple[int, int]) -> None:
    clock = rationals("<", hour, (15, 1), (30, 1))
    facts = read(gps=place() | {7: clock, 0x1D: text("2026:03:02")})
    assert (facts.gps_time, facts.notes) == (None, ["gps-time-unreadable"])


@pytest.mark.parametrize(
    ("offset", "hour"), [("+08:00", 2), ("-04:00", 14), ("Z", 10), ("+00:00", 10)]
)
def test_time_with_offset_becomes_utc(offset: str, hour: int) -> None:
    facts = read(exif={0x9003: text("2026:03:01 10:00:00"), 0x9011: text(offset)})
    assert facts.taken_at == datetime(2026, 3, 1, hour, tzinfo=UTC)
    assert facts.taken_text == "2026-03-01T10:00:00"


@pytest.mark.parametrize(
    ("offset", "notes"),
    [(None, []), ("   :  ", []), ("+8", ["taken-offset-unreadable"]),
     ("+15:00", ["taken-offset-unreadable"])],
)  # fmt: skip
def test_time_without_a_usable_offset_stays_text(
    offset: str | None, notes: list[str]
) -> None:
    details = {0x9003: text("2026:03:01 10:00:00")}
    if offset is not None:
        details[0x9011] = text(offset)
    facts = read(exif=details)
    assert (facts.taken_at, facts.taken_text) == (None, "2026-03-01T10:00:00")
    assert facts.notes == notes


@pytest.mark.parametrize(
    ("written", "notes"),
    [
        ("0000:00:00 00:00:00", ["taken-unreadable"]),
        ("2026:13:01 10:00:00", ["taken-unreadable"]),
        ("01.03.2026", ["taken-unreadable"]),
        ("    :  :     :  :  ", []),
        ("", []),
    ],
)
def test_unusable_time_gives_none(written: str, notes: list[str]) -> None:
    facts = read(exif={0x9003: text(written), 0x9011: text("+08:00")})
    assert (facts.taken_at, facts.taken_text, facts.notes) == (None, None, notes)


@ORDERS
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(order: str, orientation: int) -> None:
    value = (SHORT, 1, struct.pack(order + "H", orientation))
    assert read(order, main={0x0112: value}).orientation == orientation


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_unknown_orientation_is_upright_and_noted(orientation: int) -> None:
    value = (SHORT, 1, struct.pack("<H", orientation))
    facts = read(main={0x0112: value})
    assert (facts.orientation, facts.notes) == (1, ["orientation-unknown"])


def test_one_broken_part_does_not_cost_the_others() -> None:
    nowhere = (4, 1, struct.pack("<I", 0x7FFFFFFF))
    orientation = (SHORT, 1, struct.pack("<H", 6))
    facts = read(main={0x0112: orientation, 0x8769: nowhere}, gps=place())
    assert facts.orientation == 6
    assert facts.position is not None
    assert facts.notes == ["exif-broken"]


def test_directory_pointing_at_itself_ends() -> None:
    itself = (4, 1, struct.pack("<I", 8))
    block = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 2)
    for tag in (0x8769, 0x8825):
        block += struct.pack("<HHI", tag, itself[0], 1) + itself[2]
    assert read_exif(block + bytes(4)).position is None


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_are_survived(noise: bytes) -> None:
    for header in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        facts = read_exif(header + noise)
        assert 1 <= facts.orientation <= 8


@given(st.data())
@settings(deadline=None)
def test_a_damaged_block_is_survived(data: st.DataObject) -> None:
    details = {0x9003: text("2026:03:01 10:00:00"), 0x9011: text("+08:00")}
    clock = rationals("<", (2, 1), (15, 1), (30, 1))
    gps = place() | {7: clock, 0x1D: text("2026:03:02")}
    block = bytearray(tiff("<", {}, details, gps))
    for _ in range(3):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(
            st.integers(0, 255)
        )
    position = read_exif(bytes(block)).position
    if position is not None:
        assert -180 <= position.lon <= 180
        assert -90 <= position.lat <= 90


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_facts_from_each_container(tmp_path: Path, kind: str) -> None:
    orientation = (SHORT, 1, struct.pack("<H", 6))
    block = tiff("<", {0x0112: orientation}, {}, place())
    path = tmp_path / "photo"
    Image.new("RGB", (40, 24)).save(path, kind, exif=b"Exif\0\0" + block)
    facts = inspect(path, Limits())
    assert facts.kind == kind
    assert facts.media_type == f"image/{kind}"
    assert (facts.width, facts.height, facts.orientation) == (40, 24, 6)
    assert facts.display_size == (24, 40)
    assert facts.position == pytest.approx((109.6661, 40.6644), abs=1e-6)


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_broken_exif_never_refuses_the_photo(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "photo"
    Image.new("RGB", (40, 24)).save(path, kind, exif=b"Exif\0\0" + b"II*\0garbage")
    facts = inspect(path, Limits())
    assert facts.notes == ("exif-broken",)
    assert (facts.orientation, facts.position) == (1, None)
