"""Who may propose, answer, sign and register a loan."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from samspil.kernel import clock, roles
from samspil.kernel.actor import Actor
from samspil.lending.models import Loan
from samspil.network.domain import mandates
from samspil.network.domain.mandates import Basis
from samspil.network.models import Membership, Organisation
from samspil.network.models.organisations import valid_on

_STAFF = (roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)


def acts_for(actor: Actor, organisation: Organisation | None) -> bool:
    """Whether the actor coordinates or leads the organisation."""
    return organisation is not None and any(
        actor.has(role, organisation_id=organisation.pk) for role in _STAFF
    )


def may_propose(actor: Actor, organisation: Organisation) -> bool:
    """A school proposes for itself: its coordinators and leaders."""
    return acts_for(actor, organisation)


def is_party(actor: Actor, loan: Loan) -> bool:
    """Coordinators and leaders of either school."""
    return acts_for(actor, loan.lender) or acts_for(actor, loan.borrower)


def answers(loan: Loan) -> Organisation | None:
    """The school whose answer a proposal waits for: the one that did not speak last."""
    return loan.borrower if loan.proposed_by_id == loan.lender_id else loan.lender


def may_answer(actor: Actor, loan: Loan) -> bool:
    """Say yes, no or something else to a proposal: the school that it waits for."""
    return acts_for(actor, answers(loan))


def may_withdraw(actor: Actor, loan: Loan) -> bool:
    """Take a proposal back: the school that made it."""
    return acts_for(actor, loan.proposed_by)


def may_sign(actor: Actor, loan: Loan) -> bool:
    """Sign for a school: a leader of either, and whom the leader gave a mandate (R31 goes for every
    agreement between schools)."""
    return any(
        sign_basis(actor, loan, party, on=clock.today()) is not None
        for party in (loan.lender_id, loan.borrower_id)
        if party is not None
    )


def shared_networks(loan: Loan, *, on: date) -> Collection[int]:
    """The networks that both schools are in: a mandate for one of them covers a loan between the two."""
    if loan.borrower_id is None:
        return ()
    theirs = Membership.objects.filter(valid_on(on), organisation_id=loan.borrower_id)
    return frozenset(
        Membership.objects.filter(
            valid_on(on), organisation_id=loan.lender_id, network__in=theirs.values("network")
        ).values_list("network_id", flat=True)
    )


def sign_basis(
    actor: Actor, loan: Loan, organisation_id: int, *, on: date, locked: bool = False
) -> Basis | None:
    """By what the actor may sign a loan for one of its schools: as leader or by a mandate."""
    return mandates.basis_of(
        actor,
        organisation_id,
        network_id=shared_networks(loan, on=on),
        fkb_number=loan.fkb.number,
        on=on,
        locked=locked,
    )


def may_register(actor: Actor, loan: Loan) -> bool:
    """Note the receipt of the registration: the approved school, whose duty it is (R52)."""
    return acts_for(actor, loan.lender)


def is_worker(actor: Actor, _loan: object = None) -> bool:
    """The worker alone: what follows from what people did."""
    return actor.is_system
