"""Choices of the catalogue context."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from samspil.network.enums import RelationKind

__all__ = ["Evidence", "RelationKind"]


class Evidence(models.TextChoices):
    """How well an approval is known; only a decision is a formal grant."""

    GRANTED = "granted", _("Tildelt")
    STATED = "stated", _("Oplyst")
    IMPLIED = "implied", _("Udledt")
    CONSTRUCTED = "constructed", _("Konstrueret")
