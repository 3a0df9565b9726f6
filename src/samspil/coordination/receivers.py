"""What happens in the network, as far as it concerns rounds. Each may be delivered twice."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from samspil.contracts.network import SchoolLeft
from samspil.coordination.domain.board import school_leaves
from samspil.coordination.domain.board_queries import places_after
from samspil.kernel.actor import Actor
from samspil.kernel.outbox import receives


@receives(SchoolLeft, kind="coordination.school_left")
def on_school_left(payload: dict[str, Any], *, now: datetime) -> None:
    """Empty what the school holds in this year's round and later ones (R62)."""
    on = date.fromisoformat(payload["left_on"])
    for place in places_after(payload["network_id"], payload["organisation_id"], on):
        school_leaves(
            actor=Actor.system("coordination.school_left"),
            now=now,
            round=place.round,
            organisation=place.organisation,
            on=on,
        )
