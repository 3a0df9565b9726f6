"""The board: who offers which course, what was said about it, and what can be undone."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from samspil.coordination.enums import ChangeKind, CommitmentRole, Origin


class Commitment(models.Model):
    """A cell of the board that is filled: what one school does for one course (R26–R28).

    A cell that was emptied keeps its row with the role ``none``, so that its version counts
    on. ``is_pinned``: people decided it, the planner leaves it as it is.
    """

    round_course = models.ForeignKey(
        "coordination.RoundCourse", on_delete=models.CASCADE, related_name="commitments"
    )
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="commitments"
    )
    role = models.CharField(max_length=10, choices=CommitmentRole)
    runs = models.PositiveSmallIntegerField(null=True, blank=True)
    when_text = models.CharField(max_length=200, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    guarantee = models.BooleanField(default=False)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.HAND)
    is_pinned = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    updated_by_label = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["round_course", "organisation__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["round_course", "organisation"], name="commitment_unique"
            ),
            models.UniqueConstraint(
                fields=["round_course"],
                condition=Q(role="holder"),
                name="commitment_one_holder",
                violation_error_message=_("Et fælles hold har én udbydende skole."),
            ),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gte=F("starts_on")),
                name="commitment_dates",
                violation_error_message=_("Slutdatoen ligger før startdatoen."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round_course}: {self.organisation} {self.role}"


class ExternalAgreement(models.Model):
    """A binding, documented agreement with a school outside the circle (R27)."""

    round_course = models.OneToOneField(
        "coordination.RoundCourse", on_delete=models.CASCADE, related_name="external_agreement"
    )
    organisation = models.ForeignKey(
        "network.Organisation",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="external_agreements",
    )
    school_name = models.CharField(max_length=200)
    document = models.ForeignKey("kernel.StoredFile", on_delete=models.PROTECT, related_name="+")
    when_text = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    created_by_label = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.round_course}: {self.school_name}"


class CourseComment(models.Model):
    """A remark on a course of the board, read by all who see the round."""

    round_course = models.ForeignKey(
        "coordination.RoundCourse", on_delete=models.CASCADE, related_name="comments"
    )
    author_label = models.CharField(max_length=200)
    person_id = models.BigIntegerField(null=True)
    organisation_id = models.BigIntegerField(null=True)
    text = models.CharField(max_length=2000)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.text[:60]


class ChangeSet(models.Model):
    """Changes of the board that are undone together as one step."""

    round = models.ForeignKey(
        "coordination.Round", on_delete=models.CASCADE, related_name="change_sets"
    )
    kind = models.CharField(max_length=10, choices=ChangeKind)
    summary = models.CharField(max_length=300)
    actor_label = models.CharField(max_length=200)
    person_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by_label = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.summary


class ChangeEntry(models.Model):
    """One cell of a change set: as it was, as it became, and the version it got."""

    change_set = models.ForeignKey(ChangeSet, on_delete=models.CASCADE, related_name="entries")
    commitment = models.ForeignKey(
        Commitment, on_delete=models.CASCADE, related_name="change_entries"
    )
    before = models.JSONField(null=True)
    after = models.JSONField()
    version_after = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.change_set}: {self.commitment_id}"
