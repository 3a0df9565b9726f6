"""Who stands behind the one-click door of the example settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from samspil.kernel import roles
from samspil.network.domain.actors import actor_for
from samspil.network.models import Person
from samspil.web.domain.header import role_of, title_of


@dataclass(frozen=True, slots=True)
class DoorRole:
    """One person of the example, named by role."""

    person_id: int
    title: str
    name: str
    featured: bool


def door_roles(*, today: date) -> list[DoorRole]:
    """The constructed people with a role, most telling role first.

    The first of each role is ``featured``: five buttons to begin with, the rest below them.
    """
    order = [
        roles.SECRETARIAT,
        roles.SCHOOL_COORDINATOR,
        roles.SCHOOL_LEADER,
        roles.READER,
        roles.PLATFORM_ADMIN,
    ]
    seen: set[str] = set()
    found: list[tuple[int, DoorRole]] = []
    for person in Person.objects.filter(is_constructed=True, is_active=True).order_by("pk"):
        actor = actor_for(person, today=today)
        role = role_of(actor)
        if not role:
            continue
        found.append(
            (
                order.index(role),
                DoorRole(
                    person_id=person.pk,
                    title=title_of(actor),
                    name=person.name,
                    featured=role not in seen,
                ),
            )
        )
        seen.add(role)
    return [entry for _rank, entry in sorted(found, key=lambda pair: pair[0])]


def door_person(person_id: int) -> Person | None:
    """The constructed person behind a button; never a person somebody invited."""
    return Person.objects.filter(is_constructed=True, is_active=True, pk=person_id).first()
