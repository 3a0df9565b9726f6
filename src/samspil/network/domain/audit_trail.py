"""The audit trail of a network for those who keep it: in words, filtered, exported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from samspil.kernel import audit
from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound
from samspil.kernel.models import AuditEvent
from samspil.network import rules
from samspil.network.domain.queries import get_network
from samspil.network.models import Network, Organisation


@dataclass(frozen=True, slots=True)
class Trail:
    """A network's events, newest first, and the schools that they were done for."""

    network: Network
    events: QuerySet[AuditEvent]
    schools: list[Organisation]


def _kept_by(actor: Actor, network_id: int) -> Network:
    """The network, for its secretariat and platform administrators. Raises ``NotFound``."""
    network = get_network(actor, network_id)
    if not rules.may_run_network(actor, network):
        raise NotFound("")
    return network


def trail(
    actor: Actor,
    network_id: int,
    *,
    words: str = "",
    school: str = "",
    first: date | None = None,
    last: date | None = None,
) -> Trail:
    """Events that hold ``words``, were done for ``school`` (its key), from ``first`` to ``last``.

    Days are Danish and both inclusive. Raises ``NotFound`` for everybody but the secretariat
    of the network and platform administrators.
    """
    network = _kept_by(actor, network_id)
    stream = audit.stream_of(network.pk)
    events = AuditEvent.objects.filter(stream=stream)
    schools = list(
        Organisation.objects.filter(
            pk__in=AuditEvent.objects.filter(stream=stream)
            .exclude(organisation_id=None)
            .values("organisation_id")
        ).order_by("name", "pk")
    )
    if words:
        events = events.filter(
            Q(summary__icontains=words)
            | Q(subject_label__icontains=words)
            | Q(actor_label__icontains=words)
        )
    if school:
        events = events.filter(
            organisation_id__in=[item.pk for item in schools if item.key == school]
        )
    if first:
        events = events.filter(at__date__gte=first)
    if last:
        events = events.filter(at__date__lte=last)
    return Trail(network, events.order_by("-seq", "-pk"), schools)


def export(actor: Actor, network_id: int) -> tuple[Network, Iterator[str]]:
    """The whole chain as JSON Lines, oldest first, for ``tools/verify_audit.py``."""
    network = _kept_by(actor, network_id)
    return network, (f"{line}\n" for line in audit.export_lines(audit.stream_of(network.pk)))
