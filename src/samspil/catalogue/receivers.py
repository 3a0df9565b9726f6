"""What happens after commit: news of the network. Each may come twice."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from samspil.catalogue.domain import actions, queries
from samspil.contracts.network import SchoolsMerged
from samspil.kernel.actor import Actor
from samspil.kernel.outbox import receives


@receives(SchoolsMerged, kind="catalogue.schools_merged")
def on_schools_merged(payload: dict[str, Any], *, now: datetime) -> None:
    """Carry the approvals of a merged school over to its successor (R125)."""
    actor = Actor.system("catalogue.schools_merged")
    actions.carry_over_approvals(
        actor=actor,
        now=now,
        organisation=queries.get_school(actor, payload["organisation_id"]),
        successor=queries.get_school(actor, payload["successor_id"]),
        on=date.fromisoformat(payload["merged_on"]),
    )
