"""What the pages about plans and pooled waiting lists ask. Names only of the actor's own people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.catalogue.models import Course
from samspil.enrolment.domain import moves
from samspil.enrolment.enums import EnrolmentStatus, MovePlanStatus, MoveState
from samspil.enrolment.models import (
    Enrolment,
    MoveBundle,
    MoveLine,
    MovePlan,
    PlanApproval,
    PlannedRun,
    SignUp,
)
from samspil.enrolment.rules import protected_schools, schools_of
from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound
from samspil.kernel.tasks import Task, task_source
from samspil.network.models import Network, Organisation
from samspil.runs.models import CourseRun


@dataclass(frozen=True, slots=True)
class Flow:
    """So many people from one run who are asked about another; counts by answer, no names."""

    source: CourseRun
    target: CourseRun
    heads: int
    km: int
    days: int
    wave: int
    yes: int
    no: int
    waiting: int
    moved: int
    why: tuple[dict[str, object], ...]


@dataclass(frozen=True, slots=True)
class Own:
    """A line about the actor's own people, with the names that the actor may see."""

    line: MoveLine
    who: str
    km: int


@dataclass(frozen=True)
class PlanView:
    """A plan as an actor sees it."""

    runs: list[PlannedRun]
    flows: list[Flow]
    own: list[Own]
    approvals: list[PlanApproval]
    answers: Counter[str]


def plans(actor: Actor, course: Course | None = None) -> list[MovePlan]:
    """The plans of the actor's networks, the newest first."""
    rows = (
        MovePlan.objects.visible_to(actor)
        .select_related("network", "course")
        .defer("problem", "solution")
    )
    if course is not None:
        rows = rows.filter(course=course)
    else:
        # those that were asked for together stand there
        rows = rows.filter(bundle=None)
    return list(rows.order_by("-created_at", "-pk")[:100])


def view_of(actor: Actor, plan: MovePlan) -> PlanView:
    """All that a page about a plan shows, in seven queries whatever its size."""
    return views_of(actor, [plan])[plan.pk]


def views_of(actor: Actor, some: Iterable[MovePlan]) -> dict[int, PlanView]:
    """As ``view_of`` for several plans, by id, in the same seven queries."""
    ids = [plan.pk for plan in some]
    runs: dict[int, list[PlannedRun]] = defaultdict(list)
    for row in (
        PlannedRun.objects.filter(plan__in=ids)
        .select_related("run__organisation", "run__course")
        .order_by("run__starts_on", "pk")
    ):
        runs[row.plan_id].append(row)
    lines: dict[int, list[MoveLine]] = defaultdict(list)
    for line in (
        MoveLine.objects.filter(plan__in=ids)
        .select_related(
            "sign_up__school",
            "source__organisation",
            "source__course",
            "target__organisation",
            "target__course",
        )
        .prefetch_related("enrolments__learner")
        .order_by("wave", "source__starts_on", "pk")
    ):
        lines[line.plan_id].append(line)
    approvals: dict[int, list[PlanApproval]] = defaultdict(list)
    for approval in (
        PlanApproval.objects.filter(plan__in=ids)
        .select_related("organisation")
        .order_by("organisation__name", "pk")
    ):
        approvals[approval.plan_id].append(approval)
    own_schools, may_see = schools_of(actor), protected_schools(actor)
    return {pk: _view(runs[pk], lines[pk], approvals[pk], own_schools, may_see) for pk in ids}


def _view(
    runs: list[PlannedRun],
    lines: list[MoveLine],
    approvals: list[PlanApproval],
    own_schools: frozenset[int],
    may_see: frozenset[int],
) -> PlanView:
    flows: dict[tuple[int, int, int], list[MoveLine]] = defaultdict(list)
    for line in lines:
        flows[line.wave, line.source_id, line.target_id].append(line)
    return PlanView(
        runs,
        sorted(
            (_flow(some) for some in flows.values()),
            key=lambda f: (f.wave, -f.heads, f.source.pk, f.target.pk),
        ),
        [
            Own(line, _who(line, may_see), round(line.metres / 1000))
            for line in lines
            if not line.is_elsewhere
            and {line.source.organisation_id, line.order.school_id} & own_schools
        ],
        approvals,
        Counter(
            {
                state: sum(line.heads for line in lines if line.state == state)
                for state in MoveState.values
            }
        ),
    )


@dataclass(frozen=True, slots=True)
class Says:
    """What a school says to its parts of the plans of a bundle, as numbers of courses."""

    school: Organisation
    approved: int
    refused: int
    missing: int


@dataclass(frozen=True)
class BundleView:
    """Plans that were asked for together, as a page shows them. ``plans``: this page's, most gained first."""

    page: Page[int]
    plans: list[MovePlan]
    views: dict[int, PlanView]
    says: list[Says]
    answers: Counter[str]
    states: Counter[str]
    schools: dict[str, Organisation]


def bundle_view(
    actor: Actor, bundle: MoveBundle, *, page: str | int = 1, size: int = 6
) -> BundleView:
    """A page of a bundle's plans, and sums over all of it. As many queries whatever its size."""
    found = Paginator(bundle.statistics.get("order", []), size).get_page(page)
    shown = (
        MovePlan.objects.filter(bundle=bundle)
        .select_related("course", "network", "bundle")
        .defer("problem", "solution")
        .in_bulk(list(found))
    )
    plans = [shown[pk] for pk in found if pk in shown]
    states = (
        MovePlan.objects.filter(bundle=bundle)
        .order_by()
        .values("status")
        .annotate(plans=Count("pk"))
    )
    approvals = (
        PlanApproval.objects.filter(plan__bundle=bundle)
        .order_by()
        .values("organisation")
        .annotate(
            approved=Count("pk", filter=Q(is_approved=True)),
            refused=Count("pk", filter=Q(is_approved=False)),
            missing=Count("pk", filter=Q(is_approved=None, plan__status=MovePlanStatus.PROPOSED)),
        )
    )
    counts = {row["organisation"]: row for row in approvals}
    schools = Organisation.objects.filter(
        Q(pk__in=list(counts)) | Q(key__in=list(bundle.statistics.get("money", {})))
    ).order_by("name", "pk")
    heads = (
        MoveLine.objects.filter(plan__bundle=bundle)
        .order_by()
        .values("state")
        .annotate(heads=Sum("heads"))
    )
    return BundleView(
        found,
        plans,
        views_of(actor, plans),
        [
            Says(
                school,
                counts[school.pk]["approved"],
                counts[school.pk]["refused"],
                counts[school.pk]["missing"],
            )
            for school in schools
            if school.pk in counts
        ],
        Counter({row["state"]: row["heads"] for row in heads}),
        Counter({row["status"]: row["plans"] for row in states}),
        {school.key: school for school in schools},
    )


def bundles(actor: Actor) -> list[MoveBundle]:
    """What was asked for together in the actor's networks, the newest first."""
    return list(
        MoveBundle.objects.visible_to(actor)
        .select_related("network")
        .order_by("-created_at", "-pk")[:20]
    )


def pinned_runs(conditions: dict[str, Any]) -> list[tuple[CourseRun, str]]:
    """The runs that conditions decide about, with what they say."""
    pins = {pk: pin for pin in ("held", "cancelled") for pk in conditions.get(pin, ())}
    return [
        (run, pins[run.pk])
        for run in CourseRun.objects.filter(pk__in=list(pins))
        .select_related("course", "organisation")
        .order_by("starts_on", "pk")
    ]


def _flow(lines: list[MoveLine]) -> Flow:
    def heads(*states: str) -> int:
        return sum(line.heads for line in lines if line.state in states)

    return Flow(
        lines[0].source,
        lines[0].target,
        sum(line.heads for line in lines),
        round(max(line.metres for line in lines) / 1000),
        lines[0].days,
        lines[0].wave,
        heads(MoveState.YES, MoveState.MOVED),
        heads(MoveState.NO, MoveState.OTHERS, MoveState.SILENT),
        heads(MoveState.ASKED),
        heads(MoveState.MOVED),
        tuple(lines[0].why),
    )


def _who(line: MoveLine, may_see: frozenset[int]) -> str:
    sign_up = line.order
    if sign_up.company_name:
        return sign_up.company_name
    sees = {line.source.organisation_id, sign_up.school_id} & may_see
    names = []
    for row in line.enrolments.all():
        if row.learner is not None and row.learner.is_protected and not sees:
            return _("Beskyttet navn")
        if row.learner is not None and row.learner.name:
            names.append(row.learner.name)
    return ", ".join(names) or sign_up.contact_name or str(sign_up)


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A course on whose small runs people are signed up here."""

    course: Course
    runs: int
    people: int


def courses_at_risk(actor: Actor) -> list[AtRisk]:
    """Courses where people who signed up here sit on a run below its minimum, most people first."""
    rows = (
        CourseRun.objects.at_risk()
        .filter(
            enrolments__status=EnrolmentStatus.ENROLLED,
            organisation__memberships__network__in=Network.objects.visible_to(actor),
        )
        .order_by()
        .values("course")
        .annotate(runs=Count("pk", distinct=True), people=Count("enrolments", distinct=True))
        .order_by("-people", "course")[:20]
    )
    found = list(rows)
    courses = Course.objects.in_bulk([row["course"] for row in found])
    return [AtRisk(courses[row["course"]], row["runs"], row["people"]) for row in found]


def networks_to_propose_in(actor: Actor) -> list[Network]:
    """The networks in which the actor may make a plan."""
    return [
        network
        for network in Network.objects.visible_to(actor).order_by("name", "pk")
        if moves.may_propose(actor, network)
    ]


def offer_line(sign_up: SignUp, offer_id: int) -> MoveLine:
    """The line of an offer about another run, for its sign-up. Raises ``NotFound``."""
    found = (
        MoveLine.objects.filter(offer=offer_id, sign_up=sign_up)
        .select_related(
            "offer__sign_up__run",
            "sign_up",
            "plan",
            "source__organisation",
            "source__course",
            "target__organisation",
            "target__course",
        )
        .order_by("pk")
        .first()
    )
    if found is None:
        raise NotFound(_("Tilbuddet findes ikke."))
    return found


# ---------------------------------------------------------------- the pooled waiting list


@dataclass(frozen=True, slots=True)
class Waiting:
    """People of a course who wait, or sit on a run that is too small, at one school's run."""

    run: CourseRun
    waiting: int
    too_small: int


@dataclass(frozen=True)
class CourseDemand:
    """The pooled waiting list of a course over a network (R91). ``queue``: the actor's own people, in order."""

    course: Course
    rows: list[Waiting]
    queue: list[tuple[int, Enrolment, str]]

    @property
    def waiting(self) -> int:
        return sum(row.waiting for row in self.rows)

    @property
    def too_small(self) -> int:
        return sum(row.too_small for row in self.rows)


def demanded(actor: Actor) -> list[tuple[Course, int, int]]:
    """Courses that people wait for in the actor's networks: course, people, schools. Most people first."""
    rows = (
        Enrolment.objects.queued()
        .filter(run__organisation__memberships__network__in=Network.objects.visible_to(actor))
        .order_by()
        .values("run__course")
        .annotate(
            people=Count("pk", distinct=True), schools=Count("run__organisation", distinct=True)
        )
        .order_by("-people", "run__course")[:100]
    )
    found = list(rows)
    courses = Course.objects.in_bulk([row["run__course"] for row in found])
    return [(courses[row["run__course"]], row["people"], row["schools"]) for row in found]


def demand_of(actor: Actor, course: Course) -> CourseDemand:
    """Who waits for a course, over all schools of the actor's networks, first come first served (R38, R91)."""
    runs = list(
        CourseRun.objects.filter(
            course=course,
            organisation__memberships__network__in=Network.objects.visible_to(actor),
        )
        .select_related("organisation", "course")
        .distinct()
        .order_by("starts_on", "pk")
    )
    waits = dict(
        Enrolment.objects.queued()
        .filter(run__in=[run.pk for run in runs])
        .order_by()
        .values_list("run")
        .annotate(n=Count("pk"))
    )
    small = set(
        CourseRun.objects.at_risk()
        .filter(course=course)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    rows = [
        Waiting(run, waits.get(run.pk, 0), run.used if run.pk in small else 0)
        for run in runs
        if run.pk in waits or (run.pk in small and run.used)
    ]
    own, may_see = schools_of(actor), protected_schools(actor)
    in_order = (
        Enrolment.objects.queued()
        .filter(run__in=[run.pk for run in runs])
        .select_related("sign_up", "learner", "run__organisation")
    )
    queue = [
        (number, row, _name(row, may_see))
        for number, row in enumerate(in_order, start=1)
        if {row.run.organisation_id, row.origin_id} & own
    ]
    return CourseDemand(course, rows, queue)


def _name(row: Enrolment, may_see: frozenset[int]) -> str:
    sees = {row.run.organisation_id, row.origin_id} & may_see
    if row.learner is not None and row.learner.is_protected and not sees:
        return _("Beskyttet navn")
    if row.learner is not None and row.learner.name:
        return row.learner.name
    return row.sign_up.company_name or row.sign_up.contact_name or str(row.sign_up)


# ---------------------------------------------------------------- what waits for somebody


@task_source("enrolment.move_plans")
def plan_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Schools: plans that want their approval."""
    own = actor.organisation_ids(roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)
    if not own:
        return
    rows = (
        PlanApproval.objects.filter(
            organisation__in=own, is_approved=None, plan__status=MovePlanStatus.PROPOSED
        )
        .select_related("plan__course", "plan__network", "plan__bundle", "organisation")
        .order_by("plan__created_at", "pk")
    )
    many: dict[tuple[int, int], int] = defaultdict(int)
    for row in rows:
        if row.plan.bundle_id is not None:
            many[row.plan.bundle_id, row.organisation_id] += 1
    told: set[tuple[int, int]] = set()
    for row in rows:
        bundle = row.plan.bundle
        if bundle is None:
            yield Task(
                title=_("Godkend, hvem der spørges om at flytte på %(course)s")
                % {"course": row.plan.course.number},
                url=reverse("enrolment:plan", args=[row.plan_id]),
                context=row.plan.network.short_name,
                detail=row.organisation.label,
            )
        elif (bundle.pk, row.organisation_id) not in told:
            told.add((bundle.pk, row.organisation_id))
            count = many[bundle.pk, row.organisation_id]
            yield Task(
                title=ngettext(
                    "Godkend, hvem der spørges om at flytte på %(count)s mål",
                    "Godkend, hvem der spørges om at flytte på %(count)s mål",
                    count,
                )
                % {"count": count},
                url=reverse("enrolment:bundle", args=[bundle.pk]),
                context=row.plan.network.short_name,
                detail=f"{row.organisation.label} · {bundle.label}",
            )
