"""Who may keep networks, organisations and people in order."""

from __future__ import annotations

from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.network.models import Invitation, Membership, Network, Organisation, RoleAssignment


def is_keeper(actor: Actor, _obj: object = None) -> bool:
    """A platform administrator, or the secretariat of some network: keeps the common registers."""
    return actor.is_system or actor.is_platform_admin or actor.has(roles.SECRETARIAT)


def may_create_organisation(actor: Actor, _obj: object = None) -> bool:
    """Organisations are common to all networks: their keepers may add one."""
    return is_keeper(actor)


def may_change_organisation(actor: Actor, organisation: Organisation) -> bool:
    """A keeper any organisation it sees; an organisation's leader its own address and names."""
    if actor.is_system or actor.is_platform_admin:
        return True
    if actor.has(roles.SCHOOL_LEADER, organisation_id=organisation.pk):
        return True
    networks = actor.network_ids(roles.SECRETARIAT)
    return bool(networks) and organisation.memberships.filter(network_id__in=networks).exists()


def may_merge(actor: Actor, organisation: Organisation) -> bool:
    """A merger touches every network: a platform administrator, or the secretariat of one that
    the organisation belongs to."""
    networks = actor.network_ids(roles.SECRETARIAT)
    return (
        actor.is_system
        or actor.is_platform_admin
        or (bool(networks) and organisation.memberships.filter(network_id__in=networks).exists())
    )


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
