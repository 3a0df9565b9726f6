"""The example's school that keeps its runs here: an outlook, a drift, and everything marked."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from samspil.runs.domain import following, outlook
from samspil.runs.models import CourseRun
from samspil.web.example import kept

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_the_example_shows_how_runs_fill() -> None:
    with pytest.raises(CommandError):
        call_command("play_kept", stdout=io.StringIO())
    call_command("seed_example", stdout=io.StringIO())
    for _ in range(2):  # a second run keeps what is there
        call_command("play_kept", stdout=io.StringIO())
    runs = list(CourseRun.objects.own().select_related("course", "follows"))
    assert all(run.course.is_constructed for run in runs)
    assert CourseRun.objects.filter(source=kept.SOURCE).count() == kept.PAST
    assert {run.status for run in runs} == {"planned", "announced"}
    risky = CourseRun.objects.at_risk()
    told = outlook.outlooks(list(risky))
    assert risky.count() == 2
    assert all(item.is_known for item in told.values())
    (own,) = [run for run in runs if run.follows]
    assert own.follows is not None
    assert [item.what for item in following.drift(own, own.follows)] == ["Dage"]
