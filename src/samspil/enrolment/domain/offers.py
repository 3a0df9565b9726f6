"""Answers to offered seats. A pending offer holds its seats; yes, no and silence each end it once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext as _

from samspil.enrolment import notifications, rules
from samspil.enrolment.domain.capacity import fill, lock_runs, settle
from samspil.enrolment.domain.sign_ups import again_url, send_receipt
from samspil.enrolment.enums import (
    ENROLMENT_TRANSITIONS,
    OFFER_TRANSITIONS,
    EnrolmentStatus,
    OfferReason,
    OfferState,
)
from samspil.enrolment.models import Enrolment, SeatOffer, SignUp
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, NotFound
from samspil.kernel.locking import lock_rows
from samspil.kernel.transitions import transition
from samspil.runs.models import CourseRun

Answer = Callable[[Actor, datetime, SeatOffer, str], None]
ANSWERS: dict[str, Answer] = {}
"""By reason of the offer: what yes (``accept``), no (``decline``) and silence (``expire``) do. Those for
the waiting list stand here; moves to other runs register their own."""


def answers(reason: str) -> Callable[[Answer], Answer]:
    """Register what the answers to offers of ``reason`` do."""

    def register(handler: Answer) -> Answer:
        ANSWERS[reason] = handler
        return handler

    return register


def get_offer(sign_up: SignUp, offer_id: int) -> SeatOffer:
    """An offer of a sign-up. Raises ``NotFound``."""
    found = (
        SeatOffer.objects.filter(pk=offer_id, sign_up=sign_up)
        .select_related("sign_up__run", "run__course", "run__organisation")
        .order_by("pk")
        .first()
    )
    if found is None:
        raise NotFound(_("Tilbuddet findes ikke."))
    return found


@action("enrolment.answer_offer", permission=rules.may_answer, on="offer")
def answer_offer(*, actor: Actor, now: datetime, offer: SeatOffer, verb: str) -> None:
    """Say yes (``accept``) or no (``decline``) to offered seats.

    Raises ``Conflict`` when the time is up or somebody has answered already.
    """
    if verb not in ("accept", "decline"):
        raise ValueError(verb)
    if verb == "accept" and offer.expires_at <= now:
        raise Conflict(_("Fristen er gået, og pladsen er gået videre."))
    ANSWERS[offer.reason](actor, now, offer, verb)


@action("enrolment.expire_offer", permission=rules.may_answer, on="offer")
def expire_offer(*, actor: Actor, now: datetime, offer: SeatOffer) -> None:
    """End an offer that nobody answered in time. One that was answered stays as it is."""
    if offer.state == OfferState.PENDING and offer.expires_at <= now:
        ANSWERS[offer.reason](actor, now, offer, "expire")


def load_offer(offer_id: int) -> SeatOffer | None:
    """An offer for the worker."""
    return (
        SeatOffer.objects.filter(pk=offer_id)
        .select_related("sign_up__run", "run__course", "run__organisation")
        .order_by("pk")
        .first()
    )


def lock_offer(offer: SeatOffer, *extra_runs: int) -> tuple[SeatOffer, dict[int, CourseRun]]:
    """A pending offer, and the runs it touches, locked: runs first. Raises ``Conflict`` when it is over."""
    runs = lock_runs(
        sorted(
            {
                offer.run_id,
                *extra_runs,
                *offer.enrolments.order_by("pk").values_list("run_id", flat=True),
            }
        )
    )
    (fresh,) = lock_rows(SeatOffer.objects.filter(pk=offer.pk)) or (None,)
    if fresh is None or fresh.state != OfferState.PENDING:
        raise Conflict(_("Tilbuddet er allerede besvaret."))
    return fresh, runs


def end_offer(offer: SeatOffer, verb: str, *, actor: Actor, now: datetime) -> None:
    """Write the answer on a locked offer; from then on it holds no seat."""
    transition(offer, verb, table=OFFER_TRANSITIONS, actor=actor, now=now, field="state")
    SeatOffer.objects.filter(pk=offer.pk).update(answered_at=now)


@answers(OfferReason.QUEUE)
def _from_the_queue(actor: Actor, now: datetime, offer: SeatOffer, verb: str) -> None:
    fresh, runs = lock_offer(offer)
    run = runs[fresh.run_id]
    rows = list(
        Enrolment.objects.filter(offers=fresh, status=EnrolmentStatus.OFFERED).order_by("pk")
    )
    end_offer(fresh, verb, actor=actor, now=now)
    reasons = {
        "accept": _("Sagde ja til pladsen."),
        "decline": _("Sagde nej til pladsen."),
        "expire": _("Svarede ikke i tide; pladsen er gået videre."),
    }
    for row in rows:
        transition(
            row,
            "accept" if verb == "accept" else "cancel",
            table=ENROLMENT_TRANSITIONS,
            actor=actor,
            now=now,
            reason=reasons[verb],
        )
    pks = [row.pk for row in rows]
    if verb == "accept":
        Enrolment.objects.filter(pk__in=pks).update(seated_at=now)
    else:
        Enrolment.objects.filter(pk__in=pks).update(ended_at=now)
    record(
        fresh,
        before={"state": "pending"},
        after={"state": fresh.state},
        summary=reasons[verb],
        organisation_id=run.organisation_id,
    )
    sign_up = SignUp.objects.select_related("run__course", "run__organisation").get(
        pk=fresh.sign_up_id
    )
    if verb == "accept":
        settle(run)
        send_receipt(sign_up, now=now)
        return
    fill(run, actor=actor, now=now)
    if verb == "expire":
        notifications.send(sign_up, notifications.OfferEnded, now=now, again_url=again_url(sign_up))
