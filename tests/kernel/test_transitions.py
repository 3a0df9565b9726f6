"""Many objects take a step together, or none of them does."""

from __future__ import annotations

import pytest
from django.db import transaction

from samspil.enrolment.enums import ENROLMENT_TRANSITIONS
from samspil.enrolment.models import Enrolment
from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict
from samspil.kernel.models import StatusChange
from samspil.kernel.transitions import transition_all
from samspil.runs.models import CourseRun
from tests.factories import enrolments as make

pytestmark = pytest.mark.django_db


def step(rows: list[Enrolment], verb: str) -> None:
    with transaction.atomic():
        transition_all(
            rows,
            verb,
            table=ENROLMENT_TRANSITIONS,
            actor=Actor.system("test"),
            now=clock.now(),
            reason="Prøve",
            ended_at=clock.now(),
        )


@pytest.fixture
def rows() -> list[Enrolment]:
    """One with a seat, two who wait."""
    run = make.make_open_run(make.make_school(), make.make_course(), now=clock.now(), capacity=1)
    for _ in range(3):
        make.sign_up(run, now=clock.now())
    assert CourseRun.objects.get().signed_up_here == 1
    return list(Enrolment.objects.order_by("pk"))


def test_each_keeps_the_status_it_came_from_in_its_history(rows: list[Enrolment]) -> None:
    step(rows, "transfer")
    assert {row.status for row in rows} == {"transferred"}
    assert Enrolment.objects.filter(status="transferred", ended_at__isnull=False).count() == 3
    told = StatusChange.objects.filter(verb="transfer").order_by("subject_id")
    assert [change.from_status for change in told] == ["enrolled", "waiting", "waiting"]
    assert {change.reason for change in told} == {"Prøve"}
    step([], "transfer")


def test_one_who_stands_elsewhere_by_now_stops_them_all(rows: list[Enrolment]) -> None:
    Enrolment.objects.filter(pk=rows[2].pk).update(status="cancelled")  # behind our back
    with pytest.raises(Conflict):
        step(rows, "transfer")
    assert not Enrolment.objects.filter(status="transferred").exists()
    assert not StatusChange.objects.filter(verb="transfer").exists()


def test_a_step_that_one_of_them_cannot_take_is_refused(rows: list[Enrolment]) -> None:
    with pytest.raises(Conflict):
        step(rows, "move_up")  # the first has a seat already
    assert not Enrolment.objects.exclude(ended_at=None).exists()
    with pytest.raises(KeyError):
        step(rows, "nonsense")
