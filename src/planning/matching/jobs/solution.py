"""An answer to a jobs problem: who gets what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """A candidate gets a seat of an opening."""

    candidate: str
    opening: str


@dataclass(frozen=True)
class Solution:
    """Matches in key order. Who isn't named gets nothing."""

    matches: tuple[Match, ...] = ()

    @cached_property
    def opening_of(self) -> dict[str, str]:
        """The opening per matched candidate."""
        return {m.candidate: m.opening for m in self.matches}

    @cached_property
    def candidates_of(self) -> dict[str, tuple[str, ...]]:
        """The candidates per opening that has any, in key order."""
        found: dict[str, list[str]] = {}
        for m in sorted(self.matches):
            found.setdefault(m.opening, []).append(m.candidate)
        return {opening: tuple(keys) for opening, keys in found.items()}
