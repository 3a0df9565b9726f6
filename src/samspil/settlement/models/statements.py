"""A statement per pair of schools and quarter, what both say to it, and disputes with their trail."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from samspil.kernel import roles
from samspil.settlement.enums import DisputeStatus, StatementStatus

if TYPE_CHECKING:
    from typing import Self

    from samspil.kernel.actor import Actor


class StatementQuerySet(models.QuerySet["Statement"]):
    """Statements, as the actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of the actor's own schools, with every line."""
        if actor.is_system:
            return self
        own = actor.organisation_ids()
        return self.filter(Q(first__in=own) | Q(second__in=own))

    def totals_for(self, actor: Actor) -> Self:
        """Those whose sums the actor may see: also the secretariat of their network."""
        if actor.is_system or actor.is_platform_admin:
            return self
        own = actor.organisation_ids()
        return self.filter(
            Q(first__in=own)
            | Q(second__in=own)
            | Q(network__in=actor.network_ids(roles.SECRETARIAT))
        )


class Statement(models.Model):
    """What two schools settle for a quarter. ``first`` has the smaller id.

    The row exists from the first entry on and is what writers lock. ``content`` is frozen when it is drawn
    up, ``sha256`` is over it; what comes later goes into a later quarter.
    """

    network = models.ForeignKey("network.Network", on_delete=models.PROTECT, related_name="+")
    first = models.ForeignKey("network.Organisation", on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey("network.Organisation", on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    quarter = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=StatementStatus, default=StatementStatus.OPEN)
    content = models.JSONField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    drawn_up_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    pdf = models.ForeignKey(
        "kernel.StoredFile", null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = StatementQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "-quarter", "first_id", "second_id", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["network", "first", "second", "year", "quarter"], name="statement_unique"
            ),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="statement_pair"),
            models.CheckConstraint(
                condition=Q(quarter__gte=1, quarter__lte=4), name="statement_quarter"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}-{self.quarter} {self.first.label} / {self.second.label}"

    @property
    def ends_on(self) -> date:
        """The quarter's last day."""
        return date(self.year, 3 * self.quarter, (31, 30, 30, 31)[self.quarter - 1])

    def other(self, organisation_id: int) -> int:
        """The id of the school on the other side."""
        return self.second_id if organisation_id == self.first_id else self.first_id


class Approval(models.Model):
    """A school has approved a statement; ``sha256`` is that of the content it read."""

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="approvals")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="+"
    )
    sha256 = models.CharField(max_length=64)
    person_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "organisation"], name="approval_once"),
        ]

    def __str__(self) -> str:
        return f"{self.statement}: {self.organisation.label}"


class Dispute(models.Model):
    """A school does not agree with a line of a statement. The trail is in its messages."""

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="disputes")
    entry = models.ForeignKey("settlement.Entry", on_delete=models.PROTECT, related_name="disputes")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="+"
    )
    status = models.CharField(max_length=10, choices=DisputeStatus, default=DisputeStatus.OPEN)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["statement", "entry"],
                condition=~Q(status=DisputeStatus.SETTLED),
                name="dispute_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.statement}: {self.entry_id}"


class DisputeMessage(models.Model):
    """What one side said in a dispute. Never changed."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="messages")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="+"
    )
    person_name = models.CharField(max_length=120)
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.text[:60]
