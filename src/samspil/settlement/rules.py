"""Who may see, state, dispute and approve what is settled between schools."""

from __future__ import annotations

from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.network.rules import is_keeper
from samspil.settlement.models import Dispute, Statement, TransferFact

STAFF = (roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)


def only_the_system(actor: Actor, _obj: object = None) -> bool:
    """What follows from other contexts' events and from the calendar."""
    return actor.is_system


def may_keep_rates(actor: Actor, _obj: object = None) -> bool:
    """The keepers of the common registers: rates are the same for all schools."""
    return is_keeper(actor)


def sides(actor: Actor, statement: Statement) -> list[int]:
    """The statement's schools whose staff the actor is, by id."""
    return [
        school
        for school in (statement.first_id, statement.second_id)
        if actor.has(*STAFF, organisation_id=school)
    ]


def may_draw_up(actor: Actor, statement: Statement) -> bool:
    """Staff of either school."""
    return bool(sides(actor, statement))


def may_dispute(actor: Actor, statement: Statement) -> bool:
    """Staff of either school."""
    return bool(sides(actor, statement))


def may_approve(actor: Actor, statement: Statement) -> bool:
    """A leader of either school: approving binds it."""
    return any(
        actor.has(roles.SCHOOL_LEADER, organisation_id=school)
        for school in (statement.first_id, statement.second_id)
    )


def may_speak_in(actor: Actor, dispute: Dispute) -> bool:
    """Staff of either school."""
    return may_dispute(actor, dispute.statement)


def may_state_received(actor: Actor, transfer: TransferFact) -> bool:
    """Staff of the school that the people came from: it knows what it was paid, and so owes."""
    return actor.has(*STAFF, organisation_id=transfer.origin_id)


def may_state_participation(actor: Actor, transfer: TransferFact) -> bool:
    """Staff of the school that holds the run: it knows who took part and for how long."""
    return actor.has(*STAFF, organisation_id=transfer.holder_id)
