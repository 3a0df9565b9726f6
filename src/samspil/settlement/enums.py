"""Choices of the settlement context, and which states follow each other."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from samspil.kernel.transitions import Transition


class RateKind(models.TextChoices):
    """What a rate is paid for."""

    SUBSIDY = "subsidy", _("Taxameter pr. årselev")
    FEE = "fee", _("Deltagerbetaling pr. dag")


class Account(models.TextChoices):
    """What a posting is about.

    ``SUBSIDY`` is information: the state pays it to the holder (R65), no school owes it to another. The
    other two are owed: money that the origin got, and that belongs to the holder.
    """

    SUBSIDY = "subsidy", _("Taxameter, til orientering")
    FEE_DUE = "fee_due", _("Deltagerbetaling")
    SUBSIDY_DUE = "subsidy_due", _("Taxameter udbetalt til oprindelsesskolen")


DUE = (Account.FEE_DUE, Account.SUBSIDY_DUE)
"""Accounts that one school owes another."""


class EntryKind(models.TextChoices):
    """Why an entry was made."""

    TRANSFER = "transfer", _("Overførsel")
    RECEIVED = "received", _("Modtaget af oprindelsesskolen")
    PARTICIPATION = "participation", _("Ændret deltagelse")
    RATE = "rate", _("Takst")
    UNDONE = "undone", _("Overførsel fortrudt")


class StatementStatus(models.TextChoices):
    """How far a statement is."""

    OPEN = "open", _("Løbende kvartal")
    PENDING = "pending", _("Til godkendelse")
    DISPUTED = "disputed", _("Indsigelse")
    CLOSED = "closed", _("Godkendt af begge")


STATEMENT_TRANSITIONS = (
    Transition("draw_up", frozenset({"open"}), "pending"),
    Transition("dispute", frozenset({"pending", "disputed"}), "disputed"),
    Transition("settle", frozenset({"disputed"}), "pending"),
    Transition("close", frozenset({"pending"}), "closed"),
)


class DisputeStatus(models.TextChoices):
    """Whose turn it is in a dispute."""

    OPEN = "open", _("Venter på svar")
    ANSWERED = "answered", _("Besvaret")
    SETTLED = "settled", _("Afsluttet")


DISPUTE_TRANSITIONS = (
    Transition("answer", frozenset({"open"}), "answered"),
    Transition("reopen", frozenset({"answered"}), "open"),
    Transition("settle", frozenset({"open", "answered"}), "settled"),
)
