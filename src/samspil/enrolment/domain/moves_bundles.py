"""Plans for many courses at once: of an FKB, of a branch group, or of a week.

One calculation answers all. Each course where somebody is to be asked gets a plan of its own: people never move
from one course to another, so it is approved, asked about and carried out by itself, at once or not at all
(ADR 0019). A school may approve its part of all of them in one go; what follows is a job per plan.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.catalogue.models import Course
from samspil.enrolment import notifications
from samspil.enrolment.domain import moves, planning
from samspil.enrolment.enums import (
    BUNDLE_TRANSITIONS,
    MOVE_PLAN_TRANSITIONS,
    BundleStatus,
    EnrolmentStatus,
    MovePlanStatus,
)
from samspil.enrolment.models import Enrolment, MoveBundle, MovePlan, PlanApproval
from samspil.kernel import calculations, clock, roles
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.audit import canonical
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.locking import lock_row, lock_rows
from samspil.kernel.mail import send
from samspil.kernel.models import Calculation
from samspil.kernel.outbox import enqueue, job
from samspil.kernel.transitions import transition
from samspil.network.domain.recipients import school_people
from samspil.network.models import Network, Organisation
from samspil.runs.domain import scopes
from samspil.runs.models import CourseRun

SECONDS: Final = 300.0
WORK: Final = 4_000_000
AGAIN: Final = timedelta(hours=1)
"""When people on the same runs are being asked by another plan, it is tried again after so long."""
MOST_REST: Final = 4_000

OPEN: Final = (MovePlanStatus.PROPOSED, MovePlanStatus.ASKING)


def may_stop(actor: Actor, bundle: MoveBundle) -> bool:
    """Whoever may ask the planner in its network."""
    return moves.may_propose(actor, bundle.network)


def parties_of(actor: Actor, bundle: MoveBundle) -> list[int]:
    """The schools in the bundle's plans whose staff the actor is, by id."""
    own = actor.organisation_ids(*moves.STAFF)
    if not own:
        return []
    return sorted(
        set(
            PlanApproval.objects.filter(plan__bundle=bundle, organisation__in=own)
            .order_by("pk")
            .values_list("organisation_id", flat=True)
        )
    )


def may_decide(actor: Actor, bundle: MoveBundle) -> bool:
    """Coordinators and leaders of a school that gives or receives in one of its plans."""
    return bool(parties_of(actor, bundle))


def may_drop(actor: Actor, bundle: MoveBundle) -> bool:
    """The network's secretariat alone: a school says no to its own plans one by one."""
    return actor.has(roles.SECRETARIAT, network_id=bundle.network_id)


def get_bundle(actor: Actor, pk: int) -> MoveBundle:
    """A bundle of a network that the actor sees. Raises ``NotFound``."""
    found = (
        MoveBundle.objects.visible_to(actor)
        .select_related("network")
        .filter(pk=pk)
        .order_by("pk")
        .first()
    )
    if found is None:
        raise NotFound(_("Planerne findes ikke."))
    return found


# ---------------------------------------------------------------- asked of the planner


@action("enrolment.propose_bundle", permission=moves.may_propose, on="network")
def propose_bundle(
    *,
    actor: Actor,
    now: datetime,
    network: Network,
    scope: scopes.Scope,
    limits: planning.Limits,
) -> MoveBundle:
    """Ask for all courses of a scope which runs to hold and whom to ask to move.

    Asked twice, while the first is being calculated, it is one. Raises ``Invalid`` for limits that cannot be and
    where nobody can be asked.
    """
    moves.check(limits)
    conditions = moves.conditions_of(limits)
    network = lock_row(Network.objects.all(), network.pk)
    same = (
        MoveBundle.objects.filter(
            network=network, scope=scope.kind, value=scope.value, status=BundleStatus.QUEUED
        )
        .order_by("-pk")
        .first()
    )
    if same is not None and same.conditions == conditions:
        return same
    if not scopes.has_small_runs(scope, network, now=now) and not _anybody_waits(scope, network):
        raise Invalid(
            _("Der er intet at spørge om: ingen hold dér mangler deltagere og har nogen at spørge.")
        )
    bundle = MoveBundle.objects.create(
        network=network,
        scope=scope.kind,
        value=scope.value,
        label=scope.label,
        conditions=conditions,
        asked_by=actor.label[:200],
        created_at=now,
    )
    # a week of the country is too much to read while somebody waits for the page
    enqueue("enrolment.build_bundle", {"bundle": bundle.pk}, now=now)
    record(
        bundle,
        after={"scope": scope.kind, "value": scope.value, **conditions},
        summary=_("Spurgt, hvilke hold der kan lægges sammen: %(scope)s") % {"scope": scope.label},
        network_id=network.pk,
    )
    return bundle


def _anybody_waits(scope: scopes.Scope, network: Network) -> bool:
    """Whether anybody waits for a run of an FKB's or a branch group's courses; a week is about small runs alone."""
    if scope.kind not in (scopes.Kind.FKB, scopes.Kind.BRANCH):
        return False
    return (
        Enrolment.objects.queued()
        .filter(
            run__organisation__memberships__network=network,
            run__course__in=scopes.courses_of(scope),
        )
        .exists()
    )


@job("enrolment.build_bundle")
def on_asked(payload: dict[str, Any], *, now: datetime) -> None:
    """Write the problem down and have it calculated. Done twice it changes nothing."""
    bundle = MoveBundle.objects.filter(pk=payload["bundle"], status=BundleStatus.QUEUED).first()
    if bundle is not None:
        build_bundle(actor=Actor.system("enrolment.build_bundle"), now=now, bundle=bundle)


@action("enrolment.build_bundle", permission=moves.only_the_system, on="bundle")
def build_bundle(*, actor: Actor, now: datetime, bundle: MoveBundle) -> None:
    """Write the problem down and have it calculated; where nobody can be asked, it is over."""
    lock_row(MoveBundle.objects.all(), bundle.pk)
    bundle = MoveBundle.objects.select_related("network").get(pk=bundle.pk)
    if bundle.status != BundleStatus.QUEUED or calculations.of(bundle).exists():
        return
    limits = _limits_of(bundle)
    scope = scopes.Scope(scopes.Kind(bundle.scope), bundle.value, bundle.label)
    runs, busy = worth_asking(scope, bundle.network, limits, now=now)
    bundle.statistics = {"courses": len({run.course_id for run in runs}), "busy": busy}
    if runs:
        calculations.start(
            kind="enrolment.bundle",
            subject=bundle,
            problem=planning.problem_of(runs, limits, clock.local_date(now)),
            work=WORK,
            seconds=SECONDS,
            now=now,
            then="enrolment.bundle_answered",
        )
        bundle.save(update_fields=["statistics"])
    else:
        bundle.statistics["failure"] = "nothing"
        bundle.finished_at = now
        bundle.save(update_fields=["statistics", "finished_at"])
        transition(bundle, "fail", table=BUNDLE_TRANSITIONS, actor=actor, now=now)
    record(
        bundle,
        after={"status": bundle.status, "courses": bundle.statistics["courses"]},
        summary=_("Der regnes på %(count)s mål") % {"count": bundle.statistics["courses"]},
        network_id=bundle.network_id,
    )


def worth_asking(
    scope: scopes.Scope, network: Network, limits: planning.Limits, *, now: datetime
) -> tuple[list[CourseRun], list[str]]:
    """The scope's runs of courses where somebody could be helped, and the courses that are under way already.

    Somebody can be helped where people sit on a run that lacks some, or wait for a seat.
    """
    rows = scopes.runs_in(scope, network, days=limits.days, now=now)
    of_course: dict[int, list[CourseRun]] = defaultdict(list)
    for run in rows:
        of_course[run.course_id].append(run)
    waited_for = set(
        Enrolment.objects.filter(
            status=EnrolmentStatus.WAITING,
            sign_up__status="confirmed",
            run__course__in=list(of_course),
        )
        .order_by()
        .values_list("run", flat=True)
    )
    under_way = set(
        MovePlan.objects.filter(network=network, status=MovePlanStatus.ASKING)
        .order_by()
        .values_list("course", flat=True)
    )
    here = set(
        Enrolment.objects.filter(
            status__in=(EnrolmentStatus.ENROLLED, EnrolmentStatus.WAITING),
            sign_up__status="confirmed",
            run__course__in=list(of_course),
        )
        .order_by()
        .values_list("run__course", flat=True)
        .distinct()
    )
    found: list[CourseRun] = []
    busy: list[str] = []
    for course_id, runs in of_course.items():
        lacks = any(run.missing and run.used for run in runs)
        waits = any(run.pk in waited_for for run in runs)
        if not (lacks or waits) or not (limits.elsewhere or course_id in here):
            continue
        if course_id in under_way:
            busy.append(runs[0].course.number)
            continue
        found += runs
    return found, sorted(busy)


@action("enrolment.stop_bundle", permission=may_stop, on="bundle")
def stop_bundle(*, actor: Actor, now: datetime, bundle: MoveBundle) -> None:
    """Ask for the best answer so far. Nothing happens when it is over already."""
    calculation = calculations.of(bundle).first()
    if calculation is not None and calculations.ask_to_stop(calculation, now=now):
        record(
            bundle,
            after={"stopped": True},
            summary=_("Beregningen er stoppet; det bedste indtil nu bruges"),
            network_id=bundle.network_id,
        )


@job("enrolment.bundle_answered", atomic=False)
def bundle_answered(payload: dict[str, Any], *, now: datetime) -> None:
    """Make the plans, some courses at a time, then tell the schools.

    Each piece is a transaction of its own, so that nobody waits long for the database. A worker that dies goes on
    where it was; done twice it changes nothing.
    """
    calculation = Calculation.objects.filter(pk=payload["calculation"]).first()
    if calculation is None:
        return
    bundle = (
        MoveBundle.objects.filter(pk=calculation.subject_id, status=BundleStatus.QUEUED)
        .select_related("network")
        .first()
    )
    if bundle is None:
        return
    actor = Actor.system("enrolment.bundle_answered")
    sums = _Sums()
    if calculation.result is not None:
        for some in _in_pieces(bundle, calculation, sums):
            make_plans(actor=actor, now=now, bundle=bundle, parts=some)
    keep_bundle(actor=actor, now=now, bundle=bundle, calculation=calculation, sums=sums.told())


SUMMED: Final = ("people", "taught", "alone", "asked", "metres", "days")
LARGEST: Final = ("longest_metres", "longest_days")
PIECE: Final = 40
"""Courses whose plans are made in one transaction."""


@dataclass
class _Sums:
    """What the plans come to, all courses together."""

    numbers: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*SUMMED, *LARGEST), 0))
    money: dict[str, dict[str, int]] = field(default_factory=dict)
    rest: list[dict[str, Any]] = field(default_factory=list)

    def add(self, course: str, answer: planning.Answer) -> None:
        found = {
            "people": answer.people, "taught": answer.taught, "alone": answer.alone, **answer.costs,
        }  # fmt: skip
        for name in SUMMED:
            self.numbers[name] += found[name]
        for name in LARGEST:
            self.numbers[name] = max(self.numbers[name], found[name])
        if not answer.lines:
            self.rest.append({"course": course, "people": answer.people, "taught": answer.taught})
            return
        for school, own in answer.numbers["money"].items():
            kept = self.money.setdefault(school, dict.fromkeys(planning.MONEY, 0))
            for name, value in own.items():
                kept[name] += value

    def told(self) -> dict[str, Any]:
        """As it is kept with the bundle."""
        return {
            **self.numbers,
            "money": dict(sorted(self.money.items())),
            "rest": self.rest[:MOST_REST],
        }


@dataclass(frozen=True)
class Part:
    """A course's part of the answer, of which a plan is made."""

    course: Course
    answered: planning.CourseAnswer
    answer: planning.Answer


def _in_pieces(bundle: MoveBundle, calculation: Calculation, sums: _Sums) -> Iterator[list[Part]]:
    """The courses where somebody is to be asked and whose plan isn't made yet, some at a time."""
    assert calculation.result is not None
    ids = planning.runs_in(calculation.problem)
    runs = list(CourseRun.objects.filter(pk__in=ids).select_related("course").order_by("pk"))
    number_of = {run.pk: run.course.number for run in runs}
    courses = {run.course.number: run.course for run in runs}
    groups: dict[str, list[planning.Group]] = defaultdict(list)
    for group in planning.groups_of(runs):
        groups[number_of[group.run_id]].append(group)
    made = set(bundle.plans.order_by("pk").values_list("course_id", flat=True))
    piece: list[Part] = []
    for part in planning.by_course(calculation.problem, calculation.result):
        answer = planning.read(part.problem, part.result, groups[part.course])
        sums.add(part.course, answer)
        course = courses[part.course]
        if answer.lines and course.pk not in made:
            piece.append(Part(course, part, answer))
        if len(piece) == PIECE:
            yield piece
            piece = []
    if piece:
        yield piece


@action("enrolment.make_plans", permission=moves.only_the_system, on="bundle")
def make_plans(
    *, actor: Actor, now: datetime, bundle: MoveBundle, parts: Sequence[Part]
) -> list[MovePlan]:
    """Make the plans of some courses; those that are made already are left alone."""
    lock_row(MoveBundle.objects.all(), bundle.pk)
    if MoveBundle.objects.values_list("status", flat=True).get(pk=bundle.pk) != BundleStatus.QUEUED:
        return []
    made = set(bundle.plans.order_by("pk").values_list("course_id", flat=True))
    limits = _limits_of(bundle)
    return [
        _plan(bundle, part.course, part.answered, part.answer, limits, actor=actor, now=now)
        for part in parts
        if part.course.pk not in made
    ]


@action("enrolment.keep_bundle", permission=moves.only_the_system, on="bundle")
def keep_bundle(
    *,
    actor: Actor,
    now: datetime,
    bundle: MoveBundle,
    calculation: Calculation,
    sums: dict[str, Any],
) -> None:
    """All plans are made: keep what they come to, and ask the schools to approve."""
    lock_row(MoveBundle.objects.all(), bundle.pk)
    bundle = MoveBundle.objects.select_related("network").get(pk=bundle.pk)
    if bundle.status != BundleStatus.QUEUED:
        return
    bundle.finished_at = now
    if calculation.result is None:
        bundle.statistics = {**bundle.statistics, "failure": calculation.failure}
        verb = "fail"
    else:
        status = calculation.result["status"]
        order = _most_gained(bundle)
        bundle.statistics = {
            **bundle.statistics, **sums, "status": status, "plans": len(order), "order": order,
        }  # fmt: skip
        verb = "answer"
    bundle.save(update_fields=["statistics", "finished_at"])
    transition(bundle, verb, table=BUNDLE_TRANSITIONS, actor=actor, now=now)
    if verb == "answer":
        _tell_ready(bundle, now=now)
    calculations.clear(calculation)
    record(
        bundle,
        after={"status": bundle.status, "plans": bundle.statistics.get("plans", 0)},
        summary=_("Planerne er regnet: %(scope)s") % {"scope": bundle.label},
        network_id=bundle.network_id,
    )


def _most_gained(bundle: MoveBundle) -> list[int]:
    """The plans' ids, those by which most more are taught first: a page of them is read without the others."""
    rows = bundle.plans.order_by("course__number", "pk").values_list("pk", "statistics")
    gain = {pk: told.get("taught", 0) - told.get("alone", 0) for pk, told in rows}
    return sorted(gain, key=lambda pk: -gain[pk])


def _limits_of(bundle: MoveBundle) -> planning.Limits:
    found = bundle.conditions
    return planning.Limits(
        **{**found, "held": tuple(found["held"]), "cancelled": tuple(found["cancelled"])}
    )


def _plan(
    bundle: MoveBundle,
    course: Course,
    part: planning.CourseAnswer,
    answer: planning.Answer,
    limits: planning.Limits,
    *,
    actor: Actor,
    now: datetime,
) -> MovePlan:
    plan = MovePlan.objects.create(
        network_id=bundle.network_id,
        course=course,
        bundle=bundle,
        conditions=moves.conditions_of(limits, planning.runs_in(part.problem)),
        problem=part.problem,
        solution=part.result,
        asked_by=bundle.asked_by,
        created_at=now,
    )
    moves.keep_answer(plan, answer)
    transition(plan, "propose", table=MOVE_PLAN_TRANSITIONS, actor=actor, now=now)
    record(
        plan,
        after={"status": plan.status, "bundle": bundle.pk, "taught": answer.taught},
        summary=_("Planen for hold på %(course)s er regnet") % {"course": course.number},
        network_id=bundle.network_id,
    )
    return plan


def _tell_ready(bundle: MoveBundle, *, now: datetime) -> None:
    """One mail to each school, however many of the courses it is in."""
    counts: dict[int, int] = defaultdict(int)
    rows = PlanApproval.objects.filter(plan__bundle=bundle, plan__status=MovePlanStatus.PROPOSED)
    for pk in rows.order_by("pk").values_list("organisation_id", flat=True):
        counts[pk] += 1
    for school in Organisation.objects.filter(pk__in=list(counts)).order_by("pk"):
        for person in school_people(school, on=clock.local_date(now)):
            send(
                notifications.MoveBundleReady(
                    bundle=bundle,
                    person=person,
                    school=school,
                    count=counts[school.pk],
                    url=notifications.bundle_url(bundle),
                ),
                to=person.email,
                now=now,
                subject_of=bundle,
                network_id=bundle.network_id,
                organisation_id=school.pk,
                language=person.language,
            )


# ---------------------------------------------------------------- approved, all at once


def hash_for(bundle: MoveBundle, organisation_id: int) -> str:
    """Of what a school approves when it approves all its parts: its plans' contents."""
    content = list(
        MovePlan.objects.filter(bundle=bundle, approvals__organisation=organisation_id)
        .order_by("pk")
        .values_list("pk", "sha256")
    )
    return hashlib.sha256(canonical({"plans": [list(row) for row in content]}).encode()).hexdigest()


@action("enrolment.approve_bundle", permission=may_decide, on="bundle")
def approve_bundle(
    *, actor: Actor, now: datetime, bundle: MoveBundle, organisation_id: int, sha256: str
) -> int:
    """Approve all parts of one's school that wait for it. Returns how many it were; twice is once.

    What the school has approved or refused course by course stays so. Where it was the last one, a job asks the
    people. Raises ``Conflict`` when the page was an older one.
    """
    if organisation_id not in parties_of(actor, bundle):
        raise Forbidden(
            _("Kun en skole, der afgiver eller modtager kursister, kan godkende planen.")
        )
    ids = MovePlan.objects.filter(
        bundle=bundle, approvals__organisation=organisation_id, status=MovePlanStatus.PROPOSED
    )
    plans = {plan.pk: plan for plan in lock_rows(MovePlan.objects.filter(pk__in=ids.values("pk")))}
    waiting = list(
        PlanApproval.objects.filter(
            plan__in=[pk for pk, plan in plans.items() if plan.status == MovePlanStatus.PROPOSED],
            organisation=organisation_id,
            is_approved=None,
        )
        .select_related("organisation")
        .order_by("plan_id")
    )
    if not waiting:
        return 0
    if sha256 != hash_for(bundle, organisation_id):
        raise Conflict(_("Planerne er nogle andre end dem, du så. Hent siden igen."))
    for row in waiting:
        if moves.say_yes(plans[row.plan_id], row, actor=actor, now=now) == 0:
            enqueue("enrolment.begin_moves", {"plan": row.plan_id}, now=now)
    record(
        bundle,
        after={"organisation": organisation_id, "approved": len(waiting)},
        summary=ngettext(
            "%(school)s har godkendt %(count)s mål",
            "%(school)s har godkendt %(count)s mål",
            len(waiting),
        )
        % {"school": waiting[0].organisation.label, "count": len(waiting)},
        network_id=bundle.network_id,
        organisation_id=organisation_id,
    )
    return len(waiting)


@job("enrolment.begin_moves")
def on_all_approved(payload: dict[str, Any], *, now: datetime) -> None:
    """All schools have approved. Done twice it changes nothing."""
    plan = MovePlan.objects.filter(pk=payload["plan"], status=MovePlanStatus.PROPOSED).first()
    if plan is not None:
        begin_moves(actor=Actor.system("enrolment.begin_moves"), now=now, plan=plan)


@action("enrolment.begin_moves", permission=moves.only_the_system, on="plan")
def begin_moves(*, actor: Actor, now: datetime, plan: MovePlan) -> MovePlan:
    """Ask the people of a plan that all schools have approved; later, while another plan asks on the same runs."""
    plan, runs = moves.lock_all(plan)
    if plan.status != MovePlanStatus.PROPOSED or plan.approvals.exclude(is_approved=True).exists():
        return plan
    if moves.is_busy(plan, runs):
        enqueue("enrolment.begin_moves", {"plan": plan.pk}, now=now, run_at=now + AGAIN)
        record(
            plan,
            after={"waits": True},
            summary=_("Venter: folk på de samme hold bliver spurgt efter en anden plan"),
            network_id=plan.network_id,
        )
        return plan
    moves.begin(plan, runs, actor=actor, now=now)
    return plan


# ---------------------------------------------------------------- given up


@action("enrolment.drop_bundle", permission=may_drop, on="bundle")
def drop_bundle(*, actor: Actor, now: datetime, bundle: MoveBundle, reason: str) -> MoveBundle:
    """Give up what is still open. Whoever was asked keeps the place they have, and is told by a job per plan."""
    reason = " ".join(reason.split())
    if not reason:
        raise Invalid(
            _("Skriv hvorfor. Det får skolerne og dem, der er spurgt, at vide."), "reason"
        )
    lock_row(MoveBundle.objects.all(), bundle.pk)
    bundle = MoveBundle.objects.select_related("network").get(pk=bundle.pk)
    if bundle.status == BundleStatus.DROPPED:
        return bundle
    calculations.drop(bundle, now=now)
    transition(bundle, "drop", table=BUNDLE_TRANSITIONS, actor=actor, now=now, reason=reason)
    for pk in bundle.plans.filter(status__in=OPEN).order_by("pk").values_list("pk", flat=True):
        enqueue("enrolment.drop_plan", {"plan": pk, "reason": reason}, now=now)
    record(
        bundle,
        after={"status": bundle.status},
        summary=_("Planerne er opgivet: %(reason)s") % {"reason": reason[:200]},
        network_id=bundle.network_id,
    )
    return bundle


@job("enrolment.drop_plan")
def on_dropped(payload: dict[str, Any], *, now: datetime) -> None:
    """Give up a plan of a bundle. Done twice it changes nothing."""
    plan = MovePlan.objects.filter(pk=payload["plan"], status__in=OPEN).order_by("pk").first()
    if plan is not None:
        moves.drop_moves(
            actor=Actor.system("enrolment.drop_plan"), now=now, plan=plan, reason=payload["reason"]
        )
