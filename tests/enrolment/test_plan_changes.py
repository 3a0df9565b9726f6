"""A run that a plan is built on is cancelled, disappears or moves: the plan says so, seats go on, nobody is forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from samspil.enrolment.domain import moves, moves_asking, moves_changes
from samspil.enrolment.domain.tokens import holder_of
from samspil.enrolment.models import Enrolment, MovePlan, SeatOffer
from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.models import AuditEvent, MailMessage
from samspil.kernel.outbox import run_due
from samspil.kernel.tasks import tasks_for
from samspil.runs.domain import harvest, keeping
from samspil.runs.domain.harvest import Answer
from samspil.runs.models import CourseRun
from tests.factories.moves import Case, lines, make_case

SYSTEM = Actor.system("tests")
pytestmark = pytest.mark.django_db


def client(person: Any) -> Client:
    made = Client()
    made.force_login(person)
    return made


def text(response: Any) -> str:
    return str(response.content.decode())


def cancel(case: Case, index: int, reason: str = "Underviseren er syg") -> None:
    run = CourseRun.objects.get(pk=case.runs[index].pk)
    keeping.cancel_run(
        actor=case.staff(index), now=case.now, run=run, version=run.version, reason=reason
    )
    work()


def work() -> None:
    """What the worker does: jobs, and the jobs that these make."""
    for _round in range(4):
        run_due(clock.now())


def offers_to(case: Case, index: int) -> int:
    return SeatOffer.objects.filter(run=case.runs[index], state="pending").count()


def test_a_cancelled_target_gives_its_seats_up_and_everybody_hears_of_it() -> None:
    case = make_case((4, 3, 2))
    plan = case.approved()
    asked = lines(plan)
    assert offers_to(case, 0) == 5
    said_yes = asked[0]
    moves_asking.answer_move(
        actor=holder_of(said_yes.order), now=case.now, offer=said_yes.offer, verb="accept"
    )
    cancel(case, 0)
    assert offers_to(case, 0) == 0
    target = CourseRun.objects.get(pk=case.runs[0].pk)
    assert (target.status, target.signed_up_here) == ("cancelled", 0)
    # nobody that was asked lost the seat that they had
    for index, number in ((1, 3), (2, 2)):
        assert Enrolment.objects.filter(run=case.runs[index], status="enrolled").count() == number
    off = MailMessage.objects.filter(subject__contains="ikke flyttet")
    assert off.count() == 5 and all("er aflyst" in m.text for m in off)
    assert MailMessage.objects.filter(text__contains="Underviseren er syg").count() == 4
    plan.refresh_from_db()
    assert plan.status == "lapsed"
    row = plan.runs.get(run=target)
    assert row.changed_at is not None and "er aflyst" in row.changed_why
    told = MailMessage.objects.filter(subject__contains="er ændret")
    assert {m.organisation_id for m in told} == {s.pk for s in case.schools}
    page = text(client(case.round.people[1]).get(f"/tilmelding/flytning/{plan.pk}/"))
    assert "Den del af planen gælder ikke længere" in page and row.changed_why in page


def test_done_twice_it_changes_and_tells_nothing_more() -> None:
    case = make_case((4, 3, 2))
    plan = case.approved()
    cancel(case, 0)
    before = (AuditEvent.objects.count(), MailMessage.objects.count())
    MovePlan.objects.filter(pk=plan.pk).update(status="asking")
    for _twice in range(2):
        moves_changes.adjust_plan(
            actor=SYSTEM, now=case.now, plan=plan, run_id=case.runs[0].pk, what="cancelled"
        )
    assert (AuditEvent.objects.count(), MailMessage.objects.count()) == before


def test_a_plan_that_waits_for_approval_is_approved_anew() -> None:
    case = make_case((5, 4, 3, 2), capacity=14)
    plan = case.plan()
    first = plan.sha256
    moves.approve_moves(
        actor=case.staff(0), now=case.now, plan=plan, organisation_id=case.schools[0].pk,
        sha256=first,
    )  # fmt: skip
    gone = plan.lines.exclude(target=case.runs[3]).order_by("-source_id").first()
    assert gone is not None
    index = [run.pk for run in case.runs].index(gone.source_id)
    cancel(case, index)
    plan.refresh_from_db()
    assert plan.status == "proposed" and plan.sha256 != first
    assert not plan.approvals.exclude(is_approved=None).exists()
    assert set(plan.lines.filter(source=gone.source_id).values_list("state", flat=True)) == {
        "obsolete"
    }
    with pytest.raises(Conflict, match="anden end den"):
        moves.approve_moves(
            actor=case.staff(0), now=case.now, plan=plan, organisation_id=case.schools[0].pk,
            sha256=first,
        )  # fmt: skip
    assert [t for t in tasks_for(case.staff(0), case.now.date()) if "Godkend" in t.title]


def test_where_nothing_is_left_the_plan_is_over() -> None:
    case = make_case((4, 3, 0))
    plan = case.plan()
    cancel(case, 0)
    plan.refresh_from_db()
    assert plan.status == "dropped" and "er aflyst" in plan.ended_because


def test_other_days_end_the_question_and_keep_the_place() -> None:
    case = make_case((4, 3, 2))
    plan = case.approved()
    CourseRun.objects.filter(pk=case.runs[0].pk).update(
        street="Vej 1", deadline_on=case.runs[0].starts_on
    )
    run = CourseRun.objects.get(pk=case.runs[0].pk)
    keeping.move_run(
        actor=case.staff(0), now=case.now, run=run, version=run.version,
        first_on=run.starts_on + timedelta(days=7),
    )  # fmt: skip
    work()
    assert offers_to(case, 0) == 0
    assert Enrolment.objects.filter(status="enrolled").count() == 9
    assert "andre dage" in plan.runs.get(run=run).changed_why


def test_a_late_offer_of_a_plan_that_was_carried_out_ends_with_the_run() -> None:
    case = make_case((4, 3, 2))
    plan = case.approved()
    asked = lines(plan)
    for line in asked[:-1]:
        moves_asking.answer_move(
            actor=holder_of(line.order), now=case.now, offer=line.offer, verb="accept"
        )
    work()
    plan.refresh_from_db()
    assert plan.status == "carried_out" and offers_to(case, 0) == 1
    cancel(case, 0)
    assert offers_to(case, 0) == 0
    assert CourseRun.objects.get(pk=case.runs[0].pk).signed_up_here == 0
    assert Enrolment.objects.filter(sign_up=asked[-1].order, status="enrolled").count() == 1


# ---------------------------------------------------------------- gone from the search


def lost(case: Case, index: int = 1) -> CourseRun:
    """A run of a list that the next harvest does not find."""
    CourseRun.objects.filter(pk=case.runs[index].pk).update(is_own=False)
    run = CourseRun.objects.get(pk=case.runs[index].pk)
    harvest.take_in_file(
        actor=SYSTEM, now=case.now,
        answer=Answer(clock.local_date(case.now), (run.course.number,), []),
    )  # fmt: skip
    work()
    run.refresh_from_db()
    assert run.status == "planned"
    return run


def test_the_school_is_asked_first_and_the_people_are_told_when_it_says_so() -> None:
    case = make_case((4, 3, 2))
    mails = MailMessage.objects.count()
    run = lost(case)
    mail = MailMessage.objects.get(subject__contains="aflyst?")
    assert mail.organisation_id == case.schools[1].pk and "3 personer" in mail.text
    assert MailMessage.objects.count() == mails + 1
    assert Enrolment.objects.filter(run=run, status="enrolled").count() == 3
    (task,) = [t for t in tasks_for(case.staff(1), case.now.date()) if "aflyst?" in t.title]
    assert not [t for t in tasks_for(case.staff(0), case.now.date()) if "aflyst?" in t.title]
    # the same harvest told again asks nobody again
    moves_changes.on_harvested({"looked_on": clock.local_date(case.now).isoformat()}, now=case.now)
    work()
    assert MailMessage.objects.count() == mails + 1
    school = client(case.round.people[1])
    assert "3 personer er tilmeldt" in text(school.get(task.url))
    wrong = school.post(task.url, {"what": "cancelled", "reason": " "})
    assert wrong.status_code == 400 and "Skriv, hvorfor" in text(wrong)
    sent = school.post(task.url, {"what": "cancelled", "reason": "For få"}, follow=True)
    assert "de tilmeldte får besked" in text(sent)
    assert school.post(task.url, {"what": "cancelled", "reason": "For få"}).status_code == 302
    work()
    run.refresh_from_db()
    assert (run.status, run.signed_up_here) == ("cancelled", 0)
    assert MailMessage.objects.filter(text__contains="For få").count() == 3
    assert not [t for t in tasks_for(case.staff(1), case.now.date()) if "aflyst?" in t.title]
    with pytest.raises(Conflict):
        keeping.keep_lost_run(actor=case.staff(1), now=case.now, run=run)


def test_a_school_may_say_that_it_is_still_there() -> None:
    case = make_case((4, 3, 2))
    run = lost(case)
    with pytest.raises(NotFound):
        moves_changes.get_lost_run(case.staff(0), run.pk)
    for actor in (case.staff(0), case.round.secretariat):
        with pytest.raises(Forbidden):
            keeping.keep_lost_run(actor=actor, now=case.now, run=run)
    with pytest.raises(Invalid):
        keeping.cancel_lost_run(actor=case.staff(1), now=case.now, run=run, reason=" ")
    keeping.keep_lost_run(actor=case.staff(1), now=case.now, run=run)
    run.refresh_from_db()
    assert run.status == "announced"
    with pytest.raises(Conflict, match="annonceret igen"):
        keeping.cancel_lost_run(actor=case.staff(1), now=case.now, run=run, reason="For få")
    # the next look, without it, does not take that back
    day = clock.local_date(case.now) + timedelta(days=1)
    harvest.take_in_file(
        actor=SYSTEM, now=case.now + timedelta(days=1), answer=Answer(day, (run.course.number,), [])
    )
    run.refresh_from_db()
    assert run.status == "announced"


def test_a_plan_loses_a_run_that_is_gone_and_a_run_without_people_asks_nobody() -> None:
    case = make_case((4, 3, 0))
    plan = case.plan()
    lost(case, 1)
    plan.refresh_from_db()
    assert plan.status == "dropped" and "landsdækkende søgning" in plan.ended_because
    lost(case, 2)
    assert MailMessage.objects.filter(subject__contains="aflyst?").count() == 1
