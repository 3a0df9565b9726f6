"""How runs go: announced, held, cancelled, rescued, and the people in them (R135).

By school, branch group or quarter of a year. Counted are runs that were announced at some time, at the school
that holds them; a plan that nobody saw is no run. A run that was read in and is over without anybody
having said so counts as *unknown*, never as held.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import (
    Aggregate,
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from samspil.catalogue.models import CourseRelation
from samspil.kernel.actor import Actor
from samspil.kernel.models import StatusChange
from samspil.network.models import Membership, Network, Organisation
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


MovedSource = Callable[[QuerySet[CourseRun]], Iterable[Moved]]
_MOVED: list[MovedSource] = []


def moved_source(function: MovedSource) -> MovedSource:
    """Register who knows of people that were moved: asked with runs, answers with the moves into them."""
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
    def all_km(self) -> int:
        """Kilometres by road that people moved, all together, one way."""
        return round(self.metres / 1000)

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
    """A year's figures: in all, and by each grouping asked for under the name of the group, in a fixed order."""

    year: int
    total: Sums
    groups: dict[str, list[tuple[str, Sums]]]


def figures(
    year: int,
    *,
    network: int | None,
    school: str = "",
    today: date,
    by: Collection[str] = GROUPINGS,
) -> Figures:
    """The figures of the runs that begin in ``year``, of a network's schools or one school.

    ``by``: the groupings wanted. The database sums; what comes here is a row per school and quarter, one per
    course where branch groups are wanted, and the runs that people moved to. At most six queries.
    """
    rows = _runs_of(year, network=network, school=school, today=today)
    moved = _moved_into(rows)
    found: dict[str, dict[tuple[str, int], Sums]] = {name: defaultdict(Sums) for name in by}
    total = Sums()
    if SCHOOL in by or QUARTER in by or BRANCH not in by:
        for (school_id, name, quarter), own in _by_school(rows, year, moved, today):
            total.add(own)
            if SCHOOL in by:
                found[SCHOOL][name, school_id].add(own)
            if QUARTER in by:
                label = _("%(quarter)s. kvartal") % {"quarter": quarter}
                found[QUARTER][label, quarter].add(own)
    if BRANCH in by:
        whole = Sums()
        branches = _branches()
        for course, own in _by_course(rows, moved, today):
            whole.add(own)
            found[BRANCH][branches.get(course, ""), 0].add(own)
        total = whole
    return Figures(
        year=year,
        total=total,
        groups={
            name: [(key[0] or _("Uden branche"), groups[key]) for key in sorted(groups)]
            for name, groups in found.items()
        },
    )


def _runs_of(year: int, *, network: int | None, school: str, today: date) -> QuerySet[CourseRun]:
    """The runs that count, without plans that were cancelled before anybody saw them."""
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
    seen = StatusChange.objects.filter(
        subject_type=CourseRun._meta.label_lower, subject_id=OuterRef("pk"), verb="announce"
    )
    # A run that was read in and then kept here was announced already.
    return rows.exclude(
        Q(is_own=True, status=RunStatus.CANCELLED, source="samspil") & ~Q(Exists(seen))
    ).order_by()


def _counts(today: date) -> dict[str, Aggregate]:
    """What the database sums of each run, by the names in ``Sums``."""
    used = F("enrolled") + F("signed_up_here")
    held, cancelled = Q(status=RunStatus.HELD), Q(status=RunStatus.CANCELLED)
    return {
        "announced": Count("pk"),
        "held": Count("pk", filter=held),
        "cancelled": Count("pk", filter=cancelled),
        "unknown": Count("pk", filter=~held & ~cancelled & Q(ends_on__lt=today)),
        "people_held": Sum(Coalesce("taught", used), filter=held),
        "people_cancelled": Sum(used, filter=cancelled),
    }


def _sums(counted: Mapping[str, Any]) -> Sums:
    decided = counted["held"] + counted["cancelled"] + counted["unknown"]
    return Sums(
        announced=counted["announced"],
        held=counted["held"],
        cancelled=counted["cancelled"],
        unknown=counted["unknown"],
        coming=counted["announced"] - decided,
        taught=counted["people_held"] or 0,
        turned_away=counted["people_cancelled"] or 0,
    )


def _quarter(day: date) -> int:
    return (day.month - 1) // 3 + 1


def _by_school(
    rows: QuerySet[CourseRun], year: int, moved: Sequence[_Into], today: date
) -> Iterator[tuple[tuple[int, str, int], Sums]]:
    """Figures by id and name of the school and quarter. Who was moved counts at the run that taught them."""
    # Comparing dates is plain SQL everywhere; taking the quarter out of one is a Python call a row on SQLite.
    quarter = Case(
        *(
            When(starts_on__lt=date(year, 3 * number + 1, 1), then=Value(number))
            for number in (1, 2, 3)
        ),
        default=Value(4),
    )
    counted = rows.values("organisation_id", quarter=quarter).annotate(**_counts(today))
    groups = [((row["organisation_id"], row["quarter"]), _sums(row)) for row in counted]
    names = dict(
        Organisation.objects.filter(pk__in={key[0] for key, _own in groups}).values_list(
            "pk", "name"
        )
    )
    for (school, number), own in groups:
        yield (school, names[school], number), own
    for item in moved:
        school = item.run.organisation_id
        yield (school, names[school], _quarter(item.run.starts_on)), item.sums()


def _by_course(
    rows: QuerySet[CourseRun], moved: Sequence[_Into], today: date
) -> Iterator[tuple[int, Sums]]:
    for row in rows.values("course_id").annotate(**_counts(today)):
        yield row["course_id"], _sums(row)
    for item in moved:
        yield item.run.course_id, item.sums()


@dataclass(frozen=True, slots=True)
class _Into:
    """A run that people moved to, with the moves; ``cancelled`` are the runs given up."""

    run: CourseRun
    moves: tuple[Moved, ...]
    cancelled: frozenset[int]

    def sums(self) -> Sums:
        """What the moves add to the figures of the run."""
        sums = Sums()
        for move in self.moves:
            sums.moved += move.heads
            sums.metres += move.metres * move.heads
            if move.hours is not None:
                sums.hours += move.hours
                sums.answers += 1
        if self.run.status != RunStatus.HELD:
            return sums
        taught = self.run.taught if self.run.taught is not None else self.run.used
        stands_alone = self.run.is_guaranteed or taught - sums.moved >= self.run.minimum
        if sums.moved and not stands_alone:
            sums.rescued_runs = 1
            sums.rescued = taught
        else:
            came = sum(move.heads for move in self.moves if move.source_id in self.cancelled)
            sums.rescued = min(came, taught)
        return sums


def _moved_into(rows: QuerySet[CourseRun]) -> list[_Into]:
    """The runs among ``rows`` that people moved to."""
    into: dict[int, list[Moved]] = defaultdict(list)
    for source in _MOVED:
        for move in source(rows):
            into[move.target_id].append(move)
    if not into:
        return []
    sources = {move.source_id for moves in into.values() for move in moves}
    cancelled = frozenset(
        CourseRun.objects.filter(pk__in=sources, status=RunStatus.CANCELLED).values_list(
            "pk", flat=True
        )
    )
    return [
        _Into(run, tuple(into[run.pk]), cancelled)
        for run in rows.filter(pk__in=into).only(
            "course_id",
            "organisation_id",
            "status",
            "is_guaranteed",
            "starts_on",
            "minimum",
            "enrolled",
            "signed_up_here",
            "taught",
        )
    ]


def _branches() -> dict[int, str]:
    """The branch group of each course: the first, where its FKBs are in several."""
    found: dict[int, str] = {}
    for course, name in (
        CourseRelation.objects.filter(fkb__branch_group__isnull=False)
        .order_by("course_id", "fkb__branch_group__position", "fkb__branch_group__pk")
        .values_list("course_id", "fkb__branch_group__name")
    ):
        found.setdefault(course, name)
    return found


def years() -> list[int]:
    """The years from the first run to the last, newest first. Two looks at an index, however many runs."""
    rows = CourseRun.objects.exclude(status=RunStatus.PLANNED).values_list("starts_on", flat=True)
    first = rows.order_by("starts_on", "pk").first()
    last = rows.order_by("-starts_on", "-pk").first()
    if first is None or last is None:
        return []
    return list(range(last.year, first.year - 1, -1))


def networks(actor: Actor) -> list[Network]:
    """The networks whose figures the actor may choose."""
    return list(Network.objects.visible_to(actor).order_by("name", "pk"))
