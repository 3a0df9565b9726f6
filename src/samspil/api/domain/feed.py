"""The change feed: what was created, changed or is gone, in the order it was seen.

What everybody may know is compared with what was told last, thing by thing (``DIGESTS``), so the feed
agrees with the lists by construction, whatever changed them: a page, an import, a harvest, an undo, or
that a day went by and a run began. The worker looks when the audit chains have grown or the day is
another, and at most every ``PAUSE``. One row is locked meanwhile, so ``seq`` has no holes that are filled
later, and whoever reads on from a cursor misses nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from samspil.api.domain import open_data
from samspil.api.domain.open_data import RunFilter
from samspil.api.enums import PUBLIC_KINDS, FeedKind
from samspil.api.models import FeedHead, FeedItem
from samspil.coordination.enums import CommitmentRole
from samspil.coordination.models import Agreement, Commitment
from samspil.kernel import clock
from samspil.kernel.kept import moment
from samspil.kernel.locking import lock_rows
from samspil.kernel.outbox import enqueue, job, watch

PAUSE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing and its newest change: ``created``, ``changed`` or ``gone``."""

    seq: int
    kind: str
    key: str
    change: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of the feed. ``since``: the cursor to go on from; ``more``: there is more already."""

    items: list[Item]
    since: int
    more: bool


def since(cursor: int, *, limit: int) -> Changes:
    """What everybody may know of changes after ``cursor``, oldest first. One query.

    What came and went since is left out: who reads on from there never knew of it.
    """
    rows = list(
        FeedItem.objects.filter(seq__gt=cursor, kind__in=PUBLIC_KINDS)
        .exclude(is_gone=True, first_seq__gt=cursor)
        .order_by("seq")
        .values_list("seq", "first_seq", "kind", "key", "is_gone", "changed_at")[: limit + 1]
    )
    items = [
        Item(
            seq,
            kind,
            key,
            "gone" if is_gone else "created" if first > cursor else "changed",
            at,
        )
        for seq, first, kind, key, is_gone, at in rows[:limit]
    ]
    return Changes(items, items[-1].seq if items else cursor, len(rows) > limit)


Thing = tuple[str, str, int | None]
"""Key, digest, and the network whose business it is."""


def _digest(*facts: object) -> str:
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest()


def _courses(now: datetime) -> Iterator[Thing]:
    for row in open_data.all_courses(clock.local_date(now)):
        yield row.number, _digest(row[1:]), None


def _runs(now: datetime) -> Iterator[Thing]:
    # the day that the numbers are from is no change of the run
    place = open_data.RUN.index("seen_on")
    for row in open_data.all_runs(RunFilter(), today=clock.local_date(now)):
        yield str(row.pk), _digest(row[:place], row[place + 1 :]), None


def _commitments(now: datetime) -> Iterator[Thing]:
    for row in open_data.all_commitments(clock.local_date(now)):
        key = f"{row.year}-{row.fkb}-{row.course}-{row.school_key or 'external'}"
        yield f"{key}-{_digest(row.network)[:6]}", _digest(tuple(row)), None


def _cells(now: datetime) -> Iterator[Thing]:
    rows = (
        Commitment.objects.exclude(role=CommitmentRole.NONE)
        .filter(round_course__round_fkb__round__year__gte=clock.local_date(now).year)
        .order_by("pk")
        .values_list(
            "pk", "round_course__round_fkb__round__network_id", "role", "runs", "when_text",
            "starts_on", "ends_on", "guarantee",
        )
    )  # fmt: skip
    for pk, network, *facts in rows.iterator(chunk_size=2000):
        yield str(pk), _digest(facts), network


def _agreements(now: datetime) -> Iterator[Thing]:
    rows = (
        Agreement.objects.filter(round_fkb__round__year__gte=clock.local_date(now).year)
        .order_by("pk")
        .values_list("pk", "round_fkb__round__network_id", "status", "content_hash")
    )
    for pk, network, *facts in rows:
        yield str(pk), _digest(facts), network


DIGESTS: dict[str, Callable[[datetime], Iterable[Thing]]] = {
    FeedKind.COURSE: _courses,
    FeedKind.RUN: _runs,
    FeedKind.COMMITMENT: _commitments,
    FeedKind.CELL: _cells,
    FeedKind.AGREEMENT: _agreements,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look found: per kind the keys that are new, changed and gone. ``since``: the cursor before."""

    created: dict[str, list[str]]
    changed: dict[str, list[str]]
    gone: dict[str, list[str]]
    is_first: bool
    since: int


LISTENERS: list[Callable[[Seen, datetime], None]] = []
"""Called in the transaction of the look with what it found (``domain.webhooks``)."""


def look(*, now: datetime) -> Seen | None:
    """Compare everything with what was told last and write the feed on.

    ``None`` when nothing can have changed since the last look. The first look makes the feed; its
    things are told to nobody as news.
    """
    with transaction.atomic():
        FeedHead.objects.bulk_create([FeedHead(pk=1)], ignore_conflicts=True)
        head = lock_rows(FeedHead.objects.filter(pk=1))[0]
        here = moment()
        today = clock.local_date(now)
        if (head.seen_event, head.seen_on) == (here.changes, today):
            return None
        is_first = head.seen_on is None
        seen = Seen({}, {}, {}, is_first, head.seq)
        for kind, digests in DIGESTS.items():
            _compare(kind, list(digests(now)), head, seen, now)
        head.seen_event, head.seen_on = here.changes, today
        head.save(update_fields=["seq", "seen_event", "seen_on"])
        for listener in LISTENERS:
            listener(seen, now)
    return seen


def _compare(kind: str, things: list[Thing], head: FeedHead, seen: Seen, now: datetime) -> None:
    known = {
        key: (pk, digest, is_gone)
        for pk, key, digest, is_gone in FeedItem.objects.filter(kind=kind)
        .order_by()
        .values_list("pk", "key", "digest", "is_gone")
    }
    created: list[FeedItem] = []
    written: list[FeedItem] = []
    for key, digest, network in things:
        before = known.pop(key, None)
        if before is not None and before[1] == digest and not before[2]:
            continue
        head.seq += 1
        item = FeedItem(
            kind=kind,
            key=key,
            network_id=network,
            digest=digest,
            seq=head.seq,
            first_seq=head.seq,
            changed_at=now,
        )
        if before is None:
            created.append(item)
        else:
            item.pk = before[0]
            written.append(item)
            # what was gone and is back is new to those who were told that it had gone
            bucket = seen.created if before[2] else seen.changed
            bucket.setdefault(kind, []).append(key)
    seen.created.setdefault(kind, []).extend(item.key for item in created)
    back = set(seen.created.get(kind, ()))
    FeedItem.objects.bulk_create(created, batch_size=1000)
    for fields, rows in (
        (["network_id", "digest", "seq", "first_seq", "changed_at", "is_gone"],
         [item for item in written if item.key in back]),
        (["network_id", "digest", "seq", "changed_at"],
         [item for item in written if item.key not in back]),
    ):  # fmt: skip
        FeedItem.objects.bulk_update(rows, fields, batch_size=500)
    gone = sorted((pk, key) for key, (pk, _digest, is_gone) in known.items() if not is_gone)
    left = []
    for pk, key in gone:
        head.seq += 1
        left.append(FeedItem(pk=pk, kind=kind, key=key, seq=head.seq, changed_at=now, is_gone=True))
    FeedItem.objects.bulk_update(left, ["seq", "changed_at", "is_gone"], batch_size=500)
    seen.gone[kind] = [key for _pk, key in gone]


@job("api.look", atomic=False)
def look_job(payload: dict[str, Any], *, now: datetime) -> None:
    """Write the feed on. Done twice it finds nothing the second time."""
    look(now=now)


@watch(PAUSE)
def plan(now: datetime) -> None:
    """Have the worker look, when something can have changed. One small query and one more."""
    here = moment()
    head = FeedHead.objects.filter(pk=1).values_list("seen_event", "seen_on").first()
    if head != (here.changes, clock.local_date(now)):
        enqueue(
            "api.look",
            {},
            now=now,
            key=f"api.look:{here.changes}:{clock.local_date(now)}",
        )
