"""Who keeps runs, who may read them in, and who may ask the planner about them."""

from __future__ import annotations

from django.db.models import Q

from samspil.kernel import clock, roles
from samspil.kernel.actor import Actor
from samspil.network.models import Membership, Network, Organisation
from samspil.network.rules import is_keeper
from samspil.runs.models import CourseRun, Pooling

_PLANNERS = (roles.SECRETARIAT, roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)


def may_read_runs_in(actor: Actor, _obj: object = None) -> bool:
    """The keepers of the common registers: announced runs are common to all networks."""
    return is_keeper(actor)


def is_worker(actor: Actor, _obj: object = None) -> bool:
    """What only the worker does: fetch announced runs."""
    return actor.is_system


def may_ask(actor: Actor, network: Network) -> bool:
    """Whoever coordinates in the network: its secretariat, and coordinators and leaders of its schools."""
    if actor.is_system or actor.is_platform_admin:
        return True
    return any(actor.has(role) for role in _PLANNERS) and (
        Network.objects.visible_to(actor).filter(pk=network.pk).exists()
    )


def may_stop(actor: Actor, pooling: Pooling) -> bool:
    """Whoever may ask in its network."""
    return may_ask(actor, pooling.network)


def may_keep(actor: Actor, school: Organisation) -> bool:
    """A school's coordinators and leaders plan its runs. Nobody does it for them."""
    return actor.has(roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER, organisation_id=school.pk)


def may_keep_run(actor: Actor, run: CourseRun) -> bool:
    """Whoever keeps the runs of its school."""
    return may_keep(actor, run.organisation)


def kept_schools(actor: Actor) -> frozenset[int]:
    """The schools whose runs the actor keeps."""
    return actor.organisation_ids(roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)


def sees_staff(actor: Actor, run: CourseRun) -> bool:
    """Rooms and teachers: people of the school itself, and secretariats of its networks."""
    return run.organisation_id in seen_inside(actor)


def seen_inside(actor: Actor) -> frozenset[int]:
    """The schools whose plans the actor sees before they are announced: its own, and as a secretariat
    those of the network's members and guests."""
    networks = actor.network_ids(roles.SECRETARIAT)
    if not networks:
        return actor.organisation_ids()
    return actor.organisation_ids() | frozenset(
        Membership.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=clock.today()), network_id__in=networks
        ).values_list("organisation_id", flat=True)
    )
