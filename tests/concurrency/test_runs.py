"""Runs kept here, by two at the same moment: a form sent twice, seats that shrink as they fill.

The control takes the locks away and shows the fault, so that the tests are known to see it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction

from samspil.kernel import clock
from samspil.kernel.errors import Conflict, Invalid, SamspilError
from samspil.runs.domain import keeping, seats
from samspil.runs.models import CourseRun
from tests.concurrency.test_board import run_together
from tests.factories.board import RoundCase, make_round
from tests.factories.kept_runs import facts, keep_run


@pytest.fixture
def case() -> RoundCase:
    return make_round()


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has looked waits a moment for the other to look too, unless the lock keeps one out."""
    barrier = threading.Barrier(2)
    plain = keeping._checked

    def checked(*args, **kwargs):
        found = plain(*args, **kwargs)
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1.0)
        return found

    monkeypatch.setattr(keeping, "_checked", checked)


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The locks off: no row locks, and on SQLite transactions that begin without the write lock."""
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "lock_row", lambda rows, pk: rows.get(pk=pk))
        patch.setattr(seats, "lock_row", lambda rows, pk: rows.get(pk=pk))
        if connection.vendor == "sqlite":
            for alias in connections:
                patch.setitem(connections.settings[alias]["OPTIONS"], "transaction_mode", None)
            connections.close_all()
        yield
    connections.close_all()


def plan(case: RoundCase):
    wanted = facts(case.rows[0].course, clock.today() + timedelta(days=40))
    return lambda: keeping.plan_run(
        actor=case.coordinator(),
        now=clock.now(),
        school=case.schools[0],
        facts=wanted,
        form_key="samme",
    )


def test_a_form_sent_twice_at_once_makes_one_run_and_no_error(case, meet):
    assert run_together(plan(case), plan(case)) == [None, None]
    assert CourseRun.objects.count() == 1


def test_control_without_the_lock_the_second_one_meets_an_error(case, meet, no_lock):
    outcome = run_together(plan(case), plan(case))
    assert [e for e in outcome if e and not isinstance(e, SamspilError)], outcome


def shrink(case: RoundCase, run: CourseRun, capacity: int):
    wanted = replace(keeping.facts_from(run), capacity=capacity, minimum=1)
    return lambda: keeping.change_run(
        actor=case.coordinator(), now=clock.now(), run=run, facts=wanted, version=run.version
    )


def fill(run: CourseRun, number: int):
    """What whoever enrols does: lock, look, write."""

    def work() -> None:
        with transaction.atomic():
            fresh = seats.lock_run(run.pk)
            threading.Event().wait(0.3)
            if fresh.free < number:
                raise Invalid("Der er ikke plads.")
            seats.set_signed_up_here(fresh, fresh.signed_up_here + number)

    return work


def test_seats_that_fill_as_they_shrink_are_never_too_few(case, meet):
    run = keep_run(case.coordinator(), case.schools[0], case.rows[0].course)
    outcome = run_together(shrink(case, run, 5), fill(run, 8))
    assert [type(error) for error in outcome if error] == [Invalid]
    run.refresh_from_db()
    assert run.used <= run.capacity


def test_control_without_the_lock_there_are_more_people_than_seats(case, meet, no_lock):
    run = keep_run(case.coordinator(), case.schools[0], case.rows[0].course)
    outcome = run_together(shrink(case, run, 5), fill(run, 8))
    run.refresh_from_db()
    if connection.vendor == "sqlite":
        assert run.used > run.capacity or [
            e for e in outcome if e and not isinstance(e, SamspilError)
        ]
    else:
        assert outcome == [None, None]
        assert run.used > run.capacity


def test_of_two_decisions_one_holds(case):
    run = keep_run(case.coordinator(), case.schools[0], case.rows[0].course)
    actor, now = case.coordinator(), clock.now()
    outcome = run_together(
        lambda: keeping.confirm_run(actor=actor, now=now, run=run, version=run.version),
        lambda: keeping.cancel_run(
            actor=actor, now=now, run=run, version=run.version, reason="For få"
        ),
    )
    assert [type(error) for error in outcome if error] == [Conflict]
    run.refresh_from_db()
    assert run.status in ("confirmed", "cancelled")
