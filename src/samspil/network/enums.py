"""Choices of the network context."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from samspil.kernel import roles


class OrganisationKind(models.TextChoices):
    SCHOOL = "school", _("Skole")
    SECRETARIAT = "secretariat", _("Sekretariat")
    JOB_CENTRE = "job_centre", _("Kommunens beskæftigelsesindsats")  # R117
    EMPLOYERS = "employers", _("Arbejdsgiverorganisation")
    UNION = "union", _("Fagforening")
    REGION = "region", _("Region eller råd")
    AUTHORITY = "authority", _("Myndighed")
    SUPPLIER = "supplier", _("Leverandør")


class MembershipKind(models.TextChoices):
    MEMBER = "member", _("Medlem")
    INVITED = "invited", _("Inviteret")


class RelationKind(models.TextChoices):
    """How a course belongs to an FKB; the three are kept apart (R3).

    The catalogue says it of every course; a network says which of them carry the duty (R5, R26).
    """

    CORE = "core", _("Kernemål")
    LINKED = "linked", _("Tilkoblet")
    COMMON = "common", _("Fælleskatalog")


class Role(models.TextChoices):
    SECRETARIAT = roles.SECRETARIAT, _("Koordinator i sekretariatet")
    SCHOOL_COORDINATOR = roles.SCHOOL_COORDINATOR, _("Skolekoordinator")
    SCHOOL_LEADER = roles.SCHOOL_LEADER, _("Skoleleder")
    READER = roles.READER, _("Læser")
    PLATFORM_ADMIN = roles.PLATFORM_ADMIN, _("Platformsadministrator")
