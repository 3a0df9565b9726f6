"""A real worker process that is killed, ended and asked to stop in the middle of a calculation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from samspil.kernel import calculations, clock, outbox, solving
from samspil.kernel.models import Calculation, Job, StoredFile
from tests.concurrency.test_board import run_together
from tests.support.worker import STAND_IN, Worker, is_alive, wait_for

NEVER = 10**9


@pytest.fixture(autouse=True)
def _planner(settings: Any, tmp_path: Path) -> None:
    settings.SAMSPIL_SOLVER = STAND_IN
    settings.VAR = tmp_path


@pytest.fixture
def put() -> Callable[..., Calculation]:
    def do(to: int, **values: Any) -> Calculation:
        now = clock.now()
        subject = StoredFile.objects.create(
            sha256="0", name="x", content_type="x", size=0, created_at=now, actor_label=""
        )
        options = {"kind": "test", "work": 100, "seconds": 60.0, "now": now, "then": "test.over"}
        problem = {"do": "count", "to": to}
        return calculations.start(subject=subject, problem=problem, **{**options, **values})

    return do


def fresh(row: Calculation) -> Calculation:
    return Calculation.objects.get(pk=row.pk)


def best_of(row: Calculation) -> Callable[[], Any]:
    return lambda: fresh(row).best


def let_the_lease_run_out(row: Calculation) -> None:
    past = clock.now() - timedelta(seconds=1)
    assert Calculation.objects.filter(pk=row.pk, status="running").update(lease_until=past) == 1


def test_a_worker_killed_in_the_middle_is_followed_by_one_that_goes_on_from_the_best(put):
    row = put(NEVER)
    with Worker() as first:
        best = wait_for(best_of(row))
        first.kill()
    wait_for(lambda: not is_alive(best["pid"]))  # the planner ends with its worker
    left = fresh(row)
    assert left.status == "running"
    assert left.best["n"] >= best["n"]
    let_the_lease_run_out(row)
    Calculation.objects.update(problem={"do": "count", "to": left.best["n"] + 5})
    with Worker():
        wait_for(lambda: fresh(row).is_over)
    done = fresh(row)
    assert (done.status, done.attempts) == ("done", 2)
    assert done.result["from"] == left.best["n"]
    assert done.result["n"] == left.best["n"] + 5
    assert Job.objects.filter(kind="test.over").count() == 1


def test_a_worker_that_ends_in_good_order_leaves_it_to_the_next_at_once(put):
    row = put(NEVER)
    with Worker() as first:
        wait_for(best_of(row))
        assert first.end() == 0
    left = fresh(row)
    assert (left.status, left.holder) == ("queued", "")
    assert not is_alive(left.best["pid"])
    with Worker():
        wait_for(lambda: fresh(row).best["from"] == left.best["n"])


def test_stopped_while_it_runs_it_answers_with_its_best(put):
    row = put(NEVER)
    with Worker():
        wait_for(best_of(row))
        assert calculations.ask_to_stop(row, now=clock.now())
        wait_for(lambda: fresh(row).is_over)
    done = fresh(row)
    assert (done.status, done.result["status"], done.failure) == ("done", "stopped", "")
    assert done.result["n"] > 0


def test_dropped_while_it_runs_the_planner_is_ended(put):
    row = put(NEVER)
    subject = StoredFile.objects.get(pk=row.subject_id)
    with Worker():
        best = wait_for(best_of(row))
        assert calculations.drop(subject, now=clock.now()) is not None
        wait_for(lambda: not is_alive(best["pid"]))
        other = put(3)  # and the worker takes the next
        wait_for(lambda: fresh(other).is_over)
    assert fresh(row).status == "dropped"


def test_progress_is_kept_and_the_other_jobs_go_on_meanwhile(put):
    row = put(NEVER)
    with Worker():
        first = wait_for(lambda: fresh(row).progress)
        outbox.enqueue("mail.deliver", {"message": 0}, now=clock.now())
        wait_for(lambda: not Job.objects.filter(kind="mail.deliver", attempts=0).exists())
        wait_for(lambda: fresh(row).progress["seconds"] > first["seconds"])
    assert fresh(row).progress["bounds"][0]["best_possible"] == 100
    assert not fresh(row).is_over


def test_a_stop_and_the_end_at_the_same_moment_leave_one_answer(put):
    """Whichever comes first: one answer, told once; and the stop says whether it came in time."""
    for _ in range(5):
        row = put(3)
        claimed = calculations.claim(clock.now())
        assert claimed is not None
        barrier = threading.Barrier(2)
        came_in_time: list[bool] = []

        def end(claimed=claimed, barrier=barrier) -> None:
            barrier.wait()
            assert calculations.finish(claimed, now=clock.now(), result={"n": 3})

        def stop(row=row, barrier=barrier, came_in_time=came_in_time) -> None:
            barrier.wait()
            came_in_time.append(calculations.ask_to_stop(row, now=clock.now()))

        assert run_together(end, stop) == [None, None]
        done = fresh(row)
        assert (done.status, done.result) == ("done", {"n": 3})
        assert came_in_time == [done.asked_to_stop_at is not None]
        assert Job.objects.filter(payload__calculation=row.pk).count() == 1


def test_two_workers_never_take_the_same(put):
    rows = [put(1) for _ in range(6)]
    taken: list[int] = []

    def take() -> None:
        while (claimed := calculations.claim(clock.now())) is not None:
            taken.append(claimed.pk)

    assert run_together(take, take) == [None, None]
    assert sorted(taken) == [row.pk for row in rows]


def test_the_solver_of_a_worker_survives_a_database_that_was_away(put, monkeypatch):
    """An error of the database leaves the claim to run out, and the thread goes on."""
    claims: list[int] = []
    plain = calculations.claim

    def claim(now: Any) -> Calculation | None:
        claims.append(1)
        if len(claims) == 1:
            connections["default"].close()
            raise ConnectionError("away")
        return plain(now)

    monkeypatch.setattr(calculations, "claim", claim)
    monkeypatch.setattr(solving, "AWAY", 0.1)
    row = put(2)
    solver = solving.Solver(poll=0.1)
    solver.start()
    try:
        wait_for(lambda: fresh(row).is_over)
    finally:
        solver.leave()
    assert len(claims) > 1
