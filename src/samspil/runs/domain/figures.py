"""How runs go: announced, held, cancelled, rescued, and the people in them (R135).

By school, branch group or quarter of a year. Counted are runs that were announced at some time, at the school
that holds them; a plan that nobody saw is no run. A run that was read in and is over without anybody
having said so counts as *unknown*, never as held.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.translation import gettext as _

from samspil.catalogue.models import CourseRelation
from samspil.kernel.actor import Actor
from samspil.kernel.models import StatusChange
from samspil.network.models import Membership, Network
from samspil.network.models.organisations import valid_on
from samspil.runs.enums import RunStatus
from samspil.runs.models import CourseRun

SCHOOL, BRANCH, QUARTER = "skole", "branche", "kvartal"
GROUPINGS: Final = (SCHOOL, BRANCH, QUARTER)


@dataclass(frozen=True, slots=True)
class Moved:
    """People who went from one run to another because the runs were put together. ``hours`` to the answer."""

    source_id: int
    target_id: int
    heads: int
    metres: int
    hours: float | None = None


MovedSource = Callable[[Collection[int]], Iterable[Moved]]
_MOVED: list[MovedSource] = []


def moved_source(function: MovedSource) -> MovedSource:
    """Register who knows of people that were moved: asked with ids of runs, answers with moves between them."""
    _MOVED.append(function)
    return function


@dataclass(slots=True)
class Sums:
    """The figures of some runs. ``taught``: people in runs that were held. ``turned_away``: people who were
    signed up in runs that were cancelled, and were not moved. ``rescued``: people taught who would have
    been turned away; ``rescued_runs``: runs that were held because of people who moved to them."""

    announced: int = 0
    held: int = 0
    cancelled: int = 0
    unknown: int = 0
    coming: int = 0
    taught: int = 0
    turned_away: int = 0
    rescued: int = 0
    rescued_runs: int = 0
    metres: int = 0
    moved: int = 0
    hours: float = 0.0
    answers: int = 0

    @property
    def percent_cancelled(self) -> int | None:
        """Of the runs whose outcome is known; ``None`` where none is."""
        known = self.held + self.cancelled
        return round(100 * self.cancelled / known) if known else None

    @property
    def km(self) -> int | None:
        """Kilometres by road that people moved, on average."""
        return round(self.metres / self.moved / 1000) if self.moved else None

    @property
    def answer_hours(self) -> int | None:
        """Hours from being asked to answering, on average."""
        return round(self.hours / self.answers) if self.answers else None

    def add(self, other: Sums) -> None:
        """Add the figures of other runs."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True)
class Figures:
    """A year's figures: in all, and by each grouping under the name of the group, in a fixed order."""

    year: int
    total: Sums
    groups: dict[str, list[tuple[str, Sums]]]


def figures(year: int, *, network: int | None, school: str = "", today: date) -> Figures:
    """The figures of the runs that begin in ``year``, of a network's schools or one school. A handful of queries."""
    rows = CourseRun.objects.filter(starts_on__year=year, follows__isnull=True).exclude(
        status=RunStatus.PLANNED
    )
    if school:
        rows = rows.filter(organisation__key=school)
    elif network is not None:
        rows = rows.filter(
            organisation__in=Membership.objects.filter(valid_on(today), network_id=network).values(
                "organisation"
            )
        )
    runs = list(
        rows.select_related("organisation")
        .only(
            "course_id",
            "organisation__name",
            "status",
            "is_own",
            "is_guaranteed",
            "starts_on",
            "ends_on",
            "minimum",
            "enrolled",
            "signed_up_here",
            "taught",
        )
        .order_by("starts_on", "pk")
    )
    runs = _ever_announced(runs)
    moves = _moves(runs)
    branches = _branches({run.course_id for run in runs})
    total = Sums()
    groups: dict[str, dict[str, Sums]] = {name: defaultdict(Sums) for name in GROUPINGS}
    for run in runs:
        own = _sums_of(run, moves, today)
        total.add(own)
        quarter = _("%(quarter)s. kvartal") % {"quarter": (run.starts_on.month - 1) // 3 + 1}
        for name, key in (
            (SCHOOL, run.organisation.name),
            (BRANCH, branches.get(run.course_id, "")),
            (QUARTER, quarter),
        ):
            groups[name][key].add(own)
    return Figures(
        year=year,
        total=total,
        groups={
            name: [(key or _("Uden branche"), found[key]) for key in sorted(found)]
            for name, found in groups.items()
        },
    )


def _ever_announced(runs: list[CourseRun]) -> list[CourseRun]:
    """Without plans that were cancelled before anybody saw them."""
    doubtful = [run.pk for run in runs if run.is_own and run.status == RunStatus.CANCELLED]
    if not doubtful:
        return runs
    known = set(
        StatusChange.objects.filter(
            subject_type=CourseRun._meta.label_lower, subject_id__in=doubtful, verb="announce"
        ).values_list("subject_id", flat=True)
    )
    hidden = {pk for pk in doubtful if pk not in known}
    # A run that was read in and then kept here was announced already.
    hidden -= set(
        CourseRun.objects.filter(pk__in=hidden)
        .exclude(source="samspil")
        .values_list("pk", flat=True)
    )
    return [run for run in runs if run.pk not in hidden]


@dataclass(slots=True)
class _Moves:
    into: dict[int, list[Moved]]
    from_cancelled: set[int]


def _moves(runs: list[CourseRun]) -> _Moves:
    ids = {run.pk for run in runs}
    into: dict[int, list[Moved]] = defaultdict(list)
    sources: set[int] = set()
    for source in _MOVED:
        for move in source(ids):
            into[move.target_id].append(move)
            sources.add(move.source_id)
    cancelled = CourseRun.objects.filter(pk__in=sources, status=RunStatus.CANCELLED)
    return _Moves(into, set(cancelled.values_list("pk", flat=True)) if sources else set())


def _branches(courses: Collection[int]) -> dict[int, str]:
    """The branch group of each course: the first, where its FKBs are in several."""
    found: dict[int, str] = {}
    for course, name in (
        CourseRelation.objects.filter(course__in=courses, fkb__branch_group__isnull=False)
        .order_by("course_id", "fkb__branch_group__position", "fkb__branch_group__pk")
        .values_list("course_id", "fkb__branch_group__name")
    ):
        found.setdefault(course, name)
    return found


def _sums_of(run: CourseRun, moves: _Moves, today: date) -> Sums:
    """The figures of one run. Who was moved counts at the run that taught them."""
    sums = Sums(announced=1)
    into = moves.into.get(run.pk, [])
    if run.status == RunStatus.HELD:
        sums.held = 1
        sums.taught = run.taught if run.taught is not None else run.used
        came = sum(move.heads for move in into)
        stands_alone = run.is_guaranteed or sums.taught - came >= run.minimum
        if came and not stands_alone:
            sums.rescued_runs = 1
            sums.rescued = sums.taught
        else:
            sums.rescued = sum(
                move.heads for move in into if move.source_id in moves.from_cancelled
            )
        sums.rescued = min(sums.rescued, sums.taught)
    elif run.status == RunStatus.CANCELLED:
        sums.cancelled = 1
        sums.turned_away = run.used
    elif run.ends_on < today:
        sums.unknown = 1
    else:
        sums.coming = 1
    for move in into:
        sums.moved += move.heads
        sums.metres += move.metres * move.heads
        if move.hours is not None:
            sums.hours += move.hours
            sums.answers += 1
    return sums


def years() -> list[int]:
    """The years in which runs begin, newest first."""
    found = CourseRun.objects.exclude(status=RunStatus.PLANNED).dates("starts_on", "year")
    return sorted((day.year for day in found), reverse=True)


def networks(actor: Actor) -> list[Network]:
    """The networks whose figures the actor may choose."""
    return list(Network.objects.visible_to(actor).order_by("name", "pk"))
