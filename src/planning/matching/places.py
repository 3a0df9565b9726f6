"""Places and the ways between them, for both matching problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planning.checks import check_int, check_known, check_text, check_unique
from planning.geo import road_km

DEGREE = 10_000
"""Coordinates are in ten thousandths of a degree (WGS84), about ten metres."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody lives or works."""

    key: str
    lat: int
    lon: int


@dataclass(frozen=True, slots=True)
class Distance:
    """Kilometres by road between two places, both ways; goes before the estimate from coordinates."""

    a: str
    b: str
    km: int


class Roads:
    """Kilometres between places, each worked out once."""

    def __init__(self, places: Sequence[Place], distances: Sequence[Distance]) -> None:
        self._places = {place.key: place for place in places}
        self._km = {(d.a, d.b): d.km for d in distances}
        self._km.update({(d.b, d.a): d.km for d in distances})

    def km(self, a: str, b: str) -> int:
        """Whole kilometres from one place to the other."""
        found = self._km.get((a, b))
        if found is None:
            one, other = self._places[a], self._places[b]
            found = road_km(
                one.lat / DEGREE, one.lon / DEGREE, other.lat / DEGREE, other.lon / DEGREE
            )
            self._km[a, b] = found
        return found


def check_places(places: Sequence[Place], distances: Sequence[Distance]) -> None:
    """Raises ProblemError for a place or a distance that cannot be right."""
    for i, place in enumerate(places):
        check_text(place.key, f"places[{i}].key")
        check_int(place.lat, f"places[{i}].lat", least=-90 * DEGREE, most=90 * DEGREE)
        check_int(place.lon, f"places[{i}].lon", least=-180 * DEGREE, most=180 * DEGREE)
    check_unique((place.key for place in places), "places", "key")
    known = {place.key for place in places}
    for i, distance in enumerate(distances):
        check_known(distance.a, known, f"distances[{i}].a")
        check_known(distance.b, known, f"distances[{i}].b")
        check_int(distance.km, f"distances[{i}].km", least=0)
    check_unique((frozenset((d.a, d.b)) for d in distances), "distances", "pair")
