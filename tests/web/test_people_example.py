"""The example's people: everything a newcomer looks for is there, made up, and says so."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from samspil.enrolment.models import (
    Attendance,
    Enrolment,
    Evaluation,
    Learner,
    MovePlan,
    SignUp,
    Transfer,
)
from samspil.network.models import Person
from samspil.runs.models import CourseRun
from samspil.settlement.models import Statement
from samspil.web.example import people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_newcomer_sees_each_page_with_something_in_it() -> None:
    with pytest.raises(CommandError):
        call_command("play_people", stdout=io.StringIO())
    call_command("seed_example", stdout=io.StringIO())
    told = io.StringIO()
    call_command("play_people", stdout=told)
    counts = (SignUp.objects.count(), Enrolment.objects.count())
    again = io.StringIO()
    call_command("play_people", stdout=again)
    assert "som I forlod dem" in again.getvalue()
    assert (SignUp.objects.count(), Enrolment.objects.count()) == counts

    # everything is constructed, and says so wherever it is seen
    assert not SignUp.objects.filter(is_constructed=False).exists()
    assert not SignUp.objects.exclude(contact_email__endswith="@konstrueret.example").exists()
    assert not Learner.objects.exclude(name="").exclude(name__endswith="Prøve").exists()
    own = CourseRun.objects.filter(is_own=True)
    assert own and not own.exclude(course__is_constructed=True).exists()

    full = own.get(course__number=people.FULL)
    assert full.used == full.capacity
    assert Enrolment.objects.filter(run=full, status="waiting").count() >= 4
    assert Enrolment.objects.filter(run=full, sign_up__how_many="all", status="waiting").exists()

    plan = MovePlan.objects.get()
    assert plan.status == "proposed"
    said = dict(plan.approvals.values_list("organisation__key", "is_approved"))
    assert said == {"sosu-randers": True, "sosu-ostjylland": None}
    assert plan.lines.exists()

    past = own.get(course__number=people.PAST, follows=None)
    assert (past.status, past.taught) == ("held", 7)
    assert Attendance.objects.filter(enrolment__run=past).count() == 3 * 8
    assert Enrolment.objects.filter(run=past, status="absent").count() == 1
    assert Evaluation.objects.filter(run=past).count() == 4

    done, waits = Transfer.objects.order_by("created_at")
    assert (done.origin_step, done.holder_step, done.heads) == ("done", "done", 3)
    assert (waits.origin_step, waits.holder_step, waits.heads) == ("waiting", "waiting", 2)

    statement = Statement.objects.exclude(sha256="").get()
    assert statement.content["sums"]
    assert [row.organisation.key for row in statement.approvals.all()] == ["sosu-randers"]

    client = Client()
    client.force_login(Person.objects.get(email="koordinator@sosu-ostjylland.example"))
    sign_up = SignUp.objects.filter(school__key="sosu-ostjylland").latest("pk")
    seat = sign_up.enrolments.latest("pk")
    for path in (
        "/tilmelding/",
        f"/tilmelding/hold/{seat.run_id}/",
        f"/tilmelding/nr/{sign_up.pk}/",
        f"/tilmelding/person/{seat.pk}/",
        f"/tilmelding/flytning/{plan.pk}/",
        f"/tilmelding/overfoersler/{waits.pk}/",
        f"/afregning/opgoerelse/{statement.pk}/",
    ):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "onstrueret" in page.content.decode(), path
    tasks = client.get("/").content.decode()
    assert "Godkend" in tasks
