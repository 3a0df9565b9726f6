"""Announced runs that anybody may look for: not cancelled, and not begun. No people, no minimum."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Min

from samspil.kernel import kept
from samspil.network.models import Municipality, Organisation, Postcode
from samspil.runs.models import CourseRun
from samspil.runs.models.runs import CourseRunQuerySet


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


def open_runs(wanted: RunWish, *, today: date) -> CourseRunQuerySet:
    """Runs that fit and begin today or later, the first to begin first."""
    rows = CourseRun.objects.announced().filter(starts_on__gte=today)
    if wanted.since:
        rows = rows.filter(starts_on__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(starts_on__lte=wanted.until)
    if wanted.guaranteed:
        rows = rows.filter(is_guaranteed=True)
    if wanted.free:
        rows = rows.with_free_seats()
    if wanted.place:
        # as values: the database then knows how many runs there are, and reads them in their order
        # until it has enough, or by their postcodes when there are few
        codes = kept.remembered(("runs.postcodes", wanted.place), lambda: _postcodes(wanted.place))
        rows = rows.filter(postcode__among=codes)
    return rows.order_by("starts_on", "pk")


def course_of(kviknummer: str, *, today: date) -> str:
    """The number of the course of the open run with this kviknummer, by which people look for it (R19);
    empty where there is none. One query, by the index."""
    written = kviknummer.strip()
    if not any(sign.isdigit() for sign in written):
        return ""
    found = (
        open_runs(RunWish(), today=today)
        .filter(kviknummer__in={written, written.lower(), written.upper()})
        .values_list("course__number", flat=True)
        .first()
    )
    return found or ""


def _postcodes(place: str) -> frozenset[str]:
    """The postcodes of a municipality or of a region. One query."""
    within = Municipality.objects.filter(code=place) | Municipality.objects.filter(
        region_code=place
    )
    rows = Postcode.objects.filter(municipality__in=within).order_by("code")
    return frozenset(rows.values_list("code", flat=True))


def first_days(
    wanted: RunWish, *, today: date, courses: Collection[int] | None = None
) -> dict[int, date]:
    """The courses (of ``courses``, if given) that have a run that fits, each with the first day of
    its first. One query."""
    rows = open_runs(wanted, today=today)
    if courses is not None:
        rows = rows.filter(course_id__among=courses)
    return dict(
        rows.order_by()
        .values("course_id")
        .annotate(first=Min("starts_on"))
        .values_list("course_id", "first")
    )


@dataclass(frozen=True, slots=True)
class Brief:
    """The runs of a course in short: the first to begin, how many, and their towns in that order."""

    first: CourseRun
    count: int
    towns: tuple[str, ...]


def briefs(courses: Collection[int], wanted: RunWish, *, today: date) -> dict[int, Brief]:
    """The runs that fit of some courses, in short. Two queries, of which the large one is narrow."""
    pks: dict[int, list[int]] = {}
    towns: dict[int, dict[str, None]] = {}
    for pk, course, city in (
        open_runs(wanted, today=today)
        .filter(course_id__among=courses)
        .values_list("pk", "course_id", "city")
    ):
        pks.setdefault(course, []).append(pk)
        if city:
            towns.setdefault(course, {})[city] = None
    first = (
        CourseRun.objects.select_related("organisation")
        .only(
            "course_id", "starts_on", "ends_on", "deadline_on", "is_guaranteed", "city",
            "organisation__key", "organisation__name", "organisation__short_name",
        )
        .in_bulk([own[0] for own in pks.values()])
    )  # fmt: skip
    return {
        course: Brief(first[own[0]], len(own), tuple(towns.get(course, ())))
        for course, own in pks.items()
    }


_SHOWN = (
    "course_id", "status", "kviknummer", "title", "starts_on", "ends_on", "deadline_on", "duration_days",
    "hours", "teaching_form", "is_remote", "street", "postcode", "city", "capacity", "enrolled",
    "signed_up_here", "takes_sign_up", "is_guaranteed", "price", "link", "seen_on",
    "organisation__key", "organisation__name", "organisation__short_name",
)  # fmt: skip
"""What a course's page shows of a run."""


def runs_of_course(course: int, *, today: date) -> list[CourseRun]:
    """A course's runs, the first to begin first. One query."""
    return list(
        open_runs(RunWish(), today=today)
        .filter(course=course)
        .select_related("organisation")
        .only(*_SHOWN)
    )


def runs_of_school(school: Organisation, *, today: date, limit: int) -> list[CourseRun]:
    """A school's next runs of courses in use, at most ``limit``."""
    return list(
        open_runs(RunWish(), today=today)
        .filter(organisation=school, course__is_archived=False)
        .select_related("course", "organisation")[:limit]
    )


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a postcode lies: its centre, and the code of its municipality; empty when unknown."""

    lat: float | None
    lon: float | None
    municipality: str


def spots(runs: Collection[CourseRun]) -> dict[str, Spot]:
    """Where the postcodes of the runs lie. No query while nothing changes, else one."""
    known = kept.remembered("runs.spots", _all_spots)
    return {run.postcode: known[run.postcode] for run in runs if run.postcode in known}


def _all_spots() -> dict[str, Spot]:
    return {
        code: Spot(lat, lon, municipality or "")
        for code, lat, lon, municipality in Postcode.objects.order_by("pk").values_list(
            "code", "lat", "lon", "municipality__code"
        )
    }


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
