"""A school cancels or moves a run: everybody on it in Samspil is told, and those cancelled hold no seat."""

from __future__ import annotations

from datetime import timedelta

import pytest

from samspil.enrolment.domain import sign_ups
from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.models import MailMessage
from samspil.kernel.outbox import run_due
from samspil.runs.domain import keeping
from samspil.runs.models import CourseRun
from tests.factories.enrolments import (
    make_course,
    make_open_run,
    make_school,
    sign_up,
    statuses,
    used,
)

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


def test_everybody_on_it_is_told_once_and_nobody_keeps_a_seat() -> None:
    now = clock.now()
    run = make_open_run(make_school(), make_course(), now=now)
    people = [sign_up(run, now=now, count=2) for _ in range(2)]  # two sit, one of the others waits
    run_due(now)
    MailMessage.objects.all().delete()
    run.refresh_from_db()
    run = keeping.cancel_run(
        actor=SYSTEM, now=now, run=run, version=run.version, reason="For få tilmeldte"
    )
    assert not MailMessage.objects.exists()  # the worker tells them, after commit
    run_due(clock.now())
    assert set(statuses(run)) == {"cancelled"}
    assert used(run) == 0
    mails = MailMessage.objects.filter(category="enrolment")
    assert sorted(mails.values_list("to", flat=True)) == sorted(p.contact_email for p in people)
    assert all("For få tilmeldte" in mail.text for mail in mails)
    for found in people:  # told again, nothing more happens
        sign_ups.end_with_run(actor=SYSTEM, now=clock.now(), sign_up=found, run_id=run.pk)
    assert mails.count() == 2


def test_a_run_that_was_taken_up_again_keeps_its_people() -> None:
    now = clock.now()
    run = make_open_run(make_school(), make_course(), now=now)
    found = sign_up(run, now=now)
    CourseRun.objects.filter(pk=run.pk).update(status="planned")
    sign_ups.end_with_run(actor=SYSTEM, now=now, sign_up=found, run_id=run.pk)
    assert statuses(run) == ["enrolled"]


def test_everybody_hears_of_new_days_once() -> None:
    now = clock.now()
    run = make_open_run(
        make_school(), make_course(), now=now, street="Vej 1", deadline_on=clock.local_date(now)
    )
    found = sign_up(run, now=now)
    run_due(now)
    MailMessage.objects.all().delete()
    run.refresh_from_db()
    to = run.starts_on + timedelta(days=14)
    run = keeping.move_run(actor=SYSTEM, now=now, run=run, version=run.version, first_on=to)
    run_due(clock.now())
    mail = MailMessage.objects.get(category="enrolment")
    assert mail.to == found.contact_email
    assert str(to.year) in mail.text and "Vej 1, 8000 Aarhus C" in mail.text
    key = f"{run.pk}.{run.version}"
    sign_ups.tell_of_new_days(actor=SYSTEM, now=clock.now(), sign_up=found, run_id=run.pk, key=key)
    assert MailMessage.objects.filter(category="enrolment").count() == 1
    assert statuses(run) == ["enrolled"]
