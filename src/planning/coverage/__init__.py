"""Coverage: which school is obliged to offer each course under the duty, and which schools follow."""

from planning.coverage.contradictions import contradiction, contradictions
from planning.coverage.data import (
    Approval,
    Course,
    Demand,
    Distance,
    FormLine,
    Holding,
    Loan,
    Municipality,
    Offer,
    OfferRole,
    Pin,
    PinRole,
    Problem,
    School,
    Way,
    upgrade,
)
from planning.coverage.explain import Explanation, explain
from planning.coverage.score import TERMS, Score, extra_courses, headline, score
from planning.coverage.solution import Assignment, Role, Solution
from planning.coverage.solve import SOLVER, solve
from planning.coverage.validate import Violation, validate
from planning.coverage.whatif import with_capacity, without_approval, without_school

__all__ = [
    "SOLVER",
    "TERMS",
    "Approval",
    "Assignment",
    "Course",
    "Demand",
    "Distance",
    "Explanation",
    "FormLine",
    "Holding",
    "Loan",
    "Municipality",
    "Offer",
    "OfferRole",
    "Pin",
    "PinRole",
    "Problem",
    "Role",
    "School",
    "Score",
    "Solution",
    "Violation",
    "Way",
    "contradiction",
    "contradictions",
    "explain",
    "headline",
    "extra_courses",
    "score",
    "solve",
    "upgrade",
    "validate",
    "with_capacity",
    "without_approval",
    "without_school",
]
