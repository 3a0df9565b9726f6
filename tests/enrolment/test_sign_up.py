"""Signing up as people do it: the form, the mail, the link, and what the link lets one do."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail as sent_mail
from django.core.cache import cache
from django.test import Client

from samspil.enrolment.domain import queries, sign_ups, tokens
from samspil.enrolment.interfaces import limits
from samspil.enrolment.models import Enrolment, Learner, SignUp
from samspil.kernel import clock, outbox
from samspil.kernel.models import AuditEvent, MailMessage
from samspil.runs.models import CourseRun
from tests.factories import enrolments as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    limits.forget()


@pytest.fixture
def here() -> datetime:
    return clock.now()


@pytest.fixture
def run(here: datetime) -> CourseRun:
    return make.make_open_run(make.make_school(), make.make_course(), now=here)


def form(**values: Any) -> dict[str, str]:
    return {
        "orderer": "private",
        "name": "Karen Prøve",
        "email": "karen@example.test",
        "head_count": "1",
        "form_key": str(uuid.uuid4()),
        **values,
    }


def link_in(body: str) -> str:
    (found,) = re.findall(r"http://testserver(/tilmelding/min/[\w-]+/)", body)
    return found


def deliver() -> None:
    """The worker: jobs write mails, and jobs send them."""
    while outbox.run_due(clock.now()):
        pass


def open_mail() -> str:
    deliver()
    return link_in(sent_mail.outbox[-1].body)


def test_from_the_form_to_a_confirmed_seat(run: CourseRun) -> None:
    client = Client()
    page = client.get(f"/tilmelding/{run.pk}/").content.decode()
    assert "3 ledige pladser" in page
    sent = client.post(f"/tilmelding/{run.pk}/", form())
    assert (sent.status_code, sent.url) == (302, f"/tilmelding/{run.pk}/sendt/")
    assert "Se i din mail" in client.get(sent.url).content.decode()
    assert make.statuses(run) == ["reserved"]
    assert make.used(run) == 1  # held until the link is opened
    link = open_mail()
    mine = client.get(link).content.decode()
    assert "Bekræft tilmeldingen" in mine
    assert make.statuses(run) == [
        "reserved"
    ]  # opening it does not confirm: mail scanners open links
    done = client.post(f"{link}bekraeft/", follow=True).content.decode()
    assert "Tilmeldingen er bekræftet" in done
    assert make.statuses(run) == ["enrolled"]
    deliver()
    assert "Kvittering" in sent_mail.outbox[-1].subject
    assert link_in(sent_mail.outbox[-1].body) == link


def test_the_link_stands_nowhere_in_the_database(run: CourseRun) -> None:
    client = Client()
    client.post(f"/tilmelding/{run.pk}/", form())
    token = open_mail().split("/")[-2]
    assert len(token) >= 40
    row = SignUp.objects.get()
    assert token not in repr(vars(row))
    assert token not in "".join(MailMessage.objects.values_list("text", flat=True))
    assert token not in "".join(str(e.after) + e.summary for e in AuditEvent.objects.all())


def test_no_name_stands_in_the_audit_trail(run: CourseRun) -> None:
    client = Client()
    client.post(f"/tilmelding/{run.pk}/", form())
    link = open_mail()
    client.post(f"{link}bekraeft/")
    row = Enrolment.objects.get()
    client.post(
        f"{link}navne/", {f"name-{row.pk}": "Hanne Ny", f"email-{row.pk}": "h@example.test"}
    )
    text = "".join(
        f"{e.summary}{e.subject_label}{e.before}{e.after}{e.actor_label}"
        for e in AuditEvent.objects.all()
    )
    for personal in ("Karen", "karen@", "Hanne", "h@example"):
        assert personal not in text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Udfyld"),
        ({"email": "karen"}, "gyldig e-mail"),
        ({"head_count": "0"}, "større end eller lig"),
        ({"head_count": "tre"}, "Skriv antallet med et tal"),
        ({"head_count": "201"}, "200"),
        ({"orderer": "company"}, "Skriv navnet på den, der tilmelder"),
        ({"orderer": "company", "company": "X", "cvr": "12345678"}, "CVR-nummer har otte cifre"),
        ({"phone": "12"}, "otte cifre"),
        ({"orderer": "nobody"}, "nobody"),
    ],
)
def test_wrong_input_comes_back_with_a_sentence_and_what_was_written(
    run: CourseRun, wrong: dict[str, str], words: str
) -> None:
    sent = Client().post(
        f"/tilmelding/{run.pk}/", form(**{"name": "Åse Ørsted", "phone": "12 34 56 78", **wrong})
    )
    page = sent.content.decode()
    assert sent.status_code == 400
    assert words in page
    if "name" not in wrong:
        assert 'value="Åse Ørsted"' in page
    assert not SignUp.objects.exists()


def test_a_form_sent_twice_is_one_order(run: CourseRun) -> None:
    client = Client()
    data = form(head_count="2", orderer="company", company="Plejehjemmet", cvr="25313763")
    for _ in range(2):
        assert client.post(f"/tilmelding/{run.pk}/", data).status_code == 302
    assert SignUp.objects.count() == 1
    assert make.used(run) == 2


def test_who_is_signed_up_already_gets_the_link_and_strangers_learn_nothing(run: CourseRun) -> None:
    client = Client()
    first = client.post(f"/tilmelding/{run.pk}/", form())
    deliver()
    second = client.post(f"/tilmelding/{run.pk}/", form(email="Karen@Example.test"))
    assert (first.status_code, first.url) == (second.status_code, second.url)
    assert SignUp.objects.count() == 1
    deliver()
    assert len(sent_mail.outbox) == 1  # nobody's mail is filled with it


def test_a_machine_gets_nowhere(run: CourseRun) -> None:
    sent = Client().post(f"/tilmelding/{run.pk}/", form(website="http://spam.example"))
    assert sent.status_code == 302
    assert not SignUp.objects.exists()


def test_one_address_of_the_net_is_stopped_after_the_limit(run: CourseRun, settings: Any) -> None:
    settings.SAMSPIL_SIGN_UPS_PER_ADDRESS = 2
    client = Client()
    codes = [
        client.post(f"/tilmelding/{run.pk}/", form(email=f"p{i}@example.test")).status_code
        for i in range(3)
    ]
    assert codes == [302, 302, 429]
    assert SignUp.objects.count() == 2


def test_five_unconfirmed_for_one_mail_are_enough(here: datetime) -> None:
    school, course = make.make_school(), make.make_course()
    for i in range(6):
        run = make.make_open_run(school, course, now=here, in_days=50 + i)
        sent = Client().post(f"/tilmelding/{run.pk}/", form())
    assert sent.status_code == 400
    assert "Se i din mail" in sent.content.decode()
    assert SignUp.objects.count() == 5


def test_closed_runs_say_why(here: datetime) -> None:
    school, course = make.make_school(), make.make_course()
    yesterday = clock.local_date(here) - timedelta(days=1)
    for values, words in (
        ({"status": "cancelled"}, "ikke åbent"),
        ({"takes_sign_up": False}, "Spørg skolen"),
        ({"deadline_on": yesterday}, "Fristen"),
        ({"in_days": 0}, "er begyndt"),
    ):
        run = make.make_open_run(school, course, now=here, **values)
        assert words in Client().get(f"/tilmelding/{run.pk}/").content.decode()
        sent = Client().post(f"/tilmelding/{run.pk}/", form())
        assert sent.status_code == 400
        assert words in sent.content.decode()
    planned = make.make_open_run(school, course, now=here, status="planned")
    assert Client().get(f"/tilmelding/{planned.pk}/").status_code == 404
    assert not SignUp.objects.exists()


def test_in_english_with_english_mail(run: CourseRun) -> None:
    client = Client()
    page = client.get(f"/tilmelding/en/{run.pk}/")
    assert page["Content-Language"] == "en"
    client.post(f"/tilmelding/en/{run.pk}/", form())
    made = SignUp.objects.get()
    assert made.language == "en"


def test_the_one_who_follows_announces_and_the_holder_has_the_seats(here: datetime) -> None:
    course, holder, follower = make.make_course(), make.make_school(), make.make_school("Vestby")
    held = make.make_open_run(holder, course, now=here)
    announced = make.make_open_run(follower, course, now=here, follows=held, takes_sign_up=False)
    page = Client().get(f"/tilmelding/{announced.pk}/").content.decode()
    assert "Vestby annoncerer holdet, og Østby gennemfører det" in page
    Client().post(f"/tilmelding/{announced.pk}/", form())
    row = Enrolment.objects.get()
    assert (row.run_id, row.origin_id, row.sign_up.school_id) == (held.pk, follower.pk, follower.pk)
    assert (make.used(held), make.used(announced)) == (1, 0)


def test_not_confirmed_in_time_the_seat_is_free_again(run: CourseRun, here: datetime) -> None:
    made = make.sign_up(run, now=here - timedelta(hours=25), confirmed=False)
    outbox.run_due(here)
    made.refresh_from_db()
    assert (made.status, make.statuses(run), make.used(run)) == ("expired", ["cancelled"], 0)
    link = f"/tilmelding/min/{tokens.token_of(made)}/"
    page = Client().post(f"{link}bekraeft/", follow=True).content.decode()
    assert "ikke bekræftet i tide" in page
    assert "Tilmeld igen" in page


def test_names_are_written_kept_and_replaced(run: CourseRun, here: datetime) -> None:
    made = make.sign_up(run, now=here, count=2, orderer="company", company="Firma", cvr="25313763")
    link = f"/tilmelding/min/{tokens.token_of(made)}/"
    one, two = Enrolment.objects.order_by("pk")
    data = {
        f"name-{one.pk}": "Anna Prøve", f"email-{one.pk}": "ikke en mail", f"name-{two.pk}": "Bo Prøve",
    }  # fmt: skip
    refused = Client().post(f"{link}navne/", data)
    assert refused.status_code == 400
    assert 'value="Bo Prøve"' in refused.content.decode()
    assert not Learner.objects.exists()
    data[f"email-{one.pk}"] = ""
    data[f"protected-{two.pk}"] = "on"
    Client().post(f"{link}navne/", data)
    assert [(x.name, x.is_protected) for x in Learner.objects.order_by("pk")] == [
        ("Anna Prøve", False), ("Bo Prøve", True),
    ]  # fmt: skip


def test_a_link_opens_its_own_sign_up_alone(run: CourseRun, here: datetime) -> None:
    mine, other = make.sign_up(run, now=here), make.sign_up(run, now=here)
    link = f"/tilmelding/min/{tokens.token_of(mine)}/"
    theirs = Enrolment.objects.get(sign_up=other)
    Client().post(f"{link}navne/", {f"name-{theirs.pk}": "Indbrud"})
    assert not Learner.objects.filter(name="Indbrud").exists()
    assert Client().post(f"{link}frameld/", {"people": [theirs.pk]}).status_code == 400
    assert Client().get(f"{link}person/{theirs.pk}/").status_code == 404
    assert make.statuses(run) == ["enrolled", "enrolled"]
    assert Client().get("/tilmelding/min/" + "x" * 43 + "/").status_code == 404


def test_flexibility_in_plain_words(run: CourseRun, here: datetime) -> None:
    made = make.sign_up(run, now=here)
    link = f"/tilmelding/min/{tokens.token_of(made)}/"
    data = {"km": "40", "days_before": "0", "days_after": "14", "any_school": "on"}
    refused = Client().post(f"{link}ellers/", data)
    assert "afstanden skal regnes fra" in refused.content.decode()
    Client().post(f"{link}ellers/", {**data, "postcode": "8900"})
    found = sign_ups.flexibility_of(made)
    assert found is not None
    assert (found.km, found.days_after, found.any_school) == (40, 14, True)
    made.refresh_from_db()
    assert made.postcode == "8900"


def test_the_queue_says_why(run: CourseRun, here: datetime) -> None:
    make.sign_up(run, now=here, count=3, orderer="company", company="F", cvr="25313763")
    for i in range(3):
        last = make.sign_up(run, now=here + timedelta(minutes=i))
    page = Client().get(f"/tilmelding/min/{tokens.token_of(last)}/").content.decode()
    assert "Nr. 3 i køen, fordi 2 skrev sig op før." in page
    assert queries.places(queries.people_of(last)).popitem()[1].number == 3


def test_change_of_language_and_contact(run: CourseRun, here: datetime) -> None:
    made = make.sign_up(run, now=here)
    link = f"/tilmelding/min/{tokens.token_of(made)}/"
    assert Client().post(f"{link}sprog/", {"sprog": "en"}, follow=True)["Content-Language"] == "en"
    Client().post(f"{link}kontakt/", {"name": "Ny Kontakt", "phone": "+45 12 34 56 78"})
    made.refresh_from_db()
    assert (made.language, made.contact_name, made.contact_phone) == (
        "en",
        "Ny Kontakt",
        "12345678",
    )


def test_the_page_says_what_the_run_is_a_part_of_and_how_it_is_taught(here: datetime) -> None:
    run = make.make_open_run(
        make.make_school(),
        make.make_course(),
        now=here,
        capacity=1,
        is_guaranteed=True,
        minimum=1,
        is_at_company=True,
        teaching_form="Hos en virksomhed",
        company="Bageriet",
        part_goals=["Hygiejne", "Etik"],
    )
    page = Client().get(f"/tilmelding/{run.pk}/").content.decode()
    for said in (
        "Hygiejne, Etik",
        "Hos en virksomhed, Bageriet",
        "uanset hvor mange",
        run.kviknummer,
    ):
        assert said in page
    course = f"/kurser/{run.course.number}/"
    found = Client().get("/kurser/", {"q": f" {run.kviknummer.upper()} "})
    assert (found.status_code, found.url) == (302, course)
    assert Client().get("/kurser/", {"q": "åben-0000000"}).status_code == 200
    assert "Tilmeld dig" in Client().get(course).content.decode()
    make.sign_up(run, now=here)
    cache.clear()
    page = Client().get(course).content.decode()
    assert "Skriv dig på venteliste" in page
    assert "Tilmeld dig" not in page
