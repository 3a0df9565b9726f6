"""Who may do what in a round: permissions of actions and predicates of pages."""

from __future__ import annotations

from samspil.coordination.models import Form, Round
from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.network.models import Network


def may_run_round(actor: Actor, round: Round) -> bool:
    """The secretariat of the round's network."""
    return actor.is_system or actor.has(roles.SECRETARIAT, network_id=round.network_id)


def may_fill_form(actor: Actor, form: Form) -> bool:
    """The school's own coordinator, or the secretariat on its behalf."""
    return may_run_round(actor, form.round) or actor.has(
        roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER, organisation_id=form.organisation_id
    )


def may_open_round(actor: Actor, network: Network) -> bool:
    """The secretariat opens the rounds of its network."""
    return actor.is_system or actor.has(roles.SECRETARIAT, network_id=network.pk)
