"""A proposal from the question to the board with a real worker and the real planner."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from samspil.coordination.domain import proposals
from samspil.coordination.models import Commitment, Proposal
from samspil.kernel import calculations
from samspil.kernel.errors import Conflict
from samspil.kernel.models import Calculation
from tests.concurrency.test_board import run_together
from tests.factories.board import NOW, RoundCase, make_round
from tests.factories.proposals import calculation_of, request, solve
from tests.support.worker import Worker, wait_for


@pytest.fixture
def case() -> RoundCase:
    case = make_round(courses=4)
    case.intend(case.rows[0], 0, take_on_days=Decimal(6))
    case.intend(case.rows[1], 1, take_on_days=Decimal(3))
    return case


def test_asked_for_calculated_and_used(case):
    client = Client()
    client.force_login(case.secretariat_person)
    client.post(reverse("coordination:ask_proposal", args=[case.round.pk]))
    proposal = Proposal.objects.get()
    address = reverse("coordination:proposal", args=[proposal.pk])
    assert "Regner …" in client.get(address).content.decode()
    with Worker():
        wait_for(lambda: Proposal.objects.filter(status="ready").exists())
    assert "Forslag: 2 af 4 huller kan lukkes" in client.get(address).content.decode()
    client.post(reverse("coordination:use_proposal", args=[proposal.pk]), {"all": "1"})
    assert Commitment.objects.filter(role="holder").count() == 2


def test_no_page_waits_for_the_sums(case):
    """Asking, looking and stopping do their work with no worker at all."""
    client = Client()
    client.force_login(case.secretariat_person)
    client.post(reverse("coordination:ask_proposal", args=[case.round.pk]))
    proposal = Proposal.objects.get()
    for name in ("coordination:proposal", "coordination:proposal_problem"):
        assert client.get(reverse(name, args=[proposal.pk])).status_code == 200
    stopped = client.post(reverse("coordination:stop_proposal", args=[proposal.pk]))
    assert stopped.status_code == 302
    assert Calculation.objects.get().status == "queued"


def test_a_stop_and_the_answer_at_the_same_moment_leave_one_proposal(case):
    proposal = request(case)
    claimed = calculations.claim(NOW)
    assert claimed is not None
    result = solve(claimed)
    calculations.finish(claimed, now=NOW, result=result)
    barrier = threading.Barrier(2)

    def come() -> None:
        barrier.wait()
        proposals.answer_when_calculated({"calculation": claimed.pk}, now=NOW)

    def stop() -> None:
        barrier.wait()
        proposals.stop_proposal(actor=case.secretariat, now=NOW, proposal=proposal)

    answered, stopped = run_together(come, stop)
    assert answered is None
    assert stopped is None or isinstance(stopped, Conflict)
    proposal.refresh_from_db()
    assert proposal.status == "ready"
    assert proposal.lines.count() == 4
    assert calculation_of(proposal).asked_to_stop_at is None
    connections.close_all()


def test_a_discard_and_the_answer_at_the_same_moment_leave_no_half_proposal(case):
    proposal = request(case)
    claimed = calculations.claim(NOW)
    assert claimed is not None
    calculations.finish(claimed, now=NOW, result=solve(claimed))
    barrier = threading.Barrier(2)

    def come() -> None:
        barrier.wait()
        proposals.answer_when_calculated({"calculation": claimed.pk}, now=NOW)

    def discard() -> None:
        barrier.wait()
        proposals.discard_proposal(actor=case.secretariat, now=NOW, proposal=proposal)

    answered, discarded = run_together(come, discard)
    assert answered is None
    assert discarded is None or isinstance(discarded, Conflict)
    proposal.refresh_from_db()
    if discarded is None:
        # Put away before the answer came: no lines.
        assert (proposal.status, proposal.lines.count()) == ("discarded", 0)
    else:
        assert (proposal.status, proposal.lines.count()) == ("ready", 4)
