"""The minutes of a meeting as tagged PDF: the frozen content and nothing else."""

from __future__ import annotations

from samspil.coordination.models import Meeting
from samspil.kernel.documents import render_pdf


def minutes_pdf(meeting: Meeting) -> bytes:
    """The PDF of an ended meeting's minutes. Raises ``ValueError`` while it goes on."""
    if meeting.content is None or meeting.ended_at is None:
        raise ValueError(f"Meeting {meeting.pk} is not over")
    return render_pdf(
        "coordination/documents/minutes.typ",
        {"title": meeting.content["title"], "content": meeting.content},
        at=meeting.ended_at,
    )
