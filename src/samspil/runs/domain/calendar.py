"""Runs day by day over schools, and where a room or a teacher is wanted twice at the same time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from itertools import combinations
from typing import Final

from django.db.models import Q

from samspil.kernel.actor import Actor
from samspil.network.models import Membership, Network, Organisation
from samspil.network.models.organisations import valid_on
from samspil.runs import rules
from samspil.runs.domain import kept
from samspil.runs.enums import RunStatus
from samspil.runs.models import CourseRun, RunDay

MOST_RUNS: Final = 6000
"""More runs than these on one page help nobody; the page says so and asks for a school or a course."""
ROOM, TEACHER = "room", "teacher"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose runs and of which course; the days from ``first`` to ``last``, both included."""

    first: date
    last: date
    school: str = ""
    network: int | None = None
    course: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """One run on one day. Without times it counts as all day."""

    run: CourseRun
    on: date
    starts_at: time | None = None
    ends_at: time | None = None
    room: str = ""
    teacher: str = ""

    def overlaps(self, other: Slot) -> bool:
        """Whether both are at the same time on the same day."""
        if self.on != other.on:
            return False
        if not (self.starts_at and self.ends_at and other.starts_at and other.ends_at):
            return True
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True, slots=True)
class Clash:
    """Two runs of a school that want the same room or teacher at the same time."""

    what: str
    name: str
    on: date
    first: Slot
    second: Slot


@dataclass
class Calendar:
    """The slots of each day in order, what clashes, and whether there were too many runs to show."""

    days: dict[date, list[Slot]] = field(default_factory=dict)
    clashes: list[Clash] = field(default_factory=list)
    runs: list[CourseRun] = field(default_factory=list)
    is_cut: bool = False

    @property
    def clashing(self) -> set[tuple[int, date]]:
        """Run and day of every slot that clashes."""
        return {
            (slot.run.pk, clash.on)
            for clash in self.clashes
            for slot in (clash.first, clash.second)
        }


def calendar(actor: Actor, wanted: Wanted, *, today: date) -> Calendar:
    """The runs of the days, plans among them where the actor sees them. Four queries at most.

    A run that another school holds is shown once, at its holder, unless the school that announces it is
    the one asked for. Clashes are told of schools that the actor sees from inside: rooms and teachers are
    their own business.
    """
    rows = (
        kept.visible(actor)
        .exclude(status=RunStatus.CANCELLED)
        .filter(starts_on__lte=wanted.last, ends_on__gte=wanted.first)
    )
    if wanted.school:
        rows = rows.filter(organisation__key=wanted.school)
    else:
        rows = rows.filter(follows__isnull=True)
        if wanted.network is not None:
            rows = rows.filter(
                organisation__in=Membership.objects.filter(
                    valid_on(today), network_id=wanted.network
                ).values("organisation")
            )
    if wanted.course:
        rows = rows.filter(course__number__startswith=wanted.course)
    found = list(
        rows.select_related("course", "organisation").order_by("starts_on", "pk")[: MOST_RUNS + 1]
    )
    runs = {run.pk: run for run in found[:MOST_RUNS]}
    slots = _slots(runs, wanted)
    days: dict[date, list[Slot]] = defaultdict(list)
    for slot in sorted(
        slots,
        key=lambda s: (s.on, s.starts_at or time.min, s.run.organisation.label, s.run.pk),
    ):
        days[slot.on].append(slot)
    inside = rules.seen_inside(actor)
    return Calendar(
        days=dict(days),
        clashes=clashes(slot for slot in slots if slot.run.organisation_id in inside),
        runs=list(runs.values()),
        is_cut=len(found) > MOST_RUNS,
    )


def _slots(runs: dict[int, CourseRun], wanted: Wanted) -> list[Slot]:
    own = [pk for pk, run in runs.items() if run.is_own]
    slots = [
        Slot(runs[row.run_id], row.on, row.starts_at, row.ends_at, row.room, row.teacher)
        for row in RunDay.objects.filter(
            Q(run__in=own), on__gte=wanted.first, on__lte=wanted.last
        ).order_by("on", "pk")
    ]
    for run in runs.values():
        if not run.is_own:
            slots += [Slot(run, on) for on in _weekdays(run, wanted)]
    return slots


def _weekdays(run: CourseRun, wanted: Wanted) -> list[date]:
    """The days of a run that was read in: its weekdays, and its first and last day whichever they are."""
    first, last = max(run.starts_on, wanted.first), min(run.ends_on, wanted.last)
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5 or day in (run.starts_on, run.ends_on)]


def clashes(slots: Iterable[Slot]) -> list[Clash]:
    """Every pair of runs of a school that wants the same room or teacher at the same time. Pure."""
    groups: dict[tuple[int, date, str, str], list[Slot]] = defaultdict(list)
    for slot in slots:
        for what, name in ((ROOM, slot.room), (TEACHER, slot.teacher)):
            if key := " ".join(name.split()).casefold():
                groups[slot.run.organisation_id, slot.on, what, key].append(slot)
    found = [
        Clash(what, first.room if what == ROOM else first.teacher, on, first, second)
        for (_school, on, what, _name), group in groups.items()
        for first, second in combinations(sorted(group, key=_order), 2)
        if first.run.pk != second.run.pk and first.overlaps(second)
    ]
    return sorted(found, key=lambda c: (c.on, c.what, c.name, c.first.run.pk, c.second.run.pk))


def clashes_of(actor: Actor, run: CourseRun, *, today: date) -> list[Clash]:
    """What clashes with a run of a school that the actor sees from inside. Five queries at most."""
    wanted = Wanted(run.starts_on, run.ends_on, school=run.organisation.key)
    return [
        clash
        for clash in calendar(actor, wanted, today=today).clashes
        if run.pk in (clash.first.run.pk, clash.second.run.pk)
    ]


def _order(slot: Slot) -> tuple[time, int]:
    return slot.starts_at or time.min, slot.run.pk


def month_of(day: date) -> tuple[date, date]:
    """The first Monday to the last Sunday of the weeks that the month of ``day`` touches."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    last = following - timedelta(days=1)
    return first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday())


def lanes(
    runs: Sequence[CourseRun], mondays: Sequence[date], *, by_course: bool
) -> list[tuple[str, list[list[CourseRun]]]]:
    """A row per school, or per course, with the runs that are on in each week. Pure."""
    rows: dict[str, list[list[CourseRun]]] = {}
    for run in runs:
        label = f"{run.course.number} {run.course.title}" if by_course else run.organisation.name
        row = rows.setdefault(label, [[] for _monday in mondays])
        for at, monday in enumerate(mondays):
            if run.starts_on <= monday + timedelta(days=6) and run.ends_on >= monday:
                row[at].append(run)
    return sorted(rows.items())


def scopes(actor: Actor) -> tuple[list[Network], list[Organisation]]:
    """The networks the actor sees, and their schools, both by name."""
    return (
        list(Network.objects.visible_to(actor).order_by("name", "pk")),
        list(Organisation.objects.visible_to(actor).filter(valid_to=None).order_by("name", "pk")),
    )
