"""During and after the course: attendance, no-show, evaluation, certificates; personal data out and gone."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from samspil.enrolment.domain import after, exports, people, personal, tokens, upkeep
from samspil.enrolment.models import (
    Attendance,
    Enrolment,
    Evaluation,
    Learner,
    LearnerCpr,
    SchoolTerms,
    SignUp,
)
from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Invalid
from samspil.kernel.models import AuditEvent, MailMessage
from samspil.runs.models import CourseRun
from tests.factories import enrolments as make

pytestmark = pytest.mark.django_db
FIRM = {"orderer": "company", "company": "Firma", "cvr": "25313763"}


@pytest.fixture
def here() -> datetime:
    return clock.now()


@pytest.fixture
def run(here: datetime) -> CourseRun:
    return make.make_open_run(make.make_school(), make.make_course(), now=here, capacity=10)


def begins(run: CourseRun, days_ago: int) -> CourseRun:
    """Move the run so that it began some days ago, on three days in a row."""
    day = clock.today() - timedelta(days=days_ago)
    CourseRun.objects.filter(pk=run.pk).update(starts_on=day, ends_on=day + timedelta(days=2))
    run.refresh_from_db()
    return run


def signed_in(run: CourseRun) -> Client:
    client = Client()
    client.force_login(make.staff_of(run.organisation)[0])
    return client


def row_of(made: SignUp) -> Enrolment:
    return made.enrolments.get()


def test_attendance_by_plain_posts_and_who_stays_away_pays(run: CourseRun, here: datetime) -> None:
    SchoolTerms.objects.create(
        organisation=run.organisation, charges_fees=True,
        board_decided_on=clock.today() - timedelta(days=100),
    )  # fmt: skip
    comes, away = make.sign_up(run, now=here, **FIRM), make.sign_up(run, now=here, **FIRM)
    private = make.sign_up(run, now=here)
    # over a week, so that some of its days are no weekend
    today = clock.today()
    CourseRun.objects.filter(pk=run.pk).update(
        starts_on=today - timedelta(days=8), ends_on=today - timedelta(days=1)
    )
    run.refresh_from_db()
    past = after.days_of(run)
    client = signed_in(run)
    url = f"/tilmelding/hold/{run.pk}/fremmoede/"
    client.post(url, {"dag": str(past[0]), "her": [str(row_of(comes).pk)]})
    assert (row_of(comes).status, row_of(away).status) == ("attended", "absent")
    assert (row_of(away).fee_ore, row_of(comes).fee_ore, row_of(private).fee_ore) == (250_000, 0, 0)
    client.post(url, {"dag": str(past[0]), "her": [str(row_of(x).pk) for x in (comes, away)]})
    assert (row_of(away).status, row_of(away).fee_ore) == ("attended", 0)
    assert "1 af " in client.get(f"{url}?dag={past[0]}").content.decode()
    assert Attendance.objects.count() == 3
    client.post(url, {"dag": str(past[0]), "her": [str(row_of(comes).pk)]})
    sent = client.post(f"/tilmelding/person/{row_of(away).pk}/gebyr/", {"reason": "Lægeerklæring"})
    assert sent.status_code == 302
    assert (row_of(away).fee_ore, row_of(away).fee_why) == (0, "lawful")


def test_a_day_that_has_not_come_or_is_not_the_runs(run: CourseRun, here: datetime) -> None:
    row = row_of(make.sign_up(run, now=here))
    actor = make.staff_of(run.organisation)[1]
    for day in (run.starts_on, clock.today() - timedelta(days=1)):
        with pytest.raises(Invalid):
            after.note_attendance(actor=actor, now=here, run=run, day=day, present={row.pk: True})
    assert not Attendance.objects.exists()


def test_the_evaluation_is_answered_once_and_shown_from_three(
    run: CourseRun, here: datetime
) -> None:
    made = [make.sign_up(run, now=here) for _ in range(3)]
    begins(run, 5)
    data = {"content": "5", "teaching": "4", "usable": "3", "place": "2", "remark": "Mere kaffe"}
    client = signed_in(run)
    page = f"/tilmelding/hold/{run.pk}/evaluering/"
    for i, one in enumerate(made):
        link = f"/tilmelding/min/{tokens.token_of(one)}/"
        assert "Hvordan var kurset" in Client().get(link).content.decode()
        refused = Client().post(f"{link}evaluering/{row_of(one).pk}/", {**data, "content": "9"})
        assert refused.status_code == 400
        for _ in range(2):
            Client().post(f"{link}evaluering/{row_of(one).pk}/", data)
        assert Evaluation.objects.count() == i + 1
        assert ("Mere kaffe" in client.get(page).content.decode()) == (i == 2)
    names = {f.name for f in Evaluation._meta.get_fields()}
    assert names == {"id", "run", "content", "teaching", "usable", "place", "remark"}


def test_who_was_there_is_asked_how_it_was(run: CourseRun, here: datetime) -> None:
    make.sign_up(run, now=here)
    begins(run, 3)
    MailMessage.objects.all().delete()
    assert upkeep.ask_how_it_was(clock.today(), now=here) == 1
    assert upkeep.ask_how_it_was(clock.today() + timedelta(days=1), now=here) == 0


def with_cpr(run: CourseRun, here: datetime, **values: Any) -> Enrolment:
    SchoolTerms.objects.get_or_create(organisation=run.organisation, defaults={"needs_cpr": True})
    made = make.sign_up(run, now=here, **values)
    people.give_details(
        actor=tokens.holder_of(made), now=here, sign_up=made, enrolment=row_of(made),
        details=people.Details(cpr="0107891234"),
    )  # fmt: skip
    return row_of(made)


def test_certificate_data_name_their_reason_and_are_safe_in_excel(
    run: CourseRun, here: datetime
) -> None:
    row = with_cpr(run, here, name="=HYPERLINK(1)")
    hidden = with_cpr(run, here, name="Skjult", is_protected=True)
    Enrolment.objects.filter(pk__in=[row.pk, hidden.pk]).update(status="attended")
    client = signed_in(run)
    url = f"/tilmelding/hold/{run.pk}/beviser/"
    assert client.post(url, {"reason": "x"}).status_code == 400
    file = client.post(url, {"reason": "Udstedelse af beviser"}).content.decode("utf-8-sig")
    lines = file.splitlines()
    assert lines[1].startswith("0107891234;'=HYPERLINK(1);")
    assert len(lines) == 2  # the protected person is not in it
    assert (
        "hentet til bevis: Udstedelse"
        in AuditEvent.objects.get(
            verb="enrolment.certificate_data",
            subject_type="enrolment.enrolment",
            subject_id=str(row.pk),
        ).summary
    )
    actor = make.staff_of(make.make_school("Vestby"))[1]
    with pytest.raises(Exception, match="ret til"):
        exports.certificate_data(actor=actor, now=here, run=run, reason="Nysgerrig")


def test_a_persons_data_are_handed_out_and_erased(run: CourseRun, here: datetime) -> None:
    row = with_cpr(run, here, name="Karen Prøve", email="karen@example.test")
    make.sign_up(run, now=here, name="En Anden", email="anden@example.test")
    client = signed_in(run)
    url = f"/tilmelding/skole/{run.organisation_id}/data/"
    find = client.post(url, {"email": "Karen@Example.test"}).content.decode()
    assert "Tilmeldinger" in find
    out = json.loads(client.post(url, {"email": "karen@example.test", "gør": "udlever"}).content)
    assert out["data"]["enrolment"][0]["learner"]["name"] == "Karen Prøve"
    assert out["data"]["enrolment"][0]["learner"]["has_cpr"] is True
    assert "En Anden" not in json.dumps(out)
    kept = client.post(url, {"email": "karen@example.test", "gør": "slet"}, follow=True)
    assert "er i brug endnu" in kept.content.decode()
    assert Learner.objects.filter(name="Karen Prøve").exists()
    Enrolment.objects.filter(pk=row.pk).update(status="cancelled")
    client.post(url, {"email": "karen@example.test", "gør": "slet"})
    assert not Learner.objects.filter(name="Karen Prøve").exists()
    assert not LearnerCpr.objects.exists()
    assert not SignUp.objects.filter(contact_email="karen@example.test").exists()
    texts = "".join(f"{m.to}{m.text}" for m in MailMessage.objects.all())
    assert "karen" not in texts.lower()
    assert SignUp.objects.filter(contact_email="anden@example.test").exists()
    trail = "".join(f"{e.summary}{e.after}{e.subject_label}" for e in AuditEvent.objects.all())
    assert "karen" not in trail.lower()
    assert Client().get(f"/tilmelding/min/{tokens.token_of(row.sign_up)}/").status_code == 404


def test_another_school_hands_out_nothing_of_it(run: CourseRun, here: datetime) -> None:
    make.sign_up(run, now=here, email="karen@example.test")
    other = make.make_school("Vestby")
    actor = make.staff_of(other)[1]
    out = personal.hand_out(actor=actor, now=here, organisation=other, email="karen@example.test")
    assert out["data"] == {}
    personal.erase_person(actor=actor, now=here, organisation=other, email="karen@example.test")
    assert SignUp.objects.filter(contact_email="karen@example.test").exists()


def test_people_are_gone_when_their_time_is_up_and_numbers_stay(
    run: CourseRun, here: datetime
) -> None:
    row = with_cpr(run, here, name="Karen Prøve")
    Enrolment.objects.filter(pk=row.pk).update(status="attended", fee_ore=5)
    today = clock.today()
    worker = Actor.system("enrolment.anonymise")

    def ended(months: int, extra: int) -> int:
        day = personal.months_before(today, months) - timedelta(days=extra)
        CourseRun.objects.filter(pk=run.pk).update(starts_on=day, ends_on=day)
        assert personal.due_schools(today) == [run.organisation_id]
        return personal.anonymise_old(
            actor=worker, now=here, organisation_id=run.organisation_id, today=today
        )

    assert ended(3, 0) == 0
    assert Learner.objects.filter(name="Karen Prøve").exists()
    assert ended(3, 1) > 0
    learner, made = Learner.objects.get(), SignUp.objects.get()
    assert (learner.name, learner.email, made.contact_name, made.contact_email) == ("", "", "", "")
    assert not LearnerCpr.objects.exists()
    row.refresh_from_db()
    assert (row.status, row.fee_ore) == ("attended", 5)
    assert personal.due_schools(today) == []


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2027-03-31", 1, "2027-02-28"),
        ("2028-03-31", 1, "2028-02-29"),
        ("2027-01-15", 13, "2025-12-15"),
    ],
)
def test_months_before(day: str, months: int, expected: str) -> None:
    from datetime import date

    assert personal.months_before(date.fromisoformat(day), months) == date.fromisoformat(expected)
