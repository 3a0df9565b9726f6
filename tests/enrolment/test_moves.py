"""Putting runs together: from the plan over the schools' yes and the people's to the move, or to nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from samspil.enrolment.domain import moves, moves_asking, offers, planning, sign_ups, tokens
from samspil.enrolment.models import Enrolment, MoveLine, MovePlan, SeatOffer, Transfer
from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.models import AuditEvent, Job, MailMessage
from samspil.kernel.outbox import run_due
from samspil.kernel.tasks import tasks_for
from samspil.runs.domain import keeping
from samspil.runs.models import CourseRun
from samspil.settlement.models import TransferFact
from tests.factories import enrolments as make
from tests.factories.moves import Case, flexible, lines, make_case

SYSTEM = Actor.system("tests")
pytestmark = pytest.mark.django_db


def say(case: Case, line: MoveLine, verb: str, **values: Any) -> None:
    line.refresh_from_db()
    assert line.offer is not None
    moves_asking.answer_move(
        actor=tokens.holder_of(line.sign_up), now=case.now, offer=line.offer, verb=verb, **values
    )


def settle(case: Case, plan: MovePlan, now: Any = None) -> MovePlan:
    moves_asking.settle_moves(actor=SYSTEM, now=now or case.now, plan=plan)
    plan.refresh_from_db()
    return plan


def seats(case: Case) -> list[int]:
    """Who really sits on each run, and that the stored count with held offers says the same."""
    found = []
    for run in case.runs:
        run.refresh_from_db()
        people = Enrolment.objects.filter(run=run, status="enrolled").count()
        held = sum(o.seats for o in SeatOffer.objects.filter(run=run, state="pending"))
        assert run.signed_up_here == people + held
        assert people + held <= run.capacity
        found.append(people)
    return found


def test_three_small_runs_become_one_when_all_say_yes() -> None:
    case = make_case((4, 3, 2))
    plan = case.plan()
    assert plan.status == "proposed"
    assert (plan.statistics["alone"], plan.statistics["taught"]) == (0, 9)
    # Aarhus has most and is in the middle: the fewest move
    assert {(x.source_id, x.target_id) for x in lines(plan)} == {
        (case.runs[1].pk, case.runs[0].pk),
        (case.runs[2].pk, case.runs[0].pk),
    }
    plan = case.approved()
    assert plan.status == "asking"
    asked = lines(plan)
    assert seats(case) == [4, 3, 2]
    for line in asked[:-1]:
        say(case, line, "accept")
    # 4 + 4 is enough for the minimum of 6: those four move at once, the fifth is still asked
    run_due(clock.now())
    plan.refresh_from_db()
    assert plan.status == "carried_out"
    assert seats(case) == [8, 0, 1] or seats(case) == [8, 1, 0]
    assert case.runs[0].status == "confirmed"
    say(case, asked[-1], "accept")
    assert seats(case) == [9, 0, 0]
    assert Transfer.objects.count() == 5
    run_due(clock.now())
    assert TransferFact.objects.count() == 5
    assert {f.holder_id for f in TransferFact.objects.all()} == {case.schools[0].pk}


def test_nobody_is_asked_before_every_school_has_approved() -> None:
    case = make_case()
    plan = case.plan()
    before = MailMessage.objects.filter(category="enrolment").count()
    approvals = list(plan.approvals.order_by("pk"))
    assert {a.organisation_id for a in approvals} == {s.pk for s in case.schools}
    for index in (0, 0, 1):  # one clicks twice
        moves.approve_moves(
            actor=case.staff(index), now=case.now, plan=plan,
            organisation_id=case.schools[index].pk, sha256=plan.sha256,
        )  # fmt: skip
    plan.refresh_from_db()
    assert plan.status == "proposed"
    assert MailMessage.objects.filter(category="enrolment").count() == before
    assert not SeatOffer.objects.exists()
    assert [t for t in tasks_for(case.staff(2), case.now.date()) if "Godkend" in t.title]
    assert not [t for t in tasks_for(case.staff(0), case.now.date()) if "Godkend" in t.title]


def test_who_may_approve_and_what() -> None:
    case = make_case()
    plan = case.plan()
    common: dict[str, Any] = {"now": case.now, "plan": plan}
    with pytest.raises(Forbidden):
        moves.approve_moves(
            actor=case.round.secretariat, organisation_id=case.schools[0].pk, sha256=plan.sha256, **common
        )  # fmt: skip
    with pytest.raises(Forbidden):  # for another school
        moves.approve_moves(
            actor=case.staff(0), organisation_id=case.schools[1].pk, sha256=plan.sha256, **common
        )
    with pytest.raises(Conflict, match="anden end den"):
        moves.approve_moves(
            actor=case.staff(0), organisation_id=case.schools[0].pk, sha256="x", **common
        )


def test_a_school_that_says_no_ends_the_plan_and_the_others_hear_why() -> None:
    case = make_case()
    plan = case.plan()
    reject = {
        "actor": case.staff(1), "now": case.now, "plan": plan,
        "organisation_id": case.schools[1].pk, "sha256": plan.sha256,
    }  # fmt: skip
    with pytest.raises(Invalid):
        moves.reject_moves(reason=" ", **reject)
    moves.reject_moves(reason="Vi holder det selv", **reject)
    plan.refresh_from_db()
    assert plan.status == "rejected"
    told = MailMessage.objects.filter(category="enrolment.move_plan", text__contains="selv")
    assert {m.organisation_id for m in told} == {case.schools[0].pk, case.schools[2].pk}
    with pytest.raises(Conflict):
        moves.approve_moves(
            actor=case.staff(0), now=case.now, plan=plan, organisation_id=case.schools[0].pk,
            sha256=plan.sha256,
        )  # fmt: skip


def test_who_says_no_keeps_the_place_and_too_few_yeses_move_nobody() -> None:
    case = make_case((3, 2, 2))
    plan = case.approved()
    asked = lines(plan)
    say(case, asked[0], "accept")
    for line in asked[1:]:
        say(case, line, "decline")
    settle(case, plan)
    assert plan.status == "lapsed"
    assert seats(case) == [3, 2, 2]
    assert not Transfer.objects.exists()
    assert not SeatOffer.objects.filter(state="pending").exists()
    assert MailMessage.objects.filter(subject__contains="ikke flyttet").count() == 1


def test_silence_is_no_when_the_deadline_has_passed() -> None:
    case = make_case((3, 2, 2))
    plan = case.approved()
    say(case, lines(plan)[0], "accept")
    settle(case, plan)
    assert plan.status == "asking"
    late = plan.answer_by + timedelta(minutes=1)
    settle(case, plan, late)
    assert plan.status == "lapsed"
    assert seats(case) == [3, 2, 2]
    assert {x.state for x in lines(plan)} == {"obsolete", "silent"}


def test_a_yes_can_be_taken_back_until_the_move_and_holds_its_seat() -> None:
    case = make_case((3, 2, 2))
    plan = case.approved()
    line = lines(plan)[0]
    say(case, line, "accept")
    say(case, line, "accept")  # a double click
    # its own expiry job comes and goes: the seat stays held
    late = line.offer.expires_at + timedelta(seconds=1) if line.offer else case.now
    offer = offers.load_offer(line.offer_id)
    assert offer is not None
    offers.expire_offer(actor=SYSTEM, now=late, offer=offer)
    line.refresh_from_db()
    assert (line.state, line.offer.state) == ("yes", "pending")
    say(case, line, "decline")
    line.refresh_from_db()
    assert (line.state, line.offer.state) == ("no", "declined")
    seats(case)


def test_seats_are_held_and_never_oversold() -> None:
    case = make_case((4, 3, 2), capacity=8)
    plan = case.approved()
    target = case.runs[0]
    # 4 sit, 4 are held for; the fifth that the plan could not hold a seat for is not asked
    seats(case)
    target.refresh_from_db()
    assert target.free == 0
    late = make.sign_up(target, now=case.now)
    assert Enrolment.objects.get(sign_up=late).status == "waiting"
    for line in lines(plan):
        if line.state == "asked":
            say(case, line, "accept")
    settle(case, plan)
    assert plan.status == "carried_out"
    assert seats(case)[0] == 8


def test_what_people_said_decides_whom_to_ask() -> None:
    case = make_case((4, 3, 0))
    stays, near, other = case.people[1]
    for one in (*case.people[0], stays):
        flexible(one, now=case.now, km=0, any_school=False)
    flexible(near, now=case.now, km=10)
    # only one of Randers could come, and five are too few
    assert lines(case.plan()) == []
    # who lives close by is not far away
    flexible(near, now=case.now, km=10, postcode="8000")
    assert {x.sign_up_id for x in lines(case.plan())} == {near.pk, other.pk}


def test_pins_and_limits_are_kept_when_it_is_calculated_anew() -> None:
    case = make_case((4, 3, 2))
    gone = lines(case.plan(cancelled=(case.runs[0].pk,)))
    assert {x.target_id for x in gone} == {case.runs[1].pk}
    near = case.plan(km=40)
    assert all(x.metres <= 40_000 for x in lines(near))
    assert lines(case.plan(km=10)) == []


def test_a_group_that_only_comes_together_is_asked_as_one() -> None:
    case = make_case((4, 0, 0))
    group = make.sign_up(
        case.runs[1], now=case.now, count=3, orderer="company", company="Firma A/S", how_many="all"
    )
    plan = case.approved()
    (line,) = lines(plan)
    assert (line.sign_up_id, line.heads) == (group.pk, 3)
    say(case, line, "accept")
    settle(case, plan)
    assert seats(case) == [7, 0, 0]
    assert Transfer.objects.get().heads == 3


def test_people_only_in_the_schools_own_system_count_but_are_not_asked() -> None:
    case = make_case((4, 0, 0))
    CourseRun.objects.filter(pk=case.runs[1].pk).update(enrolled=5)
    plan = case.plan()
    # the four of Aarhus go to Randers, where five stay
    assert {(x.source_id, x.target_id) for x in lines(plan)} == {(case.runs[0].pk, case.runs[1].pk)}
    assert plan.runs.get(run=case.runs[1]).fixed == 5


def test_some_say_no_so_others_are_asked_in_a_second_wave() -> None:
    case = make_case((4, 3, 3))
    plan = case.plan(yes="50")
    waves = {x.wave for x in lines(plan)}
    assert waves and min(waves) == 1
    for row in plan.approvals.order_by("pk"):
        index = [s.pk for s in case.schools].index(row.organisation_id)
        moves.approve_moves(
            actor=case.staff(index), now=case.now, plan=plan,
            organisation_id=row.organisation_id, sha256=plan.sha256,
        )  # fmt: skip
    for line in lines(plan):
        if line.state == "asked":
            say(case, line, "decline")
    settle(case, plan)
    if 2 in waves:
        assert plan.wave == 2 and plan.status == "asking"
        assert {x.state for x in lines(plan) if x.wave == 2} <= {"asked", "obsolete"}
        # a person is never asked about two runs at once
        open_now = [x.sign_up_id for x in lines(plan) if x.state == "asked"]
        assert len(open_now) == len(set(open_now))
    else:
        assert plan.status == "lapsed"
    seats(case)


def test_moved_people_pay_nothing_and_are_told_about_their_application() -> None:
    case = make_case((4, 3, 0))
    plan = case.approved()
    for line in lines(plan):
        say(case, line, "accept", special_needs="Ordblind", has_consent=line.pk % 2 == 0)
    settle(case, plan)
    told = MailMessage.objects.filter(subject__startswith="Du er flyttet")
    assert told.count() == 3
    assert all("koster ikke noget" in m.text and "VEU-godtgørelse" in m.text for m in told)
    assert not Enrolment.objects.filter(fee_ore__gt=0).exists()
    # special needs travel with consent alone
    for transfer in Transfer.objects.all():
        assert bool(transfer.special_needs) == transfer.has_consent
    moved = Enrolment.objects.filter(run=case.runs[0], previous__isnull=False)
    assert {e.previous.status for e in moved} == {"transferred"}
    cost = sign_ups.cost_of(
        moved[0].sign_up, [moved[0].pk], on=case.runs[0].starts_on - timedelta(days=2)
    )
    assert cost.ore == 0


def test_a_run_that_everybody_has_left_is_cancelled_with_the_move() -> None:
    case = make_case((4, 3, 2))
    plan = case.approved()
    for line in lines(plan):
        if line.source_id == case.runs[1].pk:
            say(case, line, "accept")
    settle(case, plan)
    for run in case.runs:
        run.refresh_from_db()
    assert [run.status for run in case.runs] == ["confirmed", "cancelled", "announced"]


def test_who_waits_is_asked_about_a_free_seat_elsewhere_in_words_that_fit() -> None:
    case = make_case((3, 3, 0), capacity=3, minimum=2)
    # the first run is full, and one more waits there; the third has room and lacks people
    waits = make.sign_up(case.runs[0], now=case.now)
    other = make.sign_up(case.runs[2], now=case.now)
    plan = case.approved()
    (line,) = lines(plan)
    assert (line.sign_up_id, line.target_id) == (waits.pk, case.runs[2].pk)
    told = MailMessage.objects.get(subject__startswith="Vil du flytte", subject_id=waits.pk)
    assert "Du venter på en plads" in told.text and "aflyst" not in told.text
    say(case, line, "accept")
    settle(case, plan)
    assert seats(case) == [3, 3, 2]
    assert other.enrolments.get().run_id == case.runs[2].pk


def test_a_run_that_its_school_cancels_meanwhile_leaves_those_who_are_asked_their_way_out() -> None:
    case = make_case((4, 3, 0))
    plan = case.approved()
    yes, no, late = lines(plan)
    say(case, yes, "accept")
    say(case, late, "accept")
    source = CourseRun.objects.get(pk=case.runs[1].pk)
    keeping.cancel_run(
        actor=SYSTEM, now=case.now, run=source, version=source.version, reason="Læreren er syg"
    )
    run_due(clock.now())
    say(case, no, "decline")
    run_due(clock.now())
    plan.refresh_from_db()
    assert plan.status == "carried_out"
    assert [line.sign_up.enrolments.latest("pk").status for line in (yes, no, late)] == [
        "enrolled", "cancelled", "enrolled",
    ]  # fmt: skip
    assert MailMessage.objects.filter(subject__startswith="Aflyst").count() == 1


def test_the_same_people_are_not_asked_by_two_plans() -> None:
    case = make_case()
    second = case.plan()
    case.approved()
    with pytest.raises(Conflict, match="anden plan"):
        for row in second.approvals.order_by("pk"):
            index = [s.pk for s in case.schools].index(row.organisation_id)
            moves.approve_moves(
                actor=case.staff(index), now=case.now, plan=second,
                organisation_id=row.organisation_id, sha256=second.sha256,
            )  # fmt: skip
    second.refresh_from_db()
    assert second.status == "proposed"


def test_given_up_everybody_keeps_the_place_and_hears_of_it() -> None:
    case = make_case()
    plan = case.approved()
    say(case, lines(plan)[0], "accept")
    moves.drop_moves(actor=case.round.secretariat, now=case.now, plan=plan, reason="Sne")
    moves.drop_moves(actor=case.round.secretariat, now=case.now, plan=plan, reason="Sne")
    assert seats(case) == [4, 3, 2]
    assert not SeatOffer.objects.filter(state="pending").exists()
    assert MailMessage.objects.filter(subject__contains="ikke flyttet").count() == 5


def test_somebody_who_leaves_while_asked_is_counted_no_more() -> None:
    case = make_case((3, 3, 0))
    plan = case.approved()
    asked = lines(plan)
    for line in asked:
        say(case, line, "accept")
    sign_ups.withdraw(
        actor=tokens.holder_of(asked[0].sign_up), now=case.now, sign_up=asked[0].sign_up
    )
    settle(case, plan)
    # 3 + 2 is not enough for 6
    assert plan.status == "lapsed"
    assert seats(case) == [3, 2, 0]


def test_done_again_the_move_changes_nothing() -> None:
    case = make_case()
    plan = case.approved()
    for line in lines(plan):
        say(case, line, "accept")
    settle(case, plan)
    events, people = AuditEvent.objects.count(), Enrolment.objects.count()
    for _ in range(2):
        moves_asking.on_settle({"plan": plan.pk}, now=case.now)
        settle(case, plan)
    assert (AuditEvent.objects.count(), Enrolment.objects.count()) == (events, people)
    assert Job.objects.filter(kind="settlement.people_transferred").count() == 5


def test_nothing_to_ask_about_is_said() -> None:
    case = make_case((0, 0, 0))
    with pytest.raises(Invalid, match="Ingen, der er tilmeldt her"):
        case.plan()
    with pytest.raises(Invalid, match="kilometer"):
        case.plan(km=9999)


def test_enough_for_counts_who_could_come() -> None:
    from datetime import date

    make_case((0, 0, 0))
    day = date(2027, 3, 1)
    near = planning.Wisher(4, "8000", day, day, 60)
    far = planning.Wisher(3, "8700", day, day, 10)
    elsewhere = planning.Wisher(3, "8000", day, day, 60, frozenset({99}))
    candidate = planning.Candidate(1, "8900", day, 4)
    assert [
        (e.heads, e.candidate.school)
        for e in planning.enough_for([near, far, elsewhere], [candidate])
    ] == [(4, 1)]
    short = planning.Candidate(1, "8900", day, 5)
    assert planning.enough_for([near, far, elsewhere], [short]) == []


def test_a_plan_of_many_takes_no_more_statements_than_one_of_few() -> None:
    """What grows with the people is written in bulk."""
    counted = []
    for numbers, fkb in (((4, 3), "9222"), ((12, 10), "9223")):
        case = make_case(numbers, fkb=fkb, capacity=30, minimum=numbers[0] + 1)
        plan = case.approved()
        answered = [line for line in lines(plan) if line.offer]
        for line in answered:
            assert line.offer is not None
            moves_asking.answer_move(
                actor=tokens.holder_of(line.order), now=case.now, offer=line.offer, verb="accept"
            )
        with CaptureQueriesContext(connection) as moved:
            settle(case, plan)
        plan.refresh_from_db()
        assert plan.status == "carried_out"
        counted.append((len(answered), len(moved)))
    few, many = counted
    assert (few[0], many[0]) == (3, 10)
    assert many[1] == few[1]
