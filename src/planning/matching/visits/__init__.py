"""Visits: which consultant goes to which company on which day (R101–R108)."""

from planning.matching.places import Distance, Place
from planning.matching.visits.baseline import who_has_time
from planning.matching.visits.data import (
    DAYS,
    Consultant,
    Last,
    Learning,
    Pin,
    Problem,
    Team,
    Visit,
)
from planning.matching.visits.explain import Explanation, explain
from planning.matching.visits.score import TERMS, Score, headline, loads, score
from planning.matching.visits.solution import Solution, Trip
from planning.matching.visits.solve import SOLVER, solve
from planning.matching.visits.validate import Violation, validate

__all__ = [
    "DAYS",
    "SOLVER",
    "TERMS",
    "Consultant",
    "Distance",
    "Explanation",
    "Last",
    "Learning",
    "Pin",
    "Place",
    "Problem",
    "Score",
    "Solution",
    "Team",
    "Trip",
    "Violation",
    "Visit",
    "explain",
    "headline",
    "loads",
    "score",
    "solve",
    "validate",
    "who_has_time",
]
