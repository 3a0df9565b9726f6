"""Who may keep the catalogue in order, and what belongs to what."""

from __future__ import annotations

from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.network.models import Organisation
from samspil.network.rules import is_keeper


def may_keep_catalogue(actor: Actor, _obj: object = None) -> bool:
    """FKBs, courses, relations and approvals are common to all networks: platform administrators
    and the networks' secretariats keep them."""
    return is_keeper(actor)


def may_see_catalogue(actor: Actor) -> bool:
    """Everybody who is signed in: the catalogue is public knowledge."""
    return actor.kind != "anonymous"


def may_state_offer(actor: Actor, organisation: Organisation) -> bool:
    """A school's own words about its offer (R42): its coordinators and leaders."""
    return any(
        actor.has(role, organisation_id=organisation.pk)
        for role in (roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)
    )
