"""Several processes give the answers of one, in order, and what befalls a helper changes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from benchmarks.studies.national import national
from planning.pooling import Problem, solve, validate
from planning.pooling.baselines import cancel_alone
from planning.pooling.batch import Batch, Job, teach
from planning.pooling.components import parts
from planning.result import Limits, Watch
from planning.solvers.crew import Crew, _Helper
from tests.planning.willing import party, problem, run


def squared(job: int, _: Watch[Any]) -> int:
    return job * job


def dies_in_a_helper(job: tuple[int, int], _: Watch[Any]) -> int:
    parent, number = job
    if os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fails_in_a_helper(job: tuple[int, int], _: Watch[Any]) -> int:
    parent, number = job
    if os.getpid() != parent:
        print("a library's words must not stand among the answers")
        raise ValueError
    return number


def test_answers_come_in_the_jobs_order_from_one_process_or_several() -> None:
    expected = [(n, n * n) for n in range(40)]
    for processes in (1, 3):
        with Crew(processes, Watch()) as crew:
            assert list(crew.each(squared, range(40))) == expected
            assert list(crew.each(squared, range(40))) == expected  # the same helpers again


def test_a_helper_that_dies_or_fails_leaves_its_job_to_the_solve() -> None:
    jobs = [(os.getpid(), n) for n in range(12)]
    for function in (dies_in_a_helper, fails_in_a_helper):
        with Crew(3, Watch()) as crew:
            assert [answer for _, answer in crew.each(function, jobs)] == list(range(12))


def test_who_stops_listening_or_is_stopped_leaves_no_process_behind() -> None:
    with Crew(2, Watch()) as crew:
        helper = crew._helpers[0]._process
        assert len(list(islice(crew.each(squared, range(1000)), 3))) == 3
    assert helper.poll() is not None
    watch: Watch[Any] = Watch()
    watch.ask_to_stop()
    with Crew(2, watch) as crew:
        assert list(crew.each(squared, range(10))) == []


def test_a_helper_ends_when_its_pipe_ends() -> None:
    helper = _Helper()
    assert helper.ask(squared, 7, 5.0) == 49
    assert helper._process.stdin is not None
    helper._process.stdin.close()
    assert helper._process.wait(30) == 0
    helper.end()


def courses(many: int) -> Problem:
    """Courses that don't touch: each with two runs of four and three people, of which five are needed."""
    runs, people = [], []
    for n in range(many):
        runs += [run(f"a{n}", 5, course=f"c{n}"), run(f"b{n}", 5, course=f"c{n}", day=3)]
        for i in range(4 + n % 4):
            people.append(party(f"p{n}-{i}", f"{'ab'[i % 2]}{n}", len(people), course=f"c{n}"))
    return problem(tuple(runs), tuple(people))


def test_two_processes_give_the_same_answer_as_one(monkeypatch: Any) -> None:
    solving = sys.modules[solve.__module__]
    monkeypatch.setattr(solving, "MANY", 1)
    monkeypatch.setattr(solving, "BATCH", 12)
    some = courses(60)
    one = solve(some)
    two = solve(some, limits=Limits(processes=2))
    assert two == one
    assert validate(some, two.solution) == ()
    assert two.statistics["proven_moved"] == two.statistics["parts"]
    short = solve(some, limits=Limits(work=400))
    assert solve(some, limits=Limits(work=400, processes=2)) == short
    assert short.statistics["proven_taught"] < short.statistics["parts"]


def test_a_job_leaves_its_batch_as_it_is() -> None:
    some = courses(3)
    batch = Batch(parts(some)[1], [cancel_alone(some)])
    before = (set(batch.answer.held), batch.answer.reached, batch.answer.best)
    answer, steps = teach(Job(batch, 1000, 0), Watch())
    assert (set(batch.answer.held), batch.answer.reached, batch.answer.best) == before
    assert answer.reached[0] == 6
    assert steps > 0


def test_no_helper_is_left_when_the_solve_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "helper"
    code = (
        "import sys, os, signal; from planning.solvers.crew import _Helper; h = _Helper(); "
        "h.ask(__import__('tests.planning.test_crew', fromlist=['x']).squared, 2, 5.0); "
        f"open({str(told)!r}, 'w').write(str(h._process.pid)); os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).resolve().parents[2]
    paths = os.pathsep.join([str(root / "src"), str(root)])
    subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths}, check=False
    )
    helper = int(told.read_text())
    for _ in range(300):
        if not _lives(helper):
            return
        time.sleep(0.1)
    raise AssertionError("the helper outlived the solve")


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize("work", [500, 20_000])
def test_what_parts_share_is_answered_the_same_by_two_processes(
    work: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    country = national(courses=30, runs=170, people=1_000, schools=5, with_shared=True)
    module = import_module("planning.pooling.solve")
    monkeypatch.setattr(module, "COUPLED", 100)
    monkeypatch.setattr(module, "MANY", 0)
    alone = solve(country, limits=Limits(work=work))
    assert alone == solve(country, limits=Limits(work=work, processes=2))
    assert not validate(country, alone.solution)
