"""The way from a course's public page to the sign-up, in the page's language, for runs that take it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from samspil.kernel import clock
from tests.factories import enrolments as make

pytestmark = pytest.mark.django_db


def test_runs_that_take_sign_ups_lead_to_the_form() -> None:
    now = clock.now()
    school, course = make.make_school(), make.make_course()
    run = make.make_open_run(school, course, now=now)
    elsewhere = make.make_open_run(
        school, course, now=now, takes_sign_up=False, link="https://x.dk/"
    )
    late = make.make_open_run(
        school, course, now=now, deadline_on=clock.local_date(now) - timedelta(days=1)
    )
    danish = Client().get(f"/kurser/{course.number}/").content.decode()
    assert f'href="/tilmelding/{run.pk}/"' in danish
    assert "https://x.dk/" in danish
    for other in (elsewhere, late):
        assert f"/tilmelding/{other.pk}/" not in danish
    english = Client().get(f"/en/courses/{course.number}/").content.decode()
    assert f'href="/tilmelding/en/{run.pk}/"' in english
