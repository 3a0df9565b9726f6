"""Two people ask for a proposal, or use it, at the same moment.

A round shall have one proposal to decide on. Each who asks puts earlier ones away; only the lock
on the round lets the second see the first's. The control takes the lock away and shows two.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import connection, connections

from samspil.coordination.domain import proposals
from samspil.coordination.models import ChangeSet, Commitment, Proposal
from samspil.kernel.errors import Conflict, SamspilError
from tests.concurrency.test_board import run_together
from tests.factories.board import NOW, RoundCase, make_round
from tests.factories.proposals import answer


@pytest.fixture
def case() -> RoundCase:
    case = make_round()
    case.intend(case.rows[0], 0, take_on_days=Decimal(6))
    return case


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have put earlier proposals away before either is answered, unless one waits."""
    barrier = threading.Barrier(2)
    plain = proposals.calculations.start

    def start(*args, **kwargs):
        # Broken when the other one waits for the lock: that is what it is for.
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1.0)
        return plain(*args, **kwargs)

    monkeypatch.setattr(proposals.calculations, "start", start)


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The lock off: no row locks, and on SQLite transactions that begin without the write lock."""
    with monkeypatch.context() as patch:
        patch.setattr(proposals, "lock_row", lambda rows, pk: rows.get(pk=pk))
        if connection.vendor == "sqlite":
            for alias in connections:
                patch.setitem(connections.settings[alias]["OPTIONS"], "transaction_mode", None)
            connections.close_all()
        yield
    connections.close_all()


def ask(case: RoundCase):
    return lambda: proposals.request_proposal(actor=case.secretariat, now=NOW, round=case.round)


def live() -> int:
    return Proposal.objects.filter(status="queued").count()


def test_two_who_ask_leave_one_proposal(case, meet):
    assert run_together(ask(case), ask(case)) == [None, None]
    assert Proposal.objects.count() == 2
    assert live() == 1


def test_control_without_the_lock_there_are_two(case, meet, no_lock):
    outcome = run_together(ask(case), ask(case))
    if connection.vendor == "sqlite":
        # SQLite notices that what the second one read is stale, and gives up with an error that
        # is not a sentence for anybody.
        assert [e for e in outcome if e and not isinstance(e, SamspilError)], outcome
    else:
        assert outcome == [None, None]
        assert live() == 2


def test_two_who_use_it_fill_the_board_once(case):
    proposal = answer(ask(case)())

    def use() -> None:
        proposals.use_proposal(actor=case.secretariat, now=NOW, proposal=proposal)

    outcome = run_together(use, use)
    (error,) = [error for error in outcome if error]
    assert isinstance(error, Conflict)
    assert ChangeSet.objects.count() == 1
    assert Commitment.objects.get().version == 1
