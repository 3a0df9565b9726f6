"""Who may see and change sign-ups: the school that took them in, and the school that holds the run."""

from __future__ import annotations

from typing import Final

from samspil.enrolment.enums import STAFF_ROLES
from samspil.enrolment.models import Enrolment, ProtectedAccess, SeatOffer, SignUp
from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.network.models import Organisation
from samspil.runs.models import CourseRun

LINK_LABEL: Final = "sign_up:"
"""Begins the label of the actor who holds a personal link (``domain.tokens``)."""


def schools_of(actor: Actor) -> frozenset[int]:
    """The schools whose sign-ups the actor works with. Readers of a school see no people."""
    return actor.organisation_ids(*STAFF_ROLES)


def anybody(_actor: Actor, _obj: object = None) -> bool:
    """Signing up is open to all; the run says whether it takes sign-ups."""
    return True


def is_holder(actor: Actor, sign_up: SignUp) -> bool:
    """Whether the actor came by the sign-up's personal link."""
    return actor.kind == "anonymous" and actor.label == f"{LINK_LABEL}{sign_up.pk}"


def is_staff_of(actor: Actor, organisation_id: int) -> bool:
    """Coordinator or leader of the school."""
    return actor.has(*STAFF_ROLES, organisation_id=organisation_id)


def may_enter(actor: Actor, run: CourseRun) -> bool:
    """Whoever works at a school may sign people up for any school's run that takes sign-ups."""
    return bool(run.pk and schools_of(actor))


def may_handle(actor: Actor, sign_up: SignUp) -> bool:
    """Its link's holder, the school that took it in, and the school that holds its run."""
    return (
        is_holder(actor, sign_up)
        or is_staff_of(actor, sign_up.school_id)
        or is_staff_of(actor, sign_up.run.organisation_id)
    )


def may_answer(actor: Actor, offer: SeatOffer) -> bool:
    """Whoever may change the sign-up that the offer is for."""
    return may_handle(actor, offer.sign_up)


def may_run(actor: Actor, run: CourseRun) -> bool:
    """The school that holds the run: attendance, waiting list, what is asked."""
    return is_staff_of(actor, run.organisation_id)


def may_note(actor: Actor, enrolment: Enrolment) -> bool:
    """The school that holds the enrolment's run."""
    return is_staff_of(actor, enrolment.run.organisation_id)


def may_set_terms(actor: Actor, organisation: Organisation) -> bool:
    """The school's own coordinators and leaders."""
    return is_staff_of(actor, organisation.pk)


def may_give_access(actor: Actor, organisation: Organisation) -> bool:
    """The school's leader decides who sees protected names and addresses (R95)."""
    return actor.has(roles.SCHOOL_LEADER, organisation_id=organisation.pk)


def protected_schools(actor: Actor) -> frozenset[int]:
    """The schools where the actor may see protected names and addresses. One query."""
    if actor.person_id is None:
        return frozenset()
    return schools_of(actor) & frozenset(
        ProtectedAccess.objects.filter(person=actor.person_id, withdrawn_at=None).values_list(
            "organisation_id", flat=True
        )
    )
