"""Runs that schools have announced, and what the planner was asked about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from samspil.network.models import Network
from samspil.runs.enums import PoolingStatus
from samspil.runs.models.harvest import CourseLook, Harvest, HarvestPage, RunChange, RunTrace
from samspil.runs.models.runs import (
    CourseRun,
    RunCount,
    RunDay,
    RunPeriod,
    RunPrice,
    below_minimum,
)

if TYPE_CHECKING:
    from typing import Self

    from samspil.kernel.actor import Actor

__all__ = [
    "CourseLook",
    "CourseRun",
    "Harvest",
    "HarvestPage",
    "Pooling",
    "RunChange",
    "RunCount",
    "RunDay",
    "RunPeriod",
    "RunPrice",
    "RunTrace",
    "below_minimum",
]


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
