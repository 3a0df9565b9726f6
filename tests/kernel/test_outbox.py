"""The outbox: nothing leaves before commit, nothing is lost, nothing is done twice at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from samspil.kernel import clock, outbox
from samspil.kernel.models import Job, JobState

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def done() -> Iterator[list[Any]]:
    """A job kind ``test.note`` that notes its payload, and ``test.fail`` that fails."""
    seen: list[Any] = []

    @outbox.job("test.note")
    def note(payload: dict[str, Any], *, now: datetime) -> None:
        seen.append(payload["n"])

    @outbox.job("test.fail")
    def fail(payload: dict[str, Any], *, now: datetime) -> None:
        Job.objects.create(kind="test.inner", run_at=now, created_at=now)
        raise ValueError("in vain")

    yield seen
    for kind in ("test.note", "test.fail"):
        del outbox.HANDLERS[kind]


def _put(n: int, **options: Any) -> None:
    outbox.enqueue("test.note", {"n": n}, now=NOW, **options)


def test_due_jobs_are_done_once_in_order(done: list[Any]) -> None:
    _put(1)
    _put(3, run_at=NOW + timedelta(hours=1))
    _put(2)
    assert outbox.run_due(NOW) == 2
    assert outbox.run_due(NOW) == 0
    assert done == [1, 2]
    assert outbox.run_due(NOW + timedelta(hours=2)) == 1


def test_a_rolled_back_transaction_leaves_no_job(done: list[Any]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        _put(1)
        raise ZeroDivisionError
    assert outbox.run_due(NOW) == 0
    assert done == []


def test_the_same_key_is_put_once(done: list[Any]) -> None:
    _put(1, key="once")
    _put(2, key="once")
    outbox.run_due(NOW)
    _put(3, key="once")
    assert outbox.run_due(NOW) == 0
    assert done == [1]


def test_a_claimed_job_is_nobody_elses_until_its_lease_ends(done: list[Any]) -> None:
    _put(1)
    assert outbox.claim(NOW) is not None
    assert outbox.claim(NOW + outbox.LEASE - timedelta(seconds=1)) is None
    again = outbox.claim(NOW + outbox.LEASE + timedelta(seconds=1))
    assert again is not None
    assert again.attempts == 2


def test_a_failed_job_leaves_nothing_half_done_and_comes_again(done: list[Any]) -> None:
    outbox.enqueue("test.fail", {}, now=NOW)
    outbox.run_due(NOW)
    failed = Job.objects.get()
    assert failed.state == JobState.WAITING
    assert "in vain" in failed.error
    assert failed.run_at > clock.now()
    assert not Job.objects.filter(kind="test.inner").exists()


def test_a_job_that_always_fails_is_given_up(done: list[Any]) -> None:
    outbox.enqueue("test.fail", {}, now=NOW)
    for _ in range(outbox.MAX_ATTEMPTS):
        Job.objects.update(run_at=NOW)
        outbox.run_due(NOW)
    assert Job.objects.get().state == JobState.FAILED
    Job.objects.update(run_at=NOW)
    assert outbox.run_due(NOW) == 0


def test_an_unknown_kind_stays_and_says_so() -> None:
    outbox.enqueue("test.nobody", {}, now=NOW)
    outbox.run_due(NOW)
    assert "KeyError" in Job.objects.get().error


def test_the_worker_empties_the_queue(done: list[Any]) -> None:
    outbox.enqueue("test.note", {"n": 5}, now=clock.now() - timedelta(seconds=1))
    call_command("worker", once=True)
    assert done == [5]


def test_what_is_nightly_is_planned_once_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "NIGHTLY", {"tests.night": 3})
    early, late = datetime(2026, 3, 2, 1, 0, tzinfo=UTC), datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
    outbox.plan_the_night(early, {})  # two o'clock in Denmark
    assert not Job.objects.exists()
    outbox.plan_the_night(late, {})
    outbox.plan_the_night(late, {})  # another worker
    assert [(j.kind, j.payload) for j in Job.objects.all()] == [
        ("tests.night", {"on": "2026-03-02"})
    ]
    outbox.plan_the_night(late + timedelta(days=1), {"tests.night": date(2026, 3, 2)})
    assert Job.objects.count() == 2
