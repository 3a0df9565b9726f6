"""What a school says about its offer: the words the law wants on its site (R42)."""

from __future__ import annotations

from django.db import models

VISKVALITET = "https://www.viskvalitet.dk"


class OfferStatement(models.Model):
    """A school's own words beside its approvals, runs and loans, which are shown as they are.

    Each text field is one of the guide's headings; empty means that the school has not written it.
    """

    organisation = models.OneToOneField(
        "network.Organisation", on_delete=models.CASCADE, related_name="offer_statement"
    )
    policy = models.TextField(max_length=8000, blank=True)
    marketing = models.TextField(max_length=4000, blank=True)
    fees = models.TextField(max_length=4000, blank=True)
    special_courses = models.TextField(max_length=4000, blank=True)
    sign_up = models.TextField(max_length=4000, blank=True)
    admission = models.TextField(max_length=4000, blank=True)
    quality_url = models.URLField(max_length=300, default=VISKVALITET)
    updated_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["organisation__name", "pk"]

    def __str__(self) -> str:
        return f"{self.organisation}"
