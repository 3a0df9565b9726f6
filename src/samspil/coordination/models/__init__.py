"""Who must offer what: rounds, forms, the board, proposals, overviews and agreements."""

from samspil.coordination.models.agreements import (
    Agreement,
    Overview,
    PaperSignature,
    RoundArchive,
    SealUpkeep,
    Signature,
    SignatureProof,
)
from samspil.coordination.models.board import (
    ChangeEntry,
    ChangeSet,
    Commitment,
    CourseComment,
    ExternalAgreement,
)
from samspil.coordination.models.forms import Form, Intent
from samspil.coordination.models.meetings import Meeting, MeetingDecision, MeetingTask
from samspil.coordination.models.proposals import Proposal, ProposalLine
from samspil.coordination.models.returns import MatrixImport, Return
from samspil.coordination.models.rounds import Round, RoundCourse, RoundFkb, RoundSchool

__all__ = [
    "Agreement",
    "ChangeEntry",
    "ChangeSet",
    "Commitment",
    "CourseComment",
    "ExternalAgreement",
    "Form",
    "Intent",
    "MatrixImport",
    "Meeting",
    "MeetingDecision",
    "MeetingTask",
    "Overview",
    "PaperSignature",
    "Proposal",
    "ProposalLine",
    "Return",
    "Round",
    "RoundArchive",
    "RoundCourse",
    "RoundFkb",
    "RoundSchool",
    "SealUpkeep",
    "Signature",
    "SignatureProof",
]
