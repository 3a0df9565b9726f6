"""Choices of the api context."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """What a key may do beyond what everybody may read."""

    ROUNDS_READ = "rounds:read", _("Læse samarbejdets runder og oversigter")
    RUNS_READ = "runs:read", _("Læse skolens egne hold, også dem der ikke er annonceret")
    RUNS_WRITE = "runs:write", _("Annoncere, rette og aflyse skolens hold")


SCHOOLS_ALONE = frozenset({Scope.RUNS_READ, Scope.RUNS_WRITE})
"""Scopes that only an organisation's own key can have."""


class EventKind(models.TextChoices):
    """What a subscriber can be told of."""

    RUN_ANNOUNCED = "run.announced", _("Et hold er annonceret")
    RUN_CHANGED = "run.changed", _("Et hold er ændret")
    RUN_CANCELLED = "run.cancelled", _("Et hold er aflyst")
    COMMITMENT_CHANGED = "commitment.changed", _("En forpligtelse er ændret")
    AGREEMENT_SIGNED = "agreement.signed", _("En aftale er underskrevet af alle")


PING = "ping"
"""The event of the test button; nobody subscribes to it."""


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Venter")
    DELIVERED = "delivered", _("Leveret")
    FAILED = "failed", _("Opgivet")


class FeedKind(models.TextChoices):
    """What the change feed follows. The last two are a network's own business."""

    COURSE = "course"
    RUN = "run"
    COMMITMENT = "commitment"
    CELL = "cell"
    AGREEMENT = "agreement"


PUBLIC_KINDS = (FeedKind.COURSE, FeedKind.RUN, FeedKind.COMMITMENT)
