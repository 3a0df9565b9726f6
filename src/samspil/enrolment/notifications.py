"""Mails to those who sign up. The personal link is put in when the mail leaves (``kernel.mail.LATE``)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from samspil.enrolment.models import SignUp
from samspil.kernel import mail
from samspil.kernel.mail import Notification
from samspil.kernel.models import MailMessage

CATEGORY: Final = "enrolment"
PLACEHOLDER: Final = "[[link]]"
"""Stands in stored mails where the personal link goes."""


class ToConfirm(Notification):
    """Open the link to confirm; the seat is held until then."""

    category = CATEGORY
    template = "enrolment/mail/confirm"


class AlreadySignedUp(Notification):
    """Somebody signed up twice: here is the link to what is there."""

    category = CATEGORY
    template = "enrolment/mail/already"


class Receipt(Notification):
    """What was ordered, how many have a seat, how many wait."""

    category = CATEGORY
    template = "enrolment/mail/receipt"


class MovedUp(Notification):
    """People of the waiting list have got their seats."""

    category = CATEGORY
    template = "enrolment/mail/moved_up"


class Offered(Notification):
    """A seat is held until a given time, and wants an answer."""

    category = CATEGORY
    template = "enrolment/mail/offered"


class OfferReminder(Notification):
    """Half of the time to answer has gone. Context: run, offer, count, is_move, answer."""

    category = CATEGORY
    template = "enrolment/mail/offer_reminder"


class OfferEnded(Notification):
    """Nobody answered in time, so the seat went on."""

    category = CATEGORY
    template = "enrolment/mail/offer_ended"


class Withdrawn(Notification):
    """Somebody was taken off, by himself or by the school; with the fee, if there is one."""

    category = CATEGORY
    template = "enrolment/mail/withdrawn"


class RunCancelled(Notification):
    """The school has cancelled the run, with its reason. Costs nothing."""

    category = CATEGORY
    template = "enrolment/mail/run_cancelled"


class NewDays(Notification):
    """The school has given the run other days, hours or another place."""

    category = CATEGORY
    template = "enrolment/mail/new_days"


class ConfirmedLate(Notification):
    """The link was not opened in time, and the seat is free again."""

    category = CATEGORY
    template = "enrolment/mail/expired"


class HowWasIt(Notification):
    """The course is over: four questions, without a name."""

    category = CATEGORY
    template = "enrolment/mail/evaluate"


Mail = tuple[SignUp, type[Notification], dict[str, Any]]


def send_all(mails: Iterable[Mail], *, now: datetime) -> int:
    """Write mails to the contacts of sign-ups, in the language of each, with one statement for all.

    Who left no address, or is anonymised, gets none. Returns how many were written.
    """
    rows: list[tuple[MailMessage, str, str]] = []
    label = SignUp._meta.label_lower
    for sign_up, kind, given in mails:
        if not sign_up.contact_email:
            continue
        context = {
            "base_url": settings.BASE_URL,
            "sign_up": sign_up,
            "link": PLACEHOLDER,
            "run": given.get("run") or sign_up.run,
            **given,
        }
        with translation.override(sign_up.language):
            subject = render_to_string(f"{kind.template}.subject.txt", context)
            text = render_to_string(f"{kind.template}.txt", context)
        message = MailMessage(
            category=CATEGORY,
            to=sign_up.contact_email,
            organisation_id=sign_up.school_id,
            subject_type=label,
            subject_id=sign_up.pk,
        )
        rows.append((message, subject, text))
    if rows:
        mail.queue_all(rows, now=now)
    return len(rows)


def send(sign_up: SignUp, kind: type[Notification], *, now: datetime, **context: Any) -> None:
    """Write one mail to the contact of a sign-up."""
    send_all([(sign_up, kind, context)], now=now)


class MoveAsked(Notification):
    """Another run is offered, because runs are put together; wants an answer. Context: line, offer, source."""

    category = CATEGORY
    template = "enrolment/mail/move_asked"


class MoveOff(Notification):
    """Nothing came of the move; everybody keeps their place. Context: source, why (may be empty)."""

    category = CATEGORY
    template = "enrolment/mail/move_off"


class MoveDone(Notification):
    """They are moved; costs nothing, and VEU-godtgørelse must be looked at (R77, R82). Context: source, count."""

    category = CATEGORY
    template = "enrolment/mail/move_done"


class EmployerTold(Notification):
    """The employer of somebody who was moved: an application hangs on the old run (R82). Context: name, source, run."""

    category = CATEGORY
    template = "enrolment/mail/employer_told"


class MovePlanReady(Notification):
    """A school's part of a plan wants approval. Context: plan, person, school, url."""

    category = "enrolment.move_plan"
    template = "enrolment/mail/move_plan_ready"


class MoveBundleReady(Notification):
    """A school's parts of plans for several courses want approval. Context: bundle, person, school, count, url."""

    category = "enrolment.move_plan"
    template = "enrolment/mail/move_bundle_ready"


class MoveAskYours(Notification):
    """A school must ask those whom only its own system knows. Context: plan, person, school, count, ask_url."""

    category = "enrolment.move_plan"
    template = "enrolment/mail/move_ask_yours"


class MovePlanOver(Notification):
    """A plan is over, with or without a move. Context: plan, person, school, text, url."""

    category = "enrolment.move_plan"
    template = "enrolment/mail/move_plan_over"


class MovePlanChanged(Notification):
    """A run that a plan is built on is another now. Context: plan, person, school, why, url."""

    category = "enrolment.move_plan"
    template = "enrolment/mail/move_plan_changed"


class RunGone(Notification):
    """A run is gone from the national search though people sit on it. Context: run, person, count, url."""

    category = "enrolment.run"
    template = "enrolment/mail/run_gone"


class TransferDue(Notification):
    """Something is still to be done for people who were transferred. Context: transfer, person, school, url."""

    category = "enrolment.transfer"
    template = "enrolment/mail/transfer_due"


class TransferSaid(Notification):
    """The other school has written about a transfer. Context: transfer, person, school, note, url."""

    category = "enrolment.transfer"
    template = "enrolment/mail/transfer_said"


def plan_url(plan: Model) -> str:
    """The address of a plan that puts runs together, for mails."""
    return str(settings.BASE_URL) + reverse("enrolment:plan", args=[plan.pk])


def gone_url(run: Model) -> str:
    """Where a school says whether a run that is gone is cancelled, for mails."""
    return str(settings.BASE_URL) + reverse("enrolment:lost_run", args=[run.pk])


def elsewhere_url(plan: Model) -> str:
    """Where a school asks those whom only its own system knows, for mails."""
    return str(settings.BASE_URL) + reverse("enrolment:plan_elsewhere", args=[plan.pk])


def bundle_url(bundle: Model) -> str:
    """The address of plans that were asked for together, for mails."""
    return str(settings.BASE_URL) + reverse("enrolment:bundle", args=[bundle.pk])


def transfer_url(transfer: Model) -> str:
    """The address of a transfer, for mails."""
    return str(settings.BASE_URL) + reverse("enrolment:transfer", args=[transfer.pk])
