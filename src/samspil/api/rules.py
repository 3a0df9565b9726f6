"""Who keeps the keys and subscriptions of an organisation or a network."""

from __future__ import annotations

from samspil.api.models import KEEPERS, HasOwner
from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.network.models import Network, Organisation


def may_keep_for(actor: Actor, owner: Organisation | Network) -> bool:
    """An organisation's coordinators and leaders, a network's secretariat, platform administrators."""
    if actor.is_system or actor.is_platform_admin:
        return True
    if isinstance(owner, Network):
        return actor.has(roles.SECRETARIAT, network_id=owner.pk)
    return actor.has(*KEEPERS, organisation_id=owner.pk)


def may_keep(actor: Actor, row: HasOwner) -> bool:
    """Whoever may keep keys and subscriptions for the row's owner."""
    return may_keep_for(actor, row.owner)
