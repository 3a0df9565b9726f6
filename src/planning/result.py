"""What every planner answers with: how good the answer is, and how we know it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S")


class Status(StrEnum):
    """How much is known about the answer as a whole."""

    PROVEN = "proven"
    """No other answer is better in any objective."""
    BOUNDED = "bounded"
    """A valid answer; `Result.bounds` tells which objectives are proven and how far the rest may be off."""
    STOPPED = "stopped"
    """The work limit was reached; the best answer so far."""
    IMPOSSIBLE = "impossible"
    """The facts contradict each other, so there is no valid answer."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much work a solver may do.

    `work` counts steps (a placement tried, a move weighed), not seconds, so that a slow machine gives the
    same answer as a fast one.
    """

    work: int = 400_000


@dataclass(frozen=True, slots=True)
class Bound:
    """One objective: the value reached, and the best value that anybody could reach (None: not known)."""

    term: str
    value: int
    best_possible: int | None

    @property
    def is_proven(self) -> bool:
        return self.best_possible is not None and self.value == self.best_possible


@dataclass(frozen=True, slots=True)
class Result(Generic[S]):
    """A solver's answer.

    `bounds` stands in the order of the objectives. `statistics` holds whole numbers only, so that two runs
    can be compared; `seed` and `solver` are kept so that the run can be repeated.
    """

    status: Status
    solution: S
    bounds: tuple[Bound, ...]
    statistics: dict[str, int] = field(default_factory=dict)
    solver: str = ""
    seed: int = 0

    def bound(self, term: str) -> Bound:
        """The bound of one objective. Raises KeyError for a term that the problem doesn't have."""
        for bound in self.bounds:
            if bound.term == term:
                return bound
        raise KeyError(term)
