"""The ledger: append-only, in øre, every posting both sides at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from samspil.settlement.enums import Account, EntryKind

if TYPE_CHECKING:
    from typing import Self

    from samspil.kernel.actor import Actor


class TransferFactQuerySet(models.QuerySet["TransferFact"]):
    """Transfers, as the actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """Those from or to the actor's own schools."""
        if actor.is_system:
            return self
        own = actor.organisation_ids()
        return self.filter(Q(origin__in=own) | Q(holder__in=own))


class TransferFact(models.Model):
    """People who went from ``origin`` to a run that ``holder`` holds, as it was told. Never changed.

    Names are not here: ``reference`` leads the two schools to them in enrolment (R94).
    """

    reference = models.CharField(max_length=64, unique=True)
    network = models.ForeignKey("network.Network", on_delete=models.PROTECT, related_name="+")
    origin = models.ForeignKey("network.Organisation", on_delete=models.PROTECT, related_name="+")
    holder = models.ForeignKey("network.Organisation", on_delete=models.PROTECT, related_name="+")
    course = models.ForeignKey("catalogue.Course", on_delete=models.PROTECT, related_name="+")
    run = models.CharField(max_length=40)
    starts_on = models.DateField()
    ends_on = models.DateField()
    told_at = models.DateTimeField()

    objects = TransferFactQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(origin=F("holder")), name="transfer_two_schools"),
        ]

    def __str__(self) -> str:
        return f"{self.course.number} {self.starts_on} {self.reference}"


class Entry(models.Model):
    """A voucher: what is true of a transfer from now on, and the postings that make the books say so.

    ``heads`` and ``days_tenths`` are the transfer's facts after the entry. A mistake is put right by another
    entry, in the same statement while that is open, else in a later one.
    """

    statement = models.ForeignKey(
        "settlement.Statement", on_delete=models.PROTECT, related_name="entries"
    )
    transfer = models.ForeignKey(TransferFact, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=14, choices=EntryKind)
    heads = models.PositiveSmallIntegerField()
    days_tenths = models.PositiveIntegerField()
    reason = models.CharField(max_length=300, blank=True)
    actor_label = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind}"


class Posting(models.Model):
    """``oere`` from one school to another on an account. One row is debit and credit at once.

    On an account that is owed, ``giver`` owes ``receiver``. So the books cannot be out of balance: there is
    no row with one side only.
    """

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="postings")
    account = models.CharField(max_length=12, choices=Account)
    giver = models.ForeignKey("network.Organisation", on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey("network.Organisation", on_delete=models.PROTECT, related_name="+")
    oere = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(oere__gt=0), name="posting_more_than_nothing"),
            models.CheckConstraint(condition=~Q(giver=F("receiver")), name="posting_two_sides"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.oere}"
