"""Choices of lending, and which states follow each other."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from samspil.kernel.transitions import Transition


class LoanKind(models.TextChoices):
    """Two of the three arrangements that must not be mixed (R59). The third, moving a learner
    between two approved schools, is a transfer and no loan."""

    LENDING = "lending", _("Udlån (udlægning)")
    CONTRACT = "contract", _("Udlicitering")


class Ground(models.TextChoices):
    """Why a course may be lent: AMU-loven § 16(5), at least one (R51)."""

    CAPACITY = "capacity", _("Den godkendte skole kan ikke nå sin pligt, fordi den mangler plads")
    GEOGRAPHY = "geography", _("Særlige geografiske forhold")
    LOCAL_NEED = "local_need", _("Et konkret eller akut lokalt behov på tværs af FKB'er")
    COHERENT = (
        "coherent",
        _("Ét samlet forløb, hvor en del ligger uden for de FKB'er, skolen er godkendt til"),
    )
    OTHER = "other", _("Det femte grundlag i § 16, stk. 5 (beskriv det)")


class LoanStatus(models.TextChoices):
    """How far a loan has come. Whether it runs today is read from its period."""

    PROPOSED = "proposed", _("Venter på svar")
    SIGNING = "signing", _("Til underskrift")
    SIGNED = "signed", _("Aftalt")
    DECLINED = "declined", _("Afvist")
    WITHDRAWN = "withdrawn", _("Trukket tilbage")


LOAN_TRANSITIONS = (
    Transition("propose_again", frozenset({"proposed", "signing"}), "proposed"),
    Transition("accept", frozenset({"proposed"}), "signing"),
    Transition("decline", frozenset({"proposed", "signing"}), "declined"),
    Transition("withdraw", frozenset({"proposed", "signing"}), "withdrawn"),
    Transition("complete", frozenset({"signing"}), "signed"),
)
