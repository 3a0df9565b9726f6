"""What the worker does for enrolments: mails to confirm, times that are up, queues every night."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import F

from samspil.enrolment import notifications
from samspil.enrolment.domain.sign_ups import standing
from samspil.enrolment.enums import EnrolmentStatus, SignUpStatus
from samspil.enrolment.models import Enrolment, SignUp
from samspil.runs.models import CourseRun


def load_sign_up(sign_up_id: int) -> SignUp | None:
    """A sign-up for the worker."""
    return (
        SignUp.objects.filter(pk=sign_up_id)
        .select_related("run__course", "run__organisation")
        .order_by("pk")
        .first()
    )


def ask_to_confirm(sign_up: SignUp, *, now: datetime) -> None:
    """Write the mail with the link; nothing when it is confirmed or over already."""
    if sign_up.status != SignUpStatus.PENDING:
        return
    counts = standing(sign_up)
    notifications.send(
        sign_up, notifications.ToConfirm, now=now, seats=counts.seats, waiting=counts.waiting
    )


def runs_to_fill(today: date) -> list[int]:
    """Runs that have a free seat and somebody who waits: a school has raised the number of seats, or
    its own system reports fewer people."""
    return list(
        CourseRun.objects.filter(
            pk__in=Enrolment.objects.filter(status=EnrolmentStatus.WAITING).values("run"),
            status__in=("announced", "confirmed"),
            starts_on__gt=today,
            capacity__gt=F("enrolled") + F("signed_up_here"),
        )
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def ask_how_it_was(on: date, *, now: datetime) -> int:
    """Write to everybody whose course ended the day before ``on``. Returns how many mails."""
    rows = (
        SignUp.objects.filter(
            anonymised_at=None,
            enrolments__run__ends_on=on - timedelta(days=1),
            enrolments__status__in=(EnrolmentStatus.ENROLLED, EnrolmentStatus.ATTENDED),
            enrolments__has_evaluated=False,
        )
        .exclude(enrolments__run__status="cancelled")
        .select_related("run__course", "run__organisation")
        .distinct()
        .order_by("pk")
    )
    return notifications.send_all([(row, notifications.HowWasIt, {}) for row in rows], now=now)
