"""Work after commit: rows written in the transaction of the action, done by the worker.

``enqueue`` writes the row, ``job`` registers its handler, ``run_due`` claims and does what is
due. A claim is a conditional UPDATE with a lease: it needs no lock that SQLite lacks, and a
worker that dies lets the lease run out, after which the job is done again. So handlers must
be idempotent.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q

from samspil.kernel import clock
from samspil.kernel.audit import plain
from samspil.kernel.models import Job, JobState

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 8

Handler = Callable[..., None]
HANDLERS: dict[str, Handler] = {}
UNBOUND: set[str] = set()
"""Kinds whose handlers run outside a transaction."""
RECEIVERS: dict[type, list[str]] = {}


def job(kind: str, *, atomic: bool = True) -> Callable[[Handler], Handler]:
    """Register ``handler(payload, *, now)`` for jobs of ``kind``.

    ``atomic``: the handler and 'done' are one transaction. A handler that talks to another
    server or computes for long says ``False``, so that nobody waits for its locks meanwhile.
    """

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        if not atomic:
            UNBOUND.add(kind)
        return handler

    return register


NIGHTLY: dict[str, int] = {}
"""Kinds that are done once every Danish day, and from which hour on."""


def nightly(kind: str, *, hour: int) -> None:
    """Have the job ``kind`` done once a day, from ``hour`` on, by whichever worker comes first.

    A worker that was down that night does it when it is up. The payload says the day: ``on``.
    """
    NIGHTLY[kind] = hour


def plan_the_night(now: datetime, planned: dict[str, date]) -> None:
    """Write the jobs of the day that are due by ``now``, each once however many workers there are.

    ``planned`` is the worker's memory, so that it asks the database once a day.
    """
    today = clock.local_date(now)
    for kind, hour in NIGHTLY.items():
        if planned.get(kind) == today or now < clock.start_of(today, hour):
            continue
        enqueue(kind, {"on": today}, now=now, key=f"{kind}:{today}")
        planned[kind] = today


Watch = Callable[[datetime], None]
WATCHES: list[tuple[Watch, timedelta]] = []


def watch(every: timedelta) -> Callable[[Watch], Watch]:
    """Register ``check(now)``, which a worker asks again and again whether there is work to enqueue."""

    def register(check: Watch) -> Watch:
        WATCHES.append((check, every))
        return check

    return register


def look_around(now: datetime, looked: dict[Watch, datetime]) -> None:
    """Ask the watches whose time has come. ``looked`` is the worker's memory of when it last did."""
    for check, every in WATCHES:
        if check not in looked or now - looked[check] >= every:
            looked[check] = now
            check(now)


def receives(event: type, *, kind: str) -> Callable[[Handler], Handler]:
    """Register ``handler`` for an event class of ``samspil.contracts``, delivered as a job."""

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        RECEIVERS.setdefault(event, []).append(kind)
        return handler

    return register


def enqueue(
    kind: str,
    payload: dict[str, Any],
    *,
    now: datetime,
    run_at: datetime | None = None,
    key: str | None = None,
) -> None:
    """Write a job in the current transaction. The same ``key`` is written once only."""
    Job.objects.bulk_create(
        [
            Job(kind=kind, payload=plain(payload), key=key, run_at=run_at or now, created_at=now),
        ],
        ignore_conflicts=key is not None,
    )


def enqueue_all(
    jobs: Iterable[tuple[str, dict[str, Any], datetime, str | None]], *, now: datetime
) -> None:
    """Write several jobs with one statement: kind, payload, when to run, key. A key that is there
    already is an error, so use it for keys of rows that are new themselves."""
    Job.objects.bulk_create(
        [
            Job(kind=kind, payload=plain(payload), key=key, run_at=run_at, created_at=now)
            for kind, payload, run_at, key in jobs
        ],
        batch_size=500,
    )


def publish(event: Any, *, now: datetime) -> None:
    """Write one job for each receiver of a contract event (a frozen dataclass)."""
    publish_all([event], now=now)


def publish_all(events: Iterable[Any], *, now: datetime) -> None:
    """Write the jobs for the receivers of several events, in their order, with one statement."""
    enqueue_all(
        [
            (kind, asdict(event), now, None)
            for event in events
            for kind in RECEIVERS.get(type(event), [])
        ],
        now=now,
    )


def _due(now: datetime) -> models.QuerySet[Job]:
    return Job.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=now),
        state=JobState.WAITING,
        run_at__lte=now,
    ).order_by("run_at", "pk")


def claim(now: datetime) -> Job | None:
    """Take the next due job for this worker, or ``None``. Safe with any number of workers."""
    for candidate in _due(now)[:20]:
        mine = (
            _due(now)
            .order_by()
            .filter(pk=candidate.pk, attempts=candidate.attempts)
            .update(lease_until=now + LEASE, attempts=F("attempts") + 1)
        )
        if mine:
            candidate.refresh_from_db()
            return candidate
    return None


def perform(claimed: Job) -> bool:
    """Do one claimed job and write down how it went. Returns whether it succeeded.

    A failure is tried again after 2, 4, 8 … minutes, and given up after ``MAX_ATTEMPTS``.
    """
    now = clock.now()
    try:
        handler = HANDLERS[claimed.kind]
        with nullcontext() if claimed.kind in UNBOUND else transaction.atomic():
            handler(claimed.payload, now=now)
            Job.objects.filter(pk=claimed.pk).update(
                state=JobState.DONE, done_at=now, error="", lease_until=None
            )
    except Exception:  # whatever a handler raises, the worker goes on with the next job
        logger.exception("job %s %s failed", claimed.kind, claimed.pk)
        given_up = claimed.attempts >= MAX_ATTEMPTS
        Job.objects.filter(pk=claimed.pk).update(
            state=JobState.FAILED if given_up else JobState.WAITING,
            run_at=now + timedelta(minutes=2**claimed.attempts),
            error=traceback.format_exc(limit=5)[-2000:],
            lease_until=None,
        )
        return False
    return True


def run_due(now: datetime, *, limit: int = 1000) -> int:
    """Do the jobs that are due, at most ``limit``. Returns how many were done."""
    done = 0
    while done < limit and (claimed := claim(now)) is not None:
        perform(claimed)
        done += 1
    return done
