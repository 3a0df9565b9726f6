"""How each commitment of a round stands, and how that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from samspil.compliance.enums import TO_ACT_ON, GuaranteeStanding, Standing
from samspil.kernel import roles

if TYPE_CHECKING:
    from typing import Self

    from samspil.kernel.actor import Actor


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    """Follow-ups, as the actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """A school its own, a secretariat those of its network's rounds.

        What other schools do for a course stands on the round's board; how it goes is theirs.
        """
        if actor.is_system or actor.is_platform_admin:
            return self
        return self.filter(
            Q(organisation_id__in=actor.organisation_ids())
            | Q(round__network_id__in=actor.network_ids(roles.SECRETARIAT))
        )

    def current(self) -> Self:
        """Those that stand in the newest overview."""
        return self.filter(is_current=True)

    def to_act_on(self) -> Self:
        """Those where somebody has to do something."""
        return self.current().filter(
            Q(status__in=TO_ACT_ON) | Q(guarantee_status=GuaranteeStanding.NOT_GIVEN)
        )


class FollowUp(models.Model):
    """One commitment of a frozen overview (R31), and how it stands.

    ``role`` to ``guarantee`` are copied from the overview: what was agreed, not what stands on the
    board today. ``reason``: a code with its values (``domain.words``). ``since``: the day on which
    the standing became what it is. ``run_ids``: the runs that it was judged by. ``told``: what the
    school was last mailed about it. ``is_current``: it stands in the newest overview.
    """

    round = models.ForeignKey(
        "coordination.Round", on_delete=models.CASCADE, related_name="follow_ups"
    )
    round_course = models.ForeignKey(
        "coordination.RoundCourse", on_delete=models.CASCADE, related_name="follow_ups"
    )
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="follow_ups"
    )
    overview = models.ForeignKey(
        "coordination.Overview", on_delete=models.PROTECT, related_name="follow_ups"
    )
    is_current = models.BooleanField(default=True)
    role = models.CharField(max_length=10)
    runs = models.PositiveSmallIntegerField(null=True, blank=True)
    when_text = models.CharField(max_length=200, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    guarantee = models.BooleanField(default=False)
    due_on = models.DateField()
    status = models.CharField(max_length=10, choices=Standing, default=Standing.PENDING)
    reason = models.JSONField(default=dict)
    since = models.DateField()
    guarantee_status = models.CharField(
        max_length=10, choices=GuaranteeStanding, default=GuaranteeStanding.NONE
    )
    guaranteed_held = models.PositiveSmallIntegerField(default=0)
    guaranteed_broken = models.PositiveSmallIntegerField(default=0)
    announced = models.PositiveSmallIntegerField(default=0)
    run_ids = models.JSONField(default=list)
    told = models.CharField(max_length=30, blank=True)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        ordering = ["round_course__course__number", "organisation__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["round_course", "organisation"], name="follow_up_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["round", "is_current", "status"], name="follow_up_round"),
            models.Index(fields=["organisation", "is_current", "status"], name="follow_up_school"),
        ]

    def __str__(self) -> str:
        return f"{self.round_course}: {self.organisation}"


class FollowUpChange(models.Model):
    """The standing of a commitment became another: what users see as its history. Never changed."""

    follow_up = models.ForeignKey(FollowUp, on_delete=models.CASCADE, related_name="changes")
    on = models.DateField()
    before = models.CharField(max_length=10, choices=Standing, blank=True)
    after = models.CharField(max_length=10, choices=Standing)
    guarantee_before = models.CharField(max_length=10, choices=GuaranteeStanding, blank=True)
    guarantee_after = models.CharField(max_length=10, choices=GuaranteeStanding)
    reason = models.JSONField(default=dict)

    class Meta:
        ordering = ["-on", "-pk"]
        indexes = [models.Index(fields=["-on"], name="follow_up_change_day")]

    def __str__(self) -> str:
        return f"{self.follow_up_id} {self.on}: {self.before} → {self.after}"


class RoundCheck(models.Model):
    """A day on which all commitments of a round were judged, and how many stood how. ``counts``: by
    ``Standing``; ``changed``: how many became another since the check before."""

    round = models.ForeignKey(
        "coordination.Round", on_delete=models.CASCADE, related_name="compliance_checks"
    )
    on = models.DateField()
    checked_at = models.DateTimeField()
    counts = models.JSONField(default=dict)
    changed = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "on"], name="round_check_day"),
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.on}"
