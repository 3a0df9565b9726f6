"""Mails to those who sign up. The personal link is put in when the mail leaves (``kernel.mail.LATE``)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string
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


class OfferEnded(Notification):
    """Nobody answered in time, so the seat went on."""

    category = CATEGORY
    template = "enrolment/mail/offer_ended"


class Withdrawn(Notification):
    """Somebody was taken off, by himself or by the school; with the fee, if there is one."""

    category = CATEGORY
    template = "enrolment/mail/withdrawn"


class ConfirmedLate(Notification):
    """The link was not opened in time, and the seat is free again."""

    category = CATEGORY
    template = "enrolment/mail/expired"


class HowWasIt(Notification):
    """The course is over: five questions, without a name."""

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
