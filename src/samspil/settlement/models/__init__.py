"""The ledger between schools, its statements, and the rates they are reckoned by."""

from samspil.settlement.models.ledger import Entry, Posting, TransferFact
from samspil.settlement.models.rates import CourseRate, Rate, RateGroup
from samspil.settlement.models.statements import Approval, Dispute, DisputeMessage, Statement

__all__ = [
    "Approval",
    "CourseRate",
    "Dispute",
    "DisputeMessage",
    "Entry",
    "Posting",
    "Rate",
    "RateGroup",
    "Statement",
    "TransferFact",
]
