"""What the pages about compliance show. Every query is scoped by the actor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Min, Q, QuerySet, Sum

from samspil.compliance import rules
from samspil.compliance.enums import TO_ACT_ON, GuaranteeStanding, Standing
from samspil.compliance.models import (
    FollowUp,
    FollowUpChange,
    FollowUpQuerySet,
    OutsideSchool,
    RoundCheck,
    to_act_on,
)
from samspil.coordination.domain.round_queries import get_round
from samspil.coordination.models import Round, RoundCourse, RoundSchool
from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound
from samspil.kernel.imports.values import folded
from samspil.network.enums import OrganisationKind
from samspil.network.models import Organisation
from samspil.runs.domain import harvest_queries
from samspil.runs.models import CourseLook, CourseRun, RunChange

ACT = "act"
"""The filter for everything that somebody has to do something about."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Guarantee runs that were held and broken (R30, R35)."""

    held: int = 0
    broken: int = 0

    @property
    def percent(self) -> int | None:
        """Held of those that are decided, rounded down; ``None`` when none is decided yet."""
        decided = self.held + self.broken
        return self.held * 100 // decided if decided else None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many commitments of something stand how."""

    counts: dict[str, int] = field(default_factory=dict)
    rate: Rate = Rate()
    not_given: int = 0

    @property
    def all(self) -> int:
        return sum(self.counts.values())

    @property
    def to_act_on(self) -> int:
        return sum(self.counts.get(status.value, 0) for status in TO_ACT_ON)

    @property
    def decided(self) -> int:
        """Those that it is time to judge."""
        pending = (Standing.PENDING, Standing.UNKNOWN)
        return self.all - sum(self.counts.get(status.value, 0) for status in pending)

    def of(self, status: Standing) -> int:
        return self.counts.get(status.value, 0)


@dataclass(frozen=True, slots=True)
class SchoolTally:
    """A school and how its commitments stand."""

    school: Organisation
    tally: Tally


@dataclass(frozen=True, slots=True)
class OutsideTally:
    """A school outside the circle, by the name in its agreements, and how they stand (R27)."""

    outside: OutsideSchool
    tally: Tally

    @property
    def is_unnamed(self) -> bool:
        """Nobody knows yet which school it is."""
        return self.outside.organisation_id is None and not self.outside.is_said


@dataclass(frozen=True, slots=True)
class CourseTally:
    """A course of the round and how the commitments for it stand."""

    row: RoundCourse
    tally: Tally


@dataclass(frozen=True, slots=True)
class RoundPicture:
    """The round on one page, as far as the actor sees it."""

    round: Round
    tally: Tally
    schools: list[SchoolTally]
    outside: list[OutsideTally]
    check: RoundCheck | None
    before: RoundCheck | None
    sees_all: bool
    oldest_look: date | None
    never_looked: int
    is_constructed: bool


def rounds_of(actor: Actor) -> list[Round]:
    """The rounds that have follow-ups which the actor sees, the newest first."""
    own = FollowUp.objects.visible_to(actor).current().order_by()
    return list(
        Round.objects.filter(pk__in=own.values("round").distinct())
        .select_related("network")
        .order_by("-year", "network__name", "pk")
    )


def first_round(rounds: Sequence[Round], today: date) -> Round | None:
    """The one to show first: this year's, else the nearest year's."""
    return min(
        rounds,
        key=lambda round: (abs(round.year - today.year), -round.year, round.network.name),
        default=None,
    )


def _of(actor: Actor, round: Round) -> FollowUpQuerySet:
    return FollowUp.objects.visible_to(actor).current().filter(round=round)


def _tallies(rows: QuerySet[FollowUp], by: str) -> dict[Any, Tally]:
    """Counts by standing and the guarantee's rate, for each value of ``by``. One query."""
    found: dict[Any, dict[str, Any]] = {}
    for key, status, count, held, broken, not_given in (
        rows.order_by()
        .values_list(by, "status")
        .annotate(
            count=Count("pk"),
            held=Sum("guaranteed_held"),
            broken=Sum("guaranteed_broken"),
            not_given=Count("pk", filter=Q(guarantee_status=GuaranteeStanding.NOT_GIVEN)),
        )
    ):
        into = found.setdefault(key, {"counts": {}, "held": 0, "broken": 0, "not_given": 0})
        into["counts"][status] = count
        into["held"] += held or 0
        into["broken"] += broken or 0
        into["not_given"] += not_given
    return {
        key: Tally(into["counts"], Rate(into["held"], into["broken"]), into["not_given"])
        for key, into in found.items()
    }


def _sum(tallies: Sequence[Tally]) -> Tally:
    counts: dict[str, int] = {}
    for tally in tallies:
        for status, count in tally.counts.items():
            counts[status] = counts.get(status, 0) + count
    rate = Rate(sum(t.rate.held for t in tallies), sum(t.rate.broken for t in tallies))
    return Tally(counts, rate, sum(t.not_given for t in tallies))


def picture(actor: Actor, round_id: int) -> RoundPicture:
    """How a round's agreements stand: all of them, or those of the actor's schools.

    A fixed number of queries at any size. Raises ``NotFound``.
    """
    round = get_round(actor, round_id)
    by_school = _tallies(_of(actor, round).inside(), "organisation_id")
    outside = _outside(actor, round)
    schools = Organisation.objects.in_bulk(by_school)
    lines = [SchoolTally(schools[pk], tally) for pk, tally in by_school.items()]
    lines.sort(key=lambda line: (line.school.name, line.school.pk))
    checks = list(RoundCheck.objects.filter(round=round).order_by("-on", "-pk")[:2])
    courses = _of(actor, round).order_by().values("round_course__course")
    looks = CourseLook.objects.filter(course__in=courses).aggregate(
        oldest=Min("looked_on"), count=Count("pk")
    )
    return RoundPicture(
        round=round,
        tally=_sum([*by_school.values(), *(line.tally for line in outside)]),
        schools=lines,
        outside=outside,
        check=checks[0] if checks else None,
        before=checks[1] if len(checks) > 1 else None,
        sees_all=rules.sees_all(actor, round),
        oldest_look=looks["oldest"],
        never_looked=courses.distinct().count() - looks["count"],
        is_constructed=_of(actor, round)
        .filter(
            Q(round_course__course__is_constructed=True)
            | Q(round_course__round_fkb__fkb__is_constructed=True)
        )
        .exists(),
    )


def _outside(actor: Actor, round: Round) -> list[OutsideTally]:
    """The schools outside the circle that the round has agreements with, by name."""
    by_name = _tallies(_of(actor, round).outside(), "external")
    if not by_name:
        return []
    together: dict[str, list[Tally]] = {}
    for name, tally in by_name.items():
        together.setdefault(folded(name)[:200], []).append(tally)
    rows = OutsideSchool.objects.filter(network=round.network_id).select_related("organisation")
    return [
        OutsideTally(row, _sum(together[row.folded]))
        for row in rows.order_by("name", "pk")
        if row.folded in together
    ]


@dataclass(frozen=True, slots=True)
class OutsidePicture:
    """A school outside the circle: its agreements in the round, and the schools it can be."""

    round: Round
    outside: OutsideSchool
    follow_ups: list[FollowUp]
    schools: QuerySet[Organisation]


def outside_school(actor: Actor, round_id: int, outside_id: int) -> OutsidePicture:
    """A school outside the circle that the round has agreements with. Raises ``NotFound``."""
    round = get_round(actor, round_id)
    rows = OutsideSchool.objects.filter(network=round.network_id).select_related("organisation")
    outside = rows.filter(pk=outside_id).first()
    follow_ups = (
        [
            row
            for row in _with_course(_of(actor, round).outside())
            if folded(row.external)[:200] == outside.folded
        ]
        if outside
        else []
    )
    if outside is None or not follow_ups:
        raise NotFound("")
    inside = RoundSchool.objects.filter(round=round, left_on__isnull=True).values("organisation")
    return OutsidePicture(
        round=round,
        outside=outside,
        follow_ups=follow_ups,
        schools=Organisation.objects.filter(kind=OrganisationKind.SCHOOL, successor__isnull=True)
        .exclude(pk__in=inside)
        .order_by("name", "pk"),
    )


def _narrowed(rows: QuerySet[FollowUp], state: str, text: str) -> QuerySet[FollowUp]:
    if state == ACT:
        rows = rows.filter(to_act_on())
    elif state in Standing.values:
        rows = rows.filter(status=state)
    elif state == "guarantee":
        rows = rows.exclude(guarantee_status=GuaranteeStanding.NONE)
    for word in text.split():
        rows = rows.filter(
            Q(round_course__course__number__startswith=word)
            | Q(round_course__course__title__icontains=word)
        )
    return rows


def get_school(actor: Actor, round_id: int, organisation_id: int) -> tuple[Round, Organisation]:
    """A school of a round whose standing the actor sees. Raises ``NotFound``."""
    round = get_round(actor, round_id)
    school = Organisation.objects.filter(
        pk=organisation_id, pk__in=_of(actor, round).inside().order_by().values("organisation")
    ).first()
    if school is None:
        raise NotFound("")
    return round, school


def tally_of_school(actor: Actor, round: Round, school: Organisation) -> Tally:
    """How a school's commitments stand. One query."""
    rows = _of(actor, round).inside().filter(organisation=school)
    return _tallies(rows, "organisation_id").get(school.pk, Tally())


def lines_of_school(
    actor: Actor,
    round: Round,
    school: Organisation,
    *,
    state: str = "",
    text: str = "",
    page: str | int = 1,
    size: int = 50,
) -> Page[FollowUp]:
    """A page of a school's commitments, by course number."""
    rows = _narrowed(_of(actor, round).inside().filter(organisation=school), state, text)
    return Paginator(_with_course(rows), size).get_page(page)


def _with_course(rows: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
    return rows.select_related(
        "round_course__course", "round_course__round_fkb__fkb", "organisation"
    ).order_by("round_course__course__number", "external", "organisation__name", "pk")


@dataclass(frozen=True, slots=True)
class CoursesPage:
    """A page of a round's courses. ``counts``: how many courses each filter would show."""

    round: Round
    page: Page[RoundCourse]
    lines: list[CourseTally]
    counts: dict[str, int]


def courses(
    actor: Actor,
    round_id: int,
    *,
    state: str = "",
    text: str = "",
    page: str | int = 1,
    size: int = 50,
) -> CoursesPage:
    """A page of the round's courses with how their commitments stand, and how many courses have
    something to act on. Raises ``NotFound``."""
    round = get_round(actor, round_id)
    own = _of(actor, round).order_by()
    wanted = _narrowed(own, state, text).values("round_course").distinct()
    rows = (
        RoundCourse.objects.filter(pk__in=wanted)
        .select_related("course", "round_fkb__fkb")
        .order_by("course__number", "round_fkb__fkb__number", "pk")
    )
    found = Paginator(rows, size).get_page(page)
    shown = [row.pk for row in found]
    tallies = _tallies(own.filter(round_course__in=shown), "round_course_id")
    lines = [CourseTally(row, tallies.get(row.pk, Tally())) for row in found]
    counted = own.aggregate(
        every=Count("round_course", distinct=True),
        act=Count("round_course", distinct=True, filter=to_act_on()),
        promised=Count(
            "round_course", distinct=True, filter=~Q(guarantee_status=GuaranteeStanding.NONE)
        ),
    )
    counts = {"": counted["every"], ACT: counted["act"], "guarantee": counted["promised"]}
    return CoursesPage(round, found, lines, counts)


@dataclass(frozen=True, slots=True)
class CoursePicture:
    """A course of a round: what the actor sees of its commitments, and its announced runs."""

    round: Round
    row: RoundCourse
    follow_ups: list[FollowUp]
    runs: list[CourseRun]
    looked_on: date | None


def course(actor: Actor, round_id: int, row_id: int) -> CoursePicture:
    """One course of a round. Raises ``NotFound`` when the actor sees none of its commitments."""
    round = get_round(actor, round_id)
    row = (
        RoundCourse.objects.filter(pk=row_id, round_fkb__round=round)
        .select_related("course", "round_fkb__fkb")
        .first()
    )
    if row is None:
        raise NotFound("")
    follow_ups = list(_with_course(_of(actor, round).filter(round_course=row)))
    if not follow_ups:
        raise NotFound("")
    look = harvest_queries.looks([row.course_id]).get(row.course_id)
    return CoursePicture(
        round=round,
        row=row,
        follow_ups=follow_ups,
        runs=_runs({pk for item in follow_ups for pk in item.run_ids}),
        looked_on=look.looked_on if look else None,
    )


def _runs(pks: set[int]) -> list[CourseRun]:
    return list(
        CourseRun.objects.filter(pk__in=pks)
        .select_related("organisation", "course", "trace")
        .order_by("starts_on", "pk")
    )


@dataclass(frozen=True, slots=True)
class Story:
    """One commitment: how it stands, its runs, and what happened."""

    follow_up: FollowUp
    runs: list[CourseRun]
    joint: list[CourseRun]
    history: list[FollowUpChange]
    run_changes: list[RunChange]
    looked_on: date | None
    outside: OutsideSchool | None


def story(actor: Actor, follow_up_id: int) -> Story:
    """One commitment with its runs and history. Raises ``NotFound``."""
    found = (
        FollowUp.objects.visible_to(actor)
        .select_related(
            "round__network",
            "round_course__course",
            "round_course__round_fkb__fkb",
            "organisation",
            "overview",
        )
        .filter(pk=follow_up_id)
        .first()
    )
    if found is None:
        raise NotFound("")
    holder = None
    if found.role == "follower":
        holder = (
            FollowUp.objects.current()
            .filter(round_course=found.round_course_id, role="holder")
            .order_by("pk")
            .first()
        )
    outside = None
    if found.external:
        outside = OutsideSchool.objects.filter(
            network=found.round.network_id, folded=folded(found.external)[:200]
        ).first()
    look = harvest_queries.looks([found.round_course.course_id]).get(found.round_course.course_id)
    return Story(
        follow_up=found,
        runs=_runs(set(found.run_ids)),
        joint=_runs(set(holder.run_ids)) if holder else [],
        history=list(found.changes.order_by("-on", "-pk")[:100]),
        run_changes=harvest_queries.changes_of(found.run_ids),
        looked_on=look.looked_on if look else None,
        outside=outside,
    )


def export_rows(actor: Actor, round_id: int) -> tuple[Round, list[FollowUp]]:
    """Every commitment of a round that the actor sees, for a list. Raises ``NotFound``."""
    round = get_round(actor, round_id)
    return round, list(_with_course(_of(actor, round)))


def checked_at(round: Round) -> datetime | None:
    """When the round was last checked."""
    return (
        RoundCheck.objects.filter(round=round)
        .order_by("-on", "-pk")
        .values_list("checked_at", flat=True)
        .first()
    )
