"""How fast, how good and how large: pooling on the real runs and on a constructed country.

`python -m benchmarks.studies.pooling_scale [--seconds N] [--rounds N] [instance …]` measures every way to
answer on each instance, each in a process of its own (its peak memory is that process's), and writes
docs/studies/pooling-scale.md. A measurement, no test.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.studies.national import national
from benchmarks.studies.snapshot import snapshot
from benchmarks.studies.textbook_pooling import answer, textbook
from planning.pooling import Problem, Solution, score, solve, validate
from planning.pooling.baselines import cancel_alone, greedy, own_school
from planning.result import Limits, Progress, Watch
from planning.solvers import cpsat, highs

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "studies" / "pooling-scale.md"

INSTANCES: dict[str, tuple[str, Callable[[], Problem]]] = {
    "real": ("22906 as it is: homes where the run is, 75 km, 28 days either way", snapshot),
    **{
        f"homes{seed}": (
            f"22906 with homes spread 18 km around (seed {seed}), 7 days back, 28 on",
            lambda seed=seed: snapshot(home_km=18, days_before=7, seed=seed),  # type: ignore[misc]
        )
        for seed in range(5)
    },
    "week": ("a national week (constructed, seed 1), courses independent", national),
    "shared": (
        "the same with teachers, rooms and staff shared",
        lambda: national(with_shared=True),
    ),
}
WORK = {"week": 80_000, "shared": 150_000}
"""Steps allowed to the solver on the large instances; the others get the default."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write the table; with `--one`, measure one way in this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("instances", nargs="*", choices=[*INSTANCES, []], default=[])
    parser.add_argument("--seconds", type=float, default=120.0, help="for one-model solvers")
    parser.add_argument("--rounds", type=int, default=3, help="on the small instances")
    parser.add_argument("--one", nargs=2, metavar=("INSTANCE", "WAY"))
    args = parser.parse_args(argv)
    if args.one:
        sys.stdout.write(json.dumps(_one(*args.one, args.seconds)))
        return 0
    kept = TABLE.with_suffix(".json")
    found: dict[str, dict[str, Any]] = json.loads(kept.read_text()) if kept.exists() else {}
    for instance in args.instances or INSTANCES:
        is_large = instance in WORK
        found[instance] = {
            way: _measure(instance, way, 1 if is_large else args.rounds, args.seconds)
            for way in WAYS
        }
        found[instance]["at"] = datetime.now(UTC).strftime("%-d %B %Y")
        found[instance]["load"] = round(os.getloadavg()[0], 1)
        TABLE.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def _measure(instance: str, way: str, rounds: int, seconds: float) -> dict[str, Any]:
    runs = []
    for _ in range(rounds):
        command = [sys.executable, "-m", "benchmarks.studies.pooling_scale"]
        command += ["--seconds", str(seconds), "--one", instance, way]
        env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=False)
        runs.append(json.loads(done.stdout) if done.returncode == 0 else {"failed": True})
        sys.stderr.write(f"{instance} {way} {runs[-1]} {done.stderr[-300:].decode()}\n")
    best = dict(runs[0])
    for name in ("wall", "cpu", "mb"):
        if all(name in run for run in runs):
            best[name] = statistics.median(run[name] for run in runs)
    return best


def _one(instance: str, way: str, seconds: float) -> dict[str, Any]:
    """One way on one instance: people taught, the bound, seconds (clock and processor), peak megabytes."""
    problem = INSTANCES[instance][1]()
    began, busy = time.monotonic(), time.process_time()
    solution, facts = WAYS[way](problem, instance, seconds)
    facts["wall"] = round(time.monotonic() - began, 3)
    facts["cpu"] = round(time.process_time() - busy, 3)
    facts["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if solution is not None:
        reached = score(problem, solution)
        facts["taught"], facts["kept"], facts["moved"] = (
            reached.taught,
            reached.kept,
            reached.moved,
        )
        facts["people"] = reached.people
        facts["broken"] = len(validate(problem, solution))
    return facts


Answered = tuple[Solution | None, dict[str, Any]]


def _planner(problem: Problem, instance: str, seconds: float) -> Answered:
    first: dict[str, Any] = {}
    busy = time.process_time()

    def follow(progress: Progress, best: Solution | None) -> None:
        spent = round(time.process_time() - busy, 2)
        if progress.phase != "begin" and "first_at" not in first and best is not None:
            first["first_at"] = spent
            first["first"] = progress.bounds[0].value
        if progress.phase == "taught":
            first["taught_at"] = spent
            first["taught_wall"] = round(progress.seconds, 2)

    limits = Limits(work=WORK[instance]) if instance in WORK else None
    result = solve(problem, limits=limits, watch=Watch(on_progress=follow))
    bounds = {bound.term: [bound.value, bound.best_possible] for bound in result.bounds}
    facts = {"status": result.status.value, "bounds": bounds, "bound": bounds["taught"][1]}
    return result.solution, {**facts, **first, "statistics": result.statistics}


def _baseline(way: Callable[[Problem], Solution]) -> Callable[[Problem, str, float], Answered]:
    return lambda problem, _instance, _seconds: (way(problem), {})


def _textbook(with_cpsat: bool) -> Callable[[Problem, str, float], Answered]:
    def run(problem: Problem, _instance: str, seconds: float) -> Answered:
        model, held, cells = textbook(problem)
        solver = cpsat.solve if with_cpsat else highs.solve
        solved = solver(model, seconds=seconds)
        bound = None if solved.bound is None else -solved.bound
        facts: dict[str, Any] = {"bound": bound, "status": solved.outcome.value}
        return answer(problem, solved, held, cells), facts

    return run


WAYS: dict[str, Callable[[Problem, str, float], Answered]] = {
    "cancel alone": _baseline(cancel_alone),
    "own school": _baseline(own_school),
    "greedy": _baseline(greedy),
    "textbook, HiGHS": _textbook(False),
    "textbook, CP-SAT": _textbook(True),
    "planner": _planner,
}


if __name__ == "__main__":
    sys.exit(main())
