"""A run's page leads to its sign-ups and says what clashes; nothing of it is anybody else's business."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from samspil.enrolment.domain import after
from samspil.enrolment.models import Enrolment
from samspil.kernel import clock
from samspil.network.models import Organisation
from samspil.runs.domain import risks
from samspil.runs.models import CourseRun, RunDay
from tests.factories import enrolments as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> datetime:
    return clock.now()


@pytest.fixture
def school() -> Organisation:
    return make.make_school("Østby")


@pytest.fixture
def run(school: Organisation, here: datetime) -> CourseRun:
    return make.make_open_run(school, make.make_course(), now=here)


def _page(school: Organisation, run: CourseRun) -> str:
    client = Client()
    client.force_login(make.staff_of(school)[0])
    return client.get(reverse("runs:run", args=[run.pk])).content.decode()


def test_the_school_finds_its_people_and_another_school_signs_somebody_up(
    school: Organisation, run: CourseRun
) -> None:
    people = f'href="{reverse("enrolment:run", args=[run.pk])}"'
    enter = f'href="{reverse("enrolment:enter", args=[run.pk])}"'
    own = _page(school, run)
    assert people in own
    assert enter not in own
    other = _page(make.make_school("Vestby"), run)
    assert people not in other
    assert enter in other
    CourseRun.objects.filter(pk=run.pk).update(takes_sign_up=False)
    assert enter not in _page(make.make_school("Nordby"), run)


def test_who_was_there_is_proposed_as_the_number_that_took_part(
    school: Organisation, run: CourseRun, here: datetime
) -> None:
    make.sign_up(run, now=here, count=3)
    rows = list(Enrolment.objects.filter(run=run).order_by("pk"))
    today = clock.today()
    CourseRun.objects.filter(pk=run.pk).update(starts_on=today, ends_on=today)
    RunDay.objects.filter(run=run).delete()
    RunDay.objects.create(run=run, on=today)
    run.refresh_from_db()
    after.note_attendance(
        actor=make.staff_of(school)[1],
        now=here,
        run=run,
        day=today,
        present={rows[0].pk: True, rows[1].pk: True, rows[2].pk: False},
    )
    client = Client()
    client.force_login(make.staff_of(school)[0])
    page = client.get(reverse("runs:hold", args=[run.pk])).content.decode()
    assert "deltog 2 af 3" in page
    assert 'value="2"' in page
    assert reverse("enrolment:attendance", args=[run.pk]) in _page(school, run)


def test_a_room_wanted_twice_is_told_on_the_page_to_its_school_alone(
    school: Organisation, run: CourseRun, here: datetime
) -> None:
    other = make.make_open_run(school, run.course, now=here)
    on = run.starts_on
    CourseRun.objects.filter(pk=other.pk).update(starts_on=on, ends_on=run.ends_on)
    RunDay.objects.filter(run__in=[run, other]).delete()
    for one, hour in ((run, 8), (other, 12)):
        RunDay.objects.create(
            run=one, on=on, starts_at=time(hour), ends_at=time(hour + 5), room="Sal 3", teacher="Ib"
        )
    page = _page(school, run)
    assert "Sal 3 bruges også af" in page
    assert "Ib underviser også på" in page
    assert "Sal 3" not in _page(make.make_school("Vestby"), run)
    RunDay.objects.filter(run=other).update(starts_at=time(14), ends_at=time(16))
    assert "bruges også af" not in _page(school, run)


def test_what_has_begun_is_no_longer_at_risk_however_old_its_list_is(
    school: Organisation, run: CourseRun
) -> None:
    begun = clock.today() - timedelta(days=20)
    CourseRun.objects.filter(pk=run.pk).update(
        is_guaranteed=False, minimum=10, starts_on=begun, ends_on=begun, seen_on=date(2020, 1, 1)
    )
    wanted = risks.RiskFilter(school=school.key)
    _page_of, lines, sums = risks.at_risk(wanted, today=clock.today())
    assert (lines, sums.runs) == ([], 0)
    _page_of, lines, _sums = risks.at_risk(wanted, today=begun - timedelta(days=1))
    assert [line.run.pk for line in lines] == [run.pk]
