"""Proposals with their answers, without a worker: solved here, by the real planner.

How a worker calculates is tested in ``tests/kernel/test_calculations.py`` and, with processes that
are killed, in ``tests/concurrency``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from planning.planners import COVERAGE
from planning.result import Limits
from samspil.coordination.domain import proposals
from samspil.coordination.models import Proposal, RoundFkb
from samspil.kernel import calculations
from samspil.kernel.actor import Actor
from samspil.kernel.models import Calculation, CalculationStatus
from tests.factories.board import NOW, RoundCase


def solve(calculation: Calculation, *, work: int = 400_000) -> dict[str, Any]:
    """What the planner answers, as it writes it."""
    problem = COVERAGE.read_problem(calculation.problem)
    first = COVERAGE.read_solution(calculation.first) if calculation.first else None
    result = COVERAGE.solve(problem, limits=Limits(work=work), warm_start=first)
    return COVERAGE.write_result(problem, result)


def calculation_of(proposal: Proposal) -> Calculation:
    """The newest calculation of a proposal, whole."""
    return Calculation.objects.get(pk=calculations.of(proposal, proposals.KIND)[0].pk)


def answer(
    proposal: Proposal,
    result: dict[str, Any] | None = None,
    *,
    failure: str = "",
    now: datetime = NOW,
) -> Proposal:
    """The proposal with an answer: the planner's, or the one given; or with a failure and none."""
    calculation = calculation_of(proposal)
    if result is None and not failure:
        result = solve(calculation)
    calculation.result, calculation.failure = result, failure
    calculation.status = CalculationStatus.FAILED if failure else CalculationStatus.DONE
    calculation.save(update_fields=["result", "failure", "status"])
    return proposals.answer_proposal(
        actor=Actor.system("planner"), now=now, proposal=proposal, calculation=calculation
    )


def ask(case: RoundCase, fkb: RoundFkb | None = None, **values: Any) -> Proposal:
    """Asked for and answered."""
    return answer(request(case, fkb, **values))


def request(case: RoundCase, fkb: RoundFkb | None = None, **values: Any) -> Proposal:
    """Asked for; no answer yet."""
    return proposals.request_proposal(
        **{"actor": case.secretariat, "now": NOW, "round": case.round, "round_fkb": fkb, **values}
    )
