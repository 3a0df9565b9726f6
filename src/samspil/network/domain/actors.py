"""From a signed-in person to an ``Actor`` with the grants that hold today."""

from __future__ import annotations

from datetime import date

from samspil.kernel.actor import Actor, Grant
from samspil.network.models import Person
from samspil.network.models.organisations import valid_on


def actor_for(person: Person, *, today: date, organisation_id: int | None = None) -> Actor:
    """The actor that ``person`` is on ``today``.

    ``organisation_id`` is the organisation the person chose to act for; when it is not one
    of the person's own, or none was chosen, the first of them is taken.
    """
    grants = frozenset(
        Grant(role=role, organisation_id=organisation, network_id=network)
        for role, organisation, network in person.role_assignments.filter(valid_on(today))
        .order_by("pk")
        .values_list("role", "organisation_id", "network_id")
    )
    own = sorted({grant.organisation_id for grant in grants if grant.organisation_id is not None})
    chosen = organisation_id if organisation_id in own else (own[0] if own else None)
    return Actor(
        kind="person",
        label=f"{person.name} <{person.email}>",
        person_id=person.pk,
        organisation_id=chosen,
        grants=grants,
    )
