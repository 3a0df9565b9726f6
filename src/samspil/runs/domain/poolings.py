"""A pooling: asked for, calculated beside the pages, answered. Nobody is moved by it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from samspil.catalogue.models import Course
from samspil.kernel import calculations
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.locking import lock_row
from samspil.kernel.models import Calculation
from samspil.kernel.outbox import job
from samspil.kernel.transitions import transition
from samspil.network.enums import MembershipKind
from samspil.network.models import Membership, Network
from samspil.network.models.organisations import valid_on
from samspil.runs import rules
from samspil.runs.domain import planning, queries
from samspil.runs.enums import POOLING_TRANSITIONS, PoolingStatus
from samspil.runs.models import CourseRun, Pooling

MOST_KM, MOST_DAYS = 500, 365
PERCENTS = ("80", "50", "30")
SECONDS = 60.0
WORK = 400_000


@action("runs.request_pooling", permission=rules.may_ask, on="network")
def request_pooling(
    *,
    actor: Actor,
    now: datetime,
    network: Network,
    course: Course,
    conditions: planning.Conditions,
    only_network: bool = False,
) -> Pooling:
    """Ask which of a course's runs to hold and who to ask to move, under these conditions.

    ``only_network``: the runs of the network's schools alone. Raises ``Invalid`` for conditions that
    cannot be, and where there is nothing to pool.
    """
    if not 0 <= conditions.km <= MOST_KM:
        raise Invalid(
            _("Skriv et antal kilometer fra 0 til %(most)s.") % {"most": MOST_KM}, field="km"
        )
    if not 0 <= conditions.days <= MOST_DAYS:
        raise Invalid(
            _("Skriv et antal dage fra 0 til %(most)s.") % {"most": MOST_DAYS}, field="days"
        )
    if conditions.yes not in ("all", "prior") and conditions.yes not in PERCENTS:
        raise Invalid(_("Vælg en af mulighederne."), field="yes")
    runs = _runs(network if only_network else None, course, now)
    ids = {run.pk for run in runs}
    if not any(run.used for run in runs):
        raise Invalid(
            _(
                "Ingen er tilmeldt et annonceret hold på %(course)s, så der er intet at lægge sammen."
            )
            % {"course": course.number}
        )
    if set(conditions.held) & set(conditions.cancelled):
        raise Invalid(_("Et hold kan ikke både gennemføres og aflyses."))
    if not {*conditions.held, *conditions.cancelled} <= ids:
        raise Conflict(
            _("Et af holdene, der er låst, er ikke længere annonceret. Hent siden igen.")
        )
    pooling = Pooling.objects.create(
        course=course,
        network=network,
        conditions={
            "km": conditions.km,
            "days": conditions.days,
            "yes": conditions.yes,
            "scope": "network" if only_network else "all",
            "held": sorted(conditions.held),
            "cancelled": sorted(conditions.cancelled),
        },
        asked_by=actor.label,
        created_at=now,
    )
    problem = planning.problem_of(runs, conditions)
    before = (
        Pooling.objects.filter(
            course=course, network=network, status=PoolingStatus.ANSWERED, pk__lt=pooling.pk
        )
        .order_by("-pk")
        .first()
    )
    calculations.start(
        kind="runs.pooling",
        subject=pooling,
        problem=problem,
        work=WORK,
        seconds=SECONDS,
        now=now,
        first=before.solution if before and _same_kind(before, problem) else None,
        then="runs.pooling_answered",
    )
    record(
        pooling,
        after={"course": course.number, **pooling.conditions},
        summary=_("Spurgt, hvilke hold på %(course)s der kan lægges sammen")
        % {"course": course.number},
        network_id=network.pk,
    )
    return pooling


def _same_kind(before: Pooling, problem: dict[str, Any]) -> bool:
    """Can the earlier answer be begun from?"""
    return before.problem is not None and before.problem.get("format") == problem["format"]


def _runs(network: Network | None, course: Course, now: datetime) -> list[CourseRun]:
    runs = queries.runs_of(course)
    if network is None:
        return runs
    members = set(
        Membership.objects.filter(
            valid_on(now.date()), network=network, kind=MembershipKind.MEMBER
        ).values_list("organisation_id", flat=True)
    )
    return [run for run in runs if run.organisation_id in members]


@action("runs.stop_pooling", permission=rules.may_stop, on="pooling")
def stop_pooling(*, actor: Actor, now: datetime, pooling: Pooling) -> None:
    """Ask for the best answer so far. Nothing happens when it is over already."""
    calculation = calculations.of(pooling).first()
    if calculation is not None and calculations.ask_to_stop(calculation, now=now):
        record(
            pooling,
            after={"stopped": True},
            summary=_("Beregningen er stoppet; det bedste indtil nu bruges"),
            network_id=pooling.network_id,
        )


def _only_the_system(actor: Actor, pooling: Pooling) -> bool:
    return actor.is_system


@job("runs.pooling_answered")
def pooling_answered(payload: dict[str, Any], *, now: datetime) -> None:
    """Take over what was calculated; done twice it changes nothing."""
    calculation = Calculation.objects.filter(pk=payload["calculation"]).first()
    if calculation is None:
        return
    pooling = Pooling.objects.filter(pk=calculation.subject_id, status=PoolingStatus.QUEUED).first()
    if pooling is not None:
        answer_pooling(
            actor=Actor.system("runs.pooling_answered"),
            now=now,
            pooling=pooling,
            calculation=calculation,
        )


@action("runs.answer_pooling", permission=_only_the_system, on="pooling")
def answer_pooling(
    *, actor: Actor, now: datetime, pooling: Pooling, calculation: Calculation
) -> None:
    """Keep problem and answer with the pooling, or why there is none."""
    pooling = lock_row(Pooling.objects.all(), pooling.pk)
    if pooling.status != PoolingStatus.QUEUED:
        return
    pooling.problem = calculation.problem
    pooling.solution = calculation.result
    pooling.finished_at = now
    if calculation.result is None:
        pooling.statistics = {"failure": calculation.failure}
    else:
        pooling.statistics = {
            **calculation.result["score"],
            "people": planning.people_in(calculation.problem),
            "status": calculation.result["status"],
            "bounds": calculation.result["bounds"],
        }
    pooling.save(update_fields=["problem", "solution", "statistics", "finished_at"])
    verb = "fail" if calculation.result is None else "answer"
    transition(pooling, verb, table=POOLING_TRANSITIONS, actor=actor, now=now)
    calculations.clear(calculation)
    record(
        pooling,
        after={"status": pooling.status, "taught": pooling.statistics.get("taught")},
        summary=_("Forslag til hold på %(course)s er regnet") % {"course": pooling.course.number},
        network_id=pooling.network_id,
    )
