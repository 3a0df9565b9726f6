"""What a school asks of those who sign up, what it charges, and who may see protected names."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SchoolTerms(models.Model):
    """A school's choices. Fees need a decision of its board, with its date (R75).

    ``needs_*`` are what is asked on its runs unless the run says otherwise. ``keep_months`` after the
    run's last day people are anonymised (R94).
    """

    organisation = models.OneToOneField(
        "network.Organisation", on_delete=models.CASCADE, related_name="enrolment_terms"
    )
    charges_fees = models.BooleanField(default=False)
    board_decided_on = models.DateField(null=True, blank=True)
    needs_cpr = models.BooleanField(default=False)
    needs_education = models.BooleanField(default=False)
    needs_danish_tie = models.BooleanField(default=False)
    needs_employer = models.BooleanField(default=False)
    needs_referral = models.BooleanField(default=False)
    confirm_hours = models.PositiveSmallIntegerField(default=24)
    offer_hours = models.PositiveSmallIntegerField(default=48)
    keep_months = models.PositiveSmallIntegerField(default=3)
    welcome = models.TextField(blank=True, max_length=2000)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(charges_fees=False) | Q(board_decided_on__isnull=False),
                name="terms_fees_need_board",
                violation_error_message=_(
                    "Skriv, hvornår bestyrelsen besluttede at opkræve gebyrer."
                ),
            ),
            models.CheckConstraint(
                condition=Q(confirm_hours__gte=1, confirm_hours__lte=168)
                & Q(offer_hours__gte=1, offer_hours__lte=336)
                & Q(keep_months__gte=1, keep_months__lte=60),
                name="terms_limits",
            ),
        ]

    def __str__(self) -> str:
        return str(self.organisation)


class RunTerms(models.Model):
    """What one run asks that its school's other runs don't, or the other way round. Empty follows the school."""

    run = models.OneToOneField(
        "runs.CourseRun", on_delete=models.CASCADE, related_name="enrolment_terms"
    )
    needs_cpr = models.BooleanField(null=True, blank=True)
    needs_education = models.BooleanField(null=True, blank=True)
    needs_danish_tie = models.BooleanField(null=True, blank=True)
    needs_employer = models.BooleanField(null=True, blank=True)
    needs_referral = models.BooleanField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.run_id)


class ProtectedAccess(models.Model):
    """A person's right to see protected names and addresses at a school (R95), given by its leader."""

    person = models.ForeignKey(
        "network.Person", on_delete=models.CASCADE, related_name="protected_access"
    )
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.CASCADE, related_name="protected_access"
    )
    given_at = models.DateTimeField()
    given_by_label = models.CharField(max_length=200)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation"],
                condition=Q(withdrawn_at__isnull=True),
                name="protected_access_once",
                violation_error_message=_("Personen har allerede retten."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} · {self.organisation_id}"
