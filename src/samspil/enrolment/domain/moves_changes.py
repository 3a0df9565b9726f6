"""What becomes of a plan when a run that it is built on is cancelled, disappears, or gets other days.

A plan that waits for approval loses that part, and the schools approve what is left anew: they said yes to
something else. Where people are asked already, nobody is asked any longer about a run that isn't held, or isn't
as they were told; their seats there go on, and they are told. Whoever's own run is cancelled keeps the way out
that they are asked about. Both stand on the plan's page.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.contracts.runs import RunRescheduled, RunsHarvested, RunStatusChanged
from samspil.enrolment import notifications
from samspil.enrolment.domain import moves, moves_asking
from samspil.enrolment.enums import (
    LIVE,
    MOVE_PLAN_TRANSITIONS,
    MovePlanStatus,
    MoveState,
    OfferState,
)
from samspil.enrolment.models import Enrolment, MovePlan, PlannedRun
from samspil.enrolment.rules import is_staff_of, schools_of
from samspil.kernel import clock, roles
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound
from samspil.kernel.mail import send
from samspil.kernel.outbox import enqueue, job, receives
from samspil.kernel.tasks import Task, task_source
from samspil.kernel.transitions import transition
from samspil.network.domain.recipients import school_people
from samspil.runs.enums import RunChangeKind, RunStatus
from samspil.runs.models import CourseRun, RunChange

TOUCHED: Final = (MovePlanStatus.PROPOSED, MovePlanStatus.ASKING, MovePlanStatus.CARRIED_OUT)
SEEN: Final = frozenset({"starts_on", "ends_on", "organisation", "postcode", "city", "street"})
"""Columns of a run that is read in which change what people were asked about."""


@receives(RunStatusChanged, kind="enrolment.plans_of_run")
def on_status(payload: dict[str, Any], *, now: datetime) -> None:
    """A run was cancelled: see to the plans that are built on it."""
    if payload["verb"] == "cancel":
        _see_to(payload["run_id"], "cancelled", now=now)


@receives(RunRescheduled, kind="enrolment.plans_of_rescheduled")
def on_rescheduled(payload: dict[str, Any], *, now: datetime) -> None:
    """A run has other days, hours or another place: see to the plans that are built on it."""
    _see_to(payload["run_id"], "changed", now=now)


@receives(RunsHarvested, kind="enrolment.runs_harvested")
def on_harvested(payload: dict[str, Any], *, now: datetime) -> None:
    """Runs that are read in have disappeared, or changed: see to plans, and tell schools whose people sit there."""
    on = payload["looked_on"]
    found = RunChange.objects.filter(
        on=on, kind__in=(RunChangeKind.GONE, RunChangeKind.CHANGED), run__is_own=False
    )
    for change in found.select_related("run").order_by("pk"):
        run = change.run
        assert run is not None
        if change.kind == RunChangeKind.GONE:
            if run.status == RunStatus.PLANNED:
                enqueue("enrolment.run_gone", {"run": run.pk}, now=now, key=f"gone:{run.pk}:{on}")
        elif SEEN & {field[0] for field in change.fields}:
            _see_to(run.pk, "changed", now=now)


def _see_to(run_id: int, what: str, *, now: datetime) -> None:
    plans = MovePlan.objects.filter(status__in=TOUCHED, runs__run=run_id)
    for pk in plans.order_by("pk").values_list("pk", flat=True):
        enqueue("enrolment.adjust_plan", {"plan": pk, "run": run_id, "what": what}, now=now)


@job("enrolment.adjust_plan")
def on_adjust(payload: dict[str, Any], *, now: datetime) -> None:
    """Adjust one plan to what became of a run. Done twice it changes nothing."""
    plan = MovePlan.objects.filter(pk=payload["plan"], status__in=TOUCHED).order_by("pk").first()
    if plan is not None:
        adjust_plan(
            actor=Actor.system("enrolment.adjust_plan"),
            now=now,
            plan=plan,
            run_id=payload["run"],
            what=payload["what"],
        )


def _why(run: CourseRun, what: str) -> str:
    where = _("Holdet hos %(school)s %(day)s") % {
        "school": run.organisation.label,
        "day": date_format(run.starts_on, "j. F Y"),
    }
    texts = {
        "cancelled": _("%(run)s er aflyst."),
        "gone": _("%(run)s står ikke længere i den landsdækkende søgning."),
        "changed": _("%(run)s har fået andre dage eller et andet sted."),
    }
    return texts[what] % {"run": where}


@action("enrolment.adjust_plan", permission=moves.only_the_system, on="plan")
def adjust_plan(*, actor: Actor, now: datetime, plan: MovePlan, run_id: int, what: str) -> MovePlan:
    """Take what is built on a run out of a plan. ``what``: cancelled, gone or changed. Twice is once."""
    plan, runs = moves_asking.lock_with_offers(plan)
    row = plan.runs.select_related("run__organisation").filter(run=run_id).first()
    if row is None or plan.status not in TOUCHED or run_id not in runs:
        return plan
    if what in ("cancelled", "gone") and runs[run_id].status in ("announced", "confirmed"):
        return plan  # it was taken up again meanwhile
    why = _why(row.run, what)
    is_told = row.changed_why == why
    if not is_told:
        row.changed_why, row.changed_at = why, now
        row.save(update_fields=["changed_why", "changed_at"])
    if plan.status == MovePlanStatus.PROPOSED:
        ended = _ask_anew(plan, row, actor=actor, now=now)
    else:
        ended = _let_go(plan, row, what, runs, actor=actor, now=now)
    if is_told and not ended:
        return plan
    record(
        plan,
        after={"run": run_id, "what": what, "ended": ended},
        summary=why,
        network_id=plan.network_id,
    )
    if ended and plan.status != MovePlanStatus.CARRIED_OUT:
        _tell_changed(plan, why, now=now)
    return plan


def _ask_anew(plan: MovePlan, row: PlannedRun, *, actor: Actor, now: datetime) -> int:
    """The plan without the run: what is left is approved anew; where nothing is left, the plan is over."""
    ended = _close(plan, Q(source=row.run_id) | Q(target=row.run_id))
    if not plan.lines.filter(state=MoveState.WAITS).exists():
        transition(
            plan, "drop", table=MOVE_PLAN_TRANSITIONS, actor=actor, now=now, reason=row.changed_why
        )
        moves.end(plan, now=now, because=row.changed_why)
    elif ended:
        plan.sha256 = moves.content_hash(plan)
        plan.save(update_fields=["sha256"])
        plan.approvals.update(is_approved=None, sha256="", at=None, person_name="")
    return ended


def _close(plan: MovePlan, about: Q) -> int:
    """Lines that nobody has been asked about yet, and nobody will be. Returns how many."""
    waits = plan.lines.filter(about, state=MoveState.WAITS).order_by("pk")
    ids = list(waits.values_list("pk", flat=True))
    if ids:
        plan.lines.filter(pk__in=ids).update(state=MoveState.OBSOLETE)
    return len(ids)


def _let_go(
    plan: MovePlan,
    row: PlannedRun,
    what: str,
    runs: dict[int, CourseRun],
    *,
    actor: Actor,
    now: datetime,
) -> int:
    """Nobody is asked about the run any longer, and no seat is held there."""
    lines = list(
        plan.lines.filter(target=row.run_id, offer__state=OfferState.PENDING)
        .select_related("offer", "sign_up", "source__course", "source__organisation")
        .order_by("pk")
    )
    moves_asking.let_go(lines, runs, actor=actor, now=now, why=row.changed_why)
    about = Q(target=row.run_id)
    if what == "changed":
        about |= Q(source=row.run_id)
    ended = len(lines) + _close(plan, about)
    if plan.status == MovePlanStatus.ASKING:
        enqueue("enrolment.settle_moves", {"plan": plan.pk}, now=now)
    return ended


def _tell_changed(plan: MovePlan, why: str, *, now: datetime) -> None:
    for row in plan.approvals.select_related("organisation").order_by("pk"):
        moves.tell(notifications.MovePlanChanged, plan, row.organisation, now=now, why=why)


# ---------------------------------------------------------------- a run that is gone from the search


def _lost(run: CourseRun) -> bool:
    return not run.is_own and run.status == RunStatus.PLANNED


@job("enrolment.run_gone")
def on_gone(payload: dict[str, Any], *, now: datetime) -> None:
    """A run that was read in is announced no more: see to the plans, and ask the school about its people."""
    run = CourseRun.objects.filter(pk=payload["run"]).order_by("pk").first()
    if run is None or not _lost(run):
        return
    _see_to(run.pk, "gone", now=now)
    if people_left(run):
        ask_whether_cancelled(actor=Actor.system("enrolment.run_gone"), now=now, run=run)


def people_left(run: CourseRun) -> int:
    """People on a run who would have to be told if it was cancelled."""
    return Enrolment.objects.filter(run=run, status__in=LIVE).count()


@action("enrolment.ask_whether_cancelled", permission=moves.only_the_system, on="run")
def ask_whether_cancelled(*, actor: Actor, now: datetime, run: CourseRun) -> None:
    """Ask the school whether a run that is gone from the search is cancelled. The people aren't told before it says."""
    run = CourseRun.objects.select_related("organisation", "course").get(pk=run.pk)
    count = people_left(run)
    for person in school_people(run.organisation, on=clock.local_date(now)):
        send(
            notifications.RunGone(
                run=run,
                person=person,
                count=count,
                url=notifications.gone_url(run),
            ),
            to=person.email,
            now=now,
            subject_of=run,
            organisation_id=run.organisation_id,
            language=person.language,
        )
    record(
        run,
        after={"people": count},
        summary=_("Skolen er spurgt, om holdet er aflyst"),
        organisation_id=run.organisation_id,
    )


def get_lost_run(actor: Actor, run_id: int) -> CourseRun:
    """A run of the actor's own school that was read in, whatever became of it. Raises ``NotFound``."""
    found = (
        CourseRun.objects.filter(pk=run_id, is_own=False, organisation__in=schools_of(actor))
        .select_related("organisation", "course")
        .order_by("pk")
        .first()
    )
    if found is None or not is_staff_of(actor, found.organisation_id):
        raise NotFound(_("Holdet findes ikke hos jer."))
    return found


@task_source("enrolment.lost_runs")
def lost_run_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Schools: runs that are gone from the search though people here are on them."""
    own = actor.organisation_ids(roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)
    if not own:
        return
    rows = (
        CourseRun.objects.filter(
            organisation__in=own,
            is_own=False,
            status=RunStatus.PLANNED,
            ends_on__gte=today,
            enrolments__status__in=LIVE,
        )
        .select_related("course", "organisation")
        .distinct()
        .order_by("starts_on", "pk")
    )
    for run in rows:
        count = people_left(run)
        yield Task(
            title=ngettext(
                "Er holdet aflyst? %(count)s tilmeldt ved det ikke",
                "Er holdet aflyst? %(count)s tilmeldte ved det ikke",
                count,
            )
            % {"count": count},
            url=reverse("enrolment:lost_run", args=[run.pk]),
            context=run.organisation.label,
            due_on=run.starts_on,
            detail=f"{run.course} · {date_format(run.starts_on, 'j. F')}",
        )
