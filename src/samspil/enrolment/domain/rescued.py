"""Tells the figures about runs who was moved when runs were put together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet

from samspil.enrolment.enums import MoveState
from samspil.enrolment.models import MoveLine
from samspil.runs.domain.figures import Moved, moved_source
from samspil.runs.models import CourseRun


@moved_source
def moved(runs: QuerySet[CourseRun]) -> Iterator[Moved]:
    """The lines of plans by which people came to one of the runs. One query. No personal data."""
    lines = (
        MoveLine.objects.filter(state=MoveState.MOVED, target__in=runs)
        .order_by("pk")
        .values_list(
            "source_id", "target_id", "heads", "metres", "answered_at", "offer__created_at"
        )
    )
    for source, target, heads, metres, answered, asked in lines.iterator(chunk_size=2000):
        hours = _hours(asked, answered)
        yield Moved(source, target, heads, metres, hours)


def _hours(asked: datetime | None, answered: datetime | None) -> float | None:
    """From being asked to answering; unknown where nobody answered or the offer is gone."""
    if asked is None or answered is None:
        return None
    return (answered - asked).total_seconds() / 3600
