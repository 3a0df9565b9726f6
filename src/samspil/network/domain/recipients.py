"""Whom a mail to a school goes to."""

from __future__ import annotations

import datetime as dt

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
