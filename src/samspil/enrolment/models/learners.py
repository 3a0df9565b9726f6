"""The people who are taught. As little as the teaching needs, and the CPR number apart."""

from __future__ import annotations

from django.db import models

from samspil.enrolment.enums import EducationLevel


class Learner(models.Model):
    """A person on a sign-up. ``is_protected``: name and address are hidden but with own right (R95).

    A learner belongs to one sign-up; the same person on another sign-up is another row, because
    telling them apart would need more data than the teaching does. ``education``, ``has_danish_tie``, the
    employer and ``referral`` are asked only where a rule needs them (R71, R84, R82, R86).
    ``is_employed``: takes part with wages from ``employer``, who is told of a move because an application for
    VEU-godtgørelse may hang on the run. ``referral``: the municipality's commitment to pay.
    """

    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=20, blank=True)
    postcode = models.CharField(max_length=4, blank=True)
    education = models.CharField(max_length=20, choices=EducationLevel, default="", blank=True)
    has_danish_tie = models.BooleanField(null=True, blank=True)
    is_employed = models.BooleanField(null=True, blank=True)
    employer = models.CharField(max_length=120, blank=True)
    employer_cvr = models.CharField(max_length=8, blank=True)
    employer_email = models.EmailField(blank=True)
    referral = models.CharField(max_length=120, blank=True)
    is_protected = models.BooleanField(default=False)
    anonymised_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["email"], name="learner_email")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class LearnerCpr(models.Model):
    """A learner's CPR number at one school, sealed (R92). Another school asks for itself."""

    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="cprs")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="+"
    )
    sealed = models.TextField()
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["learner", "organisation"], name="cpr_once_a_school"),
        ]

    def __str__(self) -> str:
        return f"#{self.learner_id}"
