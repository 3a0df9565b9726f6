"""Runs (hold): one row per school that announces; its periods, days, price lines and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from samspil.runs.enums import PeriodKind, RunStatus

if TYPE_CHECKING:
    from typing import Self

MOST_GUARANTEED = 5
"""A guarantee run's minimum may not be above this (R18)."""


class CourseRunQuerySet(models.QuerySet["CourseRun"]):
    """Runs, by what is to become of them."""

    def announced(self) -> Self:
        """To be found by everybody: announced or confirmed, and not begun on the day of their numbers."""
        return self.filter(
            status__in=(RunStatus.ANNOUNCED, RunStatus.CONFIRMED), starts_on__gt=F("seen_on")
        )

    def at_risk(self) -> Self:
        """Below their minimum, neither guaranteed nor confirmed (R35), and not another's run announced."""
        return self.announced().filter(below_minimum())

    def own(self) -> Self:
        """Runs that are kept in Samspil; the others belong to the lists they were read from."""
        return self.filter(is_own=True)

    def with_free_seats(self) -> Self:
        """With at least one seat that nobody has (``free``)."""
        return self.filter(enrolled__lt=F("capacity") - F("signed_up_here"))


def below_minimum() -> Q:
    """Condition on runs: nobody has promised to hold them, and they lack people (R35).

    A school that follows another's run announces it only; whether it is held is told by the holder's
    row.
    """
    return Q(
        is_guaranteed=False,
        follows__isnull=True,
        enrolled__lt=F("minimum") - F("signed_up_here"),
    ) & ~Q(status=RunStatus.CONFIRMED)


class CourseRun(models.Model):
    """A run (hold) as a school announces it (R17–R20). Days and numbers are those of ``seen_on``.

    ``kviknummer`` is the run's public key, opaque text (R19); a run kept here may lack one until it
    is given. ``duration_days`` and ``teaching_form`` say which runs of the course can take each
    other's people. ``price`` is kroner per participant in all.

    ``is_own``: kept and changed here; an import writes only its ``enrolled`` and ``seen_on``.
    ``enrolled`` is what the school's own system reports, ``signed_up_here`` people and held offers
    in Samspil (written by ``domain.seats`` alone); together they are the seats in use. ``follows``:
    the holder's run that this row announces at another school (R28). ``commitment``: the cell of a
    round that the run fulfils. ``taught``: people who took part, known when it is held.
    ``form_key``: of the form that made it, so that a form sent twice makes one run.
    """

    course = models.ForeignKey("catalogue.Course", on_delete=models.PROTECT, related_name="runs")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="course_runs"
    )
    status = models.CharField(max_length=10, choices=RunStatus, default=RunStatus.ANNOUNCED)
    is_own = models.BooleanField(default=False)
    kviknummer = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=250, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    deadline_on = models.DateField(null=True, blank=True)
    decision_on = models.DateField(null=True, blank=True)
    duration_days = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    hours = models.CharField(max_length=120, blank=True)
    teaching_form = models.CharField(max_length=60, blank=True)
    is_evening = models.BooleanField(default=False)
    is_remote = models.BooleanField(default=False)
    is_at_company = models.BooleanField(default=False)
    company = models.CharField(max_length=120, blank=True)
    street = models.CharField(max_length=120, blank=True)
    postcode = models.CharField(max_length=4, blank=True)
    city = models.CharField(max_length=80, blank=True)
    capacity = models.PositiveSmallIntegerField()
    minimum = models.PositiveSmallIntegerField(default=1)
    enrolled = models.PositiveSmallIntegerField(default=0)
    signed_up_here = models.PositiveSmallIntegerField(default=0)
    taught = models.PositiveSmallIntegerField(null=True, blank=True)
    takes_sign_up = models.BooleanField(default=False)
    is_guaranteed = models.BooleanField(default=False)
    price = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    part_goals = models.JSONField(default=list, blank=True)
    note = models.TextField(blank=True)
    link = models.URLField(max_length=400, blank=True)
    source = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    follows = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="followers"
    )
    commitment = models.ForeignKey(
        "coordination.Commitment",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="course_runs",
    )
    series = models.CharField(max_length=40, blank=True)
    form_key = models.CharField(max_length=60, blank=True)
    seen_on = models.DateField()
    version = models.PositiveIntegerField(default=1)

    objects = CourseRunQuerySet.as_manager()

    class Meta:
        ordering = ["starts_on", "pk"]
        indexes = [
            models.Index(fields=["course", "starts_on"], name="run_course_start"),
            models.Index(fields=["organisation", "starts_on"], name="run_school_start"),
            # every run in the order it is listed to everybody: a page of a list reads its own rows alone
            models.Index(fields=["starts_on", "id"], name="run_start"),
            models.Index(fields=["postcode", "starts_on"], name="run_place_start"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kviknummer"],
                condition=~Q(kviknummer=""),
                name="run_kviknummer",
                violation_error_message=_("Kviknummeret bruges allerede af et andet hold."),
            ),
            models.UniqueConstraint(
                fields=["form_key"], condition=~Q(form_key=""), name="run_form_key"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="run_dates",
                violation_error_message=_("Slutdatoen ligger før startdatoen."),
            ),
            models.CheckConstraint(
                condition=Q(is_own=False)
                | Q(is_guaranteed=False)
                | Q(minimum__lte=MOST_GUARANTEED),
                name="run_guarantee_minimum",
                violation_error_message=_("Et garantihold må højst have et minimum på 5."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course.number} {self.starts_on} {self.organisation.label}"

    @property
    def is_cancelled(self) -> bool:
        return self.status == RunStatus.CANCELLED

    @property
    def is_promised(self) -> bool:
        """Held whatever the number: guaranteed, or confirmed by its school."""
        return self.is_guaranteed or self.status == RunStatus.CONFIRMED

    @property
    def used(self) -> int:
        """Seats in use: what the school's system reports, and people and held offers here."""
        return self.enrolled + self.signed_up_here

    @property
    def missing(self) -> int:
        """How many it lacks to reach its minimum; 0 when it is reached or promised."""
        return 0 if self.is_promised else max(0, self.minimum - self.used)

    @property
    def free(self) -> int:
        """Free seats; never below 0, also where more are enrolled than there are seats."""
        return max(0, self.capacity - self.used)


class RunPeriod(models.Model):
    """A stretch of a run kept here, as it was planned: single dates, or weekdays between two dates.

    ``weekdays``: 1 Monday – 7 Sunday. ``dates``: the single dates of kind ``dates``, or the days left
    out of a ``pattern``; ISO text. The days that come of it stand in ``RunDay``.
    """

    run = models.ForeignKey(CourseRun, on_delete=models.CASCADE, related_name="periods")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=PeriodKind)
    first_on = models.DateField(null=True, blank=True)
    last_on = models.DateField(null=True, blank=True)
    weekdays = models.JSONField(default=list)
    dates = models.JSONField(default=list)
    skips_holidays = models.BooleanField(default=True)
    starts_at = models.TimeField(null=True, blank=True)
    ends_at = models.TimeField(null=True, blank=True)
    room = models.CharField(max_length=60, blank=True)
    teacher = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="period_position"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.position}"


class RunDay(models.Model):
    """A day on which a run kept here is taught, with where and by whom when that is known."""

    run = models.ForeignKey(CourseRun, on_delete=models.CASCADE, related_name="days")
    on = models.DateField()
    starts_at = models.TimeField(null=True, blank=True)
    ends_at = models.TimeField(null=True, blank=True)
    room = models.CharField(max_length=60, blank=True)
    teacher = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["on", "starts_at", "pk"]
        indexes = [models.Index(fields=["on"], name="run_day_on")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.on}"


class RunPrice(models.Model):
    """A line of what a participant pays, in øre."""

    run = models.ForeignKey(CourseRun, on_delete=models.CASCADE, related_name="prices")
    position = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=80)
    ore = models.PositiveIntegerField()

    class Meta:
        ordering = ["run", "position"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="price_position")]

    def __str__(self) -> str:
        return f"{self.label} {self.ore}"


class RunCount(models.Model):
    """How many seats of a run were in use at the end of a day: what booking curves are made of."""

    run = models.ForeignKey(CourseRun, on_delete=models.CASCADE, related_name="counts")
    day = models.DateField()
    enrolled = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["run", "day"]
        constraints = [models.UniqueConstraint(fields=["run", "day"], name="run_count_day")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.day} {self.enrolled}"
