"""Choices of the runs context, and which states follow each other."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from samspil.kernel.transitions import Transition


class RunStatus(models.TextChoices):
    """What has become of a run (R17, R37)."""

    PLANNED = "planned", _("Planlagt")
    ANNOUNCED = "announced", _("Annonceret")
    CONFIRMED = "confirmed", _("Bekræftet")
    CANCELLED = "cancelled", _("Aflyst")
    HELD = "held", _("Afholdt")


RUN_TRANSITIONS = (
    Transition("announce", frozenset({"planned"}), "announced"),
    Transition("confirm", frozenset({"announced"}), "confirmed"),
    Transition("cancel", frozenset({"planned", "announced", "confirmed"}), "cancelled"),
    Transition("reopen", frozenset({"cancelled"}), "planned"),
    Transition("hold", frozenset({"announced", "confirmed"}), "held"),
)


class PeriodKind(models.TextChoices):
    """How the days of a period are said."""

    DATES = "dates", _("Enkelte dage")
    PATTERN = "pattern", _("Ugedage mellem to datoer")


class PoolingStatus(models.TextChoices):
    """How far a pooling has come."""

    QUEUED = "queued", _("Regner")
    ANSWERED = "answered", _("Klar")
    FAILED = "failed", _("Mislykket")


POOLING_TRANSITIONS = (
    Transition("answer", frozenset({"queued"}), "answered"),
    Transition("fail", frozenset({"queued"}), "failed"),
)


class HarvestOrigin(models.TextChoices):
    """Where announced runs were fetched from."""

    SEARCH = "search", _("Den landsdækkende søgning")
    FILE = "file", _("Fil")


class HarvestStatus(models.TextChoices):
    """How far a harvest has come."""

    WAITING = "waiting", _("Venter")
    FETCHING = "fetching", _("Henter")
    DONE = "done", _("Hentet")
    FAILED = "failed", _("Mislykket")


class RunChangeKind(models.TextChoices):
    """What happened to a run from one harvest to the next."""

    NEW = "new", _("Nyt")
    GONE = "gone", _("Væk")
    BACK = "back", _("Tilbage")
    CHANGED = "changed", _("Ændret")
    NUMBERS = "numbers", _("Tilmeldte")
