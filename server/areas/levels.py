"""The five levels of areas, from the city down."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """How high an area stands; written from the highest to the lowest."""

    CITY = "city"  # 市
    DISTRICT = "district"  # 区、县、旗
    TOWN = "town"  # 街道、镇、乡, and what 国家统计局 counts like one
    COMMUNITY = "community"  # 社区、村、嘎查
    GRID = "grid"  # 网格

    @property
    def depth(self) -> int:
        """0 for a city to 4 for a grid."""
        return list(Level).index(self)

    def is_above(self, other: Level) -> bool:
        """Tell whether an area of this level may be the parent of ``other``."""
        return self.depth < other.depth


LEVELS: tuple[str, ...] = tuple(level.value for level in Level)
