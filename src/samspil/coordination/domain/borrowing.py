"""Courses of a round that a school may hold on loan, under another's approval (R59)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from samspil.lending.enums import LoanKind
from samspil.lending.models import Loan


def loans_in(year: int) -> QuerySet[Loan]:
    """Loans between schools that both have signed and that run on some day of the year."""
    return Loan.objects.signed().filter(
        kind=LoanKind.LENDING, starts_on__lte=date(year, 12, 31), ends_on__gte=date(year, 1, 1)
    )


def is_on_loan(year: int, organisation_id: int) -> Exists:
    """Condition on ``RoundCourse``: the school has it on loan on some day of the year."""
    return Exists(
        loans_in(year).filter(
            Q(courses=None) | Q(courses=OuterRef("course_id")),
            borrower_id=organisation_id,
            fkb_id=OuterRef("round_fkb__fkb_id"),
        )
    )


class Borrowed:
    """Who has which courses of some FKBs on loan in a year, and from whom; read by one query."""

    def __init__(self, year: int, fkb_ids: Iterable[int]) -> None:
        self._lenders: dict[tuple[int, int | None, int], int] = {}
        self.schools: set[int] = set()
        """Those that have anything of these FKBs on loan."""
        for fkb, course, borrower, lender in (
            loans_in(year)
            .filter(fkb__in=set(fkb_ids), borrower__isnull=False)
            .order_by("pk", "courses__pk")
            .values_list("fkb_id", "courses__pk", "borrower_id", "lender_id")
        ):
            if borrower is not None:
                self._lenders.setdefault((fkb, course, borrower), lender)
                self.schools.add(borrower)

    def lender(self, fkb_id: int, course_id: int, organisation_id: int) -> int | None:
        """Whose approval the school may use for the course, the first loan where there are several; or ``None``."""
        for course in (course_id, None):  # without courses a loan is of the whole FKB
            lender = self._lenders.get((fkb_id, course, organisation_id))
            if lender is not None:
                return lender
        return None
