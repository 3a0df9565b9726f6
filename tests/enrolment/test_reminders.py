"""Offers that nobody has answered: one mail half-way, and a task at the school in time to ring."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from samspil.enrolment.domain import moves_asking, offers, reminders, sign_ups, tokens
from samspil.enrolment.models import SeatOffer, SignUp
from samspil.kernel import clock, outbox
from samspil.kernel.actor import Actor
from samspil.kernel.models import AuditEvent, Job, MailMessage
from samspil.kernel.tasks import Task
from samspil.runs.models import CourseRun
from tests.factories import enrolments as make
from tests.factories import moves as moved

pytestmark = pytest.mark.django_db
SUBJECT = "Svar inden"


@pytest.fixture
def start() -> datetime:
    return clock.now()


@pytest.fixture
def run(start: datetime) -> CourseRun:
    """A run of the coming week, so that free seats are offered and not given."""
    return make.make_open_run(
        make.make_school(), make.make_course(), now=start, in_days=6, capacity=1
    )


@pytest.fixture
def offer(run: CourseRun, start: datetime) -> SeatOffer:
    first = make.sign_up(run, now=start)
    make.sign_up(run, now=start + timedelta(seconds=1))
    sign_ups.withdraw(actor=tokens.holder_of(first), now=start, sign_up=first)
    return SeatOffer.objects.select_related("sign_up__run").get()


def half(offer: SeatOffer) -> datetime:
    return offer.created_at + (offer.expires_at - offer.created_at) / 2


def remind(offer: SeatOffer, *, now: datetime | None = None) -> bool:
    found = offers.load_offer(offer.pk)
    assert found is not None
    return reminders.remind_of_offer(
        actor=Actor.system("test"), now=now or half(offer), offer=found
    )


def mails(sign_up: SignUp) -> list[MailMessage]:
    return list(
        MailMessage.objects.filter(subject_id=sign_up.pk, subject__startswith=SUBJECT).order_by(
            "pk"
        )
    )


def tasks(actor: Actor, now: datetime) -> list[Task]:
    return list(reminders.offer_tasks(actor, clock.local_date(now)))


def test_whoever_has_not_answered_is_reminded_once_half_way(offer: SeatOffer) -> None:
    waiting = Job.objects.get(kind="enrolment.remind_of_offer", payload={"offer": offer.pk})
    assert waiting.run_at == half(offer)
    outbox.run_due(half(offer) - timedelta(seconds=1))
    assert mails(offer.sign_up) == []
    outbox.run_due(half(offer))
    outbox.run_due(half(offer) + timedelta(hours=1))
    (mail,) = mails(offer.sign_up)
    assert "Svarer du ikke, går pladsen videre" in mail.text
    assert "[[link]]" in mail.text  # the link is put in when the mail leaves
    assert AuditEvent.objects.filter(verb="enrolment.remind_of_offer").count() == 1


def test_nobody_is_reminded_of_what_is_answered_or_over(offer: SeatOffer) -> None:
    assert not remind(offer, now=offer.expires_at)
    offers.answer_offer(
        actor=tokens.holder_of(offer.sign_up), now=offer.created_at, offer=offer, verb="accept"
    )
    assert not remind(offer)
    assert mails(offer.sign_up) == []


def test_who_left_no_address_is_the_schools_task_alone(offer: SeatOffer, run: CourseRun) -> None:
    SignUp.objects.filter(pk=offer.sign_up_id).update(contact_email="")
    assert not remind(offer)
    _person, staff = make.staff_of(run.organisation)
    assert len(tasks(staff, half(offer))) == 1


def test_the_school_is_told_before_the_time_is_up_and_no_other(
    offer: SeatOffer, run: CourseRun
) -> None:
    _person, staff = make.staff_of(run.organisation)
    _other, stranger = make.staff_of(make.make_school("Vestby"))
    assert tasks(staff, half(offer) - timedelta(days=1)) == []
    (task,) = tasks(staff, half(offer))
    assert task.title.startswith("1 tilbud er ikke besvaret")
    assert task.url == f"/tilmelding/hold/{run.pk}/"
    assert task.due_on == clock.local_date(offer.expires_at)
    assert tasks(stranger, half(offer)) == []
    assert tasks(staff, offer.expires_at + timedelta(days=1)) == []


def test_a_move_is_one_task_for_all_and_those_who_said_yes_are_left_alone() -> None:
    case = moved.make_case()
    for people in case.people:
        for sign_up in people:
            moved.flexible(sign_up, now=case.now)
    plan = case.approved()
    first, *others = [line for line in moved.lines(plan) if line.offer]
    assert first.offer is not None and others
    moves_asking.answer_move(
        actor=tokens.holder_of(first.order),
        now=case.now,
        offer=first.offer,
        verb="accept",
    )
    assert not remind(first.offer)
    asked = others[0].offer
    assert asked is not None and remind(asked)
    (mail,) = mails(asked.sign_up)
    assert f"[[link]]flytning/{asked.pk}/" in mail.text
    assert "beholder du den plads, du har nu" in mail.text
    schools = [s.pk for s in case.schools]
    found = tasks(case.staff(schools.index(others[0].source.organisation_id)), half(asked))
    own = [x for x in others if x.source.organisation_id == others[0].source.organisation_id]
    assert [task.title.split()[0] for task in found] == [str(len(own))]
    assert found[0].url == f"/tilmelding/flytning/{plan.pk}/"
