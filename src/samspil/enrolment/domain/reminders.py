"""Offers that nobody has answered: one mail half-way, and a task at the school before the time is up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.enrolment import notifications
from samspil.enrolment.domain.capacity import half_way
from samspil.enrolment.enums import MoveState, OfferReason, OfferState
from samspil.enrolment.models import SeatOffer
from samspil.enrolment.rules import schools_of
from samspil.kernel import clock
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.locking import lock_rows
from samspil.kernel.tasks import Task, task_source

_SAID_YES: Final = (MoveState.YES, MoveState.MOVED)


def unanswered() -> QuerySet[SeatOffer]:
    """Offers that wait for an answer. Who has said yes to a move is held a seat until the move, and is not meant."""
    return SeatOffer.objects.filter(state=OfferState.PENDING).exclude(
        pk__in=SeatOffer.objects.filter(move_line__state__in=_SAID_YES).values("pk")
    )


def _only_the_system(actor: Actor, _obj: object = None) -> bool:
    return actor.is_system


@action("enrolment.remind_of_offer", permission=_only_the_system, on="offer")
def remind_of_offer(*, actor: Actor, now: datetime, offer: SeatOffer) -> bool:
    """Write once more to somebody who has not answered, with the deadline. Returns whether a mail was written.

    Nothing when it is answered, over or withdrawn meanwhile, or when there is no address.
    """
    lock_rows(SeatOffer.objects.filter(pk=offer.pk))
    fresh = (
        unanswered()
        .filter(pk=offer.pk, expires_at__gt=now)
        .select_related("sign_up__run", "run__course", "run__organisation")
        .order_by("pk")
        .first()
    )
    if fresh is None or not fresh.sign_up.contact_email:
        return False
    is_move = fresh.reason == OfferReason.MOVE
    notifications.send(
        fresh.sign_up,
        notifications.OfferReminder,
        now=now,
        run=fresh.run,
        offer=fresh,
        count=fresh.seats,
        is_move=is_move,
        answer=f"flytning/{fresh.pk}/" if is_move else "",
    )
    record(
        fresh,
        summary=_("Blev mindet om at svare på tilbuddet."),
        organisation_id=fresh.sign_up.school_id,
    )
    return True


@task_source("enrolment.unanswered_offers")
def offer_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Schools: people who have not answered on the day of their reminder and after, a task per run or plan.

    The school that took them in, and the one that they sit at, can ring them before the deadline.
    """
    own = schools_of(actor)
    if not own:
        return
    groups: dict[str, list[SeatOffer]] = {}
    for offer in (
        unanswered()
        .filter(
            Q(sign_up__school__in=own) | Q(sign_up__run__organisation__in=own),
            expires_at__gte=clock.start_of(today),
            sign_up__is_elsewhere=False,  # those have a task of their own (``moves_elsewhere``)
        )
        .select_related("run__course", "run__organisation", "sign_up__run", "move_line")
        .order_by("expires_at", "pk")
    ):
        if clock.local_date(half_way(offer)) > today:
            continue
        if offer.reason == OfferReason.MOVE and hasattr(offer, "move_line"):
            url = reverse("enrolment:plan", args=[offer.move_line.plan_id])
        else:
            url = reverse("enrolment:run", args=[offer.run_id])
        groups.setdefault(url, []).append(offer)
    for url, offers in groups.items():
        first = offers[0]
        yield Task(
            title=ngettext(
                "%(count)s tilbud er ikke besvaret: ring, inden fristen går",
                "%(count)s tilbud er ikke besvaret: ring, inden fristen går",
                len(offers),
            )
            % {"count": len(offers)},
            url=url,
            context=first.run.organisation.label,
            due_on=clock.local_date(first.expires_at),
            detail=str(first.run.course),
        )
