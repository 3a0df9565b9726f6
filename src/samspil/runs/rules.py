"""Who may read runs in, and who may ask the planner about them."""

from __future__ import annotations

from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.network.models import Network
from samspil.network.rules import is_keeper
from samspil.runs.models import Pooling

_PLANNERS = (roles.SECRETARIAT, roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)


def may_read_runs_in(actor: Actor, _obj: object = None) -> bool:
    """The keepers of the common registers: announced runs are common to all networks."""
    return is_keeper(actor)


def may_ask(actor: Actor, network: Network) -> bool:
    """Whoever coordinates in the network: its secretariat, and coordinators and leaders of its schools."""
    if actor.is_system or actor.is_platform_admin:
        return True
    return any(actor.has(role) for role in _PLANNERS) and (
        Network.objects.visible_to(actor).filter(pk=network.pk).exists()
    )


def may_stop(actor: Actor, pooling: Pooling) -> bool:
    """Whoever may ask in its network."""
    return may_ask(actor, pooling.network)
