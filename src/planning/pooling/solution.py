"""An answer to a pooling problem: which runs are held, and who sits where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter


@dataclass(frozen=True, slots=True, order=True)
class Seat:
    """So many of a party in a run: their own (they stay) or another (they are asked to move)."""

    party: str
    run: str
    heads: int = 1


@dataclass(frozen=True)
class Solution:
    """Runs that are held, in key order; seats in the order party, run. Who has no seat isn't taught."""

    held: tuple[str, ...] = ()
    seats: tuple[Seat, ...] = ()

    @cached_property
    def seats_of_party(self) -> dict[str, tuple[Seat, ...]]:
        found: dict[str, list[Seat]] = {}
        for seat in self.seats:
            found.setdefault(seat.party, []).append(seat)
        return {party: tuple(seats) for party, seats in found.items()}

    @cached_property
    def seats_of_run(self) -> dict[str, tuple[Seat, ...]]:
        found: dict[str, list[Seat]] = {}
        for seat in self.seats:
            found.setdefault(seat.run, []).append(seat)
        return {run: tuple(seats) for run, seats in found.items()}

    @cached_property
    def heads_of_run(self) -> dict[str, int]:
        """Participants per run that has any."""
        return {run: sum(seat.heads for seat in seats) for run, seats in self.seats_of_run.items()}


def in_order(seats: Iterable[Seat]) -> tuple[Seat, ...]:
    """Seats in the order party, run, as an answer has them; as `sorted`, without comparing in Python."""
    return tuple(sorted(seats, key=attrgetter("party", "run", "heads")))
