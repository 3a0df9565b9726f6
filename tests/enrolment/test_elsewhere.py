"""People whom only a school's own system knows are asked by their school, and count like everybody in a move."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from samspil.enrolment.domain import (
    moves,
    moves_asking,
    moves_elsewhere,
    moves_transfers,
    planning,
    queries,
    tokens,
)
from samspil.enrolment.domain.moves_elsewhere import Stream
from samspil.enrolment.models import Enrolment, MovePlan, SeatOffer, SignUp, Transfer
from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.models import MailMessage
from samspil.kernel.outbox import run_due
from samspil.kernel.tasks import tasks_for
from samspil.runs.models import CourseRun
from tests.factories import enrolments as make
from tests.factories.moves import Case, make_case

SYSTEM = Actor.system("tests")
pytestmark = pytest.mark.django_db


def client(person: Any) -> Client:
    made = Client()
    made.force_login(person)
    return made


def text(response: Any) -> str:
    return str(response.content.decode())


def known_elsewhere(numbers: tuple[int, ...] = (4, 3, 0), here: int = 0, **values: Any) -> Case:
    """Runs whose people stand in the schools' own systems; ``here``: so many more signed up on the first run."""
    case = make_case((here, 0, 0), **values)
    for run, number in zip(case.runs, numbers, strict=True):
        run.enrolled = number
        run.save(update_fields=["enrolled"])
    return case


def asked(case: Case) -> tuple[MovePlan, Stream]:
    plan = case.approved(elsewhere=True)
    assert plan.status == "asking"
    (stream,) = moves_elsewhere.streams(case.staff(1), plan)
    return plan, stream


def say(case: Case, link: Any, verb: str) -> None:
    moves_asking.answer_move(
        actor=tokens.holder_of(link.line.order), now=case.now, offer=link.line.offer, verb=verb
    )


def wrote(case: Case, plan: MovePlan, stream: Stream, yes: int, no: int, seen: int) -> None:
    moves_elsewhere.record_answers(
        actor=case.staff(1), now=case.now, plan=plan, source_id=stream.source.pk,
        target_id=stream.target.pk, yes=yes, no=no, seen=seen,
    )  # fmt: skip


def test_without_being_chosen_they_are_not_asked() -> None:
    case = known_elsewhere()
    with pytest.raises(Invalid):
        case.plan()
    case = known_elsewhere(here=2, fkb="9333")
    assert not case.plan().lines.filter(is_elsewhere=True).exists()


def test_they_have_no_row_before_all_schools_have_approved() -> None:
    case = known_elsewhere()
    plan = case.plan(elsewhere=True)
    assert plan.lines.filter(is_elsewhere=True, sign_up=None, heads=1).count() == 3
    assert not SignUp.objects.exists()
    assert (plan.statistics["alone"], plan.statistics["taught"]) == (0, 7)


def test_asked_each_has_a_link_without_a_name_and_a_seat() -> None:
    case = known_elsewhere()
    plan, stream = asked(case)
    assert (stream.heads, stream.open, stream.unsent) == (3, 3, 3)
    assert len({link.url for link in stream.links}) == 3
    target = CourseRun.objects.get(pk=stream.target.pk)
    assert target.signed_up_here == 3 and target.used == 7
    for order in SignUp.objects.all():
        assert (order.contact_name, order.contact_email, order.is_elsewhere) == ("", "", True)
    # their own seat is counted where it was, once
    source = CourseRun.objects.get(pk=stream.source.pk)
    assert (source.enrolled, source.signed_up_here) == (3, 0)
    assert queries.roster(case.staff(1), source, state="all") == []
    assert moves_elsewhere.streams(case.staff(0), plan) == []
    assert moves_elsewhere.streams(case.round.secretariat, plan) == []
    mail = MailMessage.objects.get(subject__contains="Spørg jeres 3 kursister")
    assert mail.organisation_id == case.schools[1].pk
    assert [t for t in tasks_for(case.staff(1), case.now.date()) if "3 kursister" in t.title]
    assert not [t for t in tasks_for(case.staff(0), case.now.date()) if "Spørg" in t.title]
    # they stand there once, also when half of their time has gone
    SeatOffer.objects.update(created_at=case.now - timedelta(days=30))
    titles = [t.title for t in tasks_for(case.staff(1), case.now.date())]
    assert not [title for title in titles if "ikke besvaret" in title]


def test_links_and_telephone_together_are_enough_and_all_move_at_once() -> None:
    case = known_elsewhere((4, 3, 0))
    plan, stream = asked(case)
    say(case, stream.links[0], "accept")
    with pytest.raises(Conflict, match="kommet svar"):
        wrote(case, plan, stream, 2, 0, seen=3)
    wrote(case, plan, stream, 1, 1, seen=2)
    run_due(clock.now())
    plan.refresh_from_db()
    assert plan.status == "carried_out"
    target, source = (CourseRun.objects.get(pk=r.pk) for r in (stream.target, stream.source))
    assert Enrolment.objects.filter(run=target, status="enrolled").count() == 2
    assert (target.signed_up_here, target.used, target.status) == (2, 6, "confirmed")
    assert Transfer.objects.count() == 2
    assert not SeatOffer.objects.filter(state="pending").exists()
    assert SignUp.objects.filter(is_elsewhere=False, run=target).count() == 2
    # until the school has taken them off in its own system, they are not counted there as well
    assert source.enrolled == 3
    facts = planning.problem_of([source, target], planning.Limits(elsewhere=True), clock.today())
    sizes = {p["run"]: p.get("size", 1) for p in facts["parties"] if p["key"].startswith("r")}
    assert sizes == {str(source.pk): 1, str(target.pk): 4}
    tasks = [t for t in tasks_for(case.staff(1), case.now.date()) if "Overfør" in t.title]
    assert [t.title for t in tasks] == [f"Overfør 2 til {case.schools[0].label}"]
    done = {"actor": case.staff(1), "now": case.now, "organisation": case.schools[1],
            "source_id": source.pk, "target_id": target.pk}  # fmt: skip
    assert moves_transfers.do_transfer_steps(**done) == 2
    assert moves_transfers.do_transfer_steps(**done) == 0
    with pytest.raises(Forbidden):
        moves_transfers.do_transfer_steps(**{**done, "actor": case.staff(2)})
    CourseRun.objects.filter(pk=source.pk).update(enrolled=1)
    source.refresh_from_db()
    facts = planning.problem_of([source, target], planning.Limits(elsewhere=True), clock.today())
    sizes = {p["run"]: p.get("size", 1) for p in facts["parties"] if p["key"].startswith("r")}
    assert sizes[str(source.pk)] == 1


def test_too_few_say_yes_and_nobody_is_moved() -> None:
    case = known_elsewhere((4, 3, 0))
    plan, stream = asked(case)
    wrote(case, plan, stream, 1, 2, seen=3)
    run_due(clock.now())
    plan.refresh_from_db()
    assert plan.status == "lapsed"
    target = CourseRun.objects.get(pk=stream.target.pk)
    assert (target.signed_up_here, Transfer.objects.count()) == (0, 0)
    with pytest.raises(Conflict):
        wrote(case, plan, stream, 1, 0, seen=0)


def test_seats_held_for_them_are_not_sold_to_others() -> None:
    case = known_elsewhere((4, 3, 0), capacity=8)
    _plan, stream = asked(case)
    target = CourseRun.objects.get(pk=stream.target.pk)
    assert target.free == 1
    first, second = (make.sign_up(target, now=case.now) for _ in range(2))
    assert Enrolment.objects.get(sign_up=first).status == "enrolled"
    assert Enrolment.objects.get(sign_up=second).status == "waiting"
    wrote(case, _plan, stream, 0, 1, seen=3)
    assert Enrolment.objects.get(sign_up=second).status == "enrolled"


def test_silence_gives_the_seat_on() -> None:
    case = known_elsewhere((4, 3, 0))
    plan, stream = asked(case)
    assert plan.answer_by is not None
    moves_asking.settle_moves(actor=SYSTEM, now=plan.answer_by + timedelta(minutes=1), plan=plan)
    plan.refresh_from_db()
    assert plan.status == "lapsed"
    assert CourseRun.objects.get(pk=stream.target.pk).signed_up_here == 0


def test_mails_go_out_once_each_and_addresses_go_when_it_is_over() -> None:
    case = known_elsewhere((4, 3, 0))
    plan, stream = asked(case)

    def send(*addresses: str, index: int = 1) -> int:
        return moves_elsewhere.send_links(
            actor=case.staff(index), now=case.now, plan=plan, source_id=stream.source.pk,
            target_id=stream.target.pk, addresses=addresses,
        )  # fmt: skip

    for wrong in (("ikke en adresse",), (), tuple(f"a{i}@example.org" for i in range(4))):
        with pytest.raises(Invalid):
            send(*wrong)
    assert not MailMessage.objects.filter(to__contains="example.org").exists()
    assert send("Anna@example.org", "bo@example.org", "anna@example.org") == 2
    assert send("bo@example.org", "carl@example.org") == 1
    assert send("carl@example.org") == 0
    mails = MailMessage.objects.filter(category="enrolment", to__endswith="@example.org")
    assert sorted(m.to for m in mails) == ["anna@example.org", "bo@example.org", "carl@example.org"]
    assert len({m.subject_id for m in mails}) == 3
    for index in (0, 2):
        with pytest.raises(Forbidden):
            send("x@example.org", index=index)
    moves.drop_moves(actor=case.round.secretariat, now=case.now, plan=plan, reason="Forbi")
    assert not SignUp.objects.exclude(contact_email="").exists()
    assert MailMessage.objects.filter(subject__contains="ikke flyttet").count() == 3


def test_the_link_asks_and_nothing_else_until_the_move() -> None:
    case = known_elsewhere((4, 2, 0))
    plan, stream = asked(case)
    visitor = Client()
    path = stream.links[0].url.split("/tilmelding/", 1)[1]
    page = text(visitor.get(f"/tilmelding/{path}", follow=True))
    assert "Vil du flytte til et andet hold?" in page
    assert "spørg mig om andre hold" not in page
    url = f"/tilmelding/{path}flytning/{stream.links[0].line.offer_id}/"
    page = text(visitor.post(url, {"svar": "ja"}, follow=True))
    assert "Pladsen er holdt til dig" in page and "Du kan nå at fortryde" in page
    say(case, stream.links[1], "decline")
    moves_asking.settle_moves(actor=SYSTEM, now=case.now, plan=plan)
    plan.refresh_from_db()
    # 4 + 1 is below the minimum of 6: nobody moves
    assert plan.status == "lapsed"
    page = text(visitor.get(url))
    assert "Du har den plads, du havde" in page
    assert text(visitor.get(f"/tilmelding/{path}", follow=True)).count("Du har den plads") == 1


def test_after_the_move_the_link_is_a_sign_ups_page() -> None:
    case = known_elsewhere((4, 2, 0))
    plan, stream = asked(case)
    for link in stream.links:
        say(case, link, "accept")
    run_due(clock.now())
    plan.refresh_from_db()
    assert plan.status == "carried_out"
    path = stream.links[0].url.split("/tilmelding/", 1)[1]
    page = Client().get(f"/tilmelding/{path}")
    assert page.status_code == 200 and stream.target.organisation.name in text(page)


def test_a_school_asks_its_own_by_plain_posts() -> None:
    case = known_elsewhere((4, 3, 0))
    plan, stream = asked(case)
    school = client(case.round.people[1])
    base = f"/tilmelding/flytning/{plan.pk}/egne/"
    assert f'href="{base}{stream.source.pk}-{stream.target.pk}/"' in text(school.get(base))
    url = f"{base}{stream.source.pk}-{stream.target.pk}/"
    page = text(school.get(url))
    links = re.findall(r"<code>([^<]+/min/[^<]+)</code>", page)
    assert len(set(links)) == 3 and "Vi holder en plads til dig" in page
    rows = school.get(f"{url}links.csv").content.decode("utf-8-sig").splitlines()
    assert rows[0] == "Nummer;Link" and [r.split(";")[1] for r in rows[1:]] == links
    wrong = school.post(f"{url}mails/", {"addresses": "anna@example.org\nnul"})
    assert wrong.status_code == 400
    assert "“nul” er ikke en mailadresse" in text(wrong) and "anna@example.org" in text(wrong)
    assert "1 mail er sendt." in text(
        school.post(f"{url}mails/", {"addresses": "anna@example.org"}, follow=True)
    )
    stale = school.post(f"{url}svar/", {"yes": "2", "no": "0", "seen": "1"})
    assert stale.status_code == 400 and "Der er kommet svar" in text(stale)
    assert 'name="seen" value="3"' in text(stale) and 'value="2"' in text(stale)
    many = school.post(f"{url}svar/", {"yes": "9", "no": "0", "seen": "3"})
    assert many.status_code == 400 and "Der mangler kun svar fra 3" in text(many)
    right = school.post(f"{url}svar/", {"yes": "2", "no": "1", "seen": "3"}, follow=True)
    assert "Skrevet ind: 2 ja og 1 nej." in text(right)
    # what a colleague at another school, and the secretariat, may do here
    for person, status in ((case.round.people[0], 404), (case.round.secretariat_person, 403)):
        other = client(person)
        assert other.get(url).status_code == status
        assert other.post(f"{url}svar/", {"yes": "1", "no": "0", "seen": "0"}).status_code == status
    with pytest.raises(NotFound):
        moves_elsewhere.get_stream(case.staff(0), plan, stream.source.pk, stream.target.pk)
