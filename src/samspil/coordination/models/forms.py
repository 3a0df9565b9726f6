"""What a school says it will offer: one form a school, one intent a course."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from samspil.coordination.enums import FormStatus, IntentSource


class Form(models.Model):
    """A school's coordination form in a round; the workbook and the screen show the same."""

    round = models.ForeignKey("coordination.Round", on_delete=models.CASCADE, related_name="forms")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="coordination_forms"
    )
    status = models.CharField(max_length=10, choices=FormStatus, default=FormStatus.DRAFT)
    sent_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    file = models.ForeignKey(
        "kernel.StoredFile", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["organisation__name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "organisation"], name="form_unique"),
        ]

    def __str__(self) -> str:
        return f"Skema {self.round}: {self.organisation}"


class Intent(models.Model):
    """One line of a form. ``offers`` empty: the school has not answered.

    ``when_text`` is what the school wrote; ``starts_on``/``ends_on`` are what was read out of
    it (both inclusive), when it names dates, weeks, a month, a quarter or a half year.
    """

    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="intents")
    round_course = models.ForeignKey(
        "coordination.RoundCourse", on_delete=models.CASCADE, related_name="intents"
    )
    offers = models.BooleanField(null=True, blank=True)
    runs = models.PositiveSmallIntegerField(null=True, blank=True)
    when_text = models.CharField(max_length=200, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    guarantee = models.BooleanField(default=False)
    take_on_days = models.DecimalField(max_digits=6, decimal_places=1, null=True, blank=True)
    will_follow = models.BooleanField(default=False)
    note = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=10, choices=IntentSource, default=IntentSource.SCREEN)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    updated_by_label = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["form", "round_course__course__number", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["form", "round_course"], name="intent_unique"),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gte=models.F("starts_on")),
                name="intent_dates",
                violation_error_message=_("Slutdatoen ligger før startdatoen."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form}: {self.round_course}"
