"""Who may keep networks, organisations and people in order."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Q

from samspil.kernel import clock, roles
from samspil.kernel.actor import Actor
from samspil.network.enums import MembershipKind
from samspil.network.models import (
    Invitation,
    Mandate,
    Membership,
    Network,
    Organisation,
    Person,
    RoleAssignment,
)


def is_keeper(actor: Actor, _obj: object = None) -> bool:
    """A platform administrator, or the secretariat of some network: keeps the common registers."""
    return actor.is_system or actor.is_platform_admin or actor.has(roles.SECRETARIAT)


def may_create_organisation(actor: Actor, _obj: object = None) -> bool:
    """Organisations are common to all networks: their keepers may add one."""
    return is_keeper(actor)


def _present(organisation: Organisation) -> Q:
    """Condition on an organisation's memberships: not ended. Of a closed one the last ones count."""
    if organisation.valid_to is not None:
        return Q()
    return Q(valid_to__isnull=True) | Q(valid_to__gte=clock.today())


def looks_after(actor: Actor, organisation: Organisation) -> bool:
    """A secretariat its members; its guests as long as no other network has them as members.

    Whoever looks after a school appoints its people, who sign for it. So being a guest somewhere
    gives that secretariat no hold on another network's member, nor does having been a member.
    """
    own = actor.network_ids(roles.SECRETARIAT)
    if not own:
        return False
    present = organisation.memberships.filter(_present(organisation)).values_list(
        "network_id", "kind"
    )
    members_of = {network for network, kind in present if kind == MembershipKind.MEMBER}
    if members_of:
        return not own.isdisjoint(members_of)
    return any(network in own for network, _kind in present)


def looked_after(actor: Actor) -> frozenset[int]:
    """The open organisations that ``looks_after`` holds for, in one query: for long lists."""
    own = actor.network_ids(roles.SECRETARIAT)
    if not own:
        return frozenset()
    members_of: dict[int, set[int]] = defaultdict(set)
    guests_of: dict[int, set[int]] = defaultdict(set)
    for organisation, network, kind in (
        Membership.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=clock.today()), organisation__valid_to=None
        )
        .order_by("pk")
        .values_list("organisation_id", "network_id", "kind")
    ):
        (members_of if kind == MembershipKind.MEMBER else guests_of)[organisation].add(network)
    return frozenset(
        organisation
        for organisation in {*members_of, *guests_of}
        if not own.isdisjoint(members_of.get(organisation) or guests_of[organisation])
    )


def may_take_in(actor: Actor, organisation: Organisation) -> bool:
    """Make an organisation a member, or the successor of another: not one that another network
    has as its member. That is for the platform administrator, who asks both."""
    if actor.is_system or actor.is_platform_admin or looks_after(actor, organisation):
        return True
    return not organisation.memberships.filter(
        _present(organisation), kind=MembershipKind.MEMBER
    ).exists()


def may_change_organisation(actor: Actor, organisation: Organisation) -> bool:
    """A secretariat those it looks after; an organisation's leader its own address and names."""
    if actor.is_system or actor.is_platform_admin:
        return True
    if actor.has(roles.SCHOOL_LEADER, organisation_id=organisation.pk):
        return True
    return looks_after(actor, organisation)


def may_merge(actor: Actor, organisation: Organisation) -> bool:
    """A merger touches every network: a platform administrator, or the secretariat of one that
    looks after the organisation."""
    return actor.is_system or actor.is_platform_admin or looks_after(actor, organisation)


def may_run_network(actor: Actor, network: Network) -> bool:
    """The secretariat of the network: members, guests, roles."""
    return (
        actor.is_system
        or actor.is_platform_admin
        or actor.has(roles.SECRETARIAT, network_id=network.pk)
    )


def may_end_membership(actor: Actor, membership: Membership) -> bool:
    """Whoever runs the membership's network."""
    return may_run_network(actor, membership.network)


def may_assign_for(actor: Actor, scope: Network | Organisation) -> bool:
    """People and roles: the secretariat in its network and for its members; a school's leader in
    the school."""
    if isinstance(scope, Network):
        return may_run_network(actor, scope)
    return may_change_organisation(actor, scope)


def may_end_role(actor: Actor, assignment: RoleAssignment) -> bool:
    """Whoever may give the role may end it; nobody ends a platform administrator but another."""
    if assignment.role == roles.PLATFORM_ADMIN:
        return actor.is_system or actor.is_platform_admin
    scope = assignment.network or assignment.organisation
    return scope is not None and may_assign_for(actor, scope)


def may_withdraw(actor: Actor, invitation: Invitation) -> bool:
    """Whoever may invite for the scope may take the invitation back."""
    scope = invitation.network or invitation.organisation
    return scope is not None and may_assign_for(actor, scope)


def may_give_mandate(actor: Actor, organisation: Organisation) -> bool:
    """Let somebody sign for a school: its own leader, and nobody else (R31)."""
    return actor.person_id is not None and actor.has(
        roles.SCHOOL_LEADER, organisation_id=organisation.pk
    )


def may_end_mandate(actor: Actor, mandate: Mandate) -> bool:
    """The school's leader; whoever has the mandate may give it back."""
    return actor.person_id is not None and (
        actor.person_id == mandate.person_id
        or actor.has(roles.SCHOOL_LEADER, organisation_id=mandate.organisation_id)
    )


def may_see_mandates(actor: Actor, organisation: Organisation) -> bool:
    """The school's own people, and the secretariats of the networks it is in: they must know
    whose signature counts."""
    if actor.is_system or actor.is_platform_admin or organisation.pk in actor.organisation_ids():
        return True
    own = actor.network_ids(roles.SECRETARIAT)
    return (
        bool(own)
        and organisation.memberships.filter(_present(organisation), network_id__in=own).exists()
    )


def may_reset_factor(actor: Actor, person: Person) -> bool:
    """Take a lost second factor away: a platform administrator, and not one's own."""
    return actor.is_platform_admin and actor.person_id != person.pk
