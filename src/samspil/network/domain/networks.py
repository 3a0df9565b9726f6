"""A network's own settings."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from samspil.kernel.actions import action, changes, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.locking import lock_row
from samspil.network import rules
from samspil.network.enums import RelationKind
from samspil.network.models import Network


@action("network.change_network", permission=rules.may_run_network, on="network")
def change_network(
    *,
    actor: Actor,
    now: datetime,
    network: Network,
    version: int,
    name: str,
    short_name: str,
    duty_relations: Collection[str],
) -> Network:
    """Change a network's names, and which courses its duty is about (R5, R26).

    ``duty_relations`` are values of ``RelationKind``. Rounds that are opened later follow them; a
    round that is open keeps those it was opened with. Raises ``Conflict`` when ``version`` is not
    the one that stands, ``Invalid`` for an empty name and for no relation or an unknown one.
    """
    fresh = lock_row(Network.objects.all(), network.pk)
    if fresh.version != version:
        raise Conflict(_("Nogen har rettet samarbejdet imens. Hent siden igen, og ret det så."))
    name, short_name = " ".join(name.split()), " ".join(short_name.split())
    if not name:
        raise Invalid(_("Skriv samarbejdets navn."), field="name")
    if not short_name:
        raise Invalid(_("Skriv et kort navn."), field="short_name")
    chosen = [kind.value for kind in RelationKind if kind.value in duty_relations]
    if not chosen or len(chosen) != len(set(duty_relations)):
        raise Invalid(_("Vælg mindst én slags mål."), field="duty_relations")
    before, after = changes(
        fresh, {"name": name, "short_name": short_name, "duty_relations": chosen}
    )
    if after:
        fresh.version += 1
        fresh.save(update_fields=[*after, "version"])
        record(
            fresh,
            before=before,
            after=after,
            summary=_("Indstillingerne for %(name)s er rettet.") % {"name": fresh.name},
            network_id=fresh.pk,
        )
    return fresh
