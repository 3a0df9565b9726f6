"""Runs that schools have announced, and what the planner was asked about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from samspil.network.models import Network
from samspil.runs.enums import PoolingStatus

if TYPE_CHECKING:
    from typing import Self

    from samspil.kernel.actor import Actor

__all__ = ["CourseRun", "Pooling"]


class CourseRunQuerySet(models.QuerySet["CourseRun"]):
    """Runs, by what is to become of them."""

    def announced(self) -> Self:
        """Not cancelled, and not begun on the day their numbers are from."""
        return self.filter(is_cancelled=False, starts_on__gt=F("seen_on"))

    def at_risk(self) -> Self:
        """Below their minimum and not guaranteed (R35)."""
        return self.announced().filter(is_guaranteed=False, enrolled__lt=F("minimum"))


class CourseRun(models.Model):
    """A run (hold) as its school has announced it (R17–R20). Days and numbers are those of ``seen_on``.

    ``kviknummer`` is the run's public key, opaque text (R19). ``duration_days`` and ``teaching_form`` say
    which runs of the course can take each other's people. ``price`` is kroner per participant in all.
    """

    course = models.ForeignKey("catalogue.Course", on_delete=models.PROTECT, related_name="runs")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="course_runs"
    )
    kviknummer = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=250, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    deadline_on = models.DateField(null=True, blank=True)
    duration_days = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    hours = models.CharField(max_length=120, blank=True)
    teaching_form = models.CharField(max_length=60, blank=True)
    street = models.CharField(max_length=120, blank=True)
    postcode = models.CharField(max_length=4, blank=True)
    city = models.CharField(max_length=80, blank=True)
    capacity = models.PositiveSmallIntegerField()
    minimum = models.PositiveSmallIntegerField(default=1)
    enrolled = models.PositiveSmallIntegerField(default=0)
    is_guaranteed = models.BooleanField(default=False)
    is_cancelled = models.BooleanField(default=False)
    price = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    link = models.URLField(max_length=400, blank=True)
    source = models.CharField(max_length=200, blank=True)
    seen_on = models.DateField()
    version = models.PositiveIntegerField(default=1)

    objects = CourseRunQuerySet.as_manager()

    class Meta:
        ordering = ["starts_on", "pk"]
        indexes = [
            models.Index(fields=["course", "starts_on"], name="run_course_start"),
            models.Index(fields=["organisation", "starts_on"], name="run_school_start"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="run_dates",
                violation_error_message=_("Slutdatoen ligger før startdatoen."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course.number} {self.starts_on} {self.organisation.label}"

    @property
    def missing(self) -> int:
        """How many it lacks to reach its minimum; 0 when it is reached or guaranteed."""
        return 0 if self.is_guaranteed else max(0, self.minimum - self.enrolled)

    @property
    def free(self) -> int:
        """Free seats; never below 0, also where more are enrolled than there are seats."""
        return max(0, self.capacity - self.enrolled)


class PoolingQuerySet(models.QuerySet["Pooling"]):
    """Poolings, as the actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """Those asked for in a network that the actor sees."""
        return self.filter(network__in=Network.objects.visible_to(actor))


class Pooling(models.Model):
    """What the planner was asked about a course, the facts as they were, and what it answered.

    ``conditions``: ``km`` and ``days`` that people are asked to move at most, ``scope`` (``all`` or
    ``network``), ``held`` and ``cancelled`` runs by id. ``problem`` and ``solution`` are the planner's
    JSON, so that the answer can be repeated with ``python -m planning solve``.
    """

    course = models.ForeignKey(
        "catalogue.Course", on_delete=models.PROTECT, related_name="poolings"
    )
    network = models.ForeignKey(
        "network.Network", on_delete=models.CASCADE, related_name="poolings"
    )
    status = models.CharField(max_length=10, choices=PoolingStatus, default=PoolingStatus.QUEUED)
    conditions = models.JSONField(default=dict)
    problem = models.JSONField(null=True)
    solution = models.JSONField(null=True)
    statistics = models.JSONField(default=dict)
    asked_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = PoolingQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.course.number} {self.created_at:%Y-%m-%d %H:%M}"
