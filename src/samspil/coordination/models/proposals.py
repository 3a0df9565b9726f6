"""What the planner proposes, with the problem it was given so that it can be replayed."""

from __future__ import annotations

from django.db import models

from samspil.coordination.enums import CommitmentRole, LineState, ProposalStatus


class Proposal(models.Model):
    """An answer of the planner to one state of the round, or of one FKB of it."""

    round = models.ForeignKey(
        "coordination.Round", on_delete=models.CASCADE, related_name="proposals"
    )
    round_fkb = models.ForeignKey(
        "coordination.RoundFkb",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="proposals",
    )
    status = models.CharField(max_length=10, choices=ProposalStatus, default=ProposalStatus.QUEUED)
    problem = models.JSONField(default=dict)
    solution = models.JSONField(default=dict)
    statistics = models.JSONField(default=dict)
    requested_by_label = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"Forslag {self.round} #{self.pk}"


class ProposalLine(models.Model):
    """One cell the planner would fill, or one course it cannot cover (no organisation)."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="lines")
    round_course = models.ForeignKey(
        "coordination.RoundCourse", on_delete=models.CASCADE, related_name="proposal_lines"
    )
    organisation = models.ForeignKey(
        "network.Organisation",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="proposal_lines",
    )
    role = models.CharField(max_length=10, choices=CommitmentRole, blank=True)
    when_text = models.CharField(max_length=200, blank=True)
    expected_version = models.PositiveIntegerField(default=0)
    reason = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=LineState, default=LineState.OPEN)

    class Meta:
        ordering = ["proposal", "round_course__course__number", "role", "pk"]

    def __str__(self) -> str:
        return f"{self.round_course}: {self.organisation}"
