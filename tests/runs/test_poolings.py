"""A pooling from the question to the answer, with the real planner in its child process."""

from __future__ import annotations

from datetime import datetime

import pytest

from planning.planners import POOLING
from samspil.kernel import calculations, clock, solving
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.models import AuditEvent, Calculation
from samspil.kernel.outbox import run_due
from samspil.runs.domain import planning, poolings, queries
from samspil.runs.domain.planning import Conditions
from samspil.runs.models import CourseRun, Pooling
from tests.factories.board import RoundCase, make_round
from tests.factories.runs import SEEN, make_runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> RoundCase:
    return make_round(fkb="9222")


def ask(case: RoundCase, now: datetime, **conditions: object) -> Pooling:
    return poolings.request_pooling(
        actor=case.secretariat,
        now=now,
        network=case.network,
        course=case.rows[0].course,
        conditions=Conditions(**conditions),  # type: ignore[arg-type]
    )


def test_runs_that_fail_alone_are_held_together(case: RoundCase, now: datetime) -> None:
    aarhus, randers, horsens = make_runs(case.rows[0].course, case.schools, (6, 5, 2))
    made = ask(case, now, km=75, days=28)
    assert solving.run_next()
    run_due(clock.now())
    made.refresh_from_db()
    assert made.status == "answered"
    answer = planning.read(made.problem, made.solution)
    assert answer.alone == 0
    assert made.statistics["taught"] == 13
    # Everybody can reach the run that six are signed up for: the fewest move.
    assert answer.held == {aarhus.pk}
    assert {(m.source, m.target, m.heads) for m in answer.moves} == {
        (randers.pk, aarhus.pk, 5),
        (horsens.pk, aarhus.pk, 2),
    }
    assert AuditEvent.objects.filter(verb="runs.answer_pooling").count() == 1
    # The facts stand with the answer, and once.
    assert not Calculation.objects.exclude(problem={}).exists()


def test_done_twice_it_changes_nothing(case: RoundCase, now: datetime) -> None:
    make_runs(case.rows[0].course, case.schools)
    made = ask(case, now)
    assert solving.run_next()
    calculation = calculations.of(made).get()
    for _ in range(2):
        poolings.pooling_answered({"calculation": calculation.pk}, now=now)
    assert AuditEvent.objects.filter(verb="runs.answer_pooling").count() == 1


def test_what_people_decided_is_kept(case: RoundCase, now: datetime) -> None:
    aarhus, randers, _horsens = make_runs(case.rows[0].course, case.schools, (6, 5, 2))
    made = ask(case, now, cancelled=(aarhus.pk,))
    assert solving.run_next()
    run_due(clock.now())
    made.refresh_from_db()
    answer = planning.read(made.problem, made.solution)
    # Horsens is too far from Randers, so its two lose their class; Aarhus' six can go to Randers.
    assert answer.held == {randers.pk}
    assert made.statistics["taught"] == 11


def test_kilometres_and_days_are_limits(case: RoundCase, now: datetime) -> None:
    make_runs(case.rows[0].course, case.schools, (6, 5, 2))
    for conditions in ({"km": 30}, {"days": 6}):
        made = ask(case, now, **conditions)
        assert solving.run_next()
        run_due(clock.now())
        made.refresh_from_db()
        assert made.statistics["taught"] == 0


def test_another_length_or_language_is_another_class(case: RoundCase, now: datetime) -> None:
    runs = make_runs(case.rows[0].course, case.schools, (6, 5))
    CourseRun.objects.filter(pk=runs[1].pk).update(duration_days=9)
    made = ask(case, now)
    assert solving.run_next()
    run_due(clock.now())
    made.refresh_from_db()
    assert made.statistics["taught"] == 0


def test_only_runs_that_have_not_begun_are_asked_about(case: RoundCase, now: datetime) -> None:
    begun, cancelled, open_run = make_runs(case.rows[0].course, case.schools)
    CourseRun.objects.filter(pk=begun.pk).update(starts_on=SEEN, ends_on=SEEN)
    CourseRun.objects.filter(pk=cancelled.pk).update(status="cancelled")
    made = ask(case, now)
    problem = POOLING.read_problem(calculations.of(made).get().problem)
    assert [run.key for run in problem.runs] == [str(open_run.pk)]


def test_only_the_networks_schools_when_asked_so(case: RoundCase, now: datetime) -> None:
    stranger = make_round(fkb="9333").schools[0]
    course = case.rows[0].course
    make_runs(course, [case.schools[0], stranger], (6, 5))
    made = poolings.request_pooling(
        actor=case.secretariat,
        now=now,
        network=case.network,
        course=course,
        conditions=Conditions(),
        only_network=True,
    )
    problem = POOLING.read_problem(calculations.of(made).get().problem)
    assert {run.school for run in problem.runs} == {case.schools[0].key}


def test_when_some_say_no_more_are_asked_and_each_class_says_how_sure_it_is(
    case: RoundCase, now: datetime
) -> None:
    make_runs(case.rows[0].course, case.schools, (8, 5, 4))
    made = ask(case, now, yes="50")
    assert solving.run_next()
    run_due(clock.now())
    made.refresh_from_db()
    assert made.status == "answered"
    answer = planning.read_uncertain(made.problem, made.solution)
    assert (answer.people, answer.alone) == (17, 0)
    assert 0 < made.statistics["expected"] < 17_000
    assert made.statistics["expected"] <= made.statistics["bounds"][0]["best_possible"]
    # Two are missing: more than two are asked, because half say no.
    assert sum(a.heads for a in answer.asks if a.wave == 1) > 2
    assert {a.percent for a in answer.asks} == {50}
    assert any(0 < sure.percent < 100 for sure in answer.sure.values())
    # The next question begins from an answer of its own kind only.
    certain = ask(case, now)
    assert calculations.of(certain).get().first is None
    again = ask(case, now, yes="50")
    assert calculations.of(again).get().first is not None


def test_conditions_that_cannot_be_are_refused(case: RoundCase, now: datetime) -> None:
    with pytest.raises(Invalid, match="intet at lægge sammen"):
        ask(case, now)
    (run, *_) = make_runs(case.rows[0].course, case.schools)
    for wrong in ({"km": -1}, {"km": 501}, {"days": 366}, {"yes": "70"}):
        with pytest.raises(Invalid):
            ask(case, now, **wrong)
    with pytest.raises(Invalid, match="både gennemføres og aflyses"):
        ask(case, now, held=(run.pk,), cancelled=(run.pk,))
    with pytest.raises(Conflict):
        ask(case, now, held=(run.pk + 999,))
    assert not Pooling.objects.exists()
    assert not Calculation.objects.exists()


def test_it_is_asked_and_seen_inside_the_network(case: RoundCase, now: datetime) -> None:
    other = make_round(fkb="9333")
    make_runs(case.rows[0].course, case.schools)
    made = ask(case, now)
    assert queries.get_pooling(case.coordinator(), made.pk) == made
    with pytest.raises(NotFound):
        queries.get_pooling(other.secretariat, made.pk)
    with pytest.raises(Forbidden):
        poolings.stop_pooling(actor=other.secretariat, now=now, pooling=made)
    with pytest.raises(Forbidden):
        poolings.request_pooling(
            actor=other.secretariat,
            now=now,
            network=case.network,
            course=case.rows[0].course,
            conditions=Conditions(),
        )


def test_it_can_be_stopped_once(case: RoundCase, now: datetime) -> None:
    make_runs(case.rows[0].course, case.schools)
    made = ask(case, now)
    for _ in range(2):
        poolings.stop_pooling(actor=case.secretariat, now=now, pooling=made)
    assert AuditEvent.objects.filter(verb="runs.stop_pooling").count() == 1


def test_a_calculation_that_failed_is_told(
    case: RoundCase, now: datetime, settings: object
) -> None:
    make_runs(case.rows[0].course, case.schools)
    made = ask(case, now)
    Calculation.objects.update(problem={"format": "samspil.pooling.problem", "version": 99})
    assert solving.run_next()
    run_due(clock.now())
    made.refresh_from_db()
    assert made.status == "failed"
    assert made.statistics["failure"] == "unreadable"
