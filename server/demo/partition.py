"""Cut polygons into pieces that tile them: each in one part, none a sliver.

Pure plane geometry. The unit is the caller's, but it must be the same on both axes,
or the pieces come out stretched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain

import shapely
from shapely.affinity import rotate
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize

# Halvings of the interval in which a cut is sought: to a 4,000th of the length.
_HALVINGS = 12


def bisect(polygon: Polygon, pieces: int, grain: float) -> list[Polygon]:
    """Return ``polygon`` cut into ``pieces`` of about the same area.

    It is cut across its long side, then each side likewise, so pieces stay compact.
    ``grain`` is the distance below which two vertices are the same.
    """
    if pieces == 1:
        return [polygon]
    first = pieces // 2
    one, other = _cut(polygon, first / pieces, grain)
    return bisect(one, first, grain) + bisect(other, pieces - first, grain)


def _cut(polygon: Polygon, share: float, grain: float) -> tuple[Polygon, Polygon]:
    """Cut across the long side so that the first piece has ``share`` of the area."""
    angle, origin = _long_side(polygon)
    level = rotate(polygon, -angle, origin=origin)
    left, bottom, right, top = level.bounds
    low, high = left, right
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        part = shapely.clip_by_rect(level, left - 1, bottom - 1, middle, top + 1)
        if part.area < share * polygon.area:
            low = middle
        else:
            high = middle
    half = rotate(box(left - 1, bottom - 1, low, top + 1), angle, origin=origin)
    one = _largest(shapely.intersection(polygon, half, grid_size=grain))
    # A cut through a bay leaves more than two parts. All of them touch the first,
    # because the polygon is in one part; the largest is the other piece.
    rest = _parts(shapely.difference(polygon, one, grid_size=grain))
    other = _largest(shapely.union_all(rest, grid_size=grain))
    return _largest(shapely.difference(polygon, other, grid_size=grain)), other


def _long_side(polygon: Polygon) -> tuple[float, tuple[float, float]]:
    """Return direction (degrees) and a corner of the smallest box's long side."""
    frame = shapely.get_coordinates(shapely.oriented_envelope(polygon)).tolist()
    corner = frame[0]
    end = max(frame[1], frame[3], key=lambda point: math.dist(corner, point))
    angle = math.degrees(math.atan2(end[1] - corner[1], end[0] - corner[0]))
    return angle, (corner[0], corner[1])


def join_strays(cells: Sequence[BaseGeometry], grain: float) -> list[Polygon]:
    """Return tiling cells each in one part, in the same order.

    A cell keeps its largest part; every other goes to the neighbour it shares the
    longest border with.
    """
    by_size = [sorted(_parts(c), key=lambda part: part.area) for c in cells]
    kept = [sizes.pop() for sizes in by_size]
    gained: list[list[Polygon]] = [[] for _ in cells]
    for stray in chain.from_iterable(by_size):
        borders = [shapely.intersection(stray, main).length for main in kept]
        gained[borders.index(max(borders))].append(stray)
    return [
        _largest(shapely.union_all([main, *strays], grid_size=grain))
        for main, strays in zip(kept, gained, strict=True)
    ]


def tile(polygons: Sequence[Polygon], grid: float) -> list[Polygon]:
    """Return tiling polygons with vertices on a grid, in the same order.

    Where lines meet, both sides get the same vertex, so the result has neither gaps
    nor overlaps at all and can be merged without a seam. A vertex moves by less than
    one width of the grid.
    """
    lines = shapely.union_all([each.boundary for each in polygons], grid_size=grid)
    faces = polygonize(shapely.get_parts(lines).tolist())
    tree = shapely.STRtree(polygons)
    owned: list[list[Polygon]] = [[] for _ in polygons]
    for face in faces:
        # Faces outside all polygons (lakes in the tiling) have no owner.
        for owner in tree.query(face.representative_point(), "within").tolist()[:1]:
            owned[owner].append(face)
    return [_largest(shapely.union_all(each)) for each in owned]


def _parts(geometry: BaseGeometry) -> list[Polygon]:
    return [part for part in shapely.get_parts(geometry) if isinstance(part, Polygon)]


def _largest(geometry: BaseGeometry) -> Polygon:
    return max(_parts(geometry), key=lambda part: part.area)
