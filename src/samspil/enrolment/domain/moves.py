"""Plans that put runs together: asked of the planner, approved by the schools that give or receive.

Nobody is moved by a plan. How people are asked, and what their answers do, stands in ``moves_asking``. Locks
are taken in one order everywhere: runs by id, then offers, then the plan (ADR 0016).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from samspil.catalogue.models import Course
from samspil.enrolment import notifications
from samspil.enrolment.domain import planning
from samspil.enrolment.enums import MOVE_PLAN_TRANSITIONS, MovePlanStatus, MoveState
from samspil.enrolment.models import MoveLine, MovePlan, PlanApproval, PlannedRun, SignUp
from samspil.kernel import calculations, clock, roles
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.audit import canonical
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.locking import lock_row
from samspil.kernel.mail import Notification, send
from samspil.kernel.models import Calculation
from samspil.kernel.outbox import job
from samspil.kernel.transitions import transition
from samspil.network.domain.recipients import school_people
from samspil.network.enums import MembershipKind
from samspil.network.models import Membership, Network, Organisation
from samspil.network.models.organisations import valid_on
from samspil.runs.domain import queries as run_queries
from samspil.runs.domain.seats import lock_runs
from samspil.runs.models import CourseRun
from samspil.runs.rules import may_ask

SECONDS: Final = 60.0
WORK: Final = 400_000
MOST_KM: Final = 500
MOST_DAYS: Final = 365
MOST_ANSWER_DAYS: Final = 21
PERCENTS: Final = ("80", "50", "30")
STAFF: Final = (roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)


def may_propose(actor: Actor, network: Network) -> bool:
    """Whoever may ask the planner in the network."""
    return may_ask(actor, network)


def only_the_system(actor: Actor, _obj: object = None) -> bool:
    """What the worker does when its time has come."""
    return actor.is_system


def parties_of(actor: Actor, plan: MovePlan) -> list[int]:
    """The plan's schools whose staff the actor is, by id."""
    own = actor.organisation_ids(*STAFF)
    return [
        row.organisation_id
        for row in plan.approvals.order_by("organisation__name", "pk")
        if row.organisation_id in own
    ]


def may_decide(actor: Actor, plan: MovePlan) -> bool:
    """Coordinators and leaders of a school that gives or receives."""
    return bool(parties_of(actor, plan))


def may_drop(actor: Actor, plan: MovePlan) -> bool:
    """The network's secretariat, and the schools that give or receive."""
    return actor.has(roles.SECRETARIAT, network_id=plan.network_id) or may_decide(actor, plan)


def runs_of_network(network: Network, course: Course, now: datetime) -> list[CourseRun]:
    """The course's announced runs at the network's member schools: those that can say yes here."""
    members = set(
        Membership.objects.filter(
            valid_on(clock.local_date(now)), network=network, kind=MembershipKind.MEMBER
        ).values_list("organisation_id", flat=True)
    )
    return [run for run in run_queries.runs_of(course) if run.organisation_id in members]


# ---------------------------------------------------------------- asked of the planner


def check(limits: planning.Limits) -> None:
    """Raises ``Invalid`` for limits that cannot be."""
    for value, most, name, text in (
        (limits.km, MOST_KM, "km", _("Skriv et antal kilometer fra 0 til %(most)s.")),
        (limits.days, MOST_DAYS, "days", _("Skriv et antal dage fra 0 til %(most)s.")),
    ):
        if not 0 <= value <= most:
            raise Invalid(text % {"most": most}, field=name)
    if not 1 <= limits.answer_days <= MOST_ANSWER_DAYS:
        raise Invalid(
            _("Skriv et antal dage fra 1 til %(most)s.") % {"most": MOST_ANSWER_DAYS},
            field="answer_days",
        )
    if limits.yes not in ("all", "prior", *PERCENTS):
        raise Invalid(_("Vælg en af mulighederne."), field="yes")
    if set(limits.held) & set(limits.cancelled):
        raise Invalid(_("Et hold kan ikke både gennemføres og aflyses."))


def conditions_of(limits: planning.Limits, runs: Iterable[int] | None = None) -> dict[str, Any]:
    """Limits as a plan keeps them. ``runs``: only decisions about these."""
    known = None if runs is None else set(runs)
    return {
        "km": limits.km,
        "days": limits.days,
        "yes": limits.yes,
        "answer_days": limits.answer_days,
        "elsewhere": limits.elsewhere,
        "held": sorted(pk for pk in limits.held if known is None or pk in known),
        "cancelled": sorted(pk for pk in limits.cancelled if known is None or pk in known),
    }


@action("enrolment.propose_moves", permission=may_propose, on="network")
def propose_moves(
    *,
    actor: Actor,
    now: datetime,
    network: Network,
    course: Course,
    limits: planning.Limits,
) -> MovePlan:
    """Ask which runs to hold and whom to ask to move, from what the people here have said.

    Raises ``Invalid`` for limits that cannot be and where nobody can be asked, ``Conflict`` when a run that is
    decided about is no longer announced.
    """
    check(limits)
    runs = runs_of_network(network, course, now)
    if not planning.groups_of(runs) and not (limits.elsewhere and any(run.used for run in runs)):
        raise Invalid(
            _("Ingen, der er tilmeldt her, står på et annonceret hold på %(course)s.")
            % {"course": course.number}
        )
    if not {*limits.held, *limits.cancelled} <= {run.pk for run in runs}:
        raise Conflict(
            _("Et af holdene, der er låst, er ikke længere annonceret. Hent siden igen.")
        )
    plan = MovePlan.objects.create(
        network=network,
        course=course,
        conditions=conditions_of(limits),
        asked_by=actor.label[:200],
        created_at=now,
    )
    calculations.start(
        kind="enrolment.moves",
        subject=plan,
        problem=planning.problem_of(runs, limits, clock.local_date(now)),
        work=WORK,
        seconds=SECONDS,
        now=now,
        then="enrolment.moves_answered",
    )
    record(
        plan,
        after={"course": course.number, **plan.conditions},
        summary=_("Spurgt, hvem på %(course)s der kan flytte, så flere hold gennemføres")
        % {"course": course.number},
        network_id=network.pk,
    )
    return plan


@job("enrolment.moves_answered")
def moves_answered(payload: dict[str, Any], *, now: datetime) -> None:
    """Take over what was calculated; done twice it changes nothing."""
    calculation = Calculation.objects.filter(pk=payload["calculation"]).first()
    if calculation is None:
        return
    plan = MovePlan.objects.filter(pk=calculation.subject_id, status=MovePlanStatus.QUEUED).first()
    if plan is not None:
        keep_moves(
            actor=Actor.system("enrolment.moves_answered"),
            now=now,
            plan=plan,
            calculation=calculation,
        )


@action("enrolment.keep_moves", permission=only_the_system, on="plan")
def keep_moves(*, actor: Actor, now: datetime, plan: MovePlan, calculation: Calculation) -> None:
    """Keep the answer as lines, and ask the schools that give or receive to approve."""
    plan = locked(plan.pk)
    if plan.status != MovePlanStatus.QUEUED:
        return
    plan.problem, plan.solution = calculation.problem, calculation.result
    if calculation.result is None:
        plan.statistics = {"failure": calculation.failure}
        plan.save(update_fields=["problem", "solution", "statistics"])
        transition(plan, "fail", table=MOVE_PLAN_TRANSITIONS, actor=actor, now=now)
    else:
        runs = list(
            CourseRun.objects.filter(pk__in=planning.runs_in(calculation.problem)).order_by("pk")
        )
        answer = planning.read(calculation.problem, calculation.result, planning.groups_of(runs))
        keep_answer(plan, answer)
        transition(plan, "propose", table=MOVE_PLAN_TRANSITIONS, actor=actor, now=now)
        for row in plan.approvals.select_related("organisation").order_by("pk"):
            tell(notifications.MovePlanReady, plan, row.organisation, now=now)
    calculations.clear(calculation)
    record(
        plan,
        after={"status": plan.status, "taught": plan.statistics.get("taught")},
        summary=_("Planen for hold på %(course)s er regnet") % {"course": plan.course.number},
        network_id=plan.network_id,
    )


def keep_answer(plan: MovePlan, answer: planning.Answer) -> None:
    """Write an answer with its plan: figures, what becomes of each run, who is asked, and who approves."""
    plan.statistics = {
        "people": answer.people,
        "taught": answer.taught,
        "alone": answer.alone,
        "status": answer.status,
        **answer.costs,
        **answer.numbers,
    }
    _write(plan, answer)
    plan.sha256 = content_hash(plan)
    plan.save(update_fields=["problem", "solution", "statistics", "sha256"])


def _write(plan: MovePlan, answer: planning.Answer) -> None:
    PlannedRun.objects.bulk_create(
        [
            PlannedRun(
                plan=plan,
                run_id=fate.run,
                fate=fate.fate,
                heads_before=fate.before,
                heads_after=fate.after,
                fixed=fate.fixed,
                minimum=fate.minimum,
                why=list(fate.why),
            )
            for fate in answer.fates
        ]
    )
    lines = MoveLine.objects.bulk_create(
        [
            MoveLine(
                plan=plan,
                sign_up_id=line.sign_up_id,
                source_id=line.source,
                target_id=line.target,
                unit=line.unit,
                wave=line.wave,
                heads=line.heads,
                is_elsewhere=line.sign_up_id is None,
                metres=line.metres,
                days=line.days,
                why=list(line.why),
            )
            for line in answer.lines
        ]
    )
    through = MoveLine.enrolments.through
    through.objects.bulk_create(
        [
            through(moveline_id=made.pk, enrolment_id=pk)
            for made, line in zip(lines, answer.lines, strict=True)
            for pk in line.enrolments
        ]
    )
    touched = {line.source for line in answer.lines} | {line.target for line in answer.lines}
    schools = set(
        CourseRun.objects.filter(pk__in=touched).values_list("organisation_id", flat=True)
    )
    # a school that took a sign-up in for another's run has people in the plan too
    schools |= set(
        SignUp.objects.filter(
            pk__in={line.sign_up_id for line in answer.lines if line.sign_up_id is not None}
        ).values_list("school_id", flat=True)
    )
    PlanApproval.objects.bulk_create(
        [PlanApproval(plan=plan, organisation_id=pk) for pk in sorted(schools)]
    )


def content_hash(plan: MovePlan) -> str:
    """Of what the schools approve: the runs' fates and who is asked to go where."""
    content = {
        "plan": plan.pk,
        "runs": [[row.run_id, row.fate, row.heads_after] for row in plan.runs.order_by("pk")],
        "lines": [
            [row.sign_up_id, row.source_id, row.target_id, row.heads, row.unit, row.wave]
            for row in plan.lines.exclude(state=MoveState.OBSOLETE).order_by("pk")
        ],
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def locked(pk: int) -> MovePlan:
    """A plan, locked. The runs that it is about are locked before (``lock_all``)."""
    lock_row(MovePlan.objects.all(), pk)
    return MovePlan.objects.select_related("network", "course").get(pk=pk)


def lock_all(plan: MovePlan) -> tuple[MovePlan, dict[int, CourseRun]]:
    """A plan and all its runs, locked, the runs first."""
    touched = set(plan.lines.order_by("pk").values_list("source_id", flat=True))
    touched |= set(plan.lines.order_by("pk").values_list("target_id", flat=True))
    touched |= set(plan.runs.order_by("pk").values_list("run_id", flat=True))
    runs = lock_runs(sorted(touched))
    return locked(plan.pk), runs


def tell(
    kind: type[Notification],
    plan: MovePlan,
    organisation: Organisation,
    *,
    now: datetime,
    **context: Any,
) -> None:
    """Mail a school's coordinators about a plan."""
    for person in school_people(organisation, on=clock.local_date(now)):
        send(
            kind(
                plan=plan,
                person=person,
                school=organisation,
                url=notifications.plan_url(plan),
                **context,
            ),
            to=person.email,
            now=now,
            subject_of=plan,
            network_id=plan.network_id,
            organisation_id=organisation.pk,
            language=person.language,
        )


# ---------------------------------------------------------------- approved by the schools


def _approval(actor: Actor, plan: MovePlan, organisation_id: int, sha256: str) -> PlanApproval:
    if organisation_id not in parties_of(actor, plan):
        raise Forbidden(
            _("Kun en skole, der afgiver eller modtager kursister, kan godkende planen.")
        )
    if plan.status != MovePlanStatus.PROPOSED:
        raise Conflict(_("Planen er ikke længere til godkendelse."))
    if sha256 != plan.sha256:
        raise Conflict(_("Planen er en anden end den, du så. Hent siden igen."))
    return plan.approvals.select_related("organisation").get(organisation=organisation_id)


@action("enrolment.approve_moves", permission=may_decide, on="plan")
def approve_moves(
    *, actor: Actor, now: datetime, plan: MovePlan, organisation_id: int, sha256: str
) -> MovePlan:
    """Approve one's school's part. When all have, the people are asked at once.

    Nothing happens when the school has approved already. Raises ``Conflict`` when the page was an older one, or
    other people on the same runs are being asked by another plan.
    """
    plan, runs = lock_all(plan)
    already = plan.approvals.filter(organisation=organisation_id, is_approved=True)
    if plan.status in (MovePlanStatus.PROPOSED, MovePlanStatus.ASKING) and (
        organisation_id in parties_of(actor, plan) and already.exists()
    ):
        return plan
    row = _approval(actor, plan, organisation_id, sha256)
    if say_yes(plan, row, actor=actor, now=now) == 0:
        if is_busy(plan, runs):
            raise Conflict(
                _(
                    "Folk på de samme hold er ved at blive spurgt efter en anden plan. Vent, til den er slut."
                )
            )
        begin(plan, runs, actor=actor, now=now)
    return plan


def say_yes(plan: MovePlan, row: PlanApproval, *, actor: Actor, now: datetime) -> int:
    """Write a school's yes to a locked plan. Returns how many schools are still to approve."""
    row.is_approved, row.sha256, row.at = True, plan.sha256, now
    row.person_name = actor.label.split(" <")[0][:120]
    row.save(update_fields=["is_approved", "sha256", "at", "person_name"])
    left = plan.approvals.exclude(is_approved=True).count()
    record(
        plan,
        after={"organisation": row.organisation_id, "sha256": plan.sha256, "left": left},
        summary=_("%(school)s har godkendt planen") % {"school": row.organisation.label},
        network_id=plan.network_id,
        organisation_id=row.organisation_id,
    )
    return left


def is_busy(plan: MovePlan, runs: Iterable[int]) -> bool:
    """Whether people on the same runs are being asked by another plan."""
    return (
        MovePlan.objects.filter(status=MovePlanStatus.ASKING, runs__run__in=list(runs))
        .exclude(pk=plan.pk)
        .exists()
    )


def begin(plan: MovePlan, runs: dict[int, CourseRun], *, actor: Actor, now: datetime) -> None:
    """All have approved: ask the people of the first wave. Plan and runs are locked."""
    from samspil.enrolment.domain.moves_asking import begin_wave

    transition(plan, "ask", table=MOVE_PLAN_TRANSITIONS, actor=actor, now=now)
    begin_wave(plan, 1, runs, actor=actor, now=now)


@action("enrolment.reject_moves", permission=may_decide, on="plan")
def reject_moves(
    *,
    actor: Actor,
    now: datetime,
    plan: MovePlan,
    organisation_id: int,
    sha256: str,
    reason: str,
) -> MovePlan:
    """Say no for one's school, with a reason that the others get. The plan is over; another can be made."""
    reason = " ".join(reason.split())
    if not reason:
        raise Invalid(
            _("Skriv, hvorfor skolen siger nej. Det får de andre skoler at vide."), "reason"
        )
    plan = locked(plan.pk)
    row = _approval(actor, plan, organisation_id, sha256)
    row.is_approved, row.reason, row.sha256, row.at = False, reason[:500], sha256, now
    row.person_name = actor.label.split(" <")[0][:120]
    row.save(update_fields=["is_approved", "reason", "sha256", "at", "person_name"])
    transition(plan, "reject", table=MOVE_PLAN_TRANSITIONS, actor=actor, now=now, reason=reason)
    end(plan, now=now, because=reason)
    record(
        plan,
        after={"organisation": organisation_id, "status": plan.status},
        summary=_("%(school)s har afvist planen") % {"school": row.organisation.label},
        network_id=plan.network_id,
        organisation_id=organisation_id,
    )
    for other in plan.approvals.exclude(pk=row.pk).select_related("organisation").order_by("pk"):
        tell(
            notifications.MovePlanOver,
            plan,
            other.organisation,
            now=now,
            text=_("%(school)s siger nej: %(reason)s")
            % {"school": row.organisation.name, "reason": reason},
        )
    return plan


@action("enrolment.drop_moves", permission=may_drop, on="plan")
def drop_moves(*, actor: Actor, now: datetime, plan: MovePlan, reason: str) -> MovePlan:
    """Give a plan up. Whoever was asked keeps the place they have, and is told."""
    from samspil.enrolment.domain.moves_asking import withdraw_offers

    reason = " ".join(reason.split())
    if not reason:
        raise Invalid(
            _("Skriv hvorfor. Det får skolerne og dem, der er spurgt, at vide."), "reason"
        )
    plan, runs = lock_all(plan)
    if plan.status == MovePlanStatus.DROPPED:
        return plan
    calculations.drop(plan, now=now)
    transition(plan, "drop", table=MOVE_PLAN_TRANSITIONS, actor=actor, now=now, reason=reason)
    withdraw_offers(plan, runs, actor=actor, now=now)
    end(plan, now=now, because=reason)
    record(
        plan,
        after={"status": plan.status},
        summary=_("Planen er opgivet: %(reason)s") % {"reason": reason[:200]},
        network_id=plan.network_id,
    )
    return plan


def end(plan: MovePlan, *, now: datetime, because: str = "") -> None:
    """Write when and why it was over; what nobody was asked about is no longer open."""
    plan.ended_at, plan.ended_because = now, because[:500]
    plan.save(update_fields=["ended_at", "ended_because"])
    plan.lines.filter(state=MoveState.WAITS).update(state=MoveState.OBSOLETE)
    # the addresses that a school wrote down to ask its own people are needed no longer
    asked = plan.lines.filter(is_elsewhere=True).order_by("pk")
    over = asked.exclude(state__in=(MoveState.ASKED, MoveState.YES, MoveState.MOVED))
    SignUp.objects.filter(
        is_elsewhere=True, pk__in=[pk for pk in over.values_list("sign_up_id", flat=True) if pk]
    ).update(contact_email="")


def get_plan(actor: Actor, pk: int) -> MovePlan:
    """A plan of a network that the actor sees. Raises ``NotFound``."""
    found = (
        MovePlan.objects.visible_to(actor)
        .select_related("network", "course", "bundle")
        .filter(pk=pk)
        .order_by("pk")
        .first()
    )
    if found is None:
        raise NotFound(_("Planen findes ikke."))
    return found
