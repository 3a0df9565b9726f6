"""Choices of the runs context, and which states follow each other."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from samspil.kernel.transitions import Transition


class PoolingStatus(models.TextChoices):
    """How far a pooling has come."""

    QUEUED = "queued", _("Regner")
    ANSWERED = "answered", _("Klar")
    FAILED = "failed", _("Mislykket")


POOLING_TRANSITIONS = (
    Transition("answer", frozenset({"queued"}), "answered"),
    Transition("fail", frozenset({"queued"}), "failed"),
)
