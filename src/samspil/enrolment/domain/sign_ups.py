"""Signing up: the order, its confirmation, and what its owner does with it afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.enrolment import notifications, rules
from samspil.enrolment.domain import capacity, fees, tokens
from samspil.enrolment.domain.capacity import fill, free_seats, lock_runs, settle
from samspil.enrolment.domain.terms import charges_on, terms_of
from samspil.enrolment.enums import (
    ENROLMENT_TRANSITIONS,
    LIVE,
    OFFER_TRANSITIONS,
    SEATED,
    SIGN_UP_TRANSITIONS,
    EnrolmentStatus,
    HowMany,
    OfferReason,
    OfferState,
    Orderer,
    SignUpStatus,
)
from samspil.enrolment.models import Enrolment, Flexibility, Learner, LearnerCpr, SeatOffer, SignUp
from samspil.kernel import audit, clock
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid, NotFound
from samspil.kernel.locking import lock_rows
from samspil.kernel.models import MailMessage
from samspil.kernel.outbox import enqueue_all
from samspil.kernel.transitions import transition
from samspil.network.models import Organisation
from samspil.runs.models import CourseRun

MOST_PEOPLE: Final = 200
MOST_PENDING: Final = 5
"""So many sign-ups of one address may wait for its link in a day: more would be somebody's nuisance."""
SHORTEST_CONFIRM: Final = timedelta(minutes=30)
_ASKED_OF_A_RUN: Final = (
    "organisation", "status", "starts_on", "deadline_on", "takes_sign_up", "follows",
    "capacity", "enrolled", "signed_up_here",
)  # fmt: skip
"""What a sign-up asks of the run under its lock; the rest is read when somebody moves up."""


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody fills in. ``form_key`` is the form's own number: sent twice, it is one order."""

    orderer: str = Orderer.PRIVATE
    name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    cvr: str = ""
    postcode: str = ""
    head_count: int = 1
    how_many: str = HowMany.SOME
    is_protected: bool = False
    note: str = ""
    language: str = "da"
    form_key: uuid.UUID | None = None
    names: tuple[str, ...] = ()


def held_run(run: CourseRun) -> CourseRun:
    """The run in which people sit: the holder's, where ``run`` announces another's (R28)."""
    return run.follows if run.follows is not None else run


def why_closed(run: CourseRun, *, today: date, by_staff: bool = False) -> str:
    """Why nobody can sign up for ``run`` now, as a sentence; empty when it is open.

    ``by_staff``: a school may place people after the deadline (R89), and on its other runs.
    """
    if run.status not in ("announced", "confirmed"):
        return _("Holdet er ikke åbent for tilmelding.")
    if run.starts_on <= today:
        return _("Holdet er begyndt, så man kan ikke længere tilmelde sig.")
    if by_staff:
        return ""
    if not run.takes_sign_up:
        return _("Holdet tager ikke imod tilmelding her. Spørg skolen.")
    if run.deadline_on is not None and run.deadline_on < today:
        return _("Fristen for at tilmelde sig er overskredet. Ring til skolen: der kan være plads.")
    return ""


def get_open_run(run_id: int, *, brief: bool = False) -> CourseRun:
    """A run that people may look at to sign up: announced, confirmed or over, never only planned.
    ``brief``: only what ``sign_up`` needs of it. Raises ``NotFound``."""
    rows = CourseRun.objects.filter(pk=run_id).exclude(status="planned").order_by("pk")
    found = (
        rows.only("organisation_id", "follows_id")
        if brief
        else rows.select_related(
            "course", "organisation", "follows__organisation", "follows__course"
        )
    ).first()
    if found is None:
        raise NotFound(_("Holdet findes ikke."))
    return found


@action("enrolment.sign_up", permission=rules.anybody)
def sign_up(*, actor: Actor, now: datetime, run: CourseRun, order: Order) -> SignUp:
    """Order seats from the public page. The seats that are free are held until the link is opened.

    ``run`` is what was looked at; the seats are the holder's. Whoever is on the run already, by the
    same address, gets a mail with the link there is. Raises ``Invalid`` when the run is closed.
    """
    target = held_run(run)
    # Whatever the seats don't hang on is asked before the lock: behind it everybody else waits.
    terms = terms_of(target.organisation_id)
    link = tokens.new_link()
    locked = capacity.lock_run(target.pk, only=_ASKED_OF_A_RUN)
    if closed := why_closed(locked, today=clock.local_date(now)):
        raise Invalid(closed)
    earlier, pending = _known(locked, order, now=now)
    if earlier is not None:
        if order.form_key is None or earlier.form_key != order.form_key:
            _send_again(earlier, now=now)
        return earlier
    if pending >= MOST_PENDING:
        raise Invalid(
            _("Der venter allerede flere tilmeldinger på, at du bekræfter dem. Se i din mail."),
            "email",
        )
    latest = clock.start_of(locked.starts_on)
    made, seats = _order(
        locked,
        link=link,
        school_id=run.organisation_id,
        order=order,
        now=now,
        actor=actor,
        status=SignUpStatus.PENDING,
        confirm_by=max(
            min(now + timedelta(hours=terms.confirm_hours), latest), now + SHORTEST_CONFIRM
        ),
    )
    assert made.confirm_by is not None
    enqueue_all(
        [
            ("enrolment.ask_to_confirm", {"sign_up": made.pk}, now, f"signup:{made.pk}:ask"),
            ("enrolment.sign_up_ends", {"sign_up": made.pk}, made.confirm_by, f"signup:{made.pk}"),
        ],
        now=now,
    )
    record(
        made,
        after={"run": locked.pk, "head_count": made.head_count, "seats": seats},
        summary=_ordered(made.head_count, seats),
        organisation_id=locked.organisation_id,
    )
    return made


def _send_again(sign_up: SignUp, *, now: datetime) -> None:
    """Send the link to what is there, at most once an hour: a form must not fill a stranger's mail."""
    lately = MailMessage.objects.filter(
        subject_type=SignUp._meta.label_lower,
        subject_id=sign_up.pk,
        created_at__gt=now - timedelta(hours=1),
    )
    if not lately.exists():
        notifications.send(sign_up, notifications.AlreadySignedUp, now=now)
        record(sign_up, summary=_("Tilmeldte sig igen og fik sit link tilsendt."))


def _ordered(people: int, seats: int) -> str:
    if seats == people:
        return ngettext("Tilmeldte %(n)s.", "Tilmeldte %(n)s.", people) % {"n": people}
    return _("Tilmeldte %(n)s, heraf %(waiting)s på venteliste.") % {
        "n": people,
        "waiting": people - seats,
    }


def _known(run: CourseRun, order: Order, *, now: datetime) -> tuple[SignUp | None, int]:
    """What there is of this order already: of the same form, or the same private person's on this run;
    and how many sign-ups of the address wait to be confirmed since a day. One query as a rule."""
    same = Q(contact_email=order.email.lower()) if order.email else Q(pk__in=())
    if order.form_key:
        same |= Q(form_key=order.form_key)
    alone = order.orderer in (Orderer.PRIVATE, Orderer.SELF_EMPLOYED) and order.head_count == 1
    pending = 0
    found: list[int] = []
    for pk, form_key, run_id, status, orderer, head_count, created_at in (
        SignUp.objects.filter(same)
        .order_by("pk")
        .values_list("pk", "form_key", "run_id", "status", "orderer", "head_count", "created_at")
    ):
        is_live = status in (SignUpStatus.PENDING, SignUpStatus.CONFIRMED)
        if form_key is not None and form_key == order.form_key:
            found.append(pk)
        elif (
            alone and is_live and (run_id, orderer, head_count) == (run.pk, order.orderer, 1)
            and Enrolment.objects.filter(sign_up=pk, status__in=LIVE).exists()
        ):  # fmt: skip
            found.append(pk)
        pending += status == SignUpStatus.PENDING and created_at > now - timedelta(days=1)
    if not found:
        return None, pending
    return SignUp.objects.select_related("run__course").get(pk=found[0]), pending


def _order(
    run: CourseRun,
    *,
    link: tuple[str, str],
    school_id: int,
    order: Order,
    now: datetime,
    actor: Actor,
    status: str,
    confirm_by: datetime | None,
    entered_by: str = "",
) -> tuple[SignUp, int]:
    """Write an order on a locked run, and its people: as many with a seat as there is room for.

    Returns it and how many got a seat. Who waits already goes first.
    """
    # The stored count is written under the lock that is held here, so it is right.
    used = run.signed_up_here
    free = free_seats(run, used)
    if free and Enrolment.objects.filter(run=run, status=EnrolmentStatus.WAITING).exists():
        fill(run, actor=actor, now=now)
        used = run.signed_up_here
        free = free_seats(run, used)
    nonce, token_hash = link
    made = SignUp(
        run=run,
        school_id=school_id,
        orderer=order.orderer,
        contact_name=order.name,
        contact_email=order.email.lower(),
        contact_phone=order.phone,
        company_name=order.company,
        cvr=order.cvr,
        postcode=order.postcode,
        head_count=order.head_count,
        how_many=order.how_many,
        status=status,
        note=order.note,
        language=order.language,
        token_nonce=nonce,
        token_hash=token_hash,
        form_key=order.form_key,
        entered_by_label=entered_by,
        created_at=now,
        confirm_by=confirm_by,
        confirmed_at=now if status == SignUpStatus.CONFIRMED else None,
    )
    made.save(force_insert=True)
    seats = _seats_for(order.head_count, free, all_or_none=made.is_all_or_none)
    learners = _first_learners(made, order)
    seated = (
        EnrolmentStatus.ENROLLED if status == SignUpStatus.CONFIRMED else EnrolmentStatus.RESERVED
    )
    Enrolment.objects.bulk_create(
        [
            Enrolment(
                sign_up=made,
                learner=learners[i] if i < len(learners) else None,
                run=run,
                origin_id=school_id,
                status=seated if i < seats else EnrolmentStatus.WAITING,
                queued_at=now,
                seated_at=now if i < seats else None,
            )
            for i in range(order.head_count)
        ]
    )
    settle(run, used + seats)
    return made, seats


def _seats_for(wanted: int, free: int, *, all_or_none: bool) -> int:
    if all_or_none:
        return wanted if wanted <= free else 0
    return min(wanted, free)


def _first_learners(made: SignUp, order: Order) -> list[Learner]:
    """The people who are known by name: whoever signs himself up, and those that staff wrote."""
    names = order.names
    rows = [Learner(name=name[:120]) for name in names[: order.head_count]]
    if not rows and made.orderer in (Orderer.PRIVATE, Orderer.SELF_EMPLOYED):
        rows = [Learner(name=order.name, postcode=order.postcode)]
    if rows and made.orderer in (Orderer.PRIVATE, Orderer.SELF_EMPLOYED):
        rows[0].email, rows[0].phone = order.email, order.phone
        rows[0].is_protected = order.is_protected
    Learner.objects.bulk_create(rows)
    return rows


@action("enrolment.enter", permission=rules.may_enter, on="run")
def enter(
    *, actor: Actor, now: datetime, run: CourseRun, school: Organisation, order: Order
) -> SignUp:
    """Sign people up for somebody who rings or writes: confirmed at once, with a receipt by mail.

    ``school`` is the one that the staff member enters it for. Also after the deadline (R89).
    """
    if not rules.is_staff_of(actor, school.pk) and not actor.is_system:
        raise NotFound(_("Skolen findes ikke."))
    target = held_run(run)
    locked = capacity.lock_run(target.pk)
    if closed := why_closed(locked, today=clock.local_date(now), by_staff=True):
        raise Invalid(closed)
    if order.form_key and (
        earlier := SignUp.objects.filter(form_key=order.form_key).order_by("pk").first()
    ):
        return earlier
    made, seats = _order(
        locked,
        link=tokens.new_link(),
        school_id=school.pk,
        order=order,
        now=now,
        actor=actor,
        status=SignUpStatus.CONFIRMED,
        confirm_by=None,
        entered_by=actor.label,
    )
    record(
        made,
        after={"run": locked.pk, "head_count": made.head_count, "seats": seats},
        summary=_ordered(made.head_count, seats),
        organisation_id=school.pk,
    )
    send_receipt(made, now=now)
    return made


def send_receipt(sign_up: SignUp, *, now: datetime) -> None:
    """What stands now, by mail."""
    counts = standing(sign_up)
    terms = terms_of(sign_up.run.organisation_id)
    notifications.send(
        sign_up,
        notifications.Receipt,
        now=now,
        seats=counts.seats,
        waiting=counts.waiting,
        free_until=fees.free_until(sign_up.run.starts_on),
        welcome=terms.welcome,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How many of a sign-up's people sit, wait and are offered a seat."""

    seats: int
    waiting: int
    offered: int


def standing(sign_up: SignUp) -> Standing:
    """One query."""
    counts = Enrolment.objects.filter(sign_up=sign_up).aggregate(
        seats=Count("pk", filter=Q(status__in=SEATED)),
        waiting=Count("pk", filter=Q(status=EnrolmentStatus.WAITING)),
        offered=Count("pk", filter=Q(status=EnrolmentStatus.OFFERED)),
    )
    return Standing(**counts)


def lock_sign_up(sign_up: SignUp) -> tuple[SignUp, dict[int, CourseRun]]:
    """The sign-up and every run that its people sit in or are offered, locked: runs first, by id."""
    wanted = _runs_of(sign_up)
    runs = lock_runs(sorted(wanted))
    (fresh,) = lock_rows(SignUp.objects.filter(pk=sign_up.pk)) or (None,)
    if fresh is None:
        raise NotFound(_("Tilmeldingen findes ikke."))
    if _runs_of(fresh) - set(runs):
        raise Conflict(_("Tilmeldingen er ændret imens. Hent siden igen."))
    return fresh, runs


def _runs_of(sign_up: SignUp) -> set[int]:
    return {
        sign_up.run_id,
        *Enrolment.objects.filter(sign_up=sign_up, status__in=LIVE).values_list(
            "run_id", flat=True
        ),
        *SeatOffer.objects.filter(sign_up=sign_up, state=OfferState.PENDING).values_list(
            "run_id", flat=True
        ),
    }


def _live(sign_up: SignUp) -> list[Enrolment]:
    return list(
        Enrolment.objects.filter(sign_up=sign_up, status__in=LIVE)
        .select_related("learner", "run__course", "run__organisation")
        .order_by("pk")
    )


@action("enrolment.confirm", permission=rules.may_handle, on="sign_up")
def confirm(*, actor: Actor, now: datetime, sign_up: SignUp) -> SignUp:
    """Confirm by the link: held seats become the people's own, the others take their place in the queue.

    Twice is once. Raises ``Conflict`` when the time to confirm is over.
    """
    fresh, runs = lock_sign_up(sign_up)
    if fresh.status == SignUpStatus.CONFIRMED:
        return fresh
    if fresh.status != SignUpStatus.PENDING or (fresh.confirm_by and fresh.confirm_by <= now):
        raise Conflict(
            _("Tilmeldingen blev ikke bekræftet i tide, så pladsen er givet fri. Tilmeld dig igen.")
        )
    transition(fresh, "confirm", table=SIGN_UP_TRANSITIONS, actor=actor, now=now)
    SignUp.objects.filter(pk=fresh.pk).update(confirmed_at=now)
    waiting = False
    for row in _live(fresh):
        if row.status == EnrolmentStatus.RESERVED:
            transition(row, "confirm", table=ENROLMENT_TRANSITIONS, actor=actor, now=now)
        else:
            waiting = True
    record(fresh, summary=_("Bekræftede tilmeldingen."), organisation_id=fresh.school_id)
    if waiting:
        for run in runs.values():
            fill(run, actor=actor, now=now)
    send_receipt(_reloaded(fresh), now=now)
    return fresh


def _reloaded(sign_up: SignUp) -> SignUp:
    return SignUp.objects.select_related("run__course", "run__organisation").get(pk=sign_up.pk)


@action("enrolment.expire_sign_up", permission=rules.may_handle, on="sign_up")
def expire_sign_up(*, actor: Actor, now: datetime, sign_up: SignUp) -> None:
    """Give the held seats of a sign-up free that nobody confirmed in time."""
    fresh, runs = lock_sign_up(sign_up)
    if fresh.status != SignUpStatus.PENDING or fresh.confirm_by is None or fresh.confirm_by > now:
        return
    transition(fresh, "expire", table=SIGN_UP_TRANSITIONS, actor=actor, now=now)
    _end(_live(fresh), actor=actor, now=now, reason=_("Ikke bekræftet i tide."))
    record(fresh, summary=_("Ikke bekræftet i tide; pladserne er givet fri."))
    for run in runs.values():
        fill(run, actor=actor, now=now)
    notifications.send(
        _reloaded(fresh),
        notifications.ConfirmedLate,
        now=now,
        again_url=again_url(fresh),
    )


@action("enrolment.end_with_run", permission=rules.may_handle, on="sign_up")
def end_with_run(*, actor: Actor, now: datetime, sign_up: SignUp, run_id: int) -> None:
    """Take the people of a sign-up off a run that its school has cancelled, without a fee, and tell them why.

    Twice is once. Nothing happens when the run was taken up again.
    """
    fresh, runs = lock_sign_up(sign_up)
    run = runs.get(run_id)
    # who is asked about another run keeps the way there; a no brings them back here (moves_asking)
    asked = set(
        SeatOffer.objects.filter(
            sign_up=fresh, state=OfferState.PENDING, reason=OfferReason.MOVE
        ).values_list("enrolments", flat=True)
    )
    rows = [row for row in _live(fresh) if row.run_id == run_id and row.pk not in asked]
    if run is None or not run.is_cancelled or not rows:
        return
    _end(rows, actor=actor, now=now, reason=_("Holdet er aflyst."))
    settle(run)
    record(
        fresh,
        before={"people": len(rows)},
        after={"people": 0},
        summary=_("Holdet er aflyst: %(reason)s") % {"reason": run.reason},
        organisation_id=fresh.school_id,
    )
    notifications.send(
        _reloaded(fresh),
        notifications.RunCancelled,
        now=now,
        count=len(rows),
        reason=run.reason,
        cancelled=run,
    )


def people_on(run_id: int) -> list[SignUp]:
    """The confirmed sign-ups that have people on a run, seated or waiting."""
    return list(
        SignUp.objects.filter(
            status=SignUpStatus.CONFIRMED,
            pk__in=Enrolment.objects.filter(run_id=run_id, status__in=LIVE).values("sign_up"),
        ).order_by("pk")
    )


@action("enrolment.tell_of_new_days", permission=rules.may_handle, on="sign_up")
def tell_of_new_days(
    *, actor: Actor, now: datetime, sign_up: SignUp, run_id: int, key: str
) -> None:
    """Tell whoever signed up that the run has other days, hours or another place. ``key``: told once."""
    fresh, runs = lock_sign_up(sign_up)
    run = runs.get(run_id)
    if run is None or run.is_cancelled:
        return
    where = ", ".join(part for part in (run.street, f"{run.postcode} {run.city}".strip()) if part)
    summary = _("Fik besked om holdets nye dage eller sted (%(key)s)") % {"key": key}
    if any(event.summary == summary for event in audit.history(fresh)):
        return
    record(fresh, summary=summary, organisation_id=fresh.school_id)
    notifications.send(_reloaded(fresh), notifications.NewDays, now=now, changed=run, where=where)


def on_cancelled_run(run_id: int) -> list[SignUp]:
    """The sign-ups that have people on a run who must be told that it is cancelled."""
    return list(
        SignUp.objects.filter(
            pk__in=Enrolment.objects.filter(
                run_id=run_id, run__status="cancelled", status__in=LIVE
            ).values("sign_up")
        ).order_by("pk")
    )


def again_url(sign_up: SignUp) -> str:
    """Where to sign up for the same run anew."""
    name = "enrolment:en_sign_up" if sign_up.language == "en" else "enrolment:sign_up"
    return settings.BASE_URL + reverse(name, args=[sign_up.run_id])


def _end(rows: Sequence[Enrolment], *, actor: Actor, now: datetime, reason: str) -> None:
    for row in rows:
        transition(row, "cancel", table=ENROLMENT_TRANSITIONS, actor=actor, now=now, reason=reason)
    Enrolment.objects.filter(pk__in=[row.pk for row in rows]).update(ended_at=now)
    _shrink_offers(rows, actor=actor, now=now)


def _shrink_offers(rows: Sequence[Enrolment], *, actor: Actor, now: datetime) -> None:
    """Pending offers hold no seat for people who are no longer there."""
    pks = {row.pk for row in rows}
    offers = SeatOffer.objects.filter(state=OfferState.PENDING, enrolments__in=pks).distinct()
    for offer in lock_rows(SeatOffer.objects.filter(pk__in=offers.values("pk"))):
        left = offer.enrolments.exclude(pk__in=pks).filter(status__in=LIVE).count()
        if left:
            SeatOffer.objects.filter(pk=offer.pk).update(seats=left)
        else:
            transition(
                offer, "withdraw", table=OFFER_TRANSITIONS, actor=actor, now=now, field="state"
            )
            SeatOffer.objects.filter(pk=offer.pk).update(answered_at=now)


def fee_of(enrolment: Enrolment, *, on: date, charges: bool | None = None) -> fees.Fee:
    """What it costs that this person withdraws on ``on`` (R73–R77). ``charges``: whether the school
    does, when that is known."""
    run = enrolment.run
    if charges is None:
        charges = charges_on(terms_of(run.organisation_id), on)
    return fees.fee(
        fees.Case(
            leaving=fees.Leaving.WITHDRAWS,
            on=on,
            first_day=run.starts_on,
            lessons=fees.lessons_of(run.duration_days or run.course.duration_days),
            school_charges=charges,
            pays_as_employer=pays_as_employer(enrolment.sign_up),
            is_seated=enrolment.status == EnrolmentStatus.ENROLLED,
            is_moved=enrolment.previous_id is not None,
            school_cancels=run.is_cancelled,
        )
    )


def pays_as_employer(sign_up: SignUp) -> bool:
    """Whether fees may be asked of whoever signed up at all (R75)."""
    return sign_up.orderer in (Orderer.COMPANY, Orderer.SELF_EMPLOYED)


@dataclass(frozen=True, slots=True)
class Cost:
    """What withdrawing some people costs now. ``ore`` in all; ``fees`` by enrolment."""

    ore: int
    fees: Mapping[int, fees.Fee]

    @property
    def kroner(self) -> int:
        return self.ore // 100


def cost_of(sign_up: SignUp, pks: Collection[int], *, on: date) -> Cost:
    """What it costs to withdraw these people of a sign-up on a day: shown before they do."""
    rows = [row for row in _live(sign_up) if row.pk in set(pks)]
    charges = {
        school: charges_on(terms_of(school), on)
        for school in {row.run.organisation_id for row in rows}
    }
    found = {row.pk: fee_of(row, on=on, charges=charges[row.run.organisation_id]) for row in rows}
    return Cost(sum(item.ore for item in found.values()), found)


@action("enrolment.withdraw", permission=rules.may_handle, on="sign_up")
def withdraw(
    *,
    actor: Actor,
    now: datetime,
    sign_up: SignUp,
    people: Collection[int] | None = None,
    seen_ore: int | None = None,
    reason: str = "",
) -> Cost:
    """Take people off (all when ``people`` is ``None``); the next in the queue get their seats.

    ``seen_ore`` is the fee that the page showed: raises ``Conflict`` when it is higher now (midnight
    has passed), and nothing happens. Raises ``Invalid`` when the course has begun for a person with
    a seat: from then on it is a no-show, which the school notes.
    """
    fresh, runs = lock_sign_up(sign_up)
    rows = _live(fresh)
    chosen = rows if people is None else [row for row in rows if row.pk in set(people)]
    if not chosen:
        raise Conflict(_("De er allerede frameldt."))
    today = clock.local_date(now)
    if rules.is_holder(actor, fresh) and any(
        row.status in SEATED and row.run.starts_on <= today for row in chosen
    ):
        raise Invalid(_("Kurset er begyndt. Ring til skolen, hvis nogen ikke kommer."))
    cost = cost_of(fresh, [row.pk for row in chosen], on=today)
    if seen_ore is not None and cost.ore > seen_ore:
        raise Conflict(_("Gebyret er et andet nu end før. Se det igen, før du framelder."))
    for row in chosen:
        found = cost.fees[row.pk]
        if found.ore:
            Enrolment.objects.filter(pk=row.pk).update(fee_ore=found.ore, fee_why=found.why)
    _end(chosen, actor=actor, now=now, reason=reason)
    is_all = len(chosen) == len(rows)
    if is_all and fresh.status in (SignUpStatus.PENDING, SignUpStatus.CONFIRMED):
        transition(
            fresh, "withdraw", table=SIGN_UP_TRANSITIONS, actor=actor, now=now, reason=reason
        )
        SignUp.objects.filter(pk=fresh.pk).update(withdrawn_at=now)
    else:
        SignUp.objects.filter(pk=fresh.pk).update(
            head_count=len(rows) - len(chosen), version=fresh.version + 1
        )
    record(
        fresh,
        before={"people": len(rows)},
        after={"people": len(rows) - len(chosen), "fee_ore": cost.ore},
        summary=ngettext("Frameldte %(n)s person.", "Frameldte %(n)s personer.", len(chosen))
        % {"n": len(chosen)},
        organisation_id=fresh.school_id,
    )
    for run in runs.values():
        fill(run, actor=actor, now=now)
    notifications.send(
        _reloaded(fresh),
        notifications.Withdrawn,
        now=now,
        count=len(chosen),
        kroner=cost.kroner,
        reason=reason if not rules.is_holder(actor, fresh) else "",
    )
    return cost


@action("enrolment.add_people", permission=rules.may_handle, on="sign_up")
def add_people(*, actor: Actor, now: datetime, sign_up: SignUp, more: int) -> Standing:
    """Order more seats on the same sign-up; those there is no room for join the end of the queue."""
    fresh, runs = lock_sign_up(sign_up)
    rows = _live(fresh)
    if fresh.status != SignUpStatus.CONFIRMED or not rows:
        raise Conflict(_("Tilmeldingen er ikke bekræftet, så der kan ikke komme flere på."))
    if not more >= 1 or len(rows) + more > MOST_PEOPLE:
        raise Invalid(
            _("Der kan højst være %(most)s på en tilmelding.") % {"most": MOST_PEOPLE}, "more"
        )
    run = runs[fresh.run_id]
    staff = not rules.is_holder(actor, fresh)
    if closed := why_closed(run, today=clock.local_date(now), by_staff=staff):
        raise Invalid(closed)
    used = capacity.taken(run)
    moved = fill(run, actor=actor, now=now, used=used)
    used += sum(len(move.enrolments) for move in moved)
    free = free_seats(run, used)
    seats = _seats_for(more, free, all_or_none=fresh.how_many == HowMany.ALL)
    Enrolment.objects.bulk_create(
        [
            Enrolment(
                sign_up=fresh,
                run=run,
                origin_id=fresh.school_id,
                status=EnrolmentStatus.ENROLLED if i < seats else EnrolmentStatus.WAITING,
                queued_at=now,
                seated_at=now if i < seats else None,
            )
            for i in range(more)
        ]
    )
    SignUp.objects.filter(pk=fresh.pk).update(
        head_count=len(rows) + more, version=fresh.version + 1
    )
    settle(run, used + seats)
    record(
        fresh,
        before={"people": len(rows)},
        after={"people": len(rows) + more, "seats": seats},
        summary=_ordered(more, seats),
        organisation_id=fresh.school_id,
    )
    send_receipt(_reloaded(fresh), now=now)
    return standing(fresh)


@action("enrolment.set_how_many", permission=rules.may_handle, on="sign_up")
def set_how_many(*, actor: Actor, now: datetime, sign_up: SignUp, how_many: str) -> None:
    """Say whether the group only comes together. 'Those there is room for' may give seats at once."""
    fresh, runs = lock_sign_up(sign_up)
    if fresh.how_many == how_many:
        return
    SignUp.objects.filter(pk=fresh.pk).update(how_many=how_many, version=fresh.version + 1)
    Enrolment.objects.filter(sign_up=fresh).exclude(passed_over="").update(passed_over="")
    record(
        fresh,
        before={"how_many": fresh.how_many},
        after={"how_many": how_many},
        summary=str(HowMany(how_many).label),
        organisation_id=fresh.school_id,
    )
    for run in runs.values():
        fill(run, actor=actor, now=now)


@dataclass(frozen=True, slots=True)
class Wish:
    """What else would do; see ``Flexibility``."""

    km: int
    days_before: int
    days_after: int
    online: bool
    any_school: bool
    schools: tuple[int, ...] = ()
    postcode: str = ""


@action("enrolment.set_flexibility", permission=rules.may_handle, on="sign_up")
def set_flexibility(*, actor: Actor, now: datetime, sign_up: SignUp, wish: Wish) -> Flexibility:
    """Say which other dates, places and schools would do, if the run is full or cancelled."""
    fresh, _runs = lock_sign_up(sign_up)
    found, _new = Flexibility.objects.update_or_create(
        sign_up=fresh,
        defaults={
            "km": wish.km,
            "days_before": wish.days_before,
            "days_after": wish.days_after,
            "online": wish.online,
            "any_school": wish.any_school,
            "updated_at": now,
        },
    )
    found.schools.set(wish.schools)
    if wish.postcode != fresh.postcode:
        SignUp.objects.filter(pk=fresh.pk).update(postcode=wish.postcode)
    record(
        fresh,
        after={
            "km": wish.km,
            "days_before": wish.days_before,
            "days_after": wish.days_after,
            "online": wish.online,
            "any_school": wish.any_school,
        },
        summary=_("Sagde, hvad der ellers vil passe."),
        organisation_id=fresh.school_id,
    )
    return found


@dataclass(frozen=True, slots=True)
class Named:
    """A person as written on the page. An empty name leaves the seat without one."""

    name: str = ""
    email: str = ""
    is_protected: bool = False


@action("enrolment.name_people", permission=rules.may_handle, on="sign_up")
def name_people(
    *, actor: Actor, now: datetime, sign_up: SignUp, people: Mapping[int, Named]
) -> int:
    """Write who comes. Another name on a seat is another person (R76): CPR and answers go.

    Returns how many were changed.
    """
    fresh, _runs = lock_sign_up(sign_up)
    changed = 0
    for row in _live(fresh):
        wanted = people.get(row.pk)
        if wanted is None:
            continue
        old = row.learner
        now_is = (old.name, old.email, old.is_protected) if old else ("", "", False)
        new = (wanted.name, wanted.email, wanted.is_protected)
        if now_is == new or (old is None and not wanted.name):
            continue
        changed += 1
        if old is None:
            made = Learner.objects.create(
                name=wanted.name, email=wanted.email, is_protected=wanted.is_protected
            )
            Enrolment.objects.filter(pk=row.pk).update(learner=made)
            continue
        values: dict[str, object] = {
            "name": wanted.name, "email": wanted.email, "is_protected": wanted.is_protected,
        }  # fmt: skip
        if old.name.casefold() != wanted.name.casefold():
            LearnerCpr.objects.filter(learner=old).delete()
            values |= {
                "education": "", "has_danish_tie": None, "phone": "", "postcode": "",
                "is_employed": None, "employer": "", "employer_cvr": "", "employer_email": "",
                "referral": "",
            }  # fmt: skip
        Learner.objects.filter(pk=old.pk).update(**values)
    if changed:
        record(
            fresh,
            after={"named": changed},
            summary=ngettext("Skrev navn på %(n)s plads.", "Skrev navn på %(n)s pladser.", changed)
            % {"n": changed},
            organisation_id=fresh.school_id,
        )
    return changed


@action("enrolment.set_contact", permission=rules.may_handle, on="sign_up")
def set_contact(
    *, actor: Actor, now: datetime, sign_up: SignUp, name: str, phone: str, note: str
) -> None:
    """Correct who is written to about the sign-up. The address stays: it is what was confirmed."""
    fresh, _runs = lock_sign_up(sign_up)
    if (fresh.contact_name, fresh.contact_phone, fresh.note) == (name, phone, note):
        return
    SignUp.objects.filter(pk=fresh.pk).update(
        contact_name=name, contact_phone=phone, note=note, version=fresh.version + 1
    )
    record(fresh, summary=_("Rettede kontaktoplysningerne."), organisation_id=fresh.school_id)


@action("enrolment.set_language", permission=rules.may_handle, on="sign_up")
def set_language(*, actor: Actor, now: datetime, sign_up: SignUp, language: str) -> None:
    """Read the personal page, and get mails, in another language."""
    if language == sign_up.language:
        return
    SignUp.objects.filter(pk=sign_up.pk).update(language=language)
    record(
        sign_up,
        before={"language": sign_up.language},
        after={"language": language},
        summary=_("Valgte et andet sprog."),
        organisation_id=sign_up.school_id,
    )


def flexibility_of(sign_up: SignUp) -> Flexibility | None:
    """What else would do, if it has been said."""
    return Flexibility.objects.filter(sign_up=sign_up).order_by("pk").first()


def hours_to_confirm(run: CourseRun) -> int:
    """How long a seat on the run is held for the link to be opened."""
    return terms_of(held_run(run).organisation_id).confirm_hours
