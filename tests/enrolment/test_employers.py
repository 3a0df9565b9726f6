"""The employer and the municipality's commitment are asked where a rule needs them, and the employer is told
when the run becomes another (R82, R86)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from samspil.enrolment.domain import moves_asking, people, personal, sign_ups, tokens
from samspil.enrolment.domain.people import Details, Employer
from samspil.enrolment.domain.sign_ups import Named
from samspil.enrolment.models import Enrolment, Learner, RunTerms, SchoolTerms
from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.models import MailMessage
from samspil.network.models import Organisation
from samspil.runs.models import CourseRun
from tests.factories import enrolments as make
from tests.factories.moves import lines, make_case

pytestmark = pytest.mark.django_db
WORK = Employer(True, "Plejehjemmet Solsikken", "25313763", "Ledelsen@Solsikken.example")


@pytest.fixture
def here() -> datetime:
    return clock.now()


@pytest.fixture
def school() -> Organisation:
    made = make.make_school("Østby")
    SchoolTerms.objects.create(organisation=made, needs_employer=True, needs_referral=True)
    return made


@pytest.fixture
def run(school: Organisation, here: datetime) -> CourseRun:
    return make.make_open_run(school, make.make_course(), now=here)


def _page(row: Enrolment) -> str:
    return f"/tilmelding/min/{tokens.token_of(row.sign_up)}/person/{row.pk}/"


def test_who_signs_up_himself_tells_who_pays_the_wages(
    run: CourseRun, here: datetime, client: Client, school: Organisation
) -> None:
    row = make.sign_up(run, now=here, name="Anna Åberg").enrolments.get()
    assert people.missing_of(row.sign_up, [row]) == {row.pk: ("employer",)}
    page = client.get(_page(row)).content.decode()
    assert "Får personen løn under kurset?" in page
    assert "Kommunens bevilling" not in page
    bare = client.post(_page(row), {"employed": "1", "employer_cvr": "11"}).content.decode()
    for sentence in (
        "Skriv arbejdsgiverens navn.",
        "Skriv en mail til arbejdsgiveren.",
        "Et CVR-nummer har otte cifre.",
    ):
        assert sentence in bare
    client.post(
        _page(row),
        {
            "employed": "1",
            "employer": "Plejehjemmet Solsikken",
            "employer_cvr": "25 31 37 63",
            "employer_email": "ledelsen@solsikken.example",
        },
    )
    learner = Learner.objects.get()
    assert (learner.employer, learner.employer_cvr) == ("Plejehjemmet Solsikken", "25313763")
    assert people.missing_of(row.sign_up, [Enrolment.objects.get(pk=row.pk)]) == {row.pk: ()}
    staff = Client()
    staff.force_login(make.staff_of(school)[0])
    seen = staff.get(f"/tilmelding/person/{row.pk}/").content.decode()
    assert "Plejehjemmet Solsikken, CVR 25313763" in " ".join(seen.split())


def test_who_says_no_is_not_asked_again_and_keeps_no_employer(
    run: CourseRun, here: datetime
) -> None:
    row = make.sign_up(run, now=here).enrolments.get()
    for employer in (WORK, Employer(False, "Rester", "25313763", "rest@x.example")):
        people.give_details(
            actor=tokens.holder_of(row.sign_up),
            now=here,
            sign_up=row.sign_up,
            enrolment=row,
            details=Details(employer=employer),
        )
    learner = Learner.objects.get()
    assert (learner.is_employed, learner.employer, learner.employer_email) == (False, "", "")
    assert people.missing_of(row.sign_up, [Enrolment.objects.get(pk=row.pk)]) == {row.pk: ()}


def test_only_a_municipality_is_asked_for_its_commitment_and_a_run_may_differ(
    run: CourseRun, here: datetime, client: Client
) -> None:
    company = make.sign_up(run, now=here, orderer="company", company="Firma", cvr="25313763")
    sign_ups.name_people(
        actor=tokens.holder_of(company),
        now=here,
        sign_up=company,
        people={company.enrolments.get().pk: Named("Bo Prøve")},
    )
    assert people.missing_of(company, list(company.enrolments.all())) == {
        company.enrolments.get().pk: ()
    }
    town = make.sign_up(run, now=here, orderer="municipality", company="Østby Kommune")
    row = town.enrolments.get()
    sign_ups.name_people(
        actor=tokens.holder_of(town), now=here, sign_up=town, people={row.pk: Named("Cy Prøve")}
    )
    row.refresh_from_db()
    assert people.missing_of(town, [row]) == {row.pk: ("referral",)}
    client.post(_page(row), {"referral": "Bevilling 2026-117"})
    assert Learner.objects.get(name="Cy Prøve").referral == "Bevilling 2026-117"
    RunTerms.objects.create(run=run, needs_referral=False)
    Learner.objects.update(referral="")
    assert people.missing_of(town, [Enrolment.objects.get(pk=row.pk)]) == {row.pk: ()}


def test_another_person_on_the_seat_has_another_employer(run: CourseRun, here: datetime) -> None:
    made = make.sign_up(run, now=here, name="Anna Åberg")
    row = made.enrolments.get()
    actor = tokens.holder_of(made)
    people.give_details(
        actor=actor, now=here, sign_up=made, enrolment=row, details=Details(employer=WORK)
    )
    sign_ups.name_people(actor=actor, now=here, sign_up=made, people={row.pk: Named("Bente Boe")})
    learner = Learner.objects.get()
    assert (learner.is_employed, learner.employer, learner.employer_email) == (None, "", "")


@pytest.mark.parametrize("is_protected", [False, True])
def test_the_employer_is_told_of_a_move_and_a_protected_name_is_left_out(
    is_protected: bool,
) -> None:
    case = make_case((4, 3, 0))
    plan = case.approved()
    line = lines(plan)[0]
    row = line.enrolments.select_related("learner").first()
    assert row is not None and row.learner is not None
    Learner.objects.filter(pk=row.learner_id).update(
        name="Anna Åberg",
        is_protected=is_protected,
        is_employed=True,
        employer=WORK.name,
        employer_email="ledelsen@solsikken.example",
    )
    for one in lines(plan):
        one.refresh_from_db()
        moves_asking.answer_move(
            actor=tokens.holder_of(one.sign_up), now=case.now, offer=one.offer, verb="accept"
        )
    moves_asking.settle_moves(actor=Actor.system("tests"), now=case.now, plan=plan)
    told: Any = MailMessage.objects.get(to="ledelsen@solsikken.example")
    assert told.subject.startswith("Kurset er flyttet")
    assert "VEU-godtgørelse" in told.text
    assert "koster ikke noget" in told.text
    assert ("Anna Åberg" in told.text) is not is_protected
    assert "/tilmelding/min/" not in told.text  # the personal link is the learner's own


def test_employer_and_commitment_go_when_the_person_is_erased(
    run: CourseRun, here: datetime, school: Organisation
) -> None:
    made = make.sign_up(run, now=here, name="Anna Åberg")
    row = made.enrolments.get()
    people.give_details(
        actor=tokens.holder_of(made),
        now=here,
        sign_up=made,
        enrolment=row,
        details=Details(employer=WORK),
    )
    Learner.objects.update(referral="Bevilling 2026-117")
    personal.empty_learners([Learner.objects.get().pk], now=here)
    learner = Learner.objects.get()
    assert not any(
        (learner.employer, learner.employer_cvr, learner.employer_email, learner.referral)
    )
    assert learner.is_employed is None
