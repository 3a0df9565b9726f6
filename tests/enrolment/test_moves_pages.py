"""The pages about plans, moves, transfers and the pooled waiting list: what they do by plain posts, and who sees whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from samspil.catalogue.models import CourseRelation
from samspil.enrolment.domain import moves_asking, moves_demand, moves_transfers, sign_ups, tokens
from samspil.enrolment.domain.personal import erase_person
from samspil.enrolment.models import Learner, MovePlan, ProtectedAccess, Transfer
from samspil.kernel import clock, personal, solving
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid, UploadRefused
from samspil.kernel.models import MailMessage, StoredFile
from samspil.kernel.outbox import run_due
from samspil.kernel.tasks import tasks_for
from samspil.runs.models import CourseRun
from samspil.settlement.models import TransferFact
from tests.factories import enrolments as make
from tests.factories.moves import Case, lines, make_case

SYSTEM = Actor.system("tests")
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
pytestmark = pytest.mark.django_db


def client(person: Any) -> Client:
    made = Client()
    made.force_login(person)
    return made


def text(response: Any) -> str:
    return str(response.content.decode())


def moved(case: Case) -> MovePlan:
    """A plan that is carried out, with everybody's yes."""
    plan = case.approved()
    for line in lines(plan):
        assert line.offer is not None
        moves_asking.answer_move(
            actor=tokens.holder_of(line.sign_up), now=case.now, offer=line.offer, verb="accept"
        )
    moves_asking.settle_moves(actor=SYSTEM, now=case.now, plan=plan)
    plan.refresh_from_db()
    assert plan.status == "carried_out"
    return plan


def test_from_the_question_to_the_move_by_plain_posts() -> None:
    case = make_case((4, 3, 0))
    course = case.round.rows[0].course
    people = case.round.people
    secretariat = client(case.round.secretariat_person)
    assert course.number in text(secretariat.get("/tilmelding/flytning/"))
    ask = f"/tilmelding/flytning/maal/{course.number}/"
    data = {
        "km": "75", "days": "28", "yes": "all", "answer_days": "4",
        "network": case.round.network.pk, f"hold-{case.runs[0].pk}": "held",
    }  # fmt: skip
    wrong = secretariat.post(ask, {**data, "km": "x"})
    assert wrong.status_code == 400 and "held" in text(wrong)
    sent = secretariat.post(ask, data)
    plan = MovePlan.objects.get()
    assert plan.conditions["held"] == [case.runs[0].pk]
    assert "Regner" in text(secretariat.get(sent.url))
    assert solving.run_next()
    run_due(clock.now())
    page = text(secretariat.get(sent.url))
    assert "Hvem spørges om hvad" in page and "Godkend for" not in page
    for index in (0, 1):
        school = client(people[index])
        assert "Godkend for" in text(school.get(sent.url))
        plan.refresh_from_db()
        done = school.post(
            f"{sent.url}godkend/",
            {"organisation": case.schools[index].pk, "sha256": plan.sha256},
            follow=True,
        )
        assert "godkendt" in text(done)
    assert client(people[2]).post(f"{sent.url}godkend/").status_code == 403
    plan.refresh_from_db()
    assert plan.status == "asking"
    line = lines(plan)[0]
    visitor, url = (
        Client(),
        f"/tilmelding/min/{tokens.token_of(line.sign_up)}/flytning/{line.offer_id}/",
    )
    page = text(visitor.get(url))
    assert case.schools[0].name in page and "koster ikke noget" in page
    # the mail leads to that page
    asked = MailMessage.objects.get(subject__startswith="Vil du flytte", subject_id=line.sign_up_id)
    assert asked.text.replace("[[link]]", tokens.link_of(line.sign_up)).count(url) == 1
    # what is written without the tick is asked about once more, and nothing is answered
    kept = visitor.post(url, {"svar": "ja", "special_needs": "Ordblind"})
    assert kept.status_code == 400 and "Ordblind" in text(kept)
    for other in lines(plan):
        answer = f"/tilmelding/min/{tokens.token_of(other.sign_up)}/flytning/{other.offer_id}/"
        assert visitor.post(answer, {"svar": "ja"}).status_code == 302
    run_due(clock.now())
    plan.refresh_from_db()
    assert plan.status == "carried_out"
    assert "ikke åbent længere" in text(visitor.get(url))
    assert (
        visitor.post(url, {"svar": "nej"}).status_code == 302
    )  # a stale page: a message, no move back
    assert Transfer.objects.count() == 3


def test_another_persons_link_opens_nothing() -> None:
    case = make_case((4, 3, 0))
    first, second, *_rest = lines(case.approved())
    url = f"/tilmelding/min/{tokens.token_of(second.sign_up)}/flytning/{first.offer_id}/"
    assert Client().get(url).status_code == 404


def test_a_school_sees_the_names_of_its_own_people_alone() -> None:
    case = make_case((4, 3, 0))
    plan = case.plan()
    url = f"/tilmelding/flytning/{plan.pk}/"
    names = [s.contact_name for s in case.people[1]]
    own = text(client(case.round.people[1]).get(url))
    assert all(name in own for name in names)
    for person in (case.round.people[0], case.round.people[2], case.round.secretariat_person):
        page = text(client(person).get(url))
        assert not any(name in page for name in names)


def test_protected_names_are_hidden_but_for_those_with_the_right() -> None:
    case = make_case((4, 3, 0))
    name = case.people[1][0].contact_name
    Learner.objects.filter(enrolments__sign_up=case.people[1][0]).update(is_protected=True)
    plan = case.plan()
    url = f"/tilmelding/flytning/{plan.pk}/"
    coordinator = client(case.round.people[1])
    page = text(coordinator.get(url))
    assert name not in page and "Beskyttet navn" in page
    ProtectedAccess.objects.create(
        person=case.round.people[1], organisation=case.schools[1], given_at=case.now
    )
    assert name in text(coordinator.get(url))


def test_after_the_move_the_receiving_school_gets_the_names_and_others_nothing() -> None:
    case = make_case((4, 3, 0))
    moved(case)
    transfer = Transfer.objects.order_by("pk")[0]
    name = transfer.sign_up.contact_name
    url = f"/tilmelding/overfoersler/{transfer.pk}/"
    for index in (0, 1):
        assert name in text(client(case.round.people[index]).get(url))
    for person in (case.round.people[2], case.round.secretariat_person):
        assert client(person).get(url).status_code == 404
    # what the ledger is told holds no name
    run_due(clock.now())
    assert name not in str(list(TransferFact.objects.values()))


def test_both_schools_do_their_part_write_and_are_reminded(monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case((4, 3, 0))
    moved(case)
    transfer = Transfer.objects.order_by("pk")[0]
    url = f"/tilmelding/overfoersler/{transfer.pk}/"
    origin, holder = client(case.round.people[1]), client(case.round.people[0])
    assert [t for t in tasks_for(case.staff(1), case.now.date()) if "Overfør" in t.title]
    sent = origin.post(
        url,
        {
            "text": "Her er tilsagnet",
            "organisation": case.schools[1].pk,
            "file": SimpleUploadedFile("tilsagn.pdf", PDF, "application/pdf"),
        },
    )
    assert sent.status_code == 302
    told = MailMessage.objects.get(category="enrolment.transfer")
    assert told.to == case.round.people[0].email and "tilsagnet" not in told.text
    page = text(holder.get(url))
    note = transfer.notes.get()
    assert "Her er tilsagnet" in page
    assert holder.get(f"{url}fil/{note.pk}/").content == PDF
    assert client(case.round.people[2]).get(f"{url}fil/{note.pk}/").status_code == 404
    origin.post(f"{url}trin/", {"organisation": case.schools[1].pk, "klaret": "ja"})
    wrong = origin.post(f"{url}trin/", {"organisation": case.schools[0].pk, "klaret": "ja"})
    assert wrong.status_code == 403
    transfer.refresh_from_db()
    assert (transfer.origin_step, transfer.holder_step) == ("done", "waiting")
    before = MailMessage.objects.filter(category="enrolment.transfer").count()
    moves_transfers.look_after({"on": transfer.due_on.isoformat()}, now=case.now)
    late = MailMessage.objects.filter(category="enrolment.transfer").order_by("pk")[before:]
    # three transfers wait for the holder, two for the origin
    assert sorted(m.to for m in late) == sorted(
        [case.round.people[0].email] * 3 + [case.round.people[1].email] * 2
    )


def test_a_file_that_is_not_what_it_says_is_refused() -> None:
    case = make_case((4, 3, 0))
    moved(case)
    transfer = Transfer.objects.order_by("pk")[0]
    write: dict[str, Any] = {
        "actor": case.staff(1), "now": case.now, "transfer": transfer,
        "organisation_id": case.schools[1].pk,
    }  # fmt: skip
    with pytest.raises(UploadRefused):
        moves_transfers.write_about_transfer(
            text="", upload=moves_transfers.Upload("x.pdf", b"MZ not a pdf"), **write
        )
    with pytest.raises(Invalid):
        moves_transfers.write_about_transfer(text=" ", **write)
    assert not transfer.notes.exists()


def test_a_transfer_whose_people_have_all_left_is_taken_back() -> None:
    case = make_case((4, 3, 0))
    moved(case)
    run_due(clock.now())
    transfer = Transfer.objects.order_by("pk")[0]
    sign_ups.withdraw(
        actor=tokens.holder_of(transfer.sign_up), now=case.now, sign_up=transfer.sign_up
    )
    for _ in range(2):
        moves_transfers.look_after({"on": case.now.date().isoformat()}, now=case.now)
        run_due(clock.now())
    transfer.refresh_from_db()
    assert transfer.undone_at is not None
    fact = TransferFact.objects.get(reference=str(transfer.reference))
    assert [e.kind for e in fact.entries.order_by("pk")] == ["transfer", "undone"]
    with pytest.raises(Conflict, match="bortfaldet"):
        moves_transfers.do_transfer_step(
            actor=case.staff(0), now=case.now, transfer=transfer,
            organisation_id=case.schools[0].pk, done=True,
        )  # fmt: skip
    with pytest.raises(Forbidden):
        moves_transfers.do_transfer_step(
            actor=case.staff(0), now=case.now, transfer=transfer,
            organisation_id=case.schools[1].pk, done=True,
        )  # fmt: skip


def test_what_was_said_about_somebody_is_handed_out_and_goes_with_the_sign_up() -> None:
    case = make_case((4, 3, 0))
    moved(case)
    transfer = Transfer.objects.order_by("pk")[0]
    Transfer.objects.filter(pk=transfer.pk).update(special_needs="Ordblind", has_consent=True)
    moves_transfers.write_about_transfer(
        actor=case.staff(1), now=case.now, transfer=transfer, organisation_id=case.schools[1].pk,
        text="Ring først", upload=moves_transfers.Upload("bilag.pdf", PDF),
    )  # fmt: skip
    stored = transfer.notes.get().file
    assert stored is not None
    email = transfer.sign_up.contact_email
    told = personal.find(email, organisations={case.schools[0].pk})
    assert "Ordblind" in str(told) and "Ring først" in str(told)
    assert "Ordblind" not in str(personal.find(email, organisations={case.schools[2].pk}))
    sign_ups.withdraw(
        actor=tokens.holder_of(transfer.sign_up), now=case.now, sign_up=transfer.sign_up
    )
    erase_person(actor=case.staff(1), now=case.now, organisation=case.schools[1], email=email)
    transfer.refresh_from_db()
    note = transfer.notes.get()
    assert (transfer.special_needs, note.text, note.file) == ("", "", None)
    assert not StoredFile.objects.filter(pk=stored.pk).exists()


def test_people_taken_in_for_another_schools_run_are_handed_over_to_it() -> None:
    case = make_case((1, 0, 0))
    taken = sign_ups.enter(
        actor=case.staff(2), now=case.now, run=case.runs[0], school=case.schools[2],
        order=make.order(2, name="Firma", orderer="company", company="Firma A/S"),
    )  # fmt: skip
    for _ in range(2):
        moves_transfers.look_after({"on": case.now.date().isoformat()}, now=case.now)
        run_due(clock.now())
    transfer = Transfer.objects.get()
    assert (transfer.origin, transfer.holder) == (case.schools[2], case.schools[0])
    assert (transfer.sign_up, transfer.heads) == (taken, 2)
    assert TransferFact.objects.get().entries.get().heads == 2


def test_the_pooled_waiting_list_proposes_a_run_when_there_are_enough() -> None:
    case = make_case((0, 0, 0), capacity=1, minimum=3)
    course = case.round.rows[0].course
    CourseRelation.objects.create(course=course, fkb=case.round.fkb.fkb)
    # all in one town: Randers is more than 40 km away
    CourseRun.objects.update(postcode="8000")
    for school in case.schools:
        school.postcode = "8000"
        school.save()
    # one has the seat of each run, the others wait: two, then three in all
    for run in case.runs[:2]:
        make.sign_up(run, now=case.now)
        make.sign_up(run, now=case.now)
    proposals = moves_demand.proposals(case.staff(0), course, today=case.now.date())
    assert proposals == []
    last = make.sign_up(case.runs[0], now=case.now)
    proposals = moves_demand.proposals(case.staff(0), course, today=case.now.date())
    assert proposals and {p.heads for p in proposals} == {3}
    assert all(p.starts_on.weekday() == 0 for p in proposals)
    assert all(p.starts_on >= case.now.date() + timedelta(days=21) for p in proposals)
    assert [p.may_plan for p in proposals].count(True) == 1
    page = text(client(case.round.people[0]).get(f"/tilmelding/venteliste/maal/{course.number}/"))
    assert last.contact_name in page and "Kan komme" in page
    other = text(client(case.round.people[1]).get(f"/tilmelding/venteliste/maal/{course.number}/"))
    assert last.contact_name not in other
    assert course.number in text(client(case.round.people[2]).get("/tilmelding/venteliste/"))


def test_a_plan_costs_as_many_queries_with_three_lines_as_with_one() -> None:
    counts = []
    for signed_up, fkb in (((5, 1, 0), "9222"), ((4, 3, 0), "9333")):
        case = make_case(signed_up, fkb=fkb)
        plan = case.plan()
        person = client(case.round.people[1])
        person.get(f"/tilmelding/flytning/{plan.pk}/")
        with CaptureQueriesContext(connection) as asked:
            assert person.get(f"/tilmelding/flytning/{plan.pk}/").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
