"""Tells the figures about runs who was moved when runs were put together."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from samspil.enrolment.enums import MoveState
from samspil.enrolment.models import MoveLine
from samspil.runs.domain.figures import Moved, moved_source


@moved_source
def moved(runs: Collection[int]) -> Iterator[Moved]:
    """The lines of plans by which people came to one of the runs. One query. No personal data."""
    for line in (
        MoveLine.objects.filter(state=MoveState.MOVED, target__in=runs)
        .select_related("offer")
        .order_by("pk")
    ):
        hours = None
        if line.offer is not None and line.answered_at is not None:
            hours = (line.answered_at - line.offer.created_at).total_seconds() / 3600
        yield Moved(line.source_id, line.target_id, line.heads, line.metres, hours)
