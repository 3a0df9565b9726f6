"""The example's second part: the real list is read in and its runs are put together."""

from __future__ import annotations

import io
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from samspil.kernel.imports.models import ImportBatch
from samspil.runs.models import CourseRun, Pooling

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count()  # time goes on: what is asked for now is answered a little later

    def now() -> datetime:
        return datetime(2026, 8, 5, 12, 0, tzinfo=UTC) + timedelta(milliseconds=next(ticks))

    monkeypatch.setattr("samspil.kernel.clock.now", now)


def run(command: str) -> str:
    out = io.StringIO()
    call_command(command, stdout=out)
    return out.getvalue()


def test_the_real_snapshot_is_read_in_and_pooled(settings: Any, tmp_path: Any) -> None:
    settings.VAR = tmp_path
    run("seed_example")
    assert not CourseRun.objects.exists()
    told = run("play_runs")
    assert "128 hold, 0 fejl" in told
    assert "117 hold er under deres minimum; der står 121 af 216 tilmeldte" in told
    assert "201 af 216 kommer på et hold (bevist bedst)" in told
    assert "I dag, hvor hver skole aflyser for sig: 102 af 216" in told
    assert ImportBatch.objects.get().status == "applied"
    assert Pooling.objects.get().status == "answered"
    assert "ligger, som I forlod dem" in run("play_runs")
    assert Pooling.objects.count() == 1


def test_without_the_example_it_says_what_to_do() -> None:
    with pytest.raises(CommandError, match="seed_example"):
        run("play_runs")
