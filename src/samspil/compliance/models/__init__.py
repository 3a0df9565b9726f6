"""How each commitment of a round stands, and how that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from samspil.compliance.enums import TO_ACT_ON, UNNAMED, GuaranteeStanding, Standing
from samspil.kernel import roles

if TYPE_CHECKING:
    from typing import Self

    from samspil.kernel.actor import Actor


def to_act_on() -> Q:
    """Condition on current follow-ups: somebody has to do something."""
    return (
        Q(status__in=TO_ACT_ON)
        | Q(guarantee_status=GuaranteeStanding.NOT_GIVEN)
        | Q(organisation=None, reason__code__in=UNNAMED)
    )


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    """Follow-ups, as the actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """A school its own, a secretariat those of its network's rounds.

        What other schools do for a course stands on the round's board; how it goes is theirs. How an
        agreement with a school outside the circle is kept is the secretariat's alone.
        """
        if actor.is_system or actor.is_platform_admin:
            return self
        return self.filter(
            Q(organisation_id__in=actor.organisation_ids(), external="")
            | Q(round__network_id__in=actor.network_ids(roles.SECRETARIAT))
        )

    def current(self) -> Self:
        """Those that stand in the newest overview."""
        return self.filter(is_current=True)

    def to_act_on(self) -> Self:
        """Those where somebody has to do something."""
        return self.current().filter(to_act_on())

    def inside(self) -> Self:
        """Those of schools that coordinate in the round themselves."""
        return self.filter(external="")

    def outside(self) -> Self:
        """Those of schools outside the circle (R27)."""
        return self.exclude(external="")


class FollowUp(models.Model):
    """One commitment of a frozen overview (R31), and how it stands.

    ``role`` to ``guarantee`` are copied from the overview: what was agreed, not what stands on the
    board today. ``reason``: a code with its values (``domain.words``). ``since``: the day on which
    the standing became what it is. ``run_ids``: the runs that it was judged by. ``told``: what the
    school was last mailed about it. ``is_current``: it stands in the newest overview.

    ``external``: the name in an agreement with a school outside the circle (R27); such a row has the
    role ``external``, and its ``organisation`` is ``None`` as long as nobody knows which school it is.
    """

    round = models.ForeignKey(
        "coordination.Round", on_delete=models.CASCADE, related_name="follow_ups"
    )
    round_course = models.ForeignKey(
        "coordination.RoundCourse", on_delete=models.CASCADE, related_name="follow_ups"
    )
    organisation = models.ForeignKey(
        "network.Organisation",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="follow_ups",
    )
    external = models.CharField(max_length=200, blank=True)
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
                fields=["round_course", "organisation"],
                condition=Q(external=""),
                name="follow_up_unique",
            ),
            models.UniqueConstraint(
                fields=["round_course"], condition=~Q(external=""), name="follow_up_outside"
            ),
            models.CheckConstraint(
                condition=Q(organisation__isnull=False) | ~Q(external=""), name="follow_up_of_whom"
            ),
        ]
        indexes = [
            models.Index(fields=["round", "is_current", "status"], name="follow_up_round"),
            models.Index(fields=["organisation", "is_current", "status"], name="follow_up_school"),
        ]

    def __str__(self) -> str:
        return f"{self.round_course}: {self.school_name}"

    @property
    def key(self) -> tuple[int, int | None]:
        """What tells it from the round's others: its row, and the school; the one agreement with a
        school outside the circle that a row can have has no school here."""
        return self.round_course_id, None if self.external else self.organisation_id

    @property
    def school_name(self) -> str:
        """The school's name; that of a school outside the circle as the agreement says it."""
        return self.external or (self.organisation.name if self.organisation else "")

    @property
    def school_label(self) -> str:
        """The school's short name."""
        return self.external or (self.organisation.label if self.organisation else "")


class OutsideSchool(models.Model):
    """Which school of the register a name in an agreement with a school outside a network means (R27).

    ``folded``: the name without regard to case, dots and blanks. ``is_said``: a person has said it,
    so that no check changes it; then ``organisation`` ``None`` means that it stands in no register.
    """

    network = models.ForeignKey(
        "network.Network", on_delete=models.CASCADE, related_name="outside_schools"
    )
    folded = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    organisation = models.ForeignKey(
        "network.Organisation", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_said = models.BooleanField(default=False)
    said_at = models.DateTimeField(null=True, blank=True)
    said_by_label = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["network", "folded"], name="outside_school_unique"),
        ]

    def __str__(self) -> str:
        return self.name


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
