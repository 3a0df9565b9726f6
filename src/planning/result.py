"""What every planner answers with: how good the answer is, and how we know it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from planning.messages import Contradiction

S = TypeVar("S")


class Status(StrEnum):
    """How much is known about the answer as a whole."""

    PROVEN = "proven"
    """No other answer is better, taken objective by objective in their order."""
    BOUNDED = "bounded"
    """A valid answer; `Result.bounds` tells which objectives are proven and how far the rest may be off."""
    STOPPED = "stopped"
    """A limit was reached, or somebody stopped it; the best answer so far, with what is known of the best."""
    IMPOSSIBLE = "impossible"
    """The facts contradict each other, so there is no valid answer; `Result.contradictions` says which."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a solver may do.

    `work` counts steps (a placement tried, a move weighed; a solver's own deterministic second is
    `WORK_PER_SECOND` steps), so that a slow machine gives the same answer as a fast one. `seconds` is a clock
    for those who wait, and comes second: an answer cut off by it can differ from run to run. `processes`: so many
    may work at once on a large problem that falls into parts; the answer is the same.
    """

    work: int = 400_000
    seconds: float | None = None
    processes: int = 1


WORK_PER_SECOND = 10_000
"""Steps that stand for one deterministic second of CP-SAT. HiGHS counts a simplex iteration as a step."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One objective: the value reached, and the best value that anybody could reach (None: not known)."""

    term: str
    value: int
    best_possible: int | None

    @property
    def is_proven(self) -> bool:
        return self.best_possible is not None and self.value == self.best_possible

    @property
    def percent_off(self) -> float | None:
        """How far the value may be from the best, in per cent of the larger of the two; None: not known."""
        if self.best_possible is None:
            return None
        largest = max(abs(self.value), abs(self.best_possible))
        return 100.0 * abs(self.value - self.best_possible) / largest if largest else 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a solver has come: seconds since it began, objectives of the best answer so far with bounds."""

    seconds: float
    bounds: tuple[Bound, ...]
    phase: str = ""


class Watch(Generic[S]):
    """Follows a solve from outside, and ends it: by the clock, or because somebody asks.

    A solver calls `tell` whenever it has a better answer or bound, and `is_over` between steps. `on_progress`
    gets the progress, and the best answer where there is a new one. `ask_to_stop` may be called from a signal
    handler or another thread; the solver then answers with its best so far.
    """

    def __init__(
        self,
        seconds: float | None = None,
        on_progress: Callable[[Progress, S | None], None] | None = None,
    ) -> None:
        self._began = time.monotonic()
        self._seconds = seconds
        self._on_progress = on_progress
        self._is_asked = False

    @property
    def is_followed(self) -> bool:
        """Does anybody want to hear how far it is?"""
        return self._on_progress is not None

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    @property
    def left(self) -> float:
        """Seconds left on the clock; infinite without a clock, 0 when asked to stop."""
        if self._is_asked:
            return 0.0
        return float("inf") if self._seconds is None else max(0.0, self._seconds - self.elapsed)

    @property
    def is_over(self) -> bool:
        return self.left <= 0.0

    def ask_to_stop(self) -> None:
        self._is_asked = True

    def tell(self, bounds: tuple[Bound, ...], best: S | None = None, phase: str = "") -> None:
        if self._on_progress is not None:
            self._on_progress(Progress(self.elapsed, bounds, phase), best)


@dataclass(frozen=True, slots=True)
class Result(Generic[S]):
    """A solver's answer.

    `bounds` stands in the order of the objectives. `statistics` holds whole numbers only, so that two runs
    can be compared; `seed` and `solver` are kept so that the run can be repeated. `contradictions`: what
    cannot be done, each as a set of facts that contradict each other.
    """

    status: Status
    solution: S
    bounds: tuple[Bound, ...]
    statistics: dict[str, int] = field(default_factory=dict)
    solver: str = ""
    seed: int = 0
    contradictions: tuple[Contradiction, ...] = ()

    def bound(self, term: str) -> Bound:
        """The bound of one objective. Raises KeyError for a term that the problem doesn't have."""
        for bound in self.bounds:
            if bound.term == term:
                return bound
        raise KeyError(term)
