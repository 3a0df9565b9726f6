"""No run is planned or announced without an approval or a loan in force on all its days (R48–R51)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from samspil.kernel.errors import Invalid
from samspil.lending.domain import loans
from samspil.lending.models import Loan
from samspil.runs.domain import keeping
from samspil.runs.models import CourseRun
from tests.factories.kept_runs import facts
from tests.factories.loans import NOW, LoanCase, make_loan_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> LoanCase:
    return make_loan_case()


def plan(case: LoanCase, who: str, first_on: date) -> CourseRun:
    school = case.lender if who == "lender" else case.borrower
    return keeping.plan_run(
        actor=case.actor(who), now=NOW, school=school, facts=facts(case.courses[0], first_on)
    )


def announce(case: LoanCase, run: CourseRun) -> CourseRun:
    return keeping.announce_run(actor=case.actor("borrower"), now=NOW, run=run, version=run.version)


def test_an_approved_school_plans(case: LoanCase) -> None:
    assert plan(case, "lender", date(2027, 5, 3)).pk


def test_without_approval_and_loan_nothing_is_planned(case: LoanCase) -> None:
    with pytest.raises(Invalid) as error:
        plan(case, "borrower", date(2027, 5, 3))
    assert error.value.message == (
        "Dalby Erhvervsskole er ikke godkendt til målet og har ikke lånt det."
    )
    case.propose()  # not signed: gives nothing yet
    with pytest.raises(Invalid):
        plan(case, "borrower", date(2027, 5, 3))
    assert not CourseRun.objects.exists()


def test_on_a_loan_within_its_days(case: LoanCase) -> None:
    case.signed()
    assert plan(case, "borrower", date(2027, 9, 29)).pk
    with pytest.raises(Invalid) as error:
        plan(case, "borrower", date(2027, 9, 30))  # the second day lies outside
    assert "fra 01-04-2027 til 30-09-2027" in error.value.message


def test_a_loan_ended_or_without_ground_stops_the_announcement(case: LoanCase) -> None:
    loan = case.signed()
    run = plan(case, "borrower", date(2027, 9, 1))
    Loan.objects.filter(pk=loan.pk).update(grounds=[])
    with pytest.raises(Invalid):
        announce(case, run)
    Loan.objects.filter(pk=loan.pk).update(grounds=["capacity"])
    loans.end_loan(
        actor=case.actor("lender"),
        now=NOW + timedelta(days=40),
        loan=loan,
        by=case.lender,
        last_on=date(2027, 8, 31),
        reason="Vi har plads igen",
    )
    with pytest.raises(Invalid):
        announce(case, run)
    run.refresh_from_db()
    assert run.status == "planned"
