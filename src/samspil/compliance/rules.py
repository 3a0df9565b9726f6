"""Who sees how a round's agreements are kept, and who may have them checked now."""

from __future__ import annotations

from samspil.coordination.models import Round
from samspil.kernel import roles
from samspil.kernel.actor import Actor


def sees_all(actor: Actor, round: Round) -> bool:
    """Every school's standing: the network's secretariat, and who keeps the platform."""
    return (
        actor.is_system
        or actor.is_platform_admin
        or actor.has(roles.SECRETARIAT, network_id=round.network_id)
    )


def sees_school(actor: Actor, round: Round, organisation_id: int) -> bool:
    """One school's standing: the school itself, and those who see all."""
    return organisation_id in actor.organisation_ids() or sees_all(actor, round)


def may_check(actor: Actor, round: Round) -> bool:
    """Have the round checked at once instead of tonight: its secretariat."""
    return actor.is_system or actor.has(roles.SECRETARIAT, network_id=round.network_id)
