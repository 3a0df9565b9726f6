"""Organisations with their name history, networks, and who belongs to them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.network.enums import MembershipKind, OrganisationKind

if TYPE_CHECKING:
    from typing import Self


def valid_on(day: date) -> Q:
    """Condition for rows with ``valid_from``/``valid_to`` (both inclusive, empty = open)."""
    return (Q(valid_from__isnull=True) | Q(valid_from__lte=day)) & (
        Q(valid_to__isnull=True) | Q(valid_to__gte=day)
    )


class NetworkQuerySet(models.QuerySet["Network"]):
    """Networks, as the actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """Networks the actor has a role in, or whose member the actor's organisation is today."""
        if actor.is_system or actor.is_platform_admin:
            return self
        present = Membership.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=clock.today()),
            organisation_id__in=actor.organisation_ids(),
        )
        return self.filter(Q(pk__in=actor.network_ids()) | Q(pk__in=present.values("network_id")))


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Organisations, as the actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """Organisations of the networks that the actor sees, and the actor's own."""
        if actor.is_system or actor.is_platform_admin:
            return self
        networks = Network.objects.visible_to(actor).values("pk")
        return self.filter(
            Q(pk__in=actor.organisation_ids()) | Q(memberships__network_id__in=networks)
        ).distinct()


class Organisation(models.Model):
    """A school or another party. A merged school points to its ``successor`` (R125)."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    short_name = models.CharField(max_length=60, blank=True)
    aliases = models.JSONField(default=list, blank=True)
    kind = models.CharField(
        max_length=20, choices=OrganisationKind, default=OrganisationKind.SCHOOL
    )
    municipality = models.ForeignKey(
        "network.Municipality", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    street = models.CharField(max_length=120, blank=True)
    postcode = models.CharField(max_length=4, blank=True)
    city = models.CharField(max_length=80, blank=True)
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    institution_number = models.CharField(max_length=12, blank=True)
    cvr = models.CharField(max_length=8, blank=True)
    email = models.EmailField(blank=True)
    website = models.CharField(max_length=200, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    successor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="predecessors"
    )
    is_constructed = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The short name where there is one: what column heads use."""
        return self.short_name or self.name


class OrganisationName(models.Model):
    """A name the organisation has had, so that old papers still find it (R125)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="names")
    name = models.CharField(max_length=200)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-valid_from", "-pk"]

    def __str__(self) -> str:
        return self.name


def core_only() -> list[str]:
    """Default of what carries the duty: the FKB's own courses (R5, R26)."""
    return ["core"]


class Network(models.Model):
    """A circle of organisations that coordinate with each other (R123: circles overlap).

    ``duty_relations`` are the relations (``RelationKind``) whose courses a round of the network is
    about. A round copies them when it is opened and keeps its own.
    """

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    short_name = models.CharField(max_length=40)
    duty_relations = models.JSONField(default=core_only)
    is_constructed = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    objects = NetworkQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """An organisation's place in a network, from–to."""

    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="memberships"
    )
    kind = models.CharField(max_length=10, choices=MembershipKind, default=MembershipKind.MEMBER)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["network", "kind", "organisation__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["network", "organisation"],
                condition=Q(valid_to__isnull=True),
                name="membership_open_unique",
                violation_error_message=_("Organisationen er allerede med i samarbejdet."),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_to__gte=F("valid_from")),
                name="membership_dates",
                violation_error_message=_("Slutdatoen ligger før startdatoen."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} i {self.network}"
