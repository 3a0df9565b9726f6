"""Who may propose, answer, sign and register a loan."""

from __future__ import annotations

from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.lending.models import Loan
from samspil.network.models import Organisation

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
    """Sign for a school: a leader of either (R31 goes for every agreement between schools)."""
    return actor.person_id is not None and any(
        actor.has(roles.SCHOOL_LEADER, organisation_id=party)
        for party in (loan.lender_id, loan.borrower_id)
        if party is not None
    )


def may_register(actor: Actor, loan: Loan) -> bool:
    """Note the receipt of the registration: the approved school, whose duty it is (R52)."""
    return acts_for(actor, loan.lender)


def is_worker(actor: Actor, _loan: object = None) -> bool:
    """The worker alone: what follows from what people did."""
    return actor.is_system


def leads(actor: Actor, organisation: Organisation) -> bool:
    """Whether the actor is a leader of the school: may sign for it."""
    return actor.has(roles.SCHOOL_LEADER, organisation_id=organisation.pk)
