"""The example's follow-up: constructed agreements beside announced runs, every standing to be seen."""

from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from django.core.management import CommandError, call_command

from samspil.compliance.models import FollowUp
from samspil.coordination.models import Round
from samspil.runs.models import CourseRun, Harvest, RunChange
from samspil.web.example.followed import REAL, follow

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_the_example_shows_every_standing() -> None:
    with pytest.raises(CommandError):
        call_command("play_follow_up", stdout=io.StringIO())
    call_command("seed_example", stdout=io.StringIO())
    follow(now=datetime(2026, 11, 22, 9, 0, tzinfo=UTC))
    standings = Counter(FollowUp.objects.values_list("status", flat=True))
    assert standings == {
        "kept": 7, "late": 1, "drifted": 1, "cancelled": 2, "missing": 2, "unknown": 1,
    }  # fmt: skip
    outside = FollowUp.objects.outside().values_list("external", "status")
    assert set(outside) == {("EUC Nordvest", "kept"), ("Teknisk Skole Fjordby", "unknown")}
    assert set(FollowUp.objects.values_list("guarantee_status", flat=True)) == {
        "none", "not_given", "broken", "kept",
    }  # fmt: skip
    real = FollowUp.objects.filter(round_course__course__number=REAL)
    assert all(row.run_ids for row in real)
    assert CourseRun.objects.filter(course__number=REAL).count() == 128
    # everything that isn't real stands on a course that is marked
    made_up = CourseRun.objects.exclude(course__number=REAL)
    assert made_up.count() == 10 and all(run.course.is_constructed for run in made_up)
    told = set(RunChange.objects.filter(on=date(2026, 11, 22)).values_list("kind", flat=True))
    assert told == {"new", "gone", "changed", "numbers"}
    before = (Harvest.objects.count(), FollowUp.objects.count(), Round.objects.count())
    out = io.StringIO()
    call_command("play_follow_up", stdout=out)
    assert "14 i alt" in out.getvalue()
    assert (Harvest.objects.count(), FollowUp.objects.count(), Round.objects.count()) == before


def test_long_after_the_example_stands_as_it_was() -> None:
    call_command("seed_example", stdout=io.StringIO())
    follow(now=datetime(2029, 5, 1, 9, 0, tzinfo=UTC))
    assert FollowUp.objects.filter(status="cancelled").count() == 2
    assert RunChange.objects.filter(on=date(2026, 11, 30), kind="gone").exists()
