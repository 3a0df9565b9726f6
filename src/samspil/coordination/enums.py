"""Choices, and the tables of what may follow what, of the coordination context."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from samspil.kernel.transitions import Transition


class RoundStatus(models.TextChoices):
    DRAFT = "draft", _("Under forberedelse")
    COLLECTING = "collecting", _("Skemaer er ude")
    MEETING = "meeting", _("Koordineringsmøde")
    SIGNING = "signing", _("Til underskrift")
    CLOSED = "closed", _("Afsluttet")


ROUND_TRANSITIONS = (
    Transition("send_forms", frozenset({"draft"}), "collecting"),
    Transition("start_meeting", frozenset({"collecting"}), "meeting"),
    Transition("reopen_collecting", frozenset({"meeting"}), "collecting"),
    Transition("start_signing", frozenset({"meeting"}), "signing"),
    Transition("reopen_meeting", frozenset({"signing"}), "meeting"),
    Transition("close", frozenset({"signing"}), "closed"),
    # A school that leaves in the middle of the year makes gaps in a closed round (R62).
    Transition("reopen_after_leave", frozenset({"closed"}), "signing"),
)


class FkbStatus(models.TextChoices):
    OPEN = "open", _("Åben")
    FROZEN = "frozen", _("Oversigt fastlåst")
    AGREED = "agreed", _("Aftale underskrevet")


FKB_TRANSITIONS = (
    Transition("freeze", frozenset({"open", "frozen", "agreed"}), "frozen"),
    Transition("reopen", frozenset({"frozen", "agreed"}), "open"),
    Transition("agree", frozenset({"frozen"}), "agreed"),
)


class FormStatus(models.TextChoices):
    DRAFT = "draft", _("Ikke sendt")
    SENT = "sent", _("Sendt")
    RETURNED = "returned", _("Returneret")
    ACCEPTED = "accepted", _("Godkendt")


FORM_TRANSITIONS = (
    Transition("send", frozenset({"draft"}), "sent"),
    Transition("submit", frozenset({"sent", "returned"}), "returned"),
    Transition("accept", frozenset({"returned"}), "accepted"),
    Transition("reopen", frozenset({"returned", "accepted"}), "sent"),
)


class CommitmentRole(models.TextChoices):
    """What a school does for a course in the round (ESØ principles 1 and 2; R27, R28)."""

    OWN = "own", _("Eget udbud")
    HOLDER = "holder", _("Udbydende skole")
    FOLLOWER = "follower", _("Følger")
    NONE = "none", _("Intet udbud")


class Origin(models.TextChoices):
    FORM = "form", _("Skema")
    HAND = "hand", _("Rettet på oversigten")
    PROPOSAL = "proposal", _("Forslag")
    IMPORT = "import", _("Indlæst")
    COPY = "copy", _("Kopieret fra sidste år")


class IntentSource(models.TextChoices):
    COPY = "copy", _("Kopieret fra sidste år")
    SCREEN = "screen", _("Udfyldt på skærmen")
    WORKBOOK = "workbook", _("Regneark")


class ChangeKind(models.TextChoices):
    CELL = "cell", _("Ændring på oversigten")
    PROPOSAL = "proposal", _("Forslag brugt")
    FORM = "form", _("Skema indsendt")
    IMPORT = "import", _("Oversigt indlæst")
    LEAVE = "leave", _("Skole udtrådt")
    MERGER = "merger", _("Skoler lagt sammen")


FINAL_CHANGES = (ChangeKind.LEAVE, ChangeKind.MERGER)
"""What happened outside the round: no undo brings a school back."""


class ProposalStatus(models.TextChoices):
    QUEUED = "queued", _("Beregnes")
    READY = "ready", _("Klar")
    USED = "used", _("Brugt")
    DISCARDED = "discarded", _("Forkastet")
    FAILED = "failed", _("Kunne ikke beregnes")


PROPOSAL_TRANSITIONS = (
    Transition("answer", frozenset({"queued"}), "ready"),
    Transition("fail", frozenset({"queued"}), "failed"),
    Transition("use", frozenset({"ready"}), "used"),
    Transition("discard", frozenset({"queued", "ready", "failed"}), "discarded"),
)


class LineState(models.TextChoices):
    OPEN = "open", _("Åben")
    TAKEN = "taken", _("Brugt")
    REJECTED = "rejected", _("Afvist")
    STALE = "stale", _("Overhalet")


class AgreementKind(models.TextChoices):
    ORIGINAL = "original", _("Koordineringsaftale")
    ADDENDUM = "addendum", _("Tillæg")


class AgreementStatus(models.TextChoices):
    COLLECTING = "collecting", _("Til underskrift")
    SIGNED = "signed", _("Underskrevet")
    DECLINED = "declined", _("Afvist")
    WITHDRAWN = "withdrawn", _("Trukket tilbage")


class SignatureStatus(models.TextChoices):
    WAITING = "waiting", _("Mangler")
    SIGNED = "signed", _("Underskrevet")
    DECLINED = "declined", _("Afvist")


class DecisionKind(models.TextChoices):
    """What the meeting does about a gap (ESØ principles 1 and 2; R24, R27)."""

    OWN = "own", _("Eget udbud")
    JOINT = "joint", _("Fælles hold")
    OUTSIDE = "outside", _("Skole uden for kredsen")
    ARCHIVE = "archive", _("Taget ud af pligten")
    LATER = "later", _("Gemt til senere")


class ReturnStatus(models.TextChoices):
    PREVIEW = "preview", _("Ikke gemt endnu")
    APPLIED = "applied", _("Gemt")
    UNDONE = "undone", _("Fortrudt")
    DISCARDED = "discarded", _("Kasseret")


RETURN_TRANSITIONS = (
    Transition("apply", frozenset({"preview", "applied", "undone"}), "applied"),
    Transition("undo", frozenset({"applied"}), "undone"),
    Transition("discard", frozenset({"preview", "undone"}), "discarded"),
)


AGREEMENT_TRANSITIONS = (
    Transition("complete", frozenset({"collecting"}), "signed"),
    Transition("decline", frozenset({"collecting", "declined"}), "declined"),
    Transition("resume", frozenset({"declined"}), "collecting"),
    Transition("withdraw", frozenset({"collecting", "declined"}), "withdrawn"),
)

SIGNATURE_TRANSITIONS = (
    Transition("sign", frozenset({"waiting", "declined"}), "signed"),
    Transition("decline", frozenset({"waiting"}), "declined"),
)
