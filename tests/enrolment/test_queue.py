"""The waiting list: its order, groups, offers in the last week, withdrawals with their fee."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from samspil.enrolment.domain import capacity, offers, sign_ups, tokens, upkeep
from samspil.enrolment.enums import SEATED
from samspil.enrolment.models import Enrolment, SchoolTerms, SeatOffer, SignUp
from samspil.kernel import clock, outbox
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.models import AuditEvent, MailMessage, StatusChange
from samspil.runs.models import CourseRun
from tests.factories import enrolments as make

pytestmark = pytest.mark.django_db
FIRM = {"orderer": "company", "company": "Firma", "cvr": "25313763"}


@pytest.fixture
def here() -> datetime:
    return clock.now()


@pytest.fixture
def run(here: datetime) -> CourseRun:
    return make.make_open_run(make.make_school(), make.make_course(), now=here)


def leave(made: SignUp, now: datetime, people: list[int] | None = None) -> sign_ups.Cost:
    return sign_ups.withdraw(actor=tokens.holder_of(made), now=now, sign_up=made, people=people)


def state(made: SignUp) -> list[str]:
    return list(made.enrolments.order_by("pk").values_list("status", flat=True))


def later(now: datetime, minutes: int) -> datetime:
    return now + timedelta(minutes=minutes)


def test_the_first_to_come_is_the_first_to_move_up(run: CourseRun, here: datetime) -> None:
    first = [make.sign_up(run, now=later(here, i)) for i in range(3)]
    waiting = [make.sign_up(run, now=later(here, 10 + i)) for i in range(2)]
    leave(first[1], later(here, 20))
    assert [state(w) for w in waiting] == [["enrolled"], ["waiting"]]
    row = waiting[0].enrolments.get()
    assert StatusChange.objects.get(subject_id=row.pk, verb="move_up").reason
    assert AuditEvent.objects.filter(
        subject_id=str(row.pk), summary__contains="den næste i køen"
    ).exists()
    assert "rykket op" in MailMessage.objects.filter(subject_id=waiting[0].pk).latest("pk").text
    assert make.used(run) == 3


def test_who_has_not_confirmed_does_not_move_up(run: CourseRun, here: datetime) -> None:
    first = make.sign_up(run, now=here, count=3, **FIRM)
    unsure = make.sign_up(run, now=later(here, 1), confirmed=False)
    sure = make.sign_up(run, now=later(here, 2))
    leave(first, later(here, 3), [first.enrolments.order_by("pk")[0].pk])
    assert (state(unsure), state(sure)) == (["waiting"], ["enrolled"])


def test_a_group_that_only_comes_together_keeps_its_place_and_is_told(
    run: CourseRun, here: datetime
) -> None:
    first = make.sign_up(run, now=here, count=3, **FIRM)
    group = make.sign_up(run, now=later(here, 1), count=2, how_many="all", **FIRM)
    single = make.sign_up(run, now=later(here, 2))
    seats = list(first.enrolments.order_by("pk"))
    leave(first, later(here, 3), [seats[0].pk])
    assert (state(group), state(single)) == (["waiting", "waiting"], ["enrolled"])
    page = Client().get(f"/tilmelding/min/{tokens.token_of(group)}/").content.decode()
    assert "I vil kun komme samlet" in page
    leave(first, later(here, 4), [seats[1].pk])
    assert state(group) == ["waiting", "waiting"]
    leave(first, later(here, 5), [seats[2].pk])
    assert state(group) == ["enrolled", "enrolled"]
    assert make.used(run) == 3


def test_a_group_that_changes_its_mind_gets_what_there_is(run: CourseRun, here: datetime) -> None:
    make.sign_up(run, now=here, count=2, **FIRM)
    group = make.sign_up(run, now=later(here, 1), count=2, how_many="all", **FIRM)
    assert state(group) == ["waiting", "waiting"]
    Client().post(f"/tilmelding/min/{tokens.token_of(group)}/samlet/", {"how_many": "some"})
    assert state(group) == ["enrolled", "waiting"]


def test_a_group_without_room_for_all_gets_the_seats_there_are(
    run: CourseRun, here: datetime
) -> None:
    made = make.sign_up(run, now=here, count=5, **FIRM)
    assert sorted(state(made)) == ["enrolled"] * 3 + ["waiting"] * 2
    token = tokens.token_of(made)
    sent = Client().post(f"/tilmelding/min/{token}/flere/", {"more": "2"}, follow=True)
    assert "Pladserne er lagt til" in sent.content.decode()
    assert len(state(made)) == 7
    too_many = Client().post(f"/tilmelding/min/{token}/flere/", {"more": "199"})
    assert too_many.status_code == 400
    assert "højst være 200" in too_many.content.decode()


@pytest.fixture
def soon(here: datetime) -> CourseRun:
    return make.make_open_run(
        make.make_school(), make.make_course(), now=here, in_days=3, capacity=1
    )


def test_in_the_last_week_a_seat_is_offered_and_held(soon: CourseRun, here: datetime) -> None:
    first, second, third = (make.sign_up(soon, now=later(here, i)) for i in range(3))
    leave(first, later(here, 5))
    offer = SeatOffer.objects.get()
    assert (state(second), offer.seats, make.used(soon)) == (["offered"], 1, 1)
    link = f"/tilmelding/min/{tokens.token_of(second)}/"
    assert "Der er en plads til dig" in Client().get(link).content.decode()
    Client().post(f"{link}tilbud/{offer.pk}/", {"svar": "ja"})
    assert (state(second), state(third), make.used(soon)) == (["enrolled"], ["waiting"], 1)
    again = Client().post(f"{link}tilbud/{offer.pk}/", {"svar": "nej"}, follow=True)
    assert "allerede besvaret" in again.content.decode()
    other = Client().post(
        f"/tilmelding/min/{tokens.token_of(third)}/tilbud/{offer.pk}/", {"svar": "nej"}
    )
    assert other.status_code in (302, 404)
    assert state(second) == ["enrolled"]


def test_no_and_silence_send_the_seat_on(soon: CourseRun, here: datetime) -> None:
    first, second, third, fourth = (make.sign_up(soon, now=later(here, i)) for i in range(4))
    leave(first, later(here, 5))
    offer = SeatOffer.objects.get()
    offers.answer_offer(
        actor=tokens.holder_of(second), now=later(here, 6), offer=offer, verb="decline"
    )
    assert (state(second), state(third)) == (["cancelled"], ["offered"])
    silent = SeatOffer.objects.get(state="pending")
    late = silent.expires_at + timedelta(seconds=1)
    with pytest.raises(Conflict):
        offers.answer_offer(actor=tokens.holder_of(third), now=late, offer=silent, verb="accept")
    offers.expire_offer(actor=Actor.system("test"), now=late, offer=silent)
    assert (state(third), state(fourth), make.used(soon)) == (["cancelled"], ["offered"], 1)
    assert outbox.Job.objects.filter(kind="enrolment.offer_ends").count() == 3


def test_the_fee_is_shown_before_and_stands_after(soon: CourseRun, here: datetime) -> None:
    SchoolTerms.objects.create(
        organisation=soon.organisation, charges_fees=True, board_decided_on=clock.local_date(here)
    )
    made = make.sign_up(soon, now=here, **FIRM)
    row = made.enrolments.get()
    link = f"/tilmelding/min/{tokens.token_of(made)}/"
    page = Client().get(f"{link}frameld/").content.decode()
    assert "1.500 kr." in page
    blind = Client().post(f"{link}frameld/", {"people": [row.pk]})
    assert "Gebyret er et andet" in blind.content.decode()
    assert state(made) == ["enrolled"]
    Client().post(f"{link}frameld/", {"people": [row.pk], f"seen-{row.pk}": "150000"})
    row.refresh_from_db()
    assert (row.status, row.fee_ore, row.fee_why) == ("cancelled", 150_000, "late")
    private = make.sign_up(soon, now=here)
    assert leave(private, here).ore == 0


def test_a_moved_person_is_never_charged(soon: CourseRun, here: datetime) -> None:
    SchoolTerms.objects.create(
        organisation=soon.organisation, charges_fees=True, board_decided_on=clock.local_date(here)
    )
    made = make.sign_up(soon, now=here, **FIRM)
    row = made.enrolments.get()
    Enrolment.objects.filter(pk=row.pk).update(previous=row)
    assert leave(made, here).ore == 0


def test_after_the_start_the_link_takes_nobody_off(run: CourseRun, here: datetime) -> None:
    made = make.sign_up(run, now=here)
    CourseRun.objects.filter(pk=run.pk).update(starts_on=clock.local_date(here))
    with pytest.raises(Invalid, match="begyndt"):
        leave(made, here)


def test_seats_that_become_free_elsewhere_are_found_at_night(
    run: CourseRun, here: datetime
) -> None:
    for i in range(5):
        make.sign_up(run, now=later(here, i))
    today = clock.local_date(here)
    assert upkeep.runs_to_fill(today) == []
    CourseRun.objects.filter(pk=run.pk).update(capacity=4)
    assert upkeep.runs_to_fill(today) == [run.pk]
    outbox.enqueue("enrolment.fill_queues", {"on": today}, now=here)
    while outbox.run_due(clock.now()):
        pass
    assert make.statuses(run) == ["enrolled"] * 4 + ["waiting"]


def test_a_newcomer_does_not_pass_the_queue_when_seats_are_added(
    run: CourseRun, here: datetime
) -> None:
    make.sign_up(run, now=here, count=3, **FIRM)
    waits = make.sign_up(run, now=later(here, 1))
    CourseRun.objects.filter(pk=run.pk).update(capacity=4)
    new = make.sign_up(run, now=later(here, 2))
    assert (state(waits), state(new)) == (["enrolled"], ["waiting"])


def test_nobody_moves_up_on_a_cancelled_run(run: CourseRun, here: datetime) -> None:
    first = make.sign_up(run, now=here, count=3, **FIRM)
    waits = make.sign_up(run, now=later(here, 1))
    CourseRun.objects.filter(pk=run.pk).update(status="cancelled")
    leave(first, later(here, 2))
    assert state(waits) == ["waiting"]
    assert make.used(run) == 0


STEPS = st.lists(
    st.tuples(st.sampled_from(["some", "all", "leave", "expire"]), st.integers(1, 4)), max_size=12
)


@given(STEPS)
@settings(max_examples=25)
def test_whatever_happens_no_seat_is_sold_twice(steps: list[tuple[str, int]]) -> None:
    now = clock.now()
    run = make.make_open_run(make.make_school(), make.make_course(), now=now, capacity=4)
    made: list[SignUp] = []
    for i, (what, n) in enumerate(steps):
        at = later(now, i)
        if what in ("some", "all"):
            made.append(make.sign_up(run, now=at, count=n, how_many=what, confirmed=n != 4, **FIRM))
        elif made and what == "leave":
            one = made[n % len(made)]
            if one.enrolments.filter(status__in=("reserved", "waiting", "enrolled")).exists():
                leave(one, at)
        elif made:
            one = made[n % len(made)]
            sign_ups.expire_sign_up(
                actor=Actor.system("test"), now=at + timedelta(days=2), sign_up=one
            )
        seated = Enrolment.objects.filter(run=run, status__in=SEATED).count()
        assert seated <= 4
        assert make.used(run) == seated == capacity.taken(run)
    free = 4 - make.used(run)
    for one in made:
        one.refresh_from_db()
        waiting = one.enrolments.filter(status="waiting").count()
        if one.status == "confirmed" and waiting:
            assert waiting > free if one.is_all_or_none else free == 0
