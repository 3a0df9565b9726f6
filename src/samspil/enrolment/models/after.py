"""During and after the course: who was there, and what they thought of it."""

from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class Attendance(models.Model):
    """Whether a person was there on a day."""

    enrolment = models.ForeignKey(
        "enrolment.Enrolment", on_delete=models.CASCADE, related_name="attendance"
    )
    day = models.DateField()
    was_there = models.BooleanField()
    noted_at = models.DateTimeField()
    noted_by_label = models.CharField(max_length=200)

    class Meta:
        ordering = ["day", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "day"], name="attendance_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"#{self.enrolment_id} {self.day}"


def _score() -> models.PositiveSmallIntegerField[int, int]:
    return models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])


class Evaluation(models.Model):
    """One answer about a run. Neither person nor time nor order: nobody can tell whose it is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey("runs.CourseRun", on_delete=models.CASCADE, related_name="evaluations")
    content = _score()
    teaching = _score()
    usable = _score()
    place = _score()
    remark = models.TextField(blank=True, max_length=2000)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.run_id)
