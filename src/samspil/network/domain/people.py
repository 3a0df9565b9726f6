"""People, their roles, and the invitations by which they come."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from samspil.kernel import mail, roles
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.locking import lock_row
from samspil.kernel.signing import SecondFactor, check_factor, forget_factors
from samspil.network import rules
from samspil.network.enums import Role
from samspil.network.models import (
    Invitation,
    Membership,
    Network,
    Organisation,
    Person,
    PersonIdentity,
    RoleAssignment,
)
from samspil.network.models.organisations import valid_on
from samspil.network.notifications import FactorReset, LeaderChanged, PersonInvited

VALID_DAYS = 14
"""Days until an invitation runs out."""

NETWORK_ROLES = (Role.SECRETARIAT, Role.READER)
SCHOOL_ROLES = (Role.SCHOOL_COORDINATOR, Role.SCHOOL_LEADER, Role.READER)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _check_scope(role: str, scope: Network | Organisation) -> None:
    allowed = NETWORK_ROLES if isinstance(scope, Network) else SCHOOL_ROLES
    if role not in [item.value for item in allowed]:
        raise Invalid(_("Den rolle kan ikke gives her."), field="role")


def _answer_for(school: Organisation, actor: Actor, *, on: date) -> list[Person]:
    """Who is told when the actor changes a school's leaders: the school's leaders and
    coordinators, and the secretariats of the other networks that it belongs to. Not the actor.
    """
    there = Membership.objects.filter(valid_on(on), organisation=school).exclude(
        network_id__in=actor.network_ids(roles.SECRETARIAT)
    )
    rows = RoleAssignment.objects.filter(
        Q(organisation=school, role__in=[roles.SCHOOL_LEADER, roles.SCHOOL_COORDINATOR])
        | Q(network_id__in=there.values("network_id"), role=roles.SECRETARIAT),
        valid_on(on),
        person__is_active=True,
    ).select_related("person")
    found = {row.person_id: row.person for row in rows.order_by("person_id", "pk")}
    return [person for pk, person in found.items() if pk != actor.person_id]


def _tell_of_leader(
    what: str,
    *,
    role: str,
    school: Organisation | None,
    name: str,
    email: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Mail those who answer for a school that somebody from outside changes who may sign for it.

    The school's own leaders do it for themselves and tell nobody; nor is the new leader told here.
    """
    if role != roles.SCHOOL_LEADER or school is None:
        return
    if actor.has(roles.SCHOOL_LEADER, organisation_id=school.pk):
        return
    for person in _answer_for(school, actor, on=timezone.localdate(now)):
        if person.email != email:
            mail.send(
                LeaderChanged(
                    what=what,
                    name=name,
                    school=school.name,
                    by=actor.label,
                    person=person,
                    url=settings.BASE_URL + reverse("network:organisation", args=[school.pk]),
                ),
                to=person.email,
                now=now,
                subject_of=school,
                organisation_id=school.pk,
                language=person.language,
            )


@action("network.invite", permission=rules.may_assign_for, on="scope")
def invite(
    *, actor: Actor, now: datetime, scope: Network | Organisation, email: str, name: str, role: str
) -> Invitation:
    """Invite somebody to a role in a network or for an organisation (guests, too).

    The mail carries a link that works once and for ``VALID_DAYS`` days; only its hash is kept.
    A person who is here already gets the role when the link is followed, too. Raises ``Invalid``.
    """
    _check_scope(role, scope)
    email = email.strip().lower()
    network = scope if isinstance(scope, Network) else None
    organisation = scope if isinstance(scope, Organisation) else None
    if actor.person_id is None:
        raise Invalid(_("Kun en person kan invitere."))
    open_already = Invitation.objects.filter(
        email=email,
        role=role,
        network=network,
        organisation=organisation,
        accepted_at=None,
        withdrawn_at=None,
        expires_at__gt=now,
    )
    if open_already.exists():
        raise Invalid(
            _("%(email)s er allerede inviteret til den rolle.") % {"email": email}, field="email"
        )
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=email,
        name=" ".join(name.split()),
        role=role,
        network=network,
        organisation=organisation,
        token_hash=_hash(token),
        invited_by_id=actor.person_id,
        created_at=now,
        expires_at=now + timedelta(days=VALID_DAYS),
    )
    record(
        invitation,
        after={"email": email, "role": role},
        network_id=network.pk if network else None,
        organisation_id=organisation.pk if organisation else None,
        summary=_("%(name)s er inviteret som %(role)s.")
        % {"name": invitation.name, "role": invitation.get_role_display()},
    )
    mail.send(
        PersonInvited(
            invitation=invitation,
            scope=str(scope),
            url=settings.BASE_URL + reverse("network:accept_invitation", args=[token]),
        ),
        to=email,
        now=now,
        subject_of=invitation,
        network_id=network.pk if network else None,
    )
    _tell_of_leader(
        "appointed",
        role=role,
        school=organisation,
        name=invitation.name,
        email=email,
        actor=actor,
        now=now,
    )
    return invitation


@action("network.withdraw_invitation", permission=rules.may_withdraw, on="invitation")
def withdraw_invitation(*, actor: Actor, now: datetime, invitation: Invitation) -> Invitation:
    """Take an invitation back. Raises ``Conflict`` when it was used already."""
    fresh = lock_row(Invitation.objects.all(), invitation.pk)
    if fresh.accepted_at or fresh.withdrawn_at:
        raise Conflict(_("Invitationen er allerede brugt eller trukket tilbage."))
    fresh.withdrawn_at = now
    fresh.save(update_fields=["withdrawn_at"])
    record(
        fresh,
        after={"withdrawn_at": now},
        network_id=fresh.network_id,
        organisation_id=fresh.organisation_id,
        summary=_("Invitationen til %(name)s er trukket tilbage.") % {"name": fresh.name},
    )
    _tell_of_leader(
        "taken_back",
        role=fresh.role,
        school=fresh.organisation,
        name=fresh.name,
        email=fresh.email,
        actor=actor,
        now=now,
    )
    return fresh


def open_invitation(token: str, *, now: datetime) -> Invitation:
    """The invitation behind a link. Raises ``NotFound`` when there is none that is still open."""
    found = (
        Invitation.objects.select_related("network", "organisation", "invited_by")
        .filter(token_hash=_hash(token), accepted_at=None, withdrawn_at=None, expires_at__gt=now)
        .first()
    )
    if found is None:
        raise NotFound(_("Invitationen er brugt, trukket tilbage eller for gammel. Bed om en ny."))
    return found


def knows_email(email: str) -> bool:
    """Whether somebody already signs in with the address."""
    return Person.objects.filter(email__iexact=email).exists()


@action("network.accept_invitation", permission=lambda actor, obj: True)
def accept_invitation(
    *, actor: Actor, now: datetime, token: str, name: str = "", password: str = ""
) -> Person:
    """Follow an invitation's link: give the role, and make the person where there is none.

    The link is the permission. For an address that signs in already, the actor must be that
    person. Raises ``NotFound`` for a link that is no longer open, ``Invalid`` for the password.
    """
    invitation = open_invitation(token, now=now)
    locked = lock_row(Invitation.objects.all(), invitation.pk)
    if locked.accepted_at or locked.withdrawn_at:
        raise NotFound(_("Invitationen er brugt, trukket tilbage eller for gammel. Bed om en ny."))
    person = Person.objects.filter(email__iexact=locked.email).first()
    if person is not None and actor.person_id != person.pk:
        raise Invalid(_("Log ind som %(email)s, og følg så linket igen.") % {"email": locked.email})
    if person is None:
        shown = " ".join(name.split()) or locked.name
        try:
            validate_password(password, Person(email=locked.email, name=shown))
        except ValidationError as error:
            raise Invalid(" ".join(error.messages), field="password") from error
        person = Person.objects.create_user(locked.email, password, name=shown)
        record(
            person,
            after={"email": person.email, "name": person.name},
            summary=_("%(name)s er oprettet.") % {"name": person.name},
        )
    assignment = RoleAssignment.objects.filter(
        person=person,
        role=locked.role,
        organisation=locked.organisation,
        network=locked.network,
        valid_to=None,
    ).first() or RoleAssignment.objects.create(
        person=person,
        role=locked.role,
        organisation=locked.organisation,
        network=locked.network,
        valid_from=timezone.localdate(now),
    )
    locked.accepted_at = now
    locked.save(update_fields=["accepted_at"])
    record(
        assignment,
        after={"person": person.pk, "role": locked.role},
        network_id=locked.network_id,
        organisation_id=locked.organisation_id,
        summary=_("%(name)s har taget imod rollen %(role)s.")
        % {"name": person.name, "role": locked.get_role_display()},
    )
    return person


@action("network.end_role", permission=rules.may_end_role, on="assignment")
def end_role(
    *, actor: Actor, now: datetime, assignment: RoleAssignment, on: date
) -> RoleAssignment:
    """End a role; ``on`` is its last day. Raises ``Conflict`` for the last secretariat of a
    network, and when the role has ended already."""
    fresh = lock_row(RoleAssignment.objects.select_related("person"), assignment.pk)
    if fresh.valid_to is not None and fresh.valid_to < on:
        raise Conflict(_("Rollen er allerede ophørt."))
    if fresh.role == roles.SECRETARIAT and fresh.network_id:
        others = RoleAssignment.objects.filter(
            valid_on(on + timedelta(days=1)), role=roles.SECRETARIAT, network_id=fresh.network_id
        ).exclude(pk=fresh.pk)
        if not others.exists():
            raise Conflict(_("Samarbejdet skal have mindst én koordinator. Udpeg en ny først."))
    before = fresh.valid_to
    fresh.valid_to = on
    fresh.save(update_fields=["valid_to"])
    record(
        fresh,
        before={"valid_to": before},
        after={"valid_to": on},
        network_id=fresh.network_id,
        organisation_id=fresh.organisation_id,
        summary=_("%(name)s er ikke længere %(role)s.")
        % {"name": fresh.person.name, "role": fresh.get_role_display()},
    )
    _tell_of_leader(
        "ended",
        role=fresh.role,
        school=fresh.organisation,
        name=fresh.person.name,
        email=fresh.person.email,
        actor=actor,
        now=now,
    )
    return fresh


@action("network.reset_second_factor", permission=rules.may_reset_factor, on="person")
def reset_second_factor(
    *, actor: Actor, now: datetime, person: Person, reason: str, factor: SecondFactor | None
) -> Person:
    """Take a lost second factor away, so that the person can set up a new one at the next sign-in.

    Its passkeys, codes, sessions and ties to outside identities go too. ``factor`` is the
    administrator's own, given just now. The person is told by mail. Raises ``Forbidden`` without a
    fresh factor, ``Invalid`` without a reason.
    """
    reason = " ".join(reason.split())[:300]
    if not reason:
        raise Invalid(_("Skriv, hvordan du ved, at det er personen selv."), field="reason")
    if not rules.may_reset_factor(actor, person):  # the system, too
        raise Forbidden(_("Kun en administrator kan nulstille andres anden faktor."))
    check_factor(factor, now)
    person = lock_row(Person.objects.all(), person.pk)
    taken = forget_factors(person.pk)
    ties, _by_model = PersonIdentity.objects.filter(person=person).delete()
    record(
        person,
        after={"factors": taken, "identities": ties, "reason": reason},
        summary=_("Den anden faktor for %(name)s er nulstillet: %(reason)s")
        % {"name": person.name, "reason": reason},
    )
    mail.send(
        FactorReset(
            person=person,
            by=actor.label.split(" <")[0],
            url=settings.BASE_URL + reverse("account_login"),
        ),
        to=person.email,
        now=now,
        subject_of=person,
        language=person.language,
    )
    return person
