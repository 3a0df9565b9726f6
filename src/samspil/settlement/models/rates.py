"""Rates with validity: taxameter and participant fee per rate group, and which group a course is in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from samspil.settlement.enums import RateKind


class RateGroup(models.Model):
    """A rate group (takstgruppe) of the Finance Act (R63)."""

    key = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["key", "pk"]

    def __str__(self) -> str:
        return self.name


class Rate(models.Model):
    """Øre per full-time equivalent (taxameter) or per day (fee), from a day until the next one begins.

    ``source`` says where the figure stands; ``is_constructed`` marks one that was made up for the example.
    """

    group = models.ForeignKey(RateGroup, on_delete=models.PROTECT, related_name="rates")
    kind = models.CharField(max_length=10, choices=RateKind)
    oere = models.PositiveBigIntegerField()
    valid_from = models.DateField()
    source = models.CharField(max_length=200)
    is_constructed = models.BooleanField(default=False)

    class Meta:
        ordering = ["group__key", "kind", "-valid_from", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "kind", "valid_from"],
                name="rate_from_unique",
                violation_error_message=_("Der er allerede en takst fra den dag."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group.key} {self.kind} {self.valid_from}"


class CourseRate(models.Model):
    """Which rate group a course is in, from a day until the next row begins."""

    course = models.ForeignKey(
        "catalogue.Course", on_delete=models.PROTECT, related_name="rate_groups"
    )
    group = models.ForeignKey(RateGroup, on_delete=models.PROTECT, related_name="courses")
    valid_from = models.DateField()

    class Meta:
        ordering = ["course__number", "-valid_from", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "valid_from"],
                name="course_rate_from_unique",
                violation_error_message=_("Målet har allerede en takstgruppe fra den dag."),
            ),
            models.CheckConstraint(condition=Q(valid_from__isnull=False), name="course_rate_from"),
        ]

    def __str__(self) -> str:
        return f"{self.course.number}: {self.group.key}"
