"""Two leaders decide the same gap at the same moment: one decision, and the second is told.

Without the lock both see a gap, and two decisions stand; the control shows it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest
from django.db import connection, connections

from samspil.coordination.domain import board, meetings
from samspil.coordination.models import Commitment, Meeting, MeetingDecision
from samspil.kernel import roles
from samspil.kernel.errors import Conflict, SamspilError
from samspil.network.domain.actors import actor_for
from tests.concurrency.test_board import run_together
from tests.factories.board import NOW, RoundCase, make_person, make_round


@pytest.fixture
def case() -> RoundCase:
    return make_round(schools=3, courses=2)


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have looked whether it is a gap before either writes, unless one waits."""
    barrier = threading.Barrier(2)
    plain = meetings._next

    def following(*args, **kwargs):
        # Broken when the other one waits for the lock: that is what it is for.
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1.0)
        return plain(*args, **kwargs)

    monkeypatch.setattr(meetings, "_next", following)


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The lock off: no row locks, and on SQLite transactions that begin without the write lock."""
    with monkeypatch.context() as patch:
        patch.setattr(meetings, "lock_row", lambda rows, pk: rows.get(pk=pk))
        for module in (meetings, board):
            patch.setattr(module, "lock_rows", lambda rows: list(rows.order_by("pk")))
        if connection.vendor == "sqlite":
            for alias in connections:
                patch.setitem(connections.settings[alias]["OPTIONS"], "transaction_mode", None)
            connections.close_all()
        yield
    connections.close_all()


def two_leaders(case: RoundCase):
    """Two calls: each leader gives the first gap to another school."""
    meeting = meetings.begin_meeting(actor=case.secretariat, now=NOW, round=case.round)
    second = make_person("Anden Leder", roles.SECRETARIAT, network=case.network)
    people = [case.secretariat_person, second]

    def call(index: int):
        def run() -> None:
            meetings.take_gap(
                actor=actor_for(people[index], today=NOW.date()),
                now=NOW,
                meeting=Meeting.objects.get(pk=meeting.pk),
                row_id=case.rows[0].pk,
                organisation_id=case.schools[index].pk,
            )

        return run

    return call(0), call(1)


def test_the_second_leader_is_told_who_took_it(case, meet):
    outcome = run_together(*two_leaders(case))
    (refused,) = [error for error in outcome if error is not None]
    assert isinstance(refused, Conflict)
    assert "har allerede besluttet" in refused.message
    assert MeetingDecision.objects.count() == 1
    assert Commitment.objects.count() == 1


def test_control_without_the_lock_both_are_written(case, meet, no_lock):
    outcome = run_together(*two_leaders(case))
    if connection.vendor == "sqlite":
        # SQLite notices that what the second one read is stale, and gives up with an error that
        # is not a sentence for anybody.
        assert [e for e in outcome if e and not isinstance(e, SamspilError)], outcome
    else:
        assert outcome == [None, None]
        assert MeetingDecision.objects.count() == 2


def test_begun_twice_at_once_is_one_meeting(case):
    def begin() -> None:
        meetings.begin_meeting(actor=case.secretariat, now=NOW, round=case.round)

    assert run_together(begin, begin) == [None, None]
    assert Meeting.objects.count() == 1
