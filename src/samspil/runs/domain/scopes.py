"""Which runs are looked at together: those of an FKB, of a branch group, or around a week."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from samspil.catalogue.enums import RelationKind
from samspil.catalogue.models import BranchGroup, CourseRelation, Fkb
from samspil.kernel import clock
from samspil.kernel.errors import Invalid
from samspil.network.enums import MembershipKind
from samspil.network.models import Membership, Network
from samspil.network.models.organisations import valid_on
from samspil.runs.models import CourseRun

WEEKS = 26
"""So many weeks ahead can be looked at."""


class Kind(StrEnum):
    """What a scope is made of. A week: by the day when its runs are decided, or by their first day."""

    FKB = "fkb"
    BRANCH = "branch"
    DECIDED = "decided"
    STARTING = "starting"


@dataclass(frozen=True, slots=True)
class Scope:
    """``value``: the FKB's number, the branch group's key, or the Monday of the week (ISO)."""

    kind: Kind
    value: str
    label: str


def find(kind: str, value: str, *, today: date) -> Scope:
    """A scope by what somebody chose. Raises ``Invalid`` for what isn't there."""
    wrong = Invalid(_("Vælg, hvad der skal ses på."), field="value")
    try:
        found = Kind(kind)
    except ValueError:
        raise Invalid(_("Vælg en af mulighederne."), field="scope") from None
    if found == Kind.FKB:
        fkb = Fkb.objects.filter(number=value).order_by("pk").first()
        if fkb is None:
            raise wrong
        return Scope(found, fkb.number, str(fkb)[:200])
    if found == Kind.BRANCH:
        group = BranchGroup.objects.filter(key=value).order_by("pk").first()
        if group is None:
            raise wrong
        return Scope(found, group.key, group.name)
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise wrong from None
    monday = day - timedelta(days=day.weekday())
    if not monday_of(today) <= monday <= today + timedelta(weeks=WEEKS):
        raise Invalid(
            _("Vælg en uge fra nu og %(weeks)s uger frem.") % {"weeks": WEEKS}, field="value"
        )
    return Scope(found, monday.isoformat(), week_label(found, monday))


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def week_label(kind: Kind, monday: date) -> str:
    """A week in words."""
    year, week, _day = monday.isocalendar()
    if kind == Kind.DECIDED:
        return _("Hold, der afgøres i uge %(week)s, %(year)s") % {"week": week, "year": year}
    return _("Hold, der begynder i uge %(week)s, %(year)s") % {"week": week, "year": year}


def members_of(network: Network, now: datetime) -> frozenset[int]:
    """The network's member schools, by id: those that can say yes in it."""
    return frozenset(
        Membership.objects.filter(
            valid_on(clock.local_date(now)), network=network, kind=MembershipKind.MEMBER
        ).values_list("organisation_id", flat=True)
    )


def decides_on(run: CourseRun) -> date:
    """When it is settled whether a run is held, as far as that is known."""
    return run.decision_on or run.deadline_on or run.starts_on


def runs_in(scope: Scope, network: Network, *, days: int, now: datetime) -> list[CourseRun]:
    """The announced runs of the network's member schools that belong to a scope, by course and day.

    A week is about the courses with a run at risk in it; their other runs are those that people could go to, or
    come from, within ``days``.
    """
    today = clock.local_date(now)
    rows = (
        CourseRun.objects.announced()
        .filter(
            organisation__in=members_of(network, now), follows__isnull=True, starts_on__gt=today
        )
        .select_related("course", "organisation")
        .order_by("course", "starts_on", "pk")
    )
    if scope.kind in (Kind.FKB, Kind.BRANCH):
        return list(rows.filter(course__in=courses_of(scope)))
    monday = date.fromisoformat(scope.value)
    last = monday + timedelta(days=6)
    if scope.kind == Kind.STARTING:
        first_on, last_on = monday - timedelta(days=days), last + timedelta(days=days)
        rows = rows.filter(starts_on__range=(first_on, last_on))
    chosen: dict[int, list[CourseRun]] = {}
    for run in rows:
        chosen.setdefault(run.course_id, []).append(run)
    found: list[CourseRun] = []
    for runs in chosen.values():
        lacking = [run for run in runs if run.missing and _is_in(run, scope.kind, monday, last)]
        if not lacking:
            continue
        begin = min(run.starts_on for run in lacking) - timedelta(days=days)
        end = max(run.starts_on for run in lacking) + timedelta(days=days)
        found += [run for run in runs if begin <= run.starts_on <= end]
    return found


def has_small_runs(scope: Scope, network: Network, *, now: datetime) -> bool:
    """Whether any run of the scope lacks people: one query, for an answer at once."""
    rows = CourseRun.objects.at_risk().filter(
        organisation__in=members_of(network, now), starts_on__gt=clock.local_date(now)
    )
    if scope.kind in (Kind.FKB, Kind.BRANCH):
        return rows.filter(course__in=courses_of(scope)).exists()
    monday = date.fromisoformat(scope.value)
    week = (monday, monday + timedelta(days=6))
    if scope.kind == Kind.STARTING:
        return rows.filter(starts_on__range=week).exists()
    decides = Coalesce("decision_on", "deadline_on", "starts_on")
    return rows.annotate(decides=decides).filter(decides__range=week).exists()


def _is_in(run: CourseRun, kind: Kind, monday: date, last: date) -> bool:
    on = decides_on(run) if kind == Kind.DECIDED else run.starts_on
    return monday <= on <= last


def courses_of(scope: Scope) -> QuerySet[CourseRelation, Any]:
    """The ids of an FKB's or a branch group's courses: a course belongs to an FKB as its kernemål (R3)."""
    core = CourseRelation.objects.filter(kind=RelationKind.CORE)
    if scope.kind == Kind.FKB:
        core = core.filter(fkb__number=scope.value)
    else:
        core = core.filter(fkb__branch_group__key=scope.value)
    return core.values("course")


@dataclass(frozen=True)
class Choices:
    """What there is to choose: FKBs and branch groups with announced runs in the networks, and weeks."""

    fkbs: list[tuple[str, str]]
    branches: list[tuple[str, str]]
    weeks: list[tuple[str, str]]


def choices(networks: Iterable[Network], *, now: datetime) -> Choices:
    """What somebody may choose among, with its name. Two queries beside those for the members."""
    today = clock.local_date(now)
    members = frozenset[int]().union(*(members_of(network, now) for network in networks))
    runs = CourseRun.objects.announced().filter(organisation__in=members, starts_on__gt=today)
    fkbs = list(
        Fkb.objects.filter(
            pk__in=CourseRelation.objects.filter(
                kind=RelationKind.CORE, course__in=runs.values("course")
            ).values("fkb")
        )
        .select_related("branch_group")
        .order_by("number", "pk")
    )
    branches = {fkb.branch_group.key: fkb.branch_group for fkb in fkbs if fkb.branch_group}
    first = monday_of(today)
    weeks = []
    for number in range(WEEKS):
        monday = first + timedelta(weeks=number)
        year, week, _day = monday.isocalendar()
        weeks.append(
            (monday.isoformat(), _("uge %(week)s, %(year)s") % {"week": week, "year": year})
        )
    return Choices(
        [(fkb.number, str(fkb)) for fkb in fkbs],
        [
            (group.key, group.name)
            for group in sorted(branches.values(), key=lambda g: (g.position, g.pk))
        ],
        weeks,
    )
