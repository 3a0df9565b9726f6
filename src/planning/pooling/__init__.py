"""Pooling: which runs are held, and who is offered which seat."""

from planning.pooling.data import (
    Option,
    Party,
    Pin,
    PinnedRun,
    PinnedSeat,
    Place,
    Problem,
    Run,
    RunPin,
    School,
    SeatPin,
    Shared,
    Use,
)
from planning.pooling.explain import Explanation, explain
from planning.pooling.score import TERMS, Score, headline, score
from planning.pooling.solution import Seat, Solution
from planning.pooling.solve import SOLVER, solve
from planning.pooling.validate import Violation, validate

__all__ = [
    "SOLVER",
    "TERMS",
    "Explanation",
    "Option",
    "Party",
    "Pin",
    "PinnedRun",
    "PinnedSeat",
    "Place",
    "Problem",
    "Run",
    "RunPin",
    "School",
    "Score",
    "Seat",
    "SeatPin",
    "Shared",
    "Solution",
    "Use",
    "Violation",
    "explain",
    "headline",
    "score",
    "solve",
    "validate",
]
