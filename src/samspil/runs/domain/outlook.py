"""How full a run will probably be on the day when its school decides: a booking curve from past runs.

The method is *pickup*, the common one where seats are booked ahead of a day: what past runs gained between
as many days before their decision and the decision itself is added to what the run has now. L. R. Weatherford
and S. E. Kimes, "A comparison of forecasting methods for hotel revenue management", International Journal
of Forecasting 19 (2003) 401-415, found it among the most robust on the bookings of two hotel chains.

The middle and the interval are the past gains themselves (quantiles), no distribution is assumed. The
chance of reaching the minimum is the share of past runs whose gain would have been enough, by Laplace's rule
of succession, so that it is never 0 or 100 per cent from a few runs.

Past runs are those of the same course; where they are fewer than ``ENOUGH``, those of the courses in its
FKBs; then those of its branch group. With fewer than ``ENOUGH`` there is no forecast. Only runs that were
watched until their decision count, cancelled ones among them: leaving them out would promise too much.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Coalesce

from samspil.catalogue.models import CourseRelation
from samspil.runs.models import CourseRun, RunCount

ENOUGH: Final = 8
"""Fewer past runs than this say nothing: one run more or less would move the interval's ends."""
MOST_PAST: Final = 1500
"""The newest past runs that are read at a level, so that a page stays quick in a large country."""
LOW, HIGH = 0.1, 0.9

COURSE, FKB, BRANCH = "course", "fkb", "branch"
LEVELS: Final = (COURSE, FKB, BRANCH)


@dataclass(frozen=True, slots=True)
class Curve:
    """How a run filled. ``days`` ascending and ``counts``: seats in use from that day on."""

    decides_on: date
    days: tuple[date, ...]
    counts: tuple[int, ...]

    def at(self, day: date) -> int | None:
        """Seats in use on ``day``; ``None`` before it was watched."""
        found = bisect_right(self.days, day)
        return self.counts[found - 1] if found else None

    def gain(self, days_left: int) -> int | None:
        """What it gained in the last ``days_left`` days before its decision; ``None`` when unknown."""
        before = self.at(self.decides_on - timedelta(days=days_left))
        after = self.at(self.decides_on)
        return None if before is None or after is None else after - before


@dataclass(frozen=True, slots=True)
class Outlook:
    """What may be expected of a run on its decision day, in people.

    ``runs`` past runs at ``level`` say so; with fewer than ``ENOUGH``, ``is_known`` is false and the
    numbers are those of today. ``low`` and ``high``: nine of ten past runs reached the one, one of ten
    the other. ``percent``: the chance of reaching the minimum.
    """

    decides_on: date
    days_left: int
    level: str
    runs: int
    low: int
    expected: int
    high: int
    percent: int

    @property
    def is_known(self) -> bool:
        return self.runs >= ENOUGH

    @property
    def is_due(self) -> bool:
        """The day of decision is here or gone: there is nothing left to expect."""
        return self.days_left <= 0


def decision_day(run: CourseRun) -> date:
    """When it is decided whether the run is held: the day it says, else its deadline, else its start (R37)."""
    return run.decision_on or run.deadline_on or run.starts_on


def forecast(run: CourseRun, gains: Sequence[int], level: str) -> Outlook:
    """The outlook of a run from what past runs gained over the same days. Pure.

    More than the capacity cannot be expected, nor fewer than none.
    """
    decides = decision_day(run)
    left = (decides - run.seen_on).days
    now = run.used
    if left <= 0 or len(gains) < ENOUGH:
        return Outlook(
            decides, left, level, 0 if left <= 0 else len(gains), now, now, now, _reached(run, now)
        )
    ends = sorted(min(max(run.capacity, now), max(0, now + gain)) for gain in gains)
    enough = sum(end >= run.minimum for end in ends)
    return Outlook(
        decides_on=decides,
        days_left=left,
        level=level,
        runs=len(gains),
        low=int(_quantile(ends, LOW)),
        expected=round(_quantile(ends, 0.5)),
        high=-int(-_quantile(ends, HIGH) // 1),
        percent=round(100 * (enough + 1) / (len(ends) + 2)),
    )


def _reached(run: CourseRun, number: int) -> int:
    return 100 if number >= run.minimum else 0


def _quantile(ordered: Sequence[int], share: float) -> float:
    """The quantile of ordered numbers, straight between two neighbours."""
    at = share * (len(ordered) - 1)
    low = int(at)
    rest = at - low
    return ordered[low] if not rest else ordered[low] + rest * (ordered[low + 1] - ordered[low])


def outlooks(runs: Collection[CourseRun]) -> dict[int, Outlook]:
    """The outlook of some runs, by their ids. At most nine queries, however many runs."""
    open_runs = [run for run in runs if decision_day(run) > run.seen_on]
    found = {run.pk: forecast(run, (), COURSE) for run in runs}
    waiting = open_runs
    kin = _Kin({run.course_id for run in open_runs}) if open_runs else None
    for level in LEVELS:
        if not waiting or kin is None:
            break
        by_course = kin.curves(level, {run.course_id for run in waiting})
        still = []
        for run in waiting:
            left = (decision_day(run) - run.seen_on).days
            gains = [
                gain
                for pk, curve in by_course.get(run.course_id, ())
                if pk != run.pk and (gain := curve.gain(left)) is not None
            ]
            told = forecast(run, gains, level)
            if told.is_known or told.runs >= found[run.pk].runs:
                found[run.pk] = told
            if not told.is_known:
                still.append(run)
        waiting = still
    return found


class _Kin:
    """Which courses are kin, and how their past runs filled."""

    def __init__(self, courses: Collection[int]) -> None:
        self._groups: dict[str, dict[int, set[int]]] = {
            COURSE: {course: {course} for course in courses}
        }
        rows = list(
            CourseRelation.objects.filter(course__in=courses).values_list(
                "course_id", "fkb_id", "fkb__branch_group_id"
            )
        )
        for level, at in ((FKB, 1), (BRANCH, 2)):
            keys: dict[int, set[int]] = defaultdict(set)
            for row in rows:
                if row[at] is not None:
                    keys[row[0]].add(row[at])
            self._groups[level] = dict(keys)

    def curves(self, level: str, courses: Collection[int]) -> dict[int, list[tuple[int, Curve]]]:
        """For each course, the past runs of its kin at a level with how they filled. Two queries or three."""
        groups = {course: self._groups[level].get(course, set()) for course in courses}
        wanted = set().union(*groups.values()) if groups else set()
        if not wanted:
            return {}
        if level == COURSE:
            members = {course: {course} for course in wanted}
        else:
            field = "fkb_id" if level == FKB else "fkb__branch_group_id"
            members = defaultdict(set)
            for key, course in CourseRelation.objects.filter(
                **{f"{field}__in": wanted}
            ).values_list(field, "course_id"):
                members[key].add(course)
        past = _past(set().union(*members.values()))
        return {
            course: [
                line
                for kin in set().union(*(members[key] for key in keys), set())
                for line in past.get(kin, ())
            ]
            for course, keys in groups.items()
        }


def _past(courses: Collection[int]) -> dict[int, list[tuple[int, Curve]]]:
    """Runs of some courses that were watched until their decision, the newest, by course."""
    runs = {
        pk: (course, decides)
        for pk, course, decides in CourseRun.objects.filter(
            Exists(RunCount.objects.filter(run=OuterRef("pk"))),
            course__in=courses,
            follows__isnull=True,
        )
        .annotate(decides=Coalesce("decision_on", "deadline_on", "starts_on"))
        .filter(seen_on__gte=F("decides"))
        .order_by("-decides", "-pk")
        .values_list("pk", "course_id", "decides")[:MOST_PAST]
    }
    points: dict[int, list[tuple[date, int]]] = defaultdict(list)
    for pk, day, number in (
        RunCount.objects.filter(run__in=runs)
        .order_by("run", "day")
        .values_list("run_id", "day", "enrolled")
    ):
        points[pk].append((day, number))
    found: dict[int, list[tuple[int, Curve]]] = defaultdict(list)
    for pk, (course, decides) in runs.items():
        if own := points.get(pk):
            found[course].append((pk, _curve(decides, own)))
    return found


def _curve(decides: date, points: Iterable[tuple[date, int]]) -> Curve:
    days, counts = zip(*points, strict=True)
    return Curve(decides, tuple(days), tuple(counts))


def watched(runs: Collection[CourseRun]) -> dict[int, list[tuple[date, int]]]:
    """The counts of some runs so far, by id: the first day first, today's number last. One query."""
    points: dict[int, list[tuple[date, int]]] = {run.pk: [] for run in runs}
    for pk, day, number in (
        RunCount.objects.filter(run__in=points)
        .order_by("run", "day")
        .values_list("run_id", "day", "enrolled")
    ):
        points[pk].append((day, number))
    for run in runs:
        own = [point for point in points[run.pk] if point[0] < run.seen_on]
        points[run.pk] = [*own, (run.seen_on, run.used)]
    return points
