"""Seats under fire: a thousand people on twenty seats, two on the last one, and what happens unlocked.

The control takes the lock away and shows the run oversold (on SQLite: an error that is nobody's
sentence), so that the tests are known to see what they look for.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, connections

from samspil.enrolment.domain import capacity, offers, sign_ups, tokens
from samspil.enrolment.enums import SEATED
from samspil.enrolment.models import Enrolment, SeatOffer, SignUp
from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.errors import SamspilError
from samspil.runs.models import CourseRun
from tests.concurrency.test_board import run_together
from tests.factories import enrolments as make

TRIES, SEATS, AT_ONCE = 1000, 20, 8
"""Eight at once is what the web processes of an installation are; SQLite lets one write at a time, by
chance and not in turn, and with many more somebody's patience runs out."""


@pytest.fixture
def run() -> CourseRun:
    return make.make_open_run(
        make.make_school(), make.make_course(), now=clock.now(), capacity=SEATS
    )


def seated(run: CourseRun) -> int:
    return Enrolment.objects.filter(run=run, status__in=SEATED).count()


def one_more(run: CourseRun, **values: object) -> SignUp:
    return sign_ups.sign_up(
        actor=Actor.anonymous(), now=clock.now(), run=run, order=make.order(**values)
    )


def test_a_thousand_on_twenty_seats_give_twenty(run):
    begin = threading.Barrier(AT_ONCE)

    def work(tries: int) -> int:
        begin.wait(timeout=60)
        try:
            return sum(
                Enrolment.objects.get(sign_up=one_more(run)).status == "reserved"
                for _ in range(tries)
            )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        got = list(pool.map(work, [TRIES // AT_ONCE] * AT_ONCE))
    assert sum(got) == SEATS
    assert seated(run) == make.used(run) == SEATS
    assert Enrolment.objects.filter(run=run, status="waiting").count() == TRIES - SEATS


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> threading.Barrier:
    """Both have counted the free seats before either writes, unless the lock keeps one out."""
    barrier = threading.Barrier(2)
    plain = sign_ups.free_seats

    def free_seats(*args, **kwargs):
        found = plain(*args, **kwargs)
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1.0)
        return found

    monkeypatch.setattr(sign_ups, "free_seats", free_seats)
    return barrier


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The lock off: the run is read without one, and SQLite begins without the write lock."""
    with monkeypatch.context() as patch:
        patch.setattr(capacity, "lock_run", lambda pk, **_: CourseRun.objects.get(pk=pk))
        if connection.vendor == "sqlite":
            for alias in connections:
                patch.setitem(connections.settings[alias]["OPTIONS"], "transaction_mode", None)
            connections.close_all()
        yield
    connections.close_all()


def test_two_on_the_last_seat_one_waits(run, meet):
    CourseRun.objects.filter(pk=run.pk).update(capacity=1)
    outcome = run_together(lambda: one_more(run), lambda: one_more(run))
    assert outcome == [None, None]
    assert sorted(make.statuses(run)) == ["reserved", "waiting"]


def test_control_without_the_lock_the_last_seat_is_sold_twice(run, meet, no_lock):
    CourseRun.objects.filter(pk=run.pk).update(capacity=1)
    outcome = run_together(lambda: one_more(run), lambda: one_more(run))
    if connection.vendor == "sqlite":
        assert [e for e in outcome if isinstance(e, OperationalError)], outcome
    else:
        assert outcome == [None, None]
        assert make.statuses(run) == ["reserved", "reserved"]


def test_a_seat_given_back_while_others_come_goes_to_the_first_in_line(run):
    CourseRun.objects.filter(pk=run.pk).update(capacity=1)
    now = clock.now()
    first = make.sign_up(run, now=now)
    second = make.sign_up(run, now=now + timedelta(seconds=1))
    outcome = run_together(
        lambda: sign_ups.withdraw(actor=tokens.holder_of(first), now=clock.now(), sign_up=first),
        *(lambda: one_more(run) for _ in range(5)),
    )
    assert outcome == [None] * 6
    assert Enrolment.objects.get(sign_up=second).status == "enrolled"
    assert seated(run) == make.used(run) == 1


def test_yes_and_the_end_of_the_time_cannot_both_win(run):
    CourseRun.objects.filter(pk=run.pk).update(
        capacity=1, starts_on=clock.today() + timedelta(days=3)
    )
    run.refresh_from_db()
    now = clock.now()
    first = make.sign_up(run, now=now)
    second = make.sign_up(run, now=now + timedelta(seconds=1))
    sign_ups.withdraw(actor=tokens.holder_of(first), now=now, sign_up=first)
    offer = SeatOffer.objects.get()
    offer = offers.load_offer(offer.pk)
    late = offer.expires_at + timedelta(seconds=1)
    outcome = run_together(
        lambda: offers.answer_offer(
            actor=tokens.holder_of(second), now=now, offer=offer, verb="accept"
        ),
        lambda: offers.expire_offer(
            actor=Actor.system("enrolment.offer_ends"), now=late, offer=offer
        ),
    )
    assert all(e is None or isinstance(e, SamspilError) for e in outcome), outcome
    offer.refresh_from_db()
    row = Enrolment.objects.get(sign_up=second)
    assert (offer.state, row.status, make.used(run)) in (
        ("accepted", "enrolled", 1),
        ("expired", "cancelled", 0),
    )
