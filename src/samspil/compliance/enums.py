"""Choices of the compliance context."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Standing(models.TextChoices):
    """Whether what was agreed is announced (R22, R26, R28)."""

    KEPT = "kept", _("Overholdt")
    LATE = "late", _("Forsinket")
    DRIFTED = "drifted", _("Afviger")
    CANCELLED = "cancelled", _("Aflyst")
    MISSING = "missing", pgettext_lazy("follow-up", "Mangler")
    PENDING = "pending", _("Ikke tid endnu")
    UNKNOWN = "unknown", _("Ikke undersøgt")


TO_ACT_ON = (Standing.MISSING, Standing.DRIFTED, Standing.CANCELLED)
"""Where somebody has to do something; a late one is only told."""

UNNAMED = ("school_unknown", "school_several")
"""Reasons for which the secretariat has to say which school outside the circle an agreement is with."""


class GuaranteeStanding(models.TextChoices):
    """What has become of a guarantee (R30, R35)."""

    NONE = "none", _("Ingen garanti")
    OPEN = "open", _("Lovet")
    NOT_GIVEN = "not_given", _("Ikke annonceret som garanti")
    KEPT = "kept", _("Garanti holdt")
    BROKEN = "broken", _("Garanti brudt")
