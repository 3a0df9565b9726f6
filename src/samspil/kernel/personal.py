"""Personal data across contexts: what there is about one person, and how it goes (GDPR art. 15, 17).

Each context that keeps people registers how it finds, tells and erases what it has about an address.
The audit trail is no part of it: it holds no names of people who are signed up.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from samspil.kernel.models import MailMessage


@dataclass(frozen=True, slots=True)
class Found:
    """What one context has about an address: ``records`` as plain data, ready to be handed out.

    ``kept``: why some of it may not be erased yet, as sentences.
    """

    source: str
    records: tuple[dict[str, Any], ...]
    kept: tuple[str, ...] = ()


class Source(Protocol):
    """A context's part. ``organisations`` limits it to what those organisations are responsible for."""

    def find(self, email: str, *, organisations: Collection[int]) -> Found:
        """What there is. Writes nothing."""
        ...

    def erase(self, email: str, *, organisations: Collection[int], now: datetime) -> int:
        """Make it nobody's. Returns how many rows were emptied. Runs inside the caller's action."""
        ...


SOURCES: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """Have a context asked whenever a person's data are handed out or erased."""
    SOURCES[name] = source


def find(email: str, *, organisations: Collection[int]) -> list[Found]:
    """What all contexts have about an address, in order of their names, those with nothing left out."""
    found = [SOURCES[name].find(email, organisations=organisations) for name in sorted(SOURCES)]
    return [item for item in found if item.records]


def erase(email: str, *, organisations: Collection[int], now: datetime) -> int:
    """Erase in all contexts what may be erased. Returns how many rows were emptied."""
    return sum(
        SOURCES[name].erase(email, organisations=organisations, now=now) for name in sorted(SOURCES)
    )


class _Mails:
    """Mails that were sent to the address on behalf of the organisations."""

    def find(self, email: str, *, organisations: Collection[int]) -> Found:
        rows = MailMessage.objects.filter(
            to__iexact=email, organisation_id__in=list(organisations)
        ).order_by("created_at", "pk")
        return Found(
            "kernel.mail",
            tuple(
                {
                    "sent": row.created_at.isoformat(),
                    "to": row.to,
                    "subject": row.subject,
                    "text": row.text,
                }
                for row in rows
            ),
        )

    def erase(self, email: str, *, organisations: Collection[int], now: datetime) -> int:
        rows = MailMessage.objects.filter(to__iexact=email, organisation_id__in=list(organisations))
        return rows.exclude(text="").update(
            to="slettet@example.invalid", subject="", text="", html=""
        )


register("kernel.mail", _Mails())
