"""The coordination meeting: what the room looks at, what it decided, and what is left to do."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from samspil.coordination.enums import DecisionKind


class Meeting(models.Model):
    """One meeting on a round's gaps (R32). A round may have several, one at a time.

    ``current_row`` is what everybody sees. ``version`` counts every change of the meeting.
    ``content`` is what the minutes say, frozen when the meeting ended; ``protocol`` is their PDF.
    """

    round = models.ForeignKey(
        "coordination.Round", on_delete=models.CASCADE, related_name="meetings"
    )
    number = models.PositiveSmallIntegerField(default=1)
    started_at = models.DateTimeField()
    started_by_label = models.CharField(max_length=200)
    current_row = models.ForeignKey(
        "coordination.RoundCourse",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    gaps_at_start = models.PositiveIntegerField(default=0)
    participants = models.JSONField(default=list, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by_label = models.CharField(max_length=200, blank=True)
    ended_by_id = models.BigIntegerField(null=True, blank=True)
    content = models.JSONField(null=True, blank=True)
    protocol = models.ForeignKey(
        "kernel.StoredFile", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["round", "number", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["round"],
                condition=Q(ended_at__isnull=True),
                name="meeting_one_open",
                violation_error_message=_("Mødet er allerede i gang."),
            ),
            models.UniqueConstraint(fields=["round", "number"], name="meeting_number_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.round} · {self.number}"


class MeetingDecision(models.Model):
    """What the meeting decided for one gap: who takes it, why, and who wrote it down when.

    ``words`` is the decision in Danish, as it was. ``change_set``: the cells it set.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="decisions")
    round_course = models.ForeignKey(
        "coordination.RoundCourse", on_delete=models.CASCADE, related_name="meeting_decisions"
    )
    kind = models.CharField(max_length=10, choices=DecisionKind)
    organisation = models.ForeignKey(
        "network.Organisation",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    words = models.CharField(max_length=500)
    why = models.CharField(max_length=300, blank=True)
    change_set = models.ForeignKey(
        "coordination.ChangeSet", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()
    actor_label = models.CharField(max_length=200)
    person_id = models.BigIntegerField(null=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by_label = models.CharField(max_length=200, blank=True)
    undone_by_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.round_course}: {self.words[:60]}"


class MeetingTask(models.Model):
    """Something to be done after the meeting, by a school or (empty) by the secretariat.

    ``decision``: the gap that was put off with it. ``settled_by``: the later decision that
    closed that gap in the same meeting, so that the task fell away.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="tasks")
    decision = models.OneToOneField(
        MeetingDecision, null=True, blank=True, on_delete=models.CASCADE, related_name="task"
    )
    settled_by = models.ForeignKey(
        MeetingDecision,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="settled_tasks",
    )
    text = models.CharField(max_length=300)
    organisation = models.ForeignKey(
        "network.Organisation",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="meeting_tasks",
    )
    due_on = models.DateField()
    created_at = models.DateTimeField()
    actor_label = models.CharField(max_length=200)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by_label = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["due_on", "pk"]

    def __str__(self) -> str:
        return self.text[:60]
