"""Two loans between schools of the example: one that runs, and one that waits for an answer.

Who lends to whom is made up, as everything in the example that its sources do not say.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

from django.conf import settings

from samspil.catalogue.models import Approval
from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.kernel.signing import EXAMPLE_METHOD, SecondFactor
from samspil.lending.domain import loans
from samspil.lending.domain.terms import Terms, is_approved, last_day
from samspil.lending.enums import Ground
from samspil.lending.models import Loan
from samspil.network.domain.actors import actor_for
from samspil.network.models import Organisation, RoleAssignment
from samspil.network.models.organisations import valid_on


def lend(*, now: datetime) -> list[Loan]:
    """Make the example's loans, by the people of the schools, with the same actions as the pages.

    Gives nothing when the example has no four schools that can lend to each other, or loans already.
    """
    if Loan.objects.exists():
        return []
    today = now.date()
    found = _pairs(today)
    if len(found) < 2:
        return []
    running, waiting = found[:2]
    first = _propose(
        *running, now=now, starts_on=today - timedelta(days=40), ground=Ground.CAPACITY
    )
    loans.accept_loan(
        actor=_who(first.lender, roles.SCHOOL_COORDINATOR, today),
        now=now,
        loan=first,
        version=first.version,
    )
    first.refresh_from_db()
    # Trial signatures are taken in the example settings alone; elsewhere the loan waits for real ones.
    for party in loans.parties(first) if settings.EXAMPLE_DOOR else []:
        loans.sign_loan(
            actor=_who(party, roles.SCHOOL_LEADER, today),
            now=now,
            loan=first,
            organisation=party,
            content_hash=first.content_hash,
            factor=SecondFactor(EXAMPLE_METHOD, now),
        )
    second = _propose(
        *waiting, now=now, starts_on=today + timedelta(days=30), ground=Ground.GEOGRAPHY
    )
    return [first, second]


def _who(school: Organisation, role: str, today: date) -> Actor:
    place = (
        RoleAssignment.objects.filter(valid_on(today), organisation=school, role=role)
        .select_related("person")
        .order_by("pk")[0]
    )
    return actor_for(place.person, today=today, organisation_id=school.pk)


def _staffed(today: date) -> list[Organisation]:
    """Schools with a coordinator and a leader, by key."""
    both = [
        set(
            RoleAssignment.objects.filter(valid_on(today), role=role).values_list(
                "organisation_id", flat=True
            )
        )
        for role in (roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)
    ]
    return list(Organisation.objects.filter(pk__in=both[0] & both[1]).order_by("key", "pk"))


def _pairs(today: date) -> list[tuple[Approval, Organisation]]:
    """An approval of one school, and the next school by key, which does not have it."""
    schools = _staffed(today)
    found = []
    for lender, borrower in pairwise(schools):
        for approval in (
            Approval.objects.filter(valid_on(today), organisation=lender)
            .select_related("fkb", "organisation")
            .order_by("fkb__number", "pk")
        ):
            if not is_approved(borrower, approval.fkb, today):
                found.append((approval, borrower))
                break
    return found


def _propose(
    approval: Approval, borrower: Organisation, *, now: datetime, starts_on: date, ground: str
) -> Loan:
    return loans.propose_loan(
        actor=_who(borrower, roles.SCHOOL_COORDINATOR, now.date()),
        now=now,
        by=borrower,
        terms=Terms(
            lender=approval.organisation,
            borrower=borrower,
            fkb=approval.fkb,
            starts_on=starts_on,
            ends_on=last_day(starts_on),
            grounds=[ground],
            reason="Værkstederne er optaget resten af halvåret, og der står folk på venteliste."
            if ground == Ground.CAPACITY
            else "Der er over en times kørsel til den godkendte skole.",
            place=f"{borrower.street}, {borrower.postcode} {borrower.city}".strip(" ,"),
        ),
    )
