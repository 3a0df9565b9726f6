"""What moves and transfers know of a person: handed out, and emptied together with the sign-up (R94)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from samspil.enrolment.models import MoveLine, Transfer, TransferNote
from samspil.kernel import files, personal
from samspil.kernel.personal import Found


class MovesData:
    """What somebody was asked about and answered, what they wanted a school to know, and transfers."""

    def find(self, email: str, *, organisations: Collection[int]) -> Found:
        """A record per question and per transfer, for the schools on either side. Messages between schools are
        told as they stand: they are about the person."""
        own = list(organisations)
        lines = (
            MoveLine.objects.filter(
                Q(sign_up__school__in=own)
                | Q(source__organisation__in=own)
                | Q(state="moved", target__organisation__in=own),
                sign_up__contact_email__iexact=email,
            )
            .select_related("source__organisation", "target__organisation")
            .order_by("pk")
        )
        transfers = (
            Transfer.objects.filter(
                Q(origin__in=own) | Q(holder__in=own), sign_up__contact_email__iexact=email
            )
            .select_related("origin", "holder")
            .prefetch_related("notes__organisation")
            .order_by("pk")
        )
        return Found("enrolment.moves", tuple(told(lines, transfers)))

    def erase(self, email: str, *, organisations: Collection[int], now: datetime) -> int:
        """Nothing by itself: it goes with the sign-up (``empty``), when that may go."""
        return 0


def told(lines: Iterable[MoveLine], transfers: Iterable[Transfer]) -> list[dict[str, Any]]:
    """A record per question and per transfer, as it is handed out."""
    asked = [
        {
            "from": f"{line.source.organisation.name} {line.source.starts_on}",
            "to": f"{line.target.organisation.name} {line.target.starts_on}",
            "answer": line.state,
            "answered_at": line.answered_at.isoformat() if line.answered_at else "",
            "special_needs": line.special_needs,
        }
        for line in lines
    ]
    transferred = [
        {
            "from": row.origin.name,
            "to": row.holder.name,
            "at": row.created_at.isoformat(),
            "special_needs": row.special_needs,
            "messages": [
                {"school": note.organisation.name, "text": note.text, "at": note.at.isoformat()}
                for note in row.notes.all()
            ],
        }
        for row in transfers
    ]
    return [*asked, *transferred]


def of_people(people: Collection[int]) -> tuple[list[MoveLine], list[Transfer]]:
    """The questions and transfers that enrolments were part of."""
    lines = (
        MoveLine.objects.filter(enrolments__in=people)
        .select_related("source__organisation", "target__organisation")
        .distinct()
        .order_by("pk")
    )
    transfers = (
        Transfer.objects.filter(enrolments__in=people)
        .select_related("origin", "holder")
        .prefetch_related("notes__organisation")
        .distinct()
        .order_by("pk")
    )
    return list(lines), list(transfers)


def empty_for(people: Collection[int]) -> None:
    """Forget what was said about these enrolments' people; where it is about others too, who are still known, it stays."""
    known = Q(learner__isnull=False, learner__anonymised_at=None) & ~Q(pk__in=people)
    lines, transfers = of_people(people)
    for line in lines:
        if not line.enrolments.filter(known).exists():
            MoveLine.objects.filter(pk=line.pk).update(special_needs="", has_consent=False)
    alone = [row.pk for row in transfers if not row.enrolments.filter(known).exists()]
    _forget(alone)


def empty(sign_ups: Collection[int]) -> None:
    """Forget what was said about the people of these sign-ups. That they were asked and moved stays, without words."""
    MoveLine.objects.filter(sign_up__in=sign_ups).update(special_needs="", has_consent=False)
    _forget(
        list(
            Transfer.objects.filter(sign_up__in=sign_ups)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
    )


def _forget(transfers: Collection[int]) -> None:
    Transfer.objects.filter(pk__in=transfers).update(special_needs="", has_consent=False)
    notes = TransferNote.objects.filter(transfer__in=transfers)
    stored = [note.file for note in notes.exclude(file=None).select_related("file").order_by("pk")]
    notes.update(text="", file=None)
    for file in stored:
        if file is not None:
            files.forget(file)


personal.register("enrolment.moves", MovesData())
