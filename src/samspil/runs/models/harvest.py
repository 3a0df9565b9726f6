"""What was fetched from the national search of runs, and what changed from one time to the next.

A run that is gone from the search keeps its row and its trace; ``RunChange`` is the history that
users see, immutable, and kept as long as the installation wants.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from samspil.runs.enums import HarvestOrigin, HarvestStatus, RunChangeKind

ONGOING = (HarvestStatus.WAITING, HarvestStatus.FETCHING)


class Harvest(models.Model):
    """One look at the announced runs: asked for, fetched, and taken in whole or not at all.

    ``problem``: why it failed, as a code with its values (``interfaces.harvest_words``). ``notes``:
    sentences about single runs that were left out. ``accepts_fewer``: somebody has said that it is
    right that many runs are gone. ``lease_until``: until when the worker that fetches is thought alive.
    """

    origin = models.CharField(max_length=8, choices=HarvestOrigin, default=HarvestOrigin.SEARCH)
    status = models.CharField(
        max_length=10, choices=HarvestStatus, default=HarvestStatus.WAITING, db_index=True
    )
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    looked_on = models.DateField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    accepts_fewer = models.BooleanField(default=False)
    problem = models.JSONField(default=dict, blank=True)
    notes = models.JSONField(default=list, blank=True)
    courses = models.PositiveIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)
    unchanged_pages = models.PositiveIntegerField(default=0)
    runs = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["origin"],
                condition=Q(status__in=ONGOING),
                name="harvest_one_at_a_time",
                violation_error_message=_("Holdene bliver hentet allerede."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_origin_display()} {self.asked_at:%Y-%m-%d %H:%M}"


class HarvestPage(models.Model):
    """A page of the search as it was last answered, for conditional requests. ``body``: zlib, the bytes."""

    address = models.CharField(max_length=500, unique=True)
    etag = models.CharField(max_length=300, blank=True)
    last_modified = models.CharField(max_length=80, blank=True)
    body = models.BinaryField()
    fetched_at = models.DateTimeField()

    class Meta:
        ordering = ["address"]

    def __str__(self) -> str:
        return self.address


class CourseLook(models.Model):
    """When all announced runs of a course were last seen: what isn't there then isn't announced."""

    course = models.OneToOneField(
        "catalogue.Course", on_delete=models.CASCADE, related_name="harvest_look"
    )
    first_on = models.DateField()
    looked_on = models.DateField()

    class Meta:
        ordering = ["course"]

    def __str__(self) -> str:
        return f"{self.course_id} {self.looked_on}"


class RunTrace(models.Model):
    """Since when a run has been announced, as far as anybody has looked.

    ``absent_on``: the last day before ``first_seen_on`` on which its course was looked at without it;
    empty when nobody had looked before. ``gone_on``: the day on which it was missing though it hadn't
    begun.
    """

    run = models.OneToOneField("runs.CourseRun", on_delete=models.CASCADE, related_name="trace")
    first_seen_on = models.DateField()
    last_seen_on = models.DateField()
    absent_on = models.DateField(null=True, blank=True)
    gone_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["run"]
        verbose_name = _("hentede hold")

    def __str__(self) -> str:
        return f"{self.run_id} {self.first_seen_on}"


class RunChange(models.Model):
    """What one harvest found about one run. ``fields``: ``[name, before, after]`` as JSON values."""

    harvest = models.ForeignKey(Harvest, on_delete=models.CASCADE, related_name="changes")
    on = models.DateField()
    kind = models.CharField(max_length=8, choices=RunChangeKind)
    run = models.ForeignKey(
        "runs.CourseRun", null=True, on_delete=models.SET_NULL, related_name="changes"
    )
    course = models.ForeignKey("catalogue.Course", on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.CASCADE, related_name="+"
    )
    kviknummer = models.CharField(max_length=40)
    starts_on = models.DateField()
    fields = models.JSONField(default=list)

    class Meta:
        ordering = ["-on", "-pk"]
        verbose_name = _("ændringer af hold")
        indexes = [
            models.Index(fields=["-on", "kind"], name="run_change_day"),
            models.Index(fields=["course", "-on"], name="run_change_course"),
            models.Index(fields=["organisation", "-on"], name="run_change_school"),
        ]

    def __str__(self) -> str:
        return f"{self.kviknummer} {self.on} {self.kind}"
