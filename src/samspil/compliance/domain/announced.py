"""What is announced: the runs of a round's courses in its year, as far as anybody has seen them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, timedelta

from samspil.compliance.domain.judging import Seen
from samspil.kernel import clock
from samspil.kernel.imports.values import folded
from samspil.kernel.models import StatusChange
from samspil.runs.enums import RunStatus
from samspil.runs.models import CourseLook, CourseRun

_PUBLIC = (RunStatus.ANNOUNCED, RunStatus.CONFIRMED, RunStatus.HELD)
_FIELDS = (
    "pk", "course_id", "organisation_id", "starts_on", "ends_on", "street", "postcode", "city",
    "status", "is_own", "is_guaranteed", "deadline_on", "seen_on", "trace__first_seen_on",
    "trace__absent_on", "trace__gone_on",
)  # fmt: skip


def runs_of(
    courses: Collection[int], year: int, now: Mapping[int, int]
) -> dict[tuple[int, int], list[Seen]]:
    """Runs that are or were announced, by course and school. ``now``: where merged schools are.

    Two queries. A run that is only planned isn't announced; one that was cancelled before anybody
    could see it never was.
    """
    rows = list(
        CourseRun.objects.filter(course__in=courses, starts_on__year=year)
        .order_by("pk")
        .values_list(*_FIELDS)
    )
    told = _announced_here([row[0] for row in rows if row[9]])
    found: dict[tuple[int, int], list[Seen]] = defaultdict(list)
    for row in rows:
        seen = _seen(row, told)
        if seen is not None:
            found[row[1], now.get(row[2], row[2])].append(seen)
    return found


def _announced_here(runs: Collection[int]) -> dict[int, date]:
    """The day on which runs that are kept here were first announced."""
    found: dict[int, date] = {}
    for pk, at in (
        StatusChange.objects.filter(
            subject_type=CourseRun._meta.label_lower,
            subject_id__in=runs,
            to_status=RunStatus.ANNOUNCED,
        )
        .order_by("at", "pk")
        .values_list("subject_id", "at")
    ):
        found.setdefault(pk, clock.local_date(at))
    return found


def _seen(row: tuple, told: Mapping[int, date]) -> Seen | None:  # type: ignore[type-arg]
    (pk, _course, _school, starts_on, ends_on, street, postcode, city, status, is_own,
     is_guaranteed, deadline_on, seen_on, first_seen_on, absent_on, gone_on) = row  # fmt: skip
    if is_own:
        if pk in told:
            # we know the day: the day before it was not announced
            first_seen_on = told[pk]
            absent_on = first_seen_on - timedelta(days=1)
        elif status not in _PUBLIC and first_seen_on is None:
            return None
        gone_on = None  # what becomes of it is told here, not by the search
        if status not in _PUBLIC and status != RunStatus.CANCELLED:
            return None
    elif status == RunStatus.PLANNED and gone_on is None:
        return None
    return Seen(
        pk=pk,
        starts_on=starts_on,
        ends_on=ends_on,
        place=folded(f"{street} {postcode}") if street and postcode else folded(city or ""),
        is_cancelled=status == RunStatus.CANCELLED,
        is_guaranteed=is_guaranteed,
        deadline_on=deadline_on,
        first_seen_on=first_seen_on or seen_on,
        absent_on=absent_on,
        gone_on=gone_on,
    )


def looks_of(courses: Collection[int]) -> dict[int, date]:
    """When the announced runs of each course were last seen whole."""
    return dict(CourseLook.objects.filter(course__in=courses).values_list("course_id", "looked_on"))
