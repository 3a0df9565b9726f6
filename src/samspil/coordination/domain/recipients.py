"""Whom a mail about a round goes to."""

from __future__ import annotations

import datetime as dt

from samspil.coordination.models import Round
from samspil.kernel import roles
from samspil.network.models import Organisation, Person, RoleAssignment
from samspil.network.models.organisations import valid_on


def school_people(
    organisation: Organisation, *, on: dt.date, leaders: bool = False
) -> list[Person]:
    """A school's coordinators, or its leaders; leaders stand in where there is no coordinator."""
    wanted = [roles.SCHOOL_LEADER] if leaders else [roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER]
    rows = list(
        RoleAssignment.objects.filter(
            valid_on(on), organisation=organisation, role__in=wanted, person__is_active=True
        )
        .select_related("person")
        .order_by("person_id")
    )
    first = [row for row in rows if row.role == wanted[0]] or rows
    return list({row.person_id: row.person for row in first}.values())


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
