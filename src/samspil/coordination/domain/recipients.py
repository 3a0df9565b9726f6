"""Whom a mail about a round goes to."""

from __future__ import annotations

import datetime as dt

from samspil.coordination.models import Round
from samspil.kernel import roles
from samspil.network.models import Person, RoleAssignment
from samspil.network.models.organisations import valid_on


def secretariat_people(round: Round, *, on: dt.date) -> list[Person]:
    """The coordinators of the round's network."""
    rows = (
        RoleAssignment.objects.filter(
            valid_on(on),
            network=round.network_id,
            role=roles.SECRETARIAT,
            person__is_active=True,
        )
        .select_related("person")
        .order_by("person_id")
    )
    return list({row.person_id: row.person for row in rows}.values())
