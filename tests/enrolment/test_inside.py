"""The school's pages: who sees whom, what is asked, and that every look is kept."""

from __future__ import annotations

import io
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from samspil.enrolment.domain import people, queries, sign_ups, terms, tokens
from samspil.enrolment.domain.terms import Choices
from samspil.enrolment.models import Enrolment, Learner, LearnerCpr, SchoolTerms
from samspil.kernel import clock, roles
from samspil.kernel.errors import Forbidden, Invalid
from samspil.kernel.models import AuditEvent
from samspil.network.models import Organisation
from samspil.runs.models import CourseRun
from tests.factories import enrolments as make
from tests.factories.board import make_person

pytestmark = pytest.mark.django_db

CPR = "0107891234"


@pytest.fixture
def here() -> datetime:
    return clock.now()


@pytest.fixture
def school() -> Organisation:
    return make.make_school()


@pytest.fixture
def run(school: Organisation, here: datetime) -> CourseRun:
    return make.make_open_run(school, make.make_course(), now=here)


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def client(school: Organisation) -> Client:
    return signed_in(make.staff_of(school)[0])


def wants_cpr(school: Organisation) -> None:
    SchoolTerms.objects.create(organisation=school, needs_cpr=True)


def with_cpr(run: CourseRun, here: datetime, **values: Any) -> Enrolment:
    made = make.sign_up(run, now=here, **values)
    row = made.enrolments.get()
    people.give_details(
        actor=tokens.holder_of(made),
        now=here,
        sign_up=made,
        enrolment=row,
        details=people.Details(cpr=CPR),
    )
    return row


def test_the_list_and_its_search_and_its_excel(
    client: Client, run: CourseRun, here: datetime
) -> None:
    make.sign_up(run, now=here, name="Anna Åberg")
    make.sign_up(
        run, now=here, count=3, orderer="company", company="Plejehjemmet Solsikken", cvr="25313763"
    )
    assert "3 af 3" in client.get("/tilmelding/").content.decode()
    page = client.get(f"/tilmelding/hold/{run.pk}/").content.decode()
    assert "Anna Åberg" in page
    assert "nr. 1" in page
    found = client.get(f"/tilmelding/hold/{run.pk}/?q=solsikken").content.decode()
    assert "Anna Åberg" not in found
    file = client.post(f"/tilmelding/hold/{run.pk}/excel/", {"vis": "all"})
    rows = list(load_workbook(io.BytesIO(file.content)).active.iter_rows(values_only=True))
    assert [r[1] for r in rows[4:]] == ["Anna Åberg", "Uden navn", "Uden navn", "Uden navn"]
    assert AuditEvent.objects.filter(verb="enrolment.export_run").count() == 1


def test_staff_enter_for_others_after_the_deadline_with_names(
    client: Client, run: CourseRun, school: Organisation
) -> None:
    CourseRun.objects.filter(pk=run.pk).update(
        deadline_on=clock.today() - timedelta(days=1), takes_sign_up=False
    )
    url = f"/tilmelding/hold/{run.pk}/tilmeld/"
    data = {
        "school": school.pk, "orderer": "company", "company": "Firma", "cvr": "25313763", "name": "Ida",
        "email": "", "head_count": "1", "names": "A Prøve\nB Prøve\n\n", "form_key": str(uuid.uuid4()),
    }  # fmt: skip
    refused = client.post(url, {**data, "cvr": "11"}).content.decode()
    assert "CVR-nummer har otte cifre" in refused
    assert "B Prøve" in refused
    for _ in range(2):  # a double click
        sent = client.post(url, data)
    assert sent.status_code == 302
    assert make.statuses(run) == ["enrolled", "enrolled"]
    assert [x.name for x in Learner.objects.order_by("pk")] == ["A Prøve", "B Prøve"]
    page = client.get(sent.url).content.decode()
    assert "skrevet ind af skolen" in page
    assert "Tilmeldte 2." in page


@pytest.mark.parametrize("who", ["another school", "secretariat", "reader", "administrator"])
def test_nobody_but_the_schools_own_sees_a_person(
    who: str, run: CourseRun, school: Organisation, here: datetime
) -> None:
    row = make.sign_up(run, now=here, name="Anna Åberg").enrolments.get()
    person = {
        "another school": lambda: make.staff_of(make.make_school("Vestby"))[0],
        "secretariat": lambda: make_person("S", roles.SECRETARIAT),
        "reader": lambda: make_person("L", roles.READER, organisation=school),
        "administrator": lambda: make_person("P", roles.PLATFORM_ADMIN),
    }
    if who == "secretariat":
        from tests.factories.board import make_round

        visitor = signed_in(make_round().secretariat_person)
    else:
        visitor = signed_in(person[who]())
    for url in (
        f"/tilmelding/hold/{run.pk}/", f"/tilmelding/nr/{row.sign_up_id}/", f"/tilmelding/person/{row.pk}/",
        f"/tilmelding/hold/{run.pk}/fremmoede/", f"/tilmelding/hold/{run.pk}/beviser/",
        f"/tilmelding/skole/{school.pk}/data/", f"/tilmelding/nr/{row.sign_up_id}/frameld/",
    ):  # fmt: skip
        assert visitor.get(url).status_code == 404, url
        assert visitor.post(url).status_code in (404, 405), url
    assert "Anna" not in visitor.get("/tilmelding/").content.decode()


def test_the_school_of_origin_sees_its_own_and_no_cpr(here: datetime) -> None:
    course, holder, origin = make.make_course(), make.make_school(), make.make_school("Vestby")
    held = make.make_open_run(holder, course, now=here, capacity=5)
    announced = make.make_open_run(origin, course, now=here, follows=held)
    wants_cpr(holder)
    theirs = make.sign_up(held, now=here, name="Holderens Egen").enrolments.get()
    ours = with_cpr(announced, here, name="Vores Kursist")
    visitor = signed_in(make.staff_of(origin)[0])
    page = visitor.get(f"/tilmelding/hold/{held.pk}/").content.decode()
    assert "Vores Kursist" in page
    assert "Holderens Egen" not in page
    assert visitor.get(f"/tilmelding/person/{theirs.pk}/").status_code == 404
    assert "CPR" not in visitor.get(f"/tilmelding/person/{ours.pk}/").content.decode()
    assert visitor.post(f"/tilmelding/person/{ours.pk}/", {"reason": "kontrol"}).status_code == 403


def test_cpr_is_sealed_masked_and_every_look_is_kept(
    client: Client, run: CourseRun, school: Organisation, here: datetime
) -> None:
    wants_cpr(school)
    row = with_cpr(run, here)
    assert CPR[6:] not in LearnerCpr.objects.get().sealed
    url = f"/tilmelding/person/{row.pk}/"
    assert "••••••-••••" in client.get(url).content.decode()
    refused = client.post(url, {"reason": "x"})
    assert refused.status_code == 400
    assert "010789-1234" not in refused.content.decode()
    shown = client.post(url, {"reason": "Indberetning til AMU-bevis"}).content.decode()
    assert "010789-1234" in shown
    event = AuditEvent.objects.get(verb="enrolment.show_cpr")
    assert "Indberetning til AMU-bevis" in event.summary
    assert CPR not in f"{event.summary}{event.before}{event.after}"
    history = client.get(f"/tilmelding/nr/{row.sign_up_id}/").content.decode()
    assert "Så CPR-nummeret: Indberetning" in history


def test_cpr_is_not_asked_and_not_kept_where_the_run_does_not_need_it(
    run: CourseRun, school: Organisation, here: datetime
) -> None:
    row = with_cpr(run, here)
    assert not LearnerCpr.objects.exists()
    made = row.sign_up
    link = f"/tilmelding/min/{tokens.token_of(made)}/"
    assert "mangler oplysninger" not in Client().get(link).content.decode()
    wants_cpr(school)
    assert "mangler oplysninger" in Client().get(link).content.decode()
    asked = Client().get(f"{link}person/{row.pk}/").content.decode()
    assert "CPR-nummer" in asked
    assert "Højeste afsluttede" not in asked
    wrong = Client().post(f"{link}person/{row.pk}/", {"cpr": "320189-1234"})
    assert "ikke en dato" in wrong.content.decode()
    Client().post(f"{link}person/{row.pk}/", {"cpr": "010789-1234"})
    assert LearnerCpr.objects.get().organisation_id == school.pk
    again = Client().get(f"{link}person/{row.pk}/").content.decode()
    assert "1234" not in again.replace("010190-1234", "")


def test_another_name_on_the_seat_takes_the_number_away(
    run: CourseRun, school: Organisation, here: datetime
) -> None:
    wants_cpr(school)
    row = with_cpr(run, here, name="Anna Åberg")
    made = row.sign_up
    sign_ups.name_people(
        actor=tokens.holder_of(made), now=here, sign_up=made,
        people={row.pk: sign_ups.Named(name="Bo Berg")},
    )  # fmt: skip
    assert not LearnerCpr.objects.exists()


def test_protected_names_need_a_right_of_their_own(
    client: Client, run: CourseRun, school: Organisation, here: datetime
) -> None:
    wants_cpr(school)
    row = with_cpr(run, here, name="Skjult Person", email="skjult@example.test", is_protected=True)
    make.sign_up(run, now=here, name="Åben Person")
    pages = [
        f"/tilmelding/hold/{run.pk}/", f"/tilmelding/hold/{run.pk}/?q=skjult",
        f"/tilmelding/nr/{row.sign_up_id}/", f"/tilmelding/person/{row.pk}/",
    ]  # fmt: skip
    for url in pages:
        page = client.get(url).content.decode()
        assert "Skjult Person" not in page
        assert "skjult@" not in page
    assert (
        "Beskyttet navn" not in client.get(pages[1]).content.decode()
    )  # a search finds no hidden name
    file = client.post(f"/tilmelding/hold/{run.pk}/excel/", {"vis": "all"})
    texts = str(list(load_workbook(io.BytesIO(file.content)).active.iter_rows(values_only=True)))
    assert "Skjult" not in texts
    assert "Beskyttet navn" in texts
    person, actor = make.staff_of(school)
    with pytest.raises(Forbidden):
        people.show_cpr(actor=actor, now=here, enrolment=row, reason="kontrol af data")
    leader, _leads = make.staff_of(school, roles.SCHOOL_LEADER)
    url = f"/tilmelding/skole/{school.pk}/adgang/"
    give = {"person": person.pk, "ret": "giv"}
    assert signed_in(person).post(url, give).status_code == 403
    assert signed_in(leader).post(url, give).status_code == 302
    assert "Skjult Person" in signed_in(person).get(pages[0]).content.decode()
    assert people.show_cpr(actor=actor, now=here, enrolment=row, reason="kontrol af data") == CPR
    signed_in(leader).post(url, {**give, "ret": "tag"})
    assert "Skjult Person" not in signed_in(person).get(pages[0]).content.decode()


def test_names_saved_by_staff_leave_a_hidden_person_alone(
    client: Client, run: CourseRun, here: datetime
) -> None:
    row = make.sign_up(run, now=here, name="Skjult Person", is_protected=True).enrolments.get()
    client.post(f"/tilmelding/nr/{row.sign_up_id}/navne/", {f"name-{row.pk}": ""})
    assert Learner.objects.get().name == "Skjult Person"


def test_the_schools_choices_and_a_colleague_who_was_faster(
    school: Organisation, here: datetime
) -> None:
    _person, actor = make.staff_of(school)
    client = signed_in(make.staff_of(school)[0])
    url = f"/tilmelding/skole/{school.pk}/"
    data = {"confirm_hours": "12", "offer_hours": "24", "keep_months": "6", "version": "0"}
    refused = client.post(url, {**data, "charges_fees": "on"})
    assert "hvornår bestyrelsen besluttede" in refused.content.decode()
    assert client.post(url, data).status_code == 302
    assert terms.terms_of(school.pk).confirm_hours == 12
    stale = client.post(url, {**data, "confirm_hours": "9"})
    assert "En kollega har gemt imens" in stale.content.decode()
    assert terms.terms_of(school.pk).confirm_hours == 12
    with pytest.raises(Invalid):
        terms.set_terms(
            actor=actor, now=here, organisation=school, expected_version=1,
            choices=Choices(True, None, False, False, False, False, False, 1, 1, 1, ""),
        )  # fmt: skip


def test_the_list_costs_the_same_with_one_and_with_twenty(
    client: Client, run: CourseRun, here: datetime
) -> None:
    CourseRun.objects.filter(pk=run.pk).update(capacity=50)
    make.sign_up(run, now=here)

    def count(url: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    urls = ("/tilmelding/", f"/tilmelding/hold/{run.pk}/")
    count(urls[0])  # the session is written once
    before = [count(url) for url in urls]
    for _ in range(19):
        make.sign_up(run, now=here)
    count(urls[0])  # the menu counts the tasks anew when something has happened
    assert [count(url) for url in urls] == before


def test_a_staff_member_withdraws_with_a_reason(
    client: Client, run: CourseRun, here: datetime
) -> None:
    made = make.sign_up(run, now=here)
    row = made.enrolments.get()
    url = f"/tilmelding/nr/{made.pk}/frameld/"
    assert "Gratis" in client.get(url).content.decode()
    sent = client.post(url, {"people": [row.pk], "reason": "Ringede og meldte afbud"})
    assert sent.status_code == 302
    made.refresh_from_db()
    assert made.status == "withdrawn"
    assert queries.get_sign_up(make.staff_of(run.organisation)[1], made.pk) == made
