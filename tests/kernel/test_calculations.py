"""Calculations: one claim at a time, a dead worker's repeated, every end written once and told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command

from samspil.kernel import calculations, clock, limited, outbox, solving
from samspil.kernel.models import Calculation, Job, StoredFile
from tests.support.worker import STAND_IN, is_alive, wait_for

pytestmark = pytest.mark.django_db
NOW = clock.now()
LATER = NOW + calculations.LEASE + timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _planner(settings: Any, tmp_path: Path) -> None:
    settings.SAMSPIL_SOLVER = STAND_IN
    settings.VAR = tmp_path


@pytest.fixture
def subject() -> StoredFile:
    """Any object will do: the kernel does not know what is calculated."""
    return StoredFile.objects.create(
        sha256="0", name="x", content_type="x", size=0, created_at=NOW, actor_label=""
    )


@pytest.fixture
def put(subject: StoredFile) -> Callable[..., Calculation]:
    def do(do: str = "count", *, to: int = 3, **values: Any) -> Calculation:
        options = {"kind": "test", "work": 100, "seconds": 30.0, "then": "test.over", "now": NOW}
        problem = {"do": do, "to": to}
        return calculations.start(subject=subject, problem=problem, **{**options, **values})

    return do


def fresh(calculation: Calculation) -> Calculation:
    return Calculation.objects.get(pk=calculation.pk)


def told() -> list[int]:
    return list(Job.objects.filter(kind="test.over").values_list("payload__calculation", flat=True))


# ------------------------------------------------------------------ claims


def test_a_claimed_calculation_is_nobody_elses_until_its_lease_ends(put: Any) -> None:
    put()
    first = calculations.claim(NOW)
    assert first is not None
    assert calculations.claim(NOW + calculations.LEASE - timedelta(seconds=1)) is None
    second = calculations.claim(LATER)
    assert second is not None
    assert (second.pk, second.attempts) == (first.pk, 2)


def test_who_has_lost_the_claim_writes_nothing(put: Any) -> None:
    put()
    first = calculations.claim(NOW)
    assert first is not None
    second = calculations.claim(LATER)
    assert second is not None
    assert not calculations.keep(first, now=LATER, progress={"seconds": 9})
    assert not calculations.put_back(first, now=LATER)
    assert not calculations.finish(first, now=LATER, result={"n": 1})
    assert fresh(second).progress == {}
    assert not told()
    assert calculations.finish(second, now=LATER, result={"n": 2})
    assert fresh(second).result == {"n": 2}
    assert told() == [second.pk]


def test_a_sign_of_life_keeps_the_claim(put: Any) -> None:
    put()
    first = calculations.claim(NOW)
    assert first is not None
    assert calculations.keep(first, now=LATER)
    assert calculations.claim(LATER + timedelta(seconds=1)) is None


def test_what_is_put_back_goes_on_with_another_and_counts_as_no_death(put: Any) -> None:
    put()
    first = calculations.claim(NOW)
    assert first is not None
    assert calculations.put_back(first, now=NOW, best={"n": 7})
    second = calculations.claim(NOW)
    assert second is not None
    assert (second.best, second.attempts) == ({"n": 7}, 1)


def test_after_three_deaths_the_best_so_far_is_the_answer(put: Any) -> None:
    put()
    for attempt in range(calculations.MAX_ATTEMPTS):
        claimed = calculations.claim(NOW + attempt * 2 * calculations.LEASE)
        assert claimed is not None
    Calculation.objects.update(best={"n": 5}, lease_until=NOW)
    assert solving.run_next()
    row = Calculation.objects.get()
    assert (row.status, row.result, row.failure) == ("done", {"n": 5}, "crashed")


def test_the_oldest_comes_first(put: Any) -> None:
    first, second = put(), put()
    assert [calculations.claim(NOW), calculations.claim(NOW)] == [first, second]


# ------------------------------------------------------------------ asked for the best so far, given up


def test_only_one_that_is_under_way_can_be_stopped_and_once(put: Any) -> None:
    row = put()
    assert calculations.ask_to_stop(row, now=NOW)
    assert not calculations.ask_to_stop(row, now=NOW)
    claimed = calculations.claim(NOW)
    assert claimed is not None
    calculations.finish(claimed, now=NOW, result={"n": 1})
    assert not calculations.ask_to_stop(row, now=NOW)


def test_asked_to_stop_before_it_began_it_is_answered_in_a_hurry(put: Any) -> None:
    row = put(to=10**9)
    calculations.ask_to_stop(row, now=NOW)
    assert solving.run_next()
    result = fresh(row).result
    assert result is not None
    assert result["seconds"] == f"{solving.HURRY:g}"
    assert result["n"] > 0


def test_asked_to_stop_while_nobody_calculates_the_best_so_far_is_the_answer(put: Any) -> None:
    row = put()
    Calculation.objects.update(best={"n": 4}, asked_to_stop_at=NOW)
    assert solving.run_next()
    assert fresh(row).result == {"n": 4}


def test_what_is_dropped_gives_its_best_and_is_never_told(put: Any, subject: StoredFile) -> None:
    row = put()
    claimed = calculations.claim(NOW)
    assert claimed is not None
    calculations.keep(claimed, now=NOW, best={"n": 4})
    assert calculations.drop(subject, now=NOW) == {"n": 4}
    assert calculations.drop(subject, now=NOW) is None
    assert not calculations.finish(claimed, now=NOW, result={"n": 5})
    assert fresh(row).status == "dropped"
    assert not told()
    assert calculations.claim(LATER) is None


# ------------------------------------------------------------------ solved in a child process


def test_the_answer_the_progress_and_the_start(put: Any) -> None:
    row = put(to=8, first={"n": 5})
    assert solving.run_next()
    done = fresh(row)
    assert (done.status, done.failure) == ("done", "")
    assert done.result == {"status": "proven", "n": 8, "from": 5, "seconds": "30", "processes": "1"}
    assert done.progress["bounds"] == [{"term": "covered", "value": 8, "best_possible": 100}]
    assert told() == [row.pk]
    assert not solving.run_next()


def test_a_second_attempt_goes_on_from_the_best_with_what_is_left_of_the_clock(put: Any) -> None:
    row = put(to=8, first={"n": 1})
    Calculation.objects.update(
        status="running", attempts=1, lease_until=NOW - timedelta(seconds=1),
        best={"n": 6}, progress={"seconds": 20.0},
    )  # fmt: skip
    assert solving.run_next()
    done = fresh(row)
    assert done.result == {"status": "proven", "n": 8, "from": 6, "seconds": "10", "processes": "1"}
    assert done.progress["seconds"] >= 20.0


def test_an_old_answer_that_cannot_be_read_is_done_without(put: Any) -> None:
    row = put(first={"written": "by another version"})
    assert solving.run_next()
    result = fresh(row).result
    assert result is not None
    assert result["from"] == 0


@pytest.mark.parametrize(
    ("do", "failure"),
    [("unreadable", "unreadable"), ("break", "broke_rules"), ("hungry", "memory")],
)
def test_what_goes_wrong_is_named(put: Any, settings: Any, do: str, failure: str) -> None:
    settings.SAMSPIL_SOLVER_MEMORY_MB = 512
    row = put(do)
    assert solving.run_next()
    failed = fresh(row)
    assert (failed.status, failed.result, failed.failure) == ("failed", None, failure)
    assert told() == [row.pk]


def test_the_service_says_how_many_processes_work_on_it(put: Any, settings: Any) -> None:
    settings.SAMSPIL_SOLVER_PROCESSES = 2
    row = put("count", to=1)
    solving.run_next()
    result = fresh(row).result
    assert result is not None
    assert result["processes"] == "2"


def test_an_impossible_problem_is_an_answer(put: Any) -> None:
    row = put("impossible")
    solving.run_next()
    assert fresh(row).status == "done"


def test_a_planner_that_crashes_leaves_its_best(put: Any) -> None:
    row = put("crash", to=100)
    solving.run_next()
    done = fresh(row)
    assert (done.status, done.failure) == ("done", "crashed")
    assert done.result is not None
    assert done.result["n"] == 3


def test_a_planner_that_does_not_listen_is_ended_and_leaves_its_best(
    put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solving, "STOP_GRACE", 0.5)
    row = put("deaf", to=10**9, seconds=1.0)
    solving.run_next()
    done = fresh(row)
    assert (done.status, done.failure) == ("done", "")
    assert done.result is not None
    assert not is_alive(done.result["pid"])


def test_a_worker_that_is_told_to_end_puts_it_back_with_its_best(put: Any) -> None:
    row = put(to=10**9)
    leave = threading.Event()
    threading.Timer(1.0, leave.set).start()
    solving.run_next(leave)
    left = fresh(row)
    assert (left.status, left.holder, left.attempts) == ("queued", "", 0)
    assert left.best is not None
    assert not is_alive(left.best["pid"])
    assert not told()


def test_no_folder_is_left(put: Any, settings: Any) -> None:
    row = put()
    left = Path(settings.VAR) / "calculations" / f"{row.pk}-of-one-that-was-killed"
    left.mkdir(parents=True)
    solving.run_next()
    assert list(left.parent.iterdir()) == []


def test_the_child_gets_no_passwords(put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMSPIL_SECRET_KEY", "not for children")
    assert "not for children" not in json.dumps(solving._environment())


def test_the_worker_command_calculates_and_tells(put: Any) -> None:
    row = put()
    seen: list[int] = []

    @outbox.job("test.over")
    def over(payload: dict[str, Any], *, now: Any) -> None:
        seen.append(payload["calculation"])

    try:
        call_command("worker", once=True)
    finally:
        del outbox.HANDLERS["test.over"]
    assert seen == [row.pk]


# ------------------------------------------------------------------ limits


def test_a_child_ends_with_its_parent() -> None:
    """A parent that is killed leaves nothing running."""
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    parent = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import os, subprocess, sys, time\n"
            f"child = subprocess.Popen([sys.executable, {limited.__file__!r}, str(os.getpid()),"
            f" '512', '600', *{sleeper!r}])\n"
            "print(child.pid, flush=True)\n"
            "time.sleep(600)\n",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.stdout.close()
    command = Path(f"/proc/{child}/cmdline")
    wait_for(lambda: b"limited.py" not in command.read_bytes() and command.read_bytes())
    assert is_alive(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_for(lambda: not is_alive(child))


def test_a_child_whose_parent_is_gone_already_does_not_begin() -> None:
    done = subprocess.run(
        [sys.executable, limited.__file__, "1", "512", "10", "/bin/echo", "begun"],
        capture_output=True,
        check=False,
    )
    assert os.getpid() != 1
    assert (done.returncode, done.stdout) == (3, b"")


def test_the_real_planner_is_what_solves_in_service() -> None:
    from samspil.config.settings import base

    assert [sys.executable, "-m", "planning", "solve"] == base.SAMSPIL_SOLVER
    assert django_settings.SAMSPIL_SOLVER_SECONDS > 2
