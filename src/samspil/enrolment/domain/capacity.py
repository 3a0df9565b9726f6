"""Seats: never one too many (house rule 4), and the waiting list in its order.

Whoever changes who sits where locks the run first (``runs.domain.seats``), then counts, then writes,
then ``settle``s the run's count. A pending offer holds its seats. See ADR 0015.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Count, Q, Sum
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.enrolment import notifications
from samspil.enrolment.domain.terms import terms_of
from samspil.enrolment.enums import (
    SEATED,
    EnrolmentStatus,
    OfferReason,
    OfferState,
)
from samspil.enrolment.models import Enrolment, SeatOffer, SignUp
from samspil.kernel import clock
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.models import StatusChange
from samspil.kernel.outbox import enqueue_all
from samspil.runs.domain.seats import lock_run, lock_runs, set_signed_up_here
from samspil.runs.models import CourseRun

FREE_DAYS: Final = 7
"""Until so many days before the first day one may withdraw without a fee (R74). From then on a seat
that becomes free is offered and not simply given: the fee would be a surprise."""

__all__ = ["FREE_DAYS", "fill", "free_seats", "lock_run", "lock_runs", "settle", "taken"]


def taken(run: CourseRun) -> int:
    """Seats of ``run`` that people and pending offers in Samspil use now. Two queries."""
    people = Enrolment.objects.filter(run=run, status__in=SEATED).count()
    return people + held_by_offers(run)


def held_by_offers(run: CourseRun) -> int:
    """Seats of ``run`` that pending offers hold."""
    held = SeatOffer.objects.filter(run=run, state=OfferState.PENDING).aggregate(n=Sum("seats"))
    return int(held["n"] or 0)


def free_seats(run: CourseRun, used: int | None = None) -> int:
    """Seats that nobody has and nobody is held one of. The run must be locked."""
    here = taken(run) if used is None else used
    return max(0, run.capacity - run.enrolled - here)


def settle(run: CourseRun, used: int | None = None) -> int:
    """Write how many seats are in use after a change. The run must be locked. Returns the number."""
    here = taken(run) if used is None else used
    if here != run.signed_up_here:
        set_signed_up_here(run, here)
    return here


@dataclass(frozen=True, slots=True)
class Move:
    """People of one sign-up who get seats."""

    sign_up: SignUp
    enrolments: tuple[Enrolment, ...]


def _next_in_line(run: CourseRun, free: int) -> tuple[list[Move], list[tuple[SignUp, int]]]:
    """Who gets the ``free`` seats, first come first served, and which groups were passed over.

    A group that only comes together gets its seats at once or none; it keeps its place.
    """
    queue = list(Enrolment.objects.queued().filter(run=run).select_related("sign_up", "learner"))
    groups: dict[int, list[Enrolment]] = {}
    for row in queue:
        groups.setdefault(row.sign_up_id, []).append(row)
    chosen: dict[int, list[Enrolment]] = {}
    passed: dict[int, SignUp] = {}
    for row in queue:
        sign_up = row.sign_up
        if sign_up.pk in passed or (sign_up.is_all_or_none and sign_up.pk in chosen):
            continue
        wanted = groups[sign_up.pk] if sign_up.is_all_or_none else [row]
        if free == 0:
            break
        if len(wanted) > free:
            passed[sign_up.pk] = sign_up
            continue
        chosen.setdefault(sign_up.pk, []).extend(wanted)
        free -= len(wanted)
    return (
        [Move(rows[0].sign_up, tuple(rows)) for rows in chosen.values()],
        [(sign_up, free) for sign_up in passed.values()],
    )


def fill(run: CourseRun, *, actor: Actor, now: datetime, used: int | None = None) -> list[Move]:
    """Give free seats to the waiting list. Inside an action, with ``run`` locked by ``lock_run``.

    ``used``: seats in use, when the caller has counted. Far from the first day the seats are theirs
    at once; in the last week, and on the day itself, they are offered and must be answered. Writes
    history, audit and mail in bulk, and the run's count. A run that takes nobody fills nothing.
    """
    used = taken(run) if used is None else used
    today = clock.local_date(now)
    if run.status not in ("announced", "confirmed") or run.starts_on <= today:
        settle(run, used)
        return []
    free = free_seats(run, used)
    if free == 0:
        settle(run, used)
        return []
    moves, passed = _next_in_line(run, free)
    for sign_up, _left in passed:
        _tell_passed_over(run, sign_up, free)
    if moves:
        if (run.starts_on - today).days > FREE_DAYS:
            _seat(run, moves, actor=actor, now=now)
        else:
            _offer(run, moves, actor=actor, now=now)
    settle(run, used + sum(len(move.enrolments) for move in moves))
    return moves


def _tell_passed_over(run: CourseRun, sign_up: SignUp, free: int) -> None:
    with translation.override(sign_up.language):
        text = ngettext(
            "Der blev %(free)s plads ledig, men I vil kun komme samlet. I beholder jeres plads i køen.",
            "Der blev %(free)s pladser ledige, men I vil kun komme samlet. I beholder jeres plads i køen.",
            free,
        ) % {"free": free}
    Enrolment.objects.filter(sign_up=sign_up, run=run, status=EnrolmentStatus.WAITING).exclude(
        passed_over=text
    ).update(passed_over=text)


def _history(
    rows: Iterable[Enrolment],
    verb: str,
    source: str,
    target: str,
    *,
    actor: Actor,
    now: datetime,
    reason: str,
) -> None:
    StatusChange.objects.bulk_create(
        [
            StatusChange(
                subject_type=Enrolment._meta.label_lower,
                subject_id=row.pk,
                verb=verb,
                from_status=source,
                to_status=target,
                at=now,
                actor_label=actor.label[:200],
                reason=reason,
            )
            for row in rows
        ],
        batch_size=500,
    )


def _change(rows: Sequence[Enrolment], **values: object) -> None:
    """Write the same values to many enrolments that wait; the lock of the run keeps others out."""
    pks = [row.pk for row in rows]
    for begin in range(0, len(pks), 500):
        Enrolment.objects.filter(pk__in=pks[begin : begin + 500]).update(**values)


def _seat(run: CourseRun, moves: Sequence[Move], *, actor: Actor, now: datetime) -> None:
    rows = [row for move in moves for row in move.enrolments]
    reason = _("En plads blev ledig, og den næste i køen fik den.")
    _change(rows, status=EnrolmentStatus.ENROLLED, seated_at=now, passed_over="")
    _history(rows, "move_up", "waiting", "enrolled", actor=actor, now=now, reason=reason)
    for row in rows:
        record(
            row,
            before={"status": "waiting"},
            after={"status": "enrolled"},
            summary=reason,
            organisation_id=run.organisation_id,
        )
    notifications.send_all(
        [
            (move.sign_up, notifications.MovedUp, {"count": len(move.enrolments), "run": run})
            for move in moves
        ],
        now=now,
    )


def _offer(run: CourseRun, moves: Sequence[Move], *, actor: Actor, now: datetime) -> None:
    hours = terms_of(run.organisation_id).offer_hours
    expires = min(now + timedelta(hours=hours), _last_answer(run.starts_on, now))
    offers = [
        SeatOffer(
            sign_up=move.sign_up,
            run=run,
            reason=OfferReason.QUEUE,
            seats=len(move.enrolments),
            explanation=_("En plads blev ledig, og du er den næste i køen."),
            created_at=now,
            expires_at=expires,
        )
        for move in moves
    ]
    hold(offers, [move.enrolments for move in moves], now=now)
    rows = [row for move in moves for row in move.enrolments]
    reason = _("En plads blev ledig, og den næste i køen fik den tilbudt.")
    _change(rows, status=EnrolmentStatus.OFFERED, passed_over="")
    _history(rows, "offer", "waiting", "offered", actor=actor, now=now, reason=reason)
    for offer in offers:
        record(
            offer,
            after={"seats": offer.seats, "expires_at": expires, "run": run.pk},
            summary=reason,
            organisation_id=run.organisation_id,
        )
    notifications.send_all(
        [
            (
                offer.sign_up,
                notifications.Offered,
                {"count": offer.seats, "run": run, "offer": offer},
            )
            for offer in offers
        ],
        now=now,
    )


def hold(
    offers: Sequence[SeatOffer], people: Sequence[Sequence[Enrolment]], *, now: datetime
) -> None:
    """Write offers with their people, and two jobs each: to remind half-way, and to end it when its time is up.

    The caller has locked the offers' runs and settles their counts afterwards.
    """
    SeatOffer.objects.bulk_create(offers, batch_size=500)
    through = SeatOffer.enrolments.through
    through.objects.bulk_create(
        [
            through(seatoffer_id=offer.pk, enrolment_id=row.pk)
            for offer, rows in zip(offers, people, strict=True)
            for row in rows
        ],
        batch_size=500,
    )
    enqueue_all(
        [
            job
            for offer in offers
            for job in (
                (
                    "enrolment.offer_ends",
                    {"offer": offer.pk},
                    offer.expires_at,
                    f"offer:{offer.pk}",
                ),
                (
                    "enrolment.remind_of_offer",
                    {"offer": offer.pk},
                    half_way(offer),
                    f"offer:{offer.pk}:remind",
                ),
            )
        ],
        now=now,
    )


def half_way(offer: SeatOffer) -> datetime:
    """When half of the time to answer has gone: then whoever has not answered is reminded, once."""
    return offer.created_at + (offer.expires_at - offer.created_at) / 2


def _last_answer(starts_on: date, now: datetime) -> datetime:
    """Nobody is asked longer than until six on the first morning, and everybody has an hour."""
    return max(clock.start_of(starts_on, 6), now + timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a queue: ``number`` of all, and how many stand before it and why."""

    number: int
    earlier: int
    first: int
    same_sign_up: int


def place_of(enrolment: Enrolment) -> Place:
    """Where somebody stands in the waiting list of the run. One query.

    ``first``: those who lost a seat elsewhere and so go first; ``earlier``: those who came before;
    ``same_sign_up``: of the latter those of the same sign-up.
    """
    ahead = Enrolment.objects.queued().filter(run=enrolment.run_id).exclude(pk=enrolment.pk)
    came_before = Q(priority=enrolment.priority) & (
        Q(queued_at__lt=enrolment.queued_at) | Q(queued_at=enrolment.queued_at, pk__lt=enrolment.pk)
    )
    counts = ahead.order_by().aggregate(
        first=Count("pk", filter=Q(priority__lt=enrolment.priority)),
        earlier=Count("pk", filter=came_before),
        same=Count("pk", filter=came_before & Q(sign_up=enrolment.sign_up_id)),
    )
    return Place(
        number=counts["first"] + counts["earlier"] + 1,
        earlier=counts["earlier"],
        first=counts["first"],
        same_sign_up=counts["same"],
    )


def _worker_only(actor: Actor, _obj: object = None) -> bool:
    return actor.is_system


@action("enrolment.fill_run", permission=_worker_only)
def fill_run(*, actor: Actor, now: datetime, run_id: int) -> int:
    """Give a run's free seats to its waiting list. Returns how many people got one."""
    run = lock_run(run_id)
    return sum(len(move.enrolments) for move in fill(run, actor=actor, now=now))
