"""The yearly round of a network and what it is about (R32)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from samspil.coordination.enums import FkbStatus, RoundStatus
from samspil.kernel.actor import Actor
from samspil.network.models.organisations import core_only

if TYPE_CHECKING:
    from typing import Self


class RoundQuerySet(models.QuerySet["Round"]):
    """Rounds, as the actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """Rounds of the actor's networks, and those that the actor's school takes part in.

        A school sees a round from the moment its forms are sent.
        """
        if actor.is_system or actor.is_platform_admin:
            return self
        mine = actor.organisation_ids()
        return self.filter(
            Q(network_id__in=actor.network_ids())
            | (Q(schools__organisation_id__in=mine) & ~Q(status=RoundStatus.DRAFT))
        ).distinct()


class Round(models.Model):
    """One network's coordination of one calendar year (R22: the duty's period)."""

    network = models.ForeignKey("network.Network", on_delete=models.PROTECT, related_name="rounds")
    year = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=12, choices=RoundStatus, default=RoundStatus.DRAFT)
    forms_sent_on = models.DateField(null=True, blank=True)
    forms_due_on = models.DateField()
    meeting_on = models.DateField()
    signed_by_on = models.DateField()
    duty_relations = models.JSONField(default=core_only)
    low_activity_below = models.PositiveSmallIntegerField(default=12)
    copied_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="copies"
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "network__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["network", "year"],
                name="round_year_unique",
                violation_error_message=_("Samarbejdet har allerede en runde for det år."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.network.short_name} {self.year}"


class RoundFkb(models.Model):
    """An FKB that the round coordinates, with the state of its overview and agreement."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="fkbs")
    fkb = models.ForeignKey("catalogue.Fkb", on_delete=models.PROTECT, related_name="rounds")
    status = models.CharField(max_length=10, choices=FkbStatus, default=FkbStatus.OPEN)

    class Meta:
        ordering = ["fkb__branch_group__position", "fkb__number", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "fkb"], name="round_fkb_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.round} · {self.fkb}"


class RoundSchool(models.Model):
    """A school in the round. ``left_on``: it has gone, what it held are gaps again (R62)."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="schools")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="round_places"
    )
    is_invited = models.BooleanField(default=False)
    left_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["is_invited", "organisation__name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "organisation"], name="round_school_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.round}: {self.organisation}"


class RoundCourse(models.Model):
    """A row of the board: a course in an FKB of the round.

    ``relation`` and ``is_duty`` are taken over from the catalogue when the round is opened;
    later changes of the catalogue reach the round by an action, not by themselves.
    ``activity`` is the number of learners of all schools in ``activity_year``; empty means
    that nobody has told.
    """

    round_fkb = models.ForeignKey(RoundFkb, on_delete=models.CASCADE, related_name="courses")
    course = models.ForeignKey(
        "catalogue.Course", on_delete=models.PROTECT, related_name="round_rows"
    )
    relation = models.CharField(max_length=10)
    is_duty = models.BooleanField(default=True)
    activity = models.PositiveIntegerField(null=True, blank=True)
    activity_year = models.PositiveSmallIntegerField(null=True, blank=True)
    archived_reason = models.CharField(max_length=250, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["round_fkb", "course__number", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["round_fkb", "course"], name="round_course_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.course.number} {self.course.title}"
