"""Who may keep the catalogue in order, and what belongs to what."""

from __future__ import annotations

from samspil.kernel.actor import Actor
from samspil.network.rules import is_keeper


def may_keep_catalogue(actor: Actor, _obj: object = None) -> bool:
    """FKBs, courses, relations and approvals are common to all networks: platform administrators
    and the networks' secretariats keep them."""
    return is_keeper(actor)


def may_see_catalogue(actor: Actor) -> bool:
    """Everybody who is signed in: the catalogue is public knowledge."""
    return actor.kind != "anonymous"
