"""Announced runs that anybody may look for: not cancelled, and not begun. No people, no minimum."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Min, QuerySet

from samspil.network.models import Municipality, Organisation, Postcode
from samspil.runs.models import CourseRun


@dataclass(frozen=True, slots=True)
class RunWish:
    """What a run must be. ``place``: code of a municipality or of a region. Empty means anything."""

    place: str = ""
    since: date | None = None
    until: date | None = None
    guaranteed: bool = False
    free: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.place or self.since or self.until or self.guaranteed or self.free)


def open_runs(wanted: RunWish, *, today: date) -> QuerySet[CourseRun]:
    """Runs that fit and begin today or later, the first to begin first."""
    rows = CourseRun.objects.announced().filter(starts_on__gte=today)
    if wanted.since:
        rows = rows.filter(starts_on__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(starts_on__lte=wanted.until)
    if wanted.guaranteed:
        rows = rows.filter(is_guaranteed=True)
    if wanted.free:
        rows = rows.filter(enrolled__lt=F("capacity"))
    if wanted.place:
        within = Municipality.objects.filter(code=wanted.place) | Municipality.objects.filter(
            region_code=wanted.place
        )
        rows = rows.filter(
            postcode__in=Postcode.objects.filter(municipality__in=within).values("code")
        )
    return rows.order_by("starts_on", "pk")


def first_days(wanted: RunWish, *, today: date) -> dict[int, date]:
    """The courses that have a run that fits, each with the first day of its first. One query."""
    return dict(
        open_runs(wanted, today=today)
        .order_by()
        .values("course_id")
        .annotate(first=Min("starts_on"))
        .values_list("course_id", "first")
    )


def runs_of_courses(
    courses: Collection[int], wanted: RunWish, *, today: date
) -> dict[int, list[CourseRun]]:
    """The runs that fit of some courses, the first to begin first. One query."""
    found: dict[int, list[CourseRun]] = {}
    for run in (
        open_runs(wanted, today=today).filter(course__in=courses).select_related("organisation")
    ):
        found.setdefault(run.course_id, []).append(run)
    return found


def runs_of_school(school: Organisation, *, today: date, limit: int) -> list[CourseRun]:
    """A school's next runs of courses in use, at most ``limit``."""
    return list(
        open_runs(RunWish(), today=today)
        .filter(organisation=school, course__is_archived=False)
        .select_related("course", "organisation")[:limit]
    )


def points(runs: Collection[CourseRun]) -> dict[str, tuple[float, float]]:
    """Where the postcodes of the runs lie: latitude and longitude of their centres. One query."""
    return {
        code: (lat, lon)
        for code, lat, lon in Postcode.objects.filter(
            code__in={run.postcode for run in runs}, lat__isnull=False, lon__isnull=False
        ).values_list("code", "lat", "lon")
        if lat is not None and lon is not None
    }


def municipality_codes(runs: Collection[CourseRun]) -> set[str]:
    """The municipalities in which the runs are. One query."""
    return set(
        Postcode.objects.filter(
            code__in={run.postcode for run in runs}, municipality__isnull=False
        ).values_list("municipality__code", flat=True)
    )


def municipalities(*, today: date) -> list[Municipality]:
    """Municipalities in which a run is announced, by region and name."""
    codes = open_runs(RunWish(), today=today).order_by().values("postcode").distinct()
    return list(
        Municipality.objects.filter(
            pk__in=Postcode.objects.filter(code__in=codes).values("municipality")
        ).order_by("region", "name", "pk")
    )


def seen_on(runs: Collection[CourseRun]) -> date | None:
    """The oldest day that the numbers of some runs are from."""
    return min((run.seen_on for run in runs), default=None)
