"""Runs kept here: what may be said, who may say it, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.models import AuditEvent
from samspil.kernel.tasks import tasks_for
from samspil.runs.domain import daily, days, keeping, kept, public, queries, seats
from samspil.runs.models import CourseRun, RunCount
from tests.factories.board import RoundCase, make_round
from tests.factories.kept_runs import facts, full, keep_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> RoundCase:
    return make_round(fkb="9222")


@pytest.fixture
def actor(case: RoundCase) -> Actor:
    return case.coordinator()


def plan(case: RoundCase, **values: Any) -> CourseRun:
    announced = values.pop("announced", False)
    return keep_run(
        case.coordinator(), case.schools[0], case.rows[0].course, announced=announced, **values
    )


def refused(case: RoundCase, **values: Any) -> Invalid:
    with pytest.raises(Invalid) as error:
        plan(case, **values)
    assert not CourseRun.objects.exists()
    return error.value


def test_a_run_from_plan_to_held(case: RoundCase, actor: Actor) -> None:
    now = clock.now()
    run = plan(case)
    assert (run.status, run.price, run.hours) == ("planned", 436, "08:00-15:24")
    assert run.decision_on == run.deadline_on
    assert not public.runs_of_course(run.course_id, today=clock.today())
    run = keeping.announce_run(actor=actor, now=now, run=run, version=run.version)
    assert [r.pk for r in public.runs_of_course(run.course_id, today=clock.today())] == [run.pk]
    run = keeping.confirm_run(actor=actor, now=now, run=run, version=run.version)
    with pytest.raises(Invalid, match="begynder først"):
        keeping.hold_run(actor=actor, now=now, run=run, version=run.version, taught=9)
    later = now + timedelta(days=60)
    run = keeping.hold_run(actor=actor, now=later, run=run, version=run.version, taught=9)
    assert (run.status, run.taught) == ("held", 9)
    told = list(AuditEvent.objects.filter(subject_id=str(run.pk)).order_by("pk"))
    assert [event.verb for event in told] == [
        "runs.plan_run",
        "runs.announce_run",
        "runs.confirm_run",
        "runs.hold_run",
    ]
    assert {event.organisation_id for event in told} == {case.schools[0].pk}


def test_a_promise_ends_the_risk(case: RoundCase, actor: Actor) -> None:
    run = full(plan(case, announced=True), 4)
    assert (run.missing, queries.totals(queries.RunFilter()).at_risk) == (6, 1)
    run = keeping.confirm_run(actor=actor, now=clock.now(), run=run, version=run.version)
    assert (run.missing, queries.totals(queries.RunFilter()).at_risk) == (0, 0)


def test_a_guarantee_has_a_minimum_of_five_at_most(case: RoundCase) -> None:
    error = refused(case, is_guaranteed=True, minimum=6)
    assert error.message.startswith("Et garantihold må højst have et minimum på 5.")
    assert error.field == "minimum"
    assert plan(case, is_guaranteed=True, minimum=5).is_guaranteed


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"capacity": 0}, "capacity"),
        ({"capacity": 8}, "minimum"),
        ({"minimum": 0}, "minimum"),
        ({"periods": ()}, "periods"),
        ({"postcode": "0001"}, "postcode"),
        ({"is_at_company": True}, "company"),
        ({"deadline_on": clock.today() + timedelta(days=99)}, "deadline_on"),
        ({"decision_on": clock.today() + timedelta(days=99)}, "decision_on"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    case: RoundCase, values: dict[str, Any], field: str
) -> None:
    assert refused(case, **values).field == field


def test_nobody_plans_in_the_past(case: RoundCase) -> None:
    assert "passeret" in refused(case, days=-1).message


def test_a_kviknummer_is_used_once(case: RoundCase) -> None:
    plan(case, kviknummer="K1")
    with pytest.raises(Invalid, match="bruges allerede") as error:
        plan(case, days=50, kviknummer="K1")
    assert error.value.field == "kviknummer"
    plan(case, days=60)
    plan(case, days=70)  # without one there may be many


def test_sent_twice_it_is_one_run(case: RoundCase, actor: Actor) -> None:
    given = facts(case.rows[0].course, clock.today() + timedelta(days=40))
    made = [
        keeping.plan_run(
            actor=actor, now=clock.now(), school=case.schools[0], facts=given, form_key="f1"
        )
        for _ in range(2)
    ]
    assert made[0].pk == made[1].pk
    assert CourseRun.objects.count() == 1


def test_a_curious_colleague_changes_nothing(case: RoundCase) -> None:
    run = plan(case)
    other = case.coordinator(1)
    with pytest.raises(NotFound):
        kept.get_run(other, run.pk)
    assert kept.get_run(case.secretariat, run.pk) == run
    for actor in (other, case.secretariat):
        with pytest.raises(Forbidden):
            keeping.announce_run(actor=actor, now=clock.now(), run=run, version=run.version)
        with pytest.raises(Forbidden):
            keep_run(actor, case.schools[0], run.course)


def test_an_announcement_says_where_and_until_when(case: RoundCase, actor: Actor) -> None:
    for values, field in (
        ({"street": ""}, "street"),
        ({"deadline_on": None}, "deadline_on"),
    ):
        run = plan(case, **values)
        with pytest.raises(Invalid) as error:
            keeping.announce_run(actor=actor, now=clock.now(), run=run, version=run.version)
        assert error.value.field == field
    run = plan(case, street="", postcode="", city="", is_remote=True)
    run = keeping.announce_run(actor=actor, now=clock.now(), run=run, version=run.version)
    assert run.teaching_form == "Fjernundervisning"


def test_a_stale_form_changes_nothing(case: RoundCase, actor: Actor) -> None:
    run = plan(case)
    seen = run.version
    given = facts(run.course, run.starts_on)
    keeping.change_run(
        actor=actor, now=clock.now(), run=run, facts=replace(given, capacity=24), version=seen
    )
    with pytest.raises(Conflict, match="rettet holdet imens"):
        keeping.change_run(
            actor=actor, now=clock.now(), run=run, facts=replace(given, capacity=30), version=seen
        )
    run.refresh_from_db()
    assert run.capacity == 24


def test_nothing_changed_says_nothing(case: RoundCase, actor: Actor) -> None:
    run = plan(case)
    before = AuditEvent.objects.count()
    keeping.change_run(
        actor=actor,
        now=clock.now(),
        run=run,
        facts=keeping.facts_from(run),
        version=run.version,
    )
    assert AuditEvent.objects.count() == before


def test_seats_do_not_go_below_those_in_use(case: RoundCase, actor: Actor) -> None:
    run = full(plan(case, announced=True), 9)
    CourseRun.objects.filter(pk=run.pk).update(signed_up_here=4)
    with pytest.raises(Invalid, match="13 tilmeldte"):
        keeping.change_run(
            actor=actor,
            now=clock.now(),
            run=run,
            facts=replace(keeping.facts_from(run), capacity=12),
            version=run.version,
        )


def test_a_sign_up_makes_no_form_stale(case: RoundCase, actor: Actor) -> None:
    from django.db import transaction

    run = plan(case, announced=True)
    with transaction.atomic():
        locked = seats.lock_run(run.pk)
        seats.set_signed_up_here(locked, 3)
    changed = keeping.change_run(
        actor=actor,
        now=clock.now(),
        run=run,
        facts=replace(keeping.facts_from(run), capacity=25),
        version=run.version,
    )
    assert (changed.used, changed.free) == (3, 22)
    with pytest.raises(ValueError, match="negative"):
        seats.set_signed_up_here(locked, -1)


def test_a_cancellation_has_a_reason_and_can_be_taken_back(case: RoundCase, actor: Actor) -> None:
    now = clock.now()
    run = plan(case, announced=True, takes_sign_up=True)
    with pytest.raises(Invalid) as error:
        keeping.cancel_run(actor=actor, now=now, run=run, version=run.version, reason="  ")
    assert error.value.field == "reason"
    run = keeping.cancel_run(
        actor=actor, now=now, run=run, version=run.version, reason="For få tilmeldte"
    )
    assert (run.status, run.reason, run.takes_sign_up) == ("cancelled", "For få tilmeldte", False)
    assert not public.runs_of_course(run.course_id, today=clock.today())
    with pytest.raises(Conflict, match="aflyst"):
        keeping.change_run(
            actor=actor,
            now=now,
            run=run,
            facts=replace(keeping.facts_from(run), capacity=25),
            version=run.version,
        )
    with pytest.raises(Conflict):
        keeping.confirm_run(actor=actor, now=now, run=run, version=run.version)
    run = keeping.reopen_run(actor=actor, now=now, run=run, version=run.version)
    assert run.status == "planned"


def test_a_run_that_was_read_in_is_not_changed_here(case: RoundCase, actor: Actor) -> None:
    from tests.factories.runs import make_runs

    run = make_runs(case.rows[0].course, case.schools)[0]
    with pytest.raises(Conflict, match="læst ind"):
        keeping.cancel_run(actor=actor, now=clock.now(), run=run, version=1, reason="nej")


def test_a_move_takes_the_deadlines_along(case: RoundCase, actor: Actor) -> None:
    run = plan(case)
    assert run.deadline_on is not None
    to, deadline = run.starts_on + timedelta(days=14), run.deadline_on
    moved = keeping.move_run(
        actor=actor, now=clock.now(), run=run, version=run.version, first_on=to
    )
    assert (moved.starts_on, moved.deadline_on) == (to, deadline + timedelta(days=14))
    assert [row.on for row in kept.days_of_run(moved)] == [to, to + timedelta(days=1)]
    with pytest.raises(Invalid, match="allerede"):
        keeping.move_run(
            actor=actor, now=clock.now(), run=moved, version=moved.version, first_on=to
        )


def test_a_series_is_made_once_however_often_it_is_sent(case: RoundCase, actor: Actor) -> None:
    run = plan(case, kviknummer="K1")
    lines = keeping.series_of(run, weeks=3, times=4)
    assert [line.first_on - run.starts_on for line in lines] == [
        timedelta(weeks=3 * n) for n in (1, 2, 3, 4)
    ]
    for _ in range(2):
        made = keeping.plan_series(
            actor=actor,
            now=clock.now(),
            run=run,
            weeks=3,
            times=4,
            wanted=frozenset({1, 3}),
            form_key="serie",
        )
    assert CourseRun.objects.count() == 3
    assert {item.kviknummer for item in made} == {""}
    assert all(item.hours == run.hours and item.capacity == run.capacity for item in made)
    assert [line.is_made for line in keeping.series_of(run, weeks=3, times=4)] == [
        True,
        False,
        True,
        False,
    ]
    with pytest.raises(Invalid, match="fra 1 til 52"):
        keeping.series_of(run, weeks=0, times=4)


def test_the_night_counts_seats_that_changed_and_only_those(case: RoundCase) -> None:
    run = full(plan(case, announced=True), 4)
    today = clock.today()
    assert daily.count(today) == 1
    assert daily.count(today) == 0
    full(run, 6)
    assert daily.count(today + timedelta(days=1)) == 1
    assert daily.count(today + timedelta(days=2)) == 0
    assert list(RunCount.objects.order_by("day").values_list("day", "enrolled")) == [
        (today, 4),
        (today + timedelta(days=1), 6),
    ]


def test_what_waits_for_a_school(case: RoundCase, actor: Actor) -> None:
    today = clock.today()
    run = full(plan(case, announced=True, days=10, deadline_on=today + timedelta(days=5)), 4)

    def titles(day: Any) -> list[str]:
        return [task.title for task in tasks_for(actor, day) if "/hold/" in task.url]

    number = run.course.number
    assert titles(today) == [f"Afgør, om holdet på {number} gennemføres"]
    assert titles(today + timedelta(days=20)) == [f"Skriv, hvor mange der deltog på {number}"]
    assert not [t for t in tasks_for(case.coordinator(1), today) if "/hold/" in t.url]


def test_the_plan_of_a_run_is_told_as_it_was_said(case: RoundCase) -> None:
    run = plan(case)
    assert keeping.facts_from(run).periods == facts(run.course, run.starts_on).periods
    assert days.length(days.all_days(keeping.periods_of(run))[0]) == 2
