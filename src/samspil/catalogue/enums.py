"""Choices of the catalogue context."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RelationKind(models.TextChoices):
    """How a course belongs to an FKB; the three are kept apart (R3)."""

    CORE = "core", _("Kernemål")
    LINKED = "linked", _("Tilkoblet")
    COMMON = "common", _("Fælleskatalog")


class Evidence(models.TextChoices):
    """How well an approval is known; only a decision is a formal grant."""

    GRANTED = "granted", _("Tildelt")
    STATED = "stated", _("Oplyst")
    IMPLIED = "implied", _("Udledt")
    CONSTRUCTED = "constructed", _("Konstrueret")
