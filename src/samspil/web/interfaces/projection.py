"""From degrees to the units of our drawing of Denmark, Bornholm moved up beside Zealand."""

from __future__ import annotations

import math

WEST, NORTH, EAST, SOUTH = 8.05, 57.78, 12.85, 54.53
SCALE = 160
"""Units per degree of latitude: one unit is 0.7 km."""
_SQUEEZE = math.cos(math.radians(56.1))
WIDTH = round((EAST - WEST) * _SQUEEZE * SCALE)
HEIGHT = round((NORTH - SOUTH) * SCALE)
_BORNHOLM_FROM = 14.0
_BORNHOLM_BY = (-2.45, 1.95)
"""How far Bornholm is moved, in degrees of longitude and latitude."""
INSET = (354, 64, 73, 76)
"""The frame around Bornholm: left, top, width and height."""


def place(lat: float, lon: float) -> tuple[float, float]:
    """Where a point (WGS84, decimal degrees) stands in the drawing, from its upper left corner."""
    if lon > _BORNHOLM_FROM:
        lon, lat = lon + _BORNHOLM_BY[0], lat + _BORNHOLM_BY[1]
    return (lon - WEST) * _SQUEEZE * SCALE, (NORTH - lat) * SCALE
