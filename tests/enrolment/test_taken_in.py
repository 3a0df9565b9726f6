"""A school finds the people whom it took in for another school's run in its own list."""

from __future__ import annotations

import pytest
from django.test import Client

from samspil.kernel import clock
from samspil.runs.models import CourseRun
from tests.factories import enrolments as make

pytestmark = pytest.mark.django_db


def test_people_on_anothers_run_are_found_in_ones_own_list() -> None:
    now = clock.now()
    holder, taker, third = (make.make_school(name) for name in ("Østby", "Vestby", "Nørreby"))
    course = make.make_course()
    run = make.make_open_run(holder, course, now=now)
    own = CourseRun.objects.get(pk=run.pk)
    own.pk, own.organisation, own.kviknummer, own.follows = None, taker, "følger", run
    own.save()
    pages = {}
    for made in (False, True):
        if made:
            make.sign_up(own, now=now)
        for school in (taker, third):
            client = Client()
            client.force_login(make.staff_of(school)[0])
            pages[school.name, made] = client.get("/tilmelding/").content.decode()
    link = f"/tilmelding/hold/{run.pk}/"
    assert {key for key, page in pages.items() if link in page} == {("Vestby", True)}
