"""An answer to a visits problem: who goes where, on which day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from planning.matching.visits.data import DAYS, Team


@dataclass(frozen=True, slots=True, order=True)
class Trip:
    """A visit that is made. `companion` is the new colleague who goes along, if any."""

    visit: str
    day: int
    lead: str
    companion: str = ""

    @property
    def team(self) -> Team:
        return Team(self.lead, self.companion)

    @property
    def week(self) -> int:
        return self.day // DAYS


@dataclass(frozen=True)
class Solution:
    """Trips in the order of the visits' keys. A visit that isn't named is not made."""

    trips: tuple[Trip, ...] = ()

    @cached_property
    def trip_of(self) -> dict[str, Trip]:
        """The trip per visit made."""
        return {trip.visit: trip for trip in self.trips}
