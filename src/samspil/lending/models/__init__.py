"""Loans of the right to hold courses, and the signatures on them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from samspil.kernel import roles
from samspil.lending.enums import LoanKind, LoanStatus
from samspil.network.models import Membership

if TYPE_CHECKING:
    from typing import Self

    from samspil.kernel.actor import Actor

__all__ = ["Loan", "LoanSignature"]


class LoanQuerySet(models.QuerySet["Loan"]):
    """Loans, as the actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """The parties' own, and those of the members of a network that the actor's secretariat
        runs. Everybody else reads the public list."""
        if actor.is_system or actor.is_platform_admin:
            return self
        members = Membership.objects.filter(
            network_id__in=actor.network_ids(roles.SECRETARIAT)
        ).values("organisation_id")
        own = actor.organisation_ids()
        return self.filter(
            Q(lender_id__in=own)
            | Q(borrower_id__in=own)
            | Q(lender_id__in=members)
            | Q(borrower_id__in=members)
        )

    def signed(self) -> Self:
        """What binds, or has bound: signed by both, whether it runs today or not."""
        return self.filter(status=LoanStatus.SIGNED)

    def running(self, day: date) -> Self:
        """What gives a right to hold courses on ``day``."""
        return self.signed().filter(starts_on__lte=day, ends_on__gte=day)


class Loan(models.Model):
    """An approved school lets another hold courses of an FKB on its behalf (R48–R60).

    ``lender`` is approved and keeps the responsibility (R55); ``borrower`` teaches. A contract
    (udlicitering, R58) has no borrower but a private ``supplier``. No ``courses`` means every course of the
    FKB. ``proposed_by`` said the last word while it is negotiated: the other one answers.
    ``content`` is what both sign, ``content_hash`` its hash. Ending it early moves ``ends_on``;
    ``end_reason`` says why, as it does for a no.
    """

    kind = models.CharField(max_length=10, choices=LoanKind, default=LoanKind.LENDING)
    lender = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="loans_given"
    )
    borrower = models.ForeignKey(
        "network.Organisation", null=True, on_delete=models.PROTECT, related_name="loans_taken"
    )
    supplier = models.CharField(max_length=160, blank=True)
    supplier_cvr = models.CharField(max_length=8, blank=True)
    fkb = models.ForeignKey("catalogue.Fkb", on_delete=models.PROTECT, related_name="loans")
    courses = models.ManyToManyField("catalogue.Course", related_name="loans", blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    grounds = models.JSONField(default=list)
    reason = models.TextField(max_length=2000)
    place = models.CharField(max_length=200, blank=True)
    terms = models.TextField(max_length=4000, blank=True)
    exception_note = models.CharField(max_length=500, blank=True)
    document = models.ForeignKey(
        "kernel.StoredFile", null=True, on_delete=models.PROTECT, related_name="+"
    )
    status = models.CharField(max_length=10, choices=LoanStatus, default=LoanStatus.PROPOSED)
    proposed_by = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="+"
    )
    content = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64, blank=True)
    pdf = models.ForeignKey(
        "kernel.StoredFile", null=True, on_delete=models.PROTECT, related_name="+"
    )
    receipt_number = models.CharField(max_length=60, blank=True)
    registered_on = models.DateField(null=True, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = LoanQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="loan_dates",
                violation_error_message=_("Slutdatoen ligger før startdatoen."),
            ),
            models.CheckConstraint(
                condition=Q(borrower=None) | ~Q(borrower=F("lender")),
                name="loan_two_parties",
                violation_error_message=_("En skole kan ikke låne af sig selv."),
            ),
            models.CheckConstraint(
                condition=(Q(kind="lending") & Q(borrower__isnull=False))
                | (Q(kind="contract") & Q(borrower=None) & ~Q(supplier="")),
                name="loan_other_party",
                violation_error_message=_(
                    "Et udlån har en skole som låner, en udlicitering en leverandør."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lender} → {self.other_name}: FKB {self.fkb.number}"

    @property
    def other_name(self) -> str:
        """Who teaches: the borrowing school or the supplier."""
        return self.borrower.name if self.borrower is not None else self.supplier

    @property
    def other_key(self) -> str:
        """A key of who teaches, for names of files."""
        return self.borrower.key if self.borrower is not None else self.supplier_cvr

    @property
    def is_contract(self) -> bool:
        """A contract with a supplier, no loan between schools."""
        return self.kind == LoanKind.CONTRACT

    def state_on(self, day: date) -> str:
        """``coming``, ``running`` or ``over`` for what is signed; empty for what is not."""
        if self.status != LoanStatus.SIGNED:
            return ""
        if day < self.starts_on:
            return "coming"
        return "running" if day <= self.ends_on else "over"


class LoanSignature(models.Model):
    """One party's signature on a loan; waiting until ``acted_at`` is set.

    ``basis`` says by what the person signed for the school: as its leader or by a mandate (R31).
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="signatures")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="loan_signatures"
    )
    person_id = models.BigIntegerField(null=True)
    person_name = models.CharField(max_length=120, blank=True)
    acted_at = models.DateTimeField(null=True)
    content_hash = models.CharField(max_length=64, blank=True)
    method = models.CharField(max_length=20, blank=True)
    basis = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["loan", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["loan", "organisation"], name="loan_signature_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.loan}: {self.organisation}"


class LoanProof(models.Model):
    """What an outside provider proved of a signer (R140). With ``token``, ``key`` and ``salt`` anybody
    can see later that it was given for this text: the nonce in the token is made of them.
    """

    # Other terms take the signatures away, and what was proved of them; the audit trail keeps both.
    signature = models.OneToOneField(LoanSignature, on_delete=models.CASCADE, related_name="proof")
    issuer = models.CharField(max_length=300)
    provider = models.CharField(max_length=80)
    subject = models.CharField(max_length=255)
    name = models.CharField(max_length=120)
    cvr = models.CharField(max_length=8)
    loa = models.CharField(max_length=200)
    authenticated_at = models.DateTimeField()
    nonce = models.CharField(max_length=64, unique=True)
    salt = models.CharField(max_length=64)
    token = models.TextField()
    key = models.JSONField()

    def __str__(self) -> str:
        return f"{self.signature}: {self.provider}"
