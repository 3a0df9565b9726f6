"""Calculations that take longer than a page may wait: asked for, followed, stopped, answered.

A row holds the problem as JSON, the best answer so far and how far it has come. It is written in the
transaction of the action that wants it; ``kernel.solving`` lets a child process of the worker solve
it. Whoever calculates has a claim (``holder``) with a lease: every write is an UPDATE on the
condition that the claim is still theirs. A worker that dies lets the lease run out, and the next one
goes on from the best answer so far.

Who may start or stop one is judged by the owning context's action. When it is over, the job
``then`` gets ``{"calculation": id}``; its handler reads the answer with ``get``.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Cast

from samspil.kernel.models import Calculation, CalculationStatus, Failure
from samspil.kernel.outbox import enqueue

LEASE: Final = timedelta(seconds=30)
"""How long a claim holds without a sign of life."""

MAX_ATTEMPTS: Final = 3
"""After so many attempts that ended with the worker's death, the best so far is the answer."""

LARGE: Final = ("problem", "first", "best", "result", "payload")
"""Columns of up to megabytes; read when they are needed."""

WAITING: Final = (CalculationStatus.QUEUED, CalculationStatus.RUNNING)

Json = dict[str, Any]


def start(
    *,
    kind: str,
    subject: models.Model,
    problem: Json,
    work: int,
    seconds: float,
    now: datetime,
    seed: int = 0,
    first: Json | None = None,
    payload: Json | None = None,
    then: str = "",
) -> Calculation:
    """Write a calculation in the current transaction; a worker takes it after commit.

    ``work`` counts the planner's steps, ``seconds`` is the clock. ``first``: an earlier answer to
    begin from. ``payload``: what the owner needs to understand the answer.
    """
    return Calculation.objects.create(
        kind=kind,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        problem=problem,
        first=first,
        payload=payload or {},
        work=work,
        seconds=seconds,
        seed=seed,
        then=then,
        created_at=now,
    )


def of(subject: models.Model, kind: str = "") -> models.QuerySet[Calculation]:
    """The calculations for an object, of one kind or all, the newest first, without large columns."""
    rows = Calculation.objects.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)
    if kind:
        rows = rows.filter(kind=kind)
    return rows.defer(*LARGE).order_by("-pk")


def of_each(model: type[models.Model], ids: Collection[int]) -> dict[int, Calculation]:
    """The newest calculation of each of several objects of one model, by the object's id."""
    rows = Calculation.objects.filter(subject_type=model._meta.label_lower, subject_id__in=ids)
    return {row.subject_id: row for row in rows.defer(*LARGE).order_by("pk")}


def ask_to_stop(calculation: Calculation, *, now: datetime) -> bool:
    """Ask for the best answer so far. False when it is over, or somebody has asked already."""
    asked = Calculation.objects.filter(
        pk=calculation.pk, status__in=WAITING, asked_to_stop_at=None
    ).update(asked_to_stop_at=now)
    return bool(asked)


def drop(subject: models.Model, *, now: datetime, kind: str = "") -> Json | None:
    """Nobody wants the answers any more: whoever calculates finds out and ends.

    Returns the best answer so far of the newest one that was under way, for the next to begin from.
    """
    best: Json | None = None
    for row in of(subject, kind).filter(status__in=WAITING):
        if _mine(row.pk, None).update(
            status=CalculationStatus.DROPPED, holder="", lease_until=None, finished_at=now
        ):
            best = best or Calculation.objects.values_list("best", flat=True).get(pk=row.pk)
    return best


def clear(calculation: Calculation) -> None:
    """Empty the large columns, when the owner has taken the answer over."""
    Calculation.objects.filter(pk=calculation.pk).update(
        problem={}, first=None, best=None, result=None, payload={}
    )


# ---------------------------------------------------------------- for whoever calculates


def _due(now: datetime) -> models.QuerySet[Calculation]:
    return Calculation.objects.filter(
        Q(status=CalculationStatus.QUEUED)
        | Q(status=CalculationStatus.RUNNING, lease_until__lt=now)
    )


def _mine(pk: int, holder: str | None) -> models.QuerySet[Calculation]:
    """The row as long as it is under way, and ``holder`` (``None``: anybody) has the claim."""
    rows = Calculation.objects.filter(pk=pk, status__in=WAITING)
    return rows if holder is None else rows.filter(holder=holder)


def claim(now: datetime) -> Calculation | None:
    """Take the oldest that waits, or whose worker has died; ``None`` when there is none.

    Safe with any number of workers: the UPDATE is conditional on what was read.
    """
    for pk, attempts in _due(now).order_by("pk").values_list("pk", "attempts")[:20]:
        holder = secrets.token_hex(8)
        mine = (
            _due(now)
            .filter(pk=pk, attempts=attempts)
            .update(
                status=CalculationStatus.RUNNING,
                holder=holder,
                lease_until=now + LEASE,
                heartbeat_at=now,
                attempts=F("attempts") + 1,
            )
        )
        if mine:
            Calculation.objects.filter(pk=pk, started_at=None).update(started_at=now)
            return Calculation.objects.defer("problem", "payload").get(pk=pk)
    return None


def problem_text(claimed: Calculation) -> str:
    """The problem as JSON text, as it goes to the planner: megabytes that the worker need not take apart."""
    rows = Calculation.objects.filter(pk=claimed.pk)
    return str(rows.values_list(Cast("problem", models.TextField()), flat=True).get())


def keep(claimed: Calculation, *, now: datetime, **columns: Any) -> bool:
    """A sign of life, with the columns that changed. False: the claim is lost, or nobody wants it."""
    kept = _mine(claimed.pk, claimed.holder).update(
        heartbeat_at=now, lease_until=now + LEASE, **columns
    )
    return bool(kept)


def is_asked_to_stop(claimed: Calculation) -> bool:
    """Whether somebody wants the best answer so far, now."""
    return Calculation.objects.filter(pk=claimed.pk, asked_to_stop_at__isnull=False).exists()


def put_back(claimed: Calculation, *, now: datetime, **columns: Any) -> bool:
    """Let another worker go on from here, because this one is told to end."""
    put = _mine(claimed.pk, claimed.holder).update(
        status=CalculationStatus.QUEUED,
        holder="",
        lease_until=None,
        heartbeat_at=now,
        attempts=F("attempts") - 1,  # this one ended in good order
        **columns,
    )
    return bool(put)


def finish(
    claimed: Calculation,
    *,
    now: datetime,
    result: Json | None,
    failure: str = Failure.NONE,
    error: str = "",
    **columns: Any,
) -> bool:
    """Write the answer, or why there is none, and tell the owner; one transaction.

    An answer with a ``failure`` is the best there was when it went wrong. False: the claim is lost.
    """
    with transaction.atomic():
        done = _mine(claimed.pk, claimed.holder).update(
            status=CalculationStatus.DONE if result is not None else CalculationStatus.FAILED,
            result=result,
            failure=failure,
            error=error[-2000:],
            holder="",
            lease_until=None,
            heartbeat_at=now,
            finished_at=now,
            **columns,
        )
        if done and claimed.then:
            payload = {"calculation": claimed.pk}
            enqueue(claimed.then, payload, now=now, key=f"calculation:{claimed.pk}")
    return bool(done)
