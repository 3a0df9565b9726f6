"""Who may see and change sign-ups: the school that took them in, and the school that holds the run."""

from __future__ import annotations

from samspil.kernel import roles
from samspil.kernel.actor import Actor

STAFF = (roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)


def schools_of(actor: Actor) -> frozenset[int]:
    """The schools whose sign-ups the actor works with. Readers of a school see no people."""
    return actor.organisation_ids(*STAFF)
