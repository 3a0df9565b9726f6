"""Jobs: candidates and companies' openings, stable and best (R116)."""

from planning.matching.jobs.baseline import deferred_acceptance, first_come, openings_ask
from planning.matching.jobs.data import (
    Candidate,
    Competence,
    Fit,
    Group,
    Need,
    NeedKind,
    Opening,
    Pin,
    Problem,
    Wanted,
    Wish,
)
from planning.matching.jobs.explain import Explanation, explain
from planning.matching.jobs.score import TERMS, Score, group_points, headline, score
from planning.matching.jobs.solution import Match, Solution
from planning.matching.jobs.solve import SOLVER, solve
from planning.matching.jobs.validate import Violation, blocking_pairs, validate
from planning.matching.places import Distance, Place

__all__ = [
    "SOLVER",
    "TERMS",
    "Candidate",
    "Competence",
    "Distance",
    "Explanation",
    "Fit",
    "Group",
    "Match",
    "Need",
    "NeedKind",
    "Opening",
    "Pin",
    "Place",
    "Problem",
    "Score",
    "Solution",
    "Violation",
    "Wanted",
    "Wish",
    "blocking_pairs",
    "deferred_acceptance",
    "explain",
    "first_come",
    "group_points",
    "headline",
    "openings_ask",
    "score",
    "solve",
    "validate",
]
