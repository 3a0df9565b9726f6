"""Learners and companies, their sign-ups, enrolments, seats and what is kept of them afterwards."""

from samspil.enrolment.models.after import Attendance, Evaluation
from samspil.enrolment.models.learners import Learner, LearnerCpr
from samspil.enrolment.models.moves import (
    MoveBundle,
    MoveLine,
    MovePlan,
    PlanApproval,
    PlannedRun,
    Transfer,
    TransferNote,
)
from samspil.enrolment.models.seats import Enrolment, SeatOffer
from samspil.enrolment.models.signups import Flexibility, SignUp
from samspil.enrolment.models.terms import ProtectedAccess, RunTerms, SchoolTerms

__all__ = [
    "Attendance",
    "Enrolment",
    "Evaluation",
    "Flexibility",
    "Learner",
    "LearnerCpr",
    "MoveBundle",
    "MoveLine",
    "MovePlan",
    "PlanApproval",
    "PlannedRun",
    "ProtectedAccess",
    "RunTerms",
    "SchoolTerms",
    "SeatOffer",
    "SignUp",
    "Transfer",
    "TransferNote",
]
