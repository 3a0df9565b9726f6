"""Distances between places, for planners that get no road matrix."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0088
ROAD_FACTOR = 1.3
"""Danish roads are about 1.3 times as long as the great circle between two schools."""


def road_metres(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> int:
    """Estimated road distance in whole metres between two points in WGS84 degrees."""
    phi_a, phi_b = radians(lat_a), radians(lat_b)
    half_lat = sin((phi_b - phi_a) / 2)
    half_lon = sin(radians(lon_b - lon_a) / 2)
    chord = half_lat * half_lat + cos(phi_a) * cos(phi_b) * half_lon * half_lon
    return round(2000 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord))) * ROAD_FACTOR)


def road_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> int:
    """Estimated road distance in whole kilometres between two points in WGS84 degrees."""
    return round(road_metres(lat_a, lon_a, lat_b, lon_b) / 1000)
