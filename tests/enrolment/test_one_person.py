"""A person without a mail address: handed out and erased from the page of their seat, across contexts."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from django.test import Client

from samspil.enrolment.domain import moves_personal, one_person, personal, sign_ups
from samspil.enrolment.models import Enrolment, Learner, ProtectedAccess, SignUp, TransferNote
from samspil.kernel import clock, roles
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden
from samspil.kernel.models import AuditEvent, MailMessage
from samspil.network.models import Organisation
from tests.factories import enrolments as make
from tests.factories.board import make_round
from tests.factories.moves import make_transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> datetime:
    return clock.now()


@pytest.fixture
def school() -> Organisation:
    return make.make_school()


def entered(school: Organisation, here: datetime, **values: object) -> tuple[Enrolment, Actor]:
    """Somebody who rang: the school wrote them in, without an address."""
    run = make.make_open_run(school, make.make_course(), now=here)
    _person, staff = make.staff_of(school)
    made = sign_ups.enter(
        actor=staff,
        now=here,
        run=run,
        school=school,
        order=make.order(**{"name": "Karen Uden Mail", "email": "", "phone": "86121212", **values}),
    )
    return made.enrolments.get(), staff


def fresh(row: Enrolment) -> Enrolment:
    return Enrolment.objects.select_related("learner", "sign_up", "run").get(pk=row.pk)


def over(row: Enrolment, status: str = "attended") -> Enrolment:
    Enrolment.objects.filter(pk=row.pk).update(status=status)
    return fresh(row)


def test_what_there_is_is_handed_out_and_that_it_was_is_kept(
    school: Organisation, here: datetime
) -> None:
    row, staff = entered(school, here, note="Kommer lidt senere")
    out = one_person.hand_out_one(actor=staff, now=here, enrolment=fresh(row))
    (seat,) = out["data"]["enrolment"]
    assert seat["learner"]["name"] == seat["contact"]["name"] == "Karen Uden Mail"
    assert seat["contact"]["note"] == "Kommer lidt senere"
    event = AuditEvent.objects.get(verb="enrolment.hand_out_one")
    assert "Karen" not in json.dumps([event.subject_label, event.summary, event.after])


def test_nobody_is_erased_who_has_a_seat(school: Organisation, here: datetime) -> None:
    row, staff = entered(school, here)
    with pytest.raises(Conflict, match="Frameld først"):
        one_person.erase_one(actor=staff, now=here, enrolment=fresh(row))
    assert fresh(row).learner is not None


def test_who_has_been_there_is_erased_and_the_numbers_stay(
    school: Organisation, here: datetime
) -> None:
    row, staff = entered(school, here, note="Allergi")
    row.attendance.create(day=row.run.starts_on, was_there=True, noted_at=here)
    Enrolment.objects.filter(pk=row.pk).update(fee_ore=150_000)
    one_person.erase_one(actor=staff, now=here, enrolment=over(row))
    found = fresh(row)
    assert found.learner is not None and found.learner.name == found.learner.phone == ""
    assert (found.sign_up.contact_name, found.sign_up.note) == ("", "")
    assert (found.status, found.fee_ore, found.attendance.count()) == ("attended", 150_000, 1)
    assert AuditEvent.objects.filter(
        verb="enrolment.erase_one", organisation_id=school.pk
    ).count() == 1  # fmt: skip
    with pytest.raises(Conflict, match="ingen persondata"):
        one_person.erase_one(actor=staff, now=here, enrolment=found)


def test_who_ordered_for_others_stays_and_so_do_the_others(
    school: Organisation, here: datetime
) -> None:
    run = make.make_open_run(school, make.make_course(), now=here)
    _person, staff = make.staff_of(school)
    made = sign_ups.enter(
        actor=staff,
        now=here,
        run=run,
        school=school,
        order=make.order(
            2, orderer="company", company="Firma", cvr="25313763", names=("Ane", "Bo")
        ),
    )
    ane, bo = made.enrolments.order_by("pk")
    one_person.erase_one(actor=staff, now=here, enrolment=over(ane, "absent"))
    names = list(Learner.objects.order_by("pk").values_list("name", flat=True))
    assert names == ["", "Bo"]
    assert SignUp.objects.get(pk=made.pk).contact_email
    assert MailMessage.objects.filter(subject_id=made.pk).exclude(text="").exists()
    assert bo.learner is not None


def test_only_a_school_that_is_responsible_may(school: Organisation, here: datetime) -> None:
    row, _staff = entered(school, here)
    _p, stranger = make.staff_of(make.make_school("Vestby"))
    _p, reader = make.staff_of(school, roles.READER)
    for actor in (stranger, reader, Actor.anonymous()):
        for act in (one_person.hand_out_one, one_person.erase_one):
            with pytest.raises(Forbidden):
                act(actor=actor, now=here, enrolment=over(row))


def test_a_protected_name_needs_the_leaders_leave(school: Organisation, here: datetime) -> None:
    row, _staff = entered(school, here, is_protected=True)
    person, staff = make.staff_of(school)
    assert not one_person.may_keep(staff, fresh(row))
    client = Client()
    client.force_login(person)
    assert client.get(f"/tilmelding/person/{row.pk}/data/").status_code == 403
    ProtectedAccess.objects.create(
        organisation=school, person=person, given_at=here, given_by_label="Leder"
    )
    page = client.get(f"/tilmelding/person/{row.pk}/data/")
    assert "Karen Uden Mail" in page.content.decode()


def test_what_schools_wrote_about_a_moved_person_goes_along(here: datetime) -> None:
    round = make_round(fkb="9222")
    transfer = make_transfer(round, now=here).transfer
    row = transfer.enrolments.select_related("learner").get()
    Enrolment.objects.filter(learner=row.learner).update(status="transferred")
    staff = round.coordinator(0)
    found = one_person.hand_out_one(actor=staff, now=here, enrolment=fresh(row))["data"]
    assert found["enrolment"]
    one_person.erase_one(actor=staff, now=here, enrolment=fresh(row))
    notes = TransferNote.objects.filter(transfer=transfer)
    assert notes and all(note.text == "" and note.file is None for note in notes)
    lines, transfers = moves_personal.of_people([row.pk])
    assert all(line.special_needs == "" for line in lines)
    assert all(moved.special_needs == "" for moved in transfers)


def test_the_school_of_origin_does_not_erase_who_is_on_the_way_at_another(
    school: Organisation, here: datetime
) -> None:
    row, staff = entered(school, here, email="karen@example.test")
    other = make.make_open_run(make.make_school("Vestby"), row.run.course, now=here)
    Enrolment.objects.create(
        sign_up=row.sign_up, learner=row.learner, run=other, origin=school, status="enrolled",
        queued_at=here, previous=row,
    )  # fmt: skip
    over(row, "transferred")
    with pytest.raises(Conflict, match="Frameld først"):
        one_person.erase_one(actor=staff, now=here, enrolment=fresh(row))
    personal.erase_person(actor=staff, now=here, organisation=school, email="karen@example.test")
    assert Learner.objects.get().name == "Karen Uden Mail"


def test_the_page_tells_hands_out_and_erases(school: Organisation, here: datetime) -> None:
    row, _staff = entered(school, here)
    person, _actor = make.staff_of(school)
    client = Client()
    client.force_login(person)
    url = f"/tilmelding/person/{row.pk}/data/"
    assert url in client.get(f"/tilmelding/person/{row.pk}/").content.decode()
    page = client.get(url).content.decode()
    assert "Frameld først" in page and "Slet personen" not in page
    late = client.post(url, {"gør": "slet"}, follow=True).content.decode()
    assert "Frameld først" in late
    file = client.post(url, {"gør": "udlever"})
    assert "Karen Uden Mail" in file.content.decode()
    over(row, "absent")
    assert "Slet personen" in client.get(url).content.decode()
    done = client.post(url, {"gør": "slet"}, follow=True).content.decode()
    assert "Personens data er slettet" in done and "Karen" not in done
