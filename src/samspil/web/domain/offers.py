"""What a school's site must show of its offer (R42), gathered from the contexts that know it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from samspil.catalogue.domain import statements
from samspil.catalogue.models import Approval
from samspil.catalogue.models.statements import VISKVALITET
from samspil.lending.domain import queries as lending
from samspil.lending.models import Loan
from samspil.network.models import Organisation
from samspil.network.models.organisations import valid_on
from samspil.runs.domain.told import Run
from samspil.web.domain import courses


@dataclass(frozen=True, slots=True)
class OfferPage:
    """Everything the page shows. ``sections`` are the school's own words, only those it has written."""

    school: Organisation
    approvals: tuple[Approval, ...]
    sections: tuple[statements.Section, ...]
    quality_url: str
    runs: tuple[Run, ...]
    lent: tuple[Loan, ...]
    borrowed: tuple[Loan, ...]
    contracts: tuple[Loan, ...]


def offer_page(key: str, *, today: date) -> OfferPage:
    """The page of an open school. Raises ``NotFound``."""
    school = courses.get_school(key)
    statement = statements.statement_of(school)
    loans = lending.public_loans(school, today=today)
    return OfferPage(
        school=school,
        approvals=tuple(
            Approval.objects.filter(valid_on(today), organisation=school)
            .select_related("fkb")
            .order_by("fkb__number", "pk")
        ),
        sections=tuple(s for s in statements.sections(statement) if s.text.strip()),
        quality_url=statement.quality_url if statement is not None else VISKVALITET,
        runs=tuple(courses.runs_of_school(school, today=today)),
        lent=tuple(x for x in loans if x.lender_id == school.pk and not x.is_contract),
        borrowed=tuple(x for x in loans if x.borrower_id == school.pk),
        contracts=tuple(x for x in loans if x.is_contract),
    )
