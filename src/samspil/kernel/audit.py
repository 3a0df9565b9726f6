"""The audit trail: what happened, chained by hash so that a changed byte is found.

An event's hash is ``SHA-256(prev_hash + "\\n" + canonical JSON of the event)``. Canonical JSON:
keys sorted, no blanks, UTF-8, no floats. ``tools/verify_audit.py`` checks an export with the
standard library alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, models

from samspil.kernel.actor import Actor
from samspil.kernel.models import AuditEvent, AuditStream

PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event recorded by an action and not yet written."""

    verb: str
    stream: str
    subject_type: str
    subject_id: str
    subject_label: str
    summary: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    organisation_id: int | None


def stream_of(network_id: int | None) -> str:
    """Name of the chain that a network's events go to; ``platform`` for ``None``."""
    return PLATFORM if network_id is None else f"network:{network_id}"


def plain(value: Any) -> Any:
    """``value`` in JSON's own types, without floats: what the chain is computed over."""
    match value:
        case None | bool() | int() | str():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case Decimal() | float():
            return str(value)
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case set() | frozenset():
            return sorted(plain(item) for item in value)
        case models.Model():
            return value.pk
        case _:
            return str(value)


def canonical(payload: dict[str, Any]) -> str:
    """The one way to write ``payload`` down, byte for byte."""
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def payload_of(event: AuditEvent) -> dict[str, Any]:
    """The part of an event that its hash covers."""
    return {
        "stream": event.stream,
        "seq": event.seq,
        "at": plain(event.at),
        "verb": event.verb,
        "actor_kind": event.actor_kind,
        "actor_label": event.actor_label,
        "person_id": event.person_id,
        "organisation_id": event.organisation_id,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "subject_label": event.subject_label,
        "summary": event.summary,
        "before": event.before,
        "after": event.after,
    }


def chain_hash(prev_hash: str, payload: dict[str, Any]) -> str:
    """Hash of one event given the hash before it (64 hexadecimal digits)."""
    return hashlib.sha256(f"{prev_hash}\n{canonical(payload)}".encode()).hexdigest()


_HEADS = 'SELECT "id", "name", "length", "head_hash" FROM "kernel_auditstream" WHERE "name" IN ({}) ORDER BY "id"'
_MOVE_HEAD = 'UPDATE "kernel_auditstream" SET "length" = %s, "head_hash" = %s WHERE "id" = %s'


def _lock_heads(names: list[str]) -> dict[str, AuditStream]:
    """The heads of the chains by name, locked as ``lock_rows`` does it.

    Written out, because every action of every user passes here with all its locks held: building these two
    statements anew took four times as long as executing them.
    """
    sql = _HEADS.format(", ".join(["%s"] * len(names)))
    if connection.features.has_select_for_update:
        sql += " FOR UPDATE"
    with connection.cursor() as cursor:
        cursor.execute(sql, names)
        rows = cursor.fetchall()
    return {
        name: AuditStream(pk=pk, name=name, length=length, head_hash=head)
        for pk, name, length, head in rows
    }


def append(pending: Iterable[PendingEvent], *, actor: Actor, now: datetime) -> None:
    """Write events to the ends of their chains, in order, inside the caller's transaction.

    Locks each stream's head once, in order of name, after all business rows are locked.
    """
    by_stream: dict[str, list[PendingEvent]] = {}
    for item in pending:
        by_stream.setdefault(item.stream, []).append(item)
    if not by_stream:
        return
    names = sorted(by_stream)
    heads = _lock_heads(names)
    if len(heads) < len(names):
        AuditStream.objects.bulk_create(
            [AuditStream(name=name) for name in names if name not in heads], ignore_conflicts=True
        )
        heads = _lock_heads(names)
    rows: list[AuditEvent] = []
    for name in names:
        head = heads[name]
        for item in by_stream[name]:
            head.length += 1
            row = AuditEvent(
                stream=name,
                seq=head.length,
                at=now,
                verb=item.verb,
                actor_kind=actor.kind,
                actor_label=actor.label[:200],
                person_id=actor.person_id,
                organisation_id=item.organisation_id or actor.organisation_id,
                subject_type=item.subject_type,
                subject_id=item.subject_id,
                subject_label=item.subject_label[:300],
                summary=item.summary,
                before=plain(item.before),
                after=plain(item.after),
                prev_hash=head.head_hash,
            )
            row.hash = chain_hash(head.head_hash, payload_of(row))
            head.head_hash = row.hash
            rows.append(row)
        with connection.cursor() as cursor:
            cursor.execute(_MOVE_HEAD, [head.length, head.head_hash, head.pk])
    AuditEvent.objects.bulk_create(rows, batch_size=500)


def history(subject: models.Model, limit: int = 50) -> list[AuditEvent]:
    """The newest events of one object, newest first, for its page's history."""
    return list(
        AuditEvent.objects.filter(
            subject_type=subject._meta.label_lower, subject_id=str(subject.pk)
        ).order_by("-seq", "-pk")[:limit]
    )


def export_lines(stream: str) -> Iterator[str]:
    """One stream as JSON Lines, oldest first; each line is an event with its two hashes."""
    events = AuditEvent.objects.filter(stream=stream).order_by("seq", "pk")
    for event in events.iterator(chunk_size=1000):
        yield canonical({**payload_of(event), "prev_hash": event.prev_hash, "hash": event.hash})
