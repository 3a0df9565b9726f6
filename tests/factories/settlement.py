"""A pair of schools with transfers in the ledger, for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from samspil.contracts.transfers import PeopleTransferred
from samspil.kernel.actor import Actor
from samspil.settlement.domain import ledger, rates, statements
from samspil.settlement.models import Statement, TransferFact
from tests.factories.board import RoundCase

SYSTEM = Actor.system("tests")
NOW = datetime(2026, 8, 20, 9, 0, tzinfo=UTC)
AFTER = datetime(2026, 10, 9, 9, 0, tzinfo=UTC)
"""A day after the third quarter's end on which its statement is drawn up."""


def set_rates(case: RoundCase, subsidy: int = 60_000_00, fee: int = 208_00) -> None:
    """One rate group with the case's courses, from 2020 on (constructed figures)."""
    for kind, oere in (("subsidy", subsidy), ("fee", fee)):
        rates.add_rate(
            actor=SYSTEM,
            now=NOW,
            group_key="gruppe-3",
            group_name="Gruppe 3",
            kind=kind,
            oere=oere,
            valid_from=date(2020, 1, 1),
            source="konstrueret",
            is_constructed=True,
        )
    for row in case.rows:
        rates.set_course_rate(
            actor=SYSTEM,
            now=NOW,
            course=row.course,
            group=rates.groups()[0],
            valid_from=date(2020, 1, 1),
        )


def told(case: RoundCase, reference: str = "t-1", **values: Any) -> PeopleTransferred:
    """Two people from the first school to a three-day run of the second."""
    return PeopleTransferred(
        **{
            "transfer": reference,
            "network_id": case.network.pk,
            "origin_id": case.schools[0].pk,
            "holder_id": case.schools[1].pk,
            "course_number": case.rows[0].course.number,
            "run": "prøve-1",
            "starts_on": "2026-09-07",
            "ends_on": "2026-09-09",
            "days_tenths": 30,
            "heads": 2,
            **values,
        }
    )


def transferred(case: RoundCase, reference: str = "t-1", **values: Any) -> TransferFact:
    """A transfer that is entered."""
    ledger.post_transfer(actor=SYSTEM, now=NOW, told=told(case, reference, **values))
    return TransferFact.objects.get(reference=reference)


def drawn_up(case: RoundCase, now: datetime = AFTER) -> Statement:
    """The first two schools' statement for the quarter of ``transferred``."""
    return statements.draw_up_statement(
        actor=SYSTEM, now=now, statement=Statement.objects.get(year=2026, quarter=3)
    )
