"""Matching measured: `python benchmarks/studies/matching.py` writes the table of docs/studies/matching.md.

Each row runs in a process of its own, one after the other, so that memory is its own. The textbook rows put the
whole problem into one model as the literature writes it (nothing dropped, nothing split, no start), objective by
objective, with CAP seconds in all.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.studies.matching_instances import jobs_problem, visits_problem  # noqa: E402
from planning.matching import jobs, visits  # noqa: E402
from planning.result import Bound, Limits  # noqa: E402
from planning.solvers import cpsat, highs  # noqa: E402
from planning.solvers.model import Model, Outcome, Term  # noqa: E402

PAGE = ROOT / "docs" / "studies" / "matching.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
CAP = 90.0
MOST_TERMS = 3_000_000
"""Coefficients of a model that isn't built any more: it would not fit beside the others in memory."""

JOBS = {
    "200 × 80": (200, 80, 10, 10),
    "200 × 80, nearness ignored": (200, 80, 10, 0),
    "600 × 200": (600, 200, 10, 10),
    "2,000 × 600": (2_000, 600, 10, 10),
}
VISITS = {
    "5 × 40, 3 weeks": (5, 40, 3),
    "12 × 600, 8 weeks": (12, 600, 8),
    "24 × 1,200, 8 weeks": (24, 1_200, 8),
}
JOB_METHODS = ("first come", "deferred acceptance", "textbook HiGHS", "textbook CP-SAT", "ours")
VISIT_METHODS = ("who has time", "textbook HiGHS", "textbook CP-SAT", "our model, CP-SAT", "ours")


def _clock() -> float:
    """Processor seconds: other work runs on the machine, and every method here keeps to one thread."""
    return time.process_time()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--row", nargs=3, metavar=("KIND", "SIZE", "METHOD"))
    args = parser.parse_args()
    if args.row:
        print(json.dumps(row(*args.row)))
        return 0
    lines = [_head()]
    for kind, sizes, methods in (("jobs", JOBS, JOB_METHODS), ("visits", VISITS, VISIT_METHODS)):
        lines += ["", *_titles(kind)]
        for size in sizes:
            for method in methods:
                lines.append(_line(size, method, _run(kind, size, method)))
                print(lines[-1], flush=True)
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + after, encoding="utf-8")
    return 0


def row(kind: str, size: str, method: str) -> dict[str, Any]:
    """Solve one instance by one method; what came out of it."""
    measured = _jobs(size, method) if kind == "jobs" else _visits(size, method)
    measured["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return measured


def _jobs(size: str, method: str) -> dict[str, Any]:
    candidates, openings, points_step, km_step = JOBS[size]
    problem = jobs_problem(candidates, openings, points_step=points_step, km_step=km_step)
    facts = {"pairs": len(problem.fits)}
    began = _clock()  # who fits whom is worked out before, the same for all methods
    bounds: list[Bound] = []
    if method == "first come":
        solution = jobs.first_come(problem)
    elif method == "deferred acceptance":
        solution = jobs.deferred_acceptance(problem)
    elif method == "ours":
        result = jobs.solve(problem, limits=Limits(seconds=CAP))
        solution, bounds = result.solution, list(result.bounds)
    else:
        answer = _textbook_jobs(problem, method, began)
        if isinstance(answer, str):
            return {**facts, "seconds": _clock() - began, "note": answer}
        solution, bounds = answer
    seconds = _clock() - began
    terms = jobs.score(problem, solution)
    broken = jobs.validate(problem, solution)
    values = {t: getattr(terms, t) for t in ("matched", "points", "worst_off")}
    return {
        **facts,
        "seconds": seconds,
        "values": values,
        "bounds": {b.term: b.best_possible for b in bounds},
        "note": f"{len(broken)} blocking pairs" if broken else "",
    }


def _textbook_jobs(
    problem: jobs.Problem, method: str, began: float
) -> str | tuple[jobs.Solution, list[Bound]]:
    fits = problem.fits
    by_candidate: dict[str, list[tuple[int, str]]] = {}
    by_opening: dict[str, list[tuple[int, str]]] = {}
    for (candidate, opening), fit in fits.items():
        by_candidate.setdefault(candidate, []).append((fit.wish, opening))
        by_opening.setdefault(opening, []).append((fit.rank, candidate))
    terms = sum(len(by_candidate[c]) + len(by_opening[o]) for c, o in fits) // 2
    if terms > MOST_TERMS:
        return f"not built: about {terms / 1e6:.0f} million coefficients"
    model = Model()
    column = {pair: model.column() for pair in fits}
    for candidate, own in by_candidate.items():
        model.row([(column[candidate, o], 1) for _, o in own], upper=1)
    for opening, own in by_opening.items():
        seats = problem.opening_by_key[opening].seats
        model.row([(column[c, opening], 1) for _, c in own], upper=seats)
    for (candidate, opening), fit in fits.items():
        seats = problem.opening_by_key[opening].seats
        row: dict[int, int] = {}
        for wish, other in by_candidate[candidate]:
            if wish <= fit.wish:
                row[column[candidate, other]] = seats
        for rank, other in by_opening[opening]:
            if rank <= fit.rank:
                cell = column[other, opening]
                row[cell] = row.get(cell, 0) + 1
        model.row(row.items(), lower=seats)
    objectives = {
        "matched": [(c, -1) for c in column.values()],
        "points": [(c, -fits[pair].points) for pair, c in column.items()],
    }
    values, bounds = _in_order(model, objectives, method, began, {"matched", "points"})
    if values is None:
        return "nothing found"
    matches = (jobs.Match(*pair) for pair, c in column.items() if values[c])
    return jobs.Solution(tuple(sorted(matches))), bounds


def _visits(size: str, method: str) -> dict[str, Any]:
    consultants, companies, weeks = VISITS[size]
    problem = visits_problem(consultants, companies, weeks=weeks)
    began = _clock()
    bounds: list[Bound] = []
    if method == "who has time":
        solution = visits.who_has_time(problem)
    elif method == "ours":
        result = visits.solve(problem, limits=Limits(seconds=CAP))
        solution, bounds = result.solution, list(result.bounds)
    else:
        build = _our_visits if method.startswith("our model") else _textbook_visits
        model, objectives, read = build(problem)
        more = {"made", "in_window", "expertise", "learning", "same", "kept"}
        values, bounds = _in_order(model, objectives, method, began, more)
        if values is None:
            return {"seconds": _clock() - began, "note": "nothing found"}
        solution = read(values)
    seconds = _clock() - began
    terms = visits.score(problem, solution)
    broken = visits.validate(problem, solution)
    return {
        "seconds": seconds,
        "values": {t: getattr(terms, t) for t in visits.TERMS if t != "kept"},
        "bounds": {b.term: b.best_possible for b in bounds},
        "note": f"{len(broken)} rules broken" if broken else "",
    }


Built = tuple[Model, dict[str, list[Term]], Callable[[Any], visits.Solution]]


def _our_visits(problem: visits.Problem) -> Built:
    from planning.matching.visits.formulation import Formulation

    formulation = Formulation(problem)
    return formulation.model, formulation.objectives(), formulation.read


def _textbook_visits(problem: visits.Problem) -> Built:
    """A column per visit, team and day."""
    model = Model()
    go: dict[tuple[str, visits.Team, int], int] = {}
    days: dict[tuple[str, int], list[Term]] = {}
    weeks: dict[tuple[str, int], list[Term]] = {}
    companies: dict[str, list[Term]] = {}
    shares: dict[str, list[Term]] = {}
    joint: dict[visits.Team, list[Term]] = {}
    for visit in problem.visits:
        for team in problem.teams:
            if not problem.may_go(visit, team):
                continue
            for day in problem.days(visit):
                column = go[visit.key, team, day] = model.column()
                companies.setdefault(visit.company, []).append((column, 1))
                joint.setdefault(team, []).append((column, 1))
                for member in team.members:
                    days.setdefault((member, day), []).append((column, visit.halves))
                    weeks.setdefault((member, day // visits.DAYS), []).append((column, 1))
                    shares.setdefault(member, []).append((column, -100 * visit.halves))
    for terms in companies.values():
        model.row(terms, upper=1)
    for cell, terms in days.items():
        model.row(terms, upper=problem.free.get(cell, 0))
    for (member, _), terms in weeks.items():
        model.row(terms, upper=problem.consultant_by_key[member].weekly_cap)
    learning = []
    for pair in problem.learning:
        done = model.column(0, pair.visits)
        model.row([*joint.get(visits.Team(pair.experienced, pair.new), []), (done, -1)], lower=0)
        learning.append((done, -1))
    load = model.column(0, 100)
    for member, terms in shares.items():
        model.row([(load, problem.halves_of[member]), *terms], lower=0)
    of = problem.visit_by_key
    objectives: dict[str, list[Term]] = {
        "made": [(c, -of[v].priority) for (v, _, _), c in go.items()],
        "in_window": [(c, -1) for (v, _, d), c in go.items() if problem.is_wished(of[v], d)],
        "expertise": [(c, -problem.covered(of[v], t)) for (v, t, _), c in go.items()],
        "learning": learning,
        "same": [(c, -1) for (v, t, _), c in go.items() if of[v].last_consultant in t.members],
        "load": [(load, 1)],
        "km": [(c, problem.km(of[v], t)) for (v, t, _), c in go.items()],
    }

    def read(values: Any) -> visits.Solution:
        trips = (visits.Trip(v, d, t.lead, t.companion) for (v, t, d), c in go.items() if values[c])
        return visits.Solution(tuple(sorted(trips)))

    return model, objectives, read


def _in_order(
    model: Model, objectives: dict[str, list[Term]], method: str, began: float, more: set[str]
) -> tuple[tuple[int, ...] | None, list[Bound]]:
    """One objective after the other until one isn't proven or the time is up."""
    solver: Any = cpsat.solve if "CP-SAT" in method else highs.solve
    values: tuple[int, ...] | None = None
    bounds: list[Bound] = []
    for term, objective in objectives.items():
        left = CAP - (_clock() - began)
        if left <= 0:
            break
        model.minimise(objective)
        solved = solver(model, seconds=left, start=values)
        values = solved.values or values
        if values is None:
            break
        reached = model.value(objective, values)
        sign = -1 if term in more else 1
        best = None if solved.bound is None else sign * solved.bound
        bounds.append(Bound(term, sign * reached, best))
        if solved.outcome != Outcome.OPTIMAL:
            break
        model.row(objective, upper=reached)
    return values, bounds


# ------------------------------------------------------------------ the table


def _run(kind: str, size: str, method: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, "--row", kind, size, method],
        capture_output=True,
        check=False,
        text=True,
        timeout=CAP * 8,
    )
    if done.returncode:
        return {"seconds": 0.0, "mb": 0, "note": "died: " + done.stderr.strip()[-80:]}
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def _head() -> str:
    return (
        f"Measured on {datetime.now(UTC).date()} by `python benchmarks/studies/matching.py`: one thread of a machine "
        f"with 2 cores on which much other work ran, so in processor seconds; Python {sys.version.split()[0]}; stopped "
        f"after about {CAP:.0f} s by the clock on the wall. Instances are constructed (seed 1). 'Value / best possible'; a "
        "bare value has no bound. Memory is the process's peak, with the interpreter."
    )


def _titles(kind: str) -> list[str]:
    terms = ("matched", "points", "worst_off") if kind == "jobs" else visits.TERMS
    shown = [t for t in terms if t != "kept"]
    what = "candidates × openings" if kind == "jobs" else "consultants × visits"
    cells = [what, "method", "CPU s", "MB", *shown, "not proven: off by", ""]
    return ["| " + " | ".join(cells) + " |", "|---|---|" + "---:|" * (len(cells) - 3) + "---|"]


def _line(size: str, method: str, got: dict[str, Any]) -> str:
    terms = ("matched", "points", "worst_off") if size in JOBS else visits.TERMS
    shown = [t for t in terms if t != "kept"]
    values, bounds = got.get("values", {}), got.get("bounds", {})
    cells = [size, method, f"{got['seconds']:.2f}", str(got["mb"])]
    cells += [_cell(values.get(t), bounds.get(t)) for t in shown]
    open_terms = [
        f"{t} {Bound(t, values[t], best).percent_off:.2f} %"
        for t in shown
        if (best := bounds.get(t)) is not None and best != values.get(t)
    ]
    cells += [", ".join(open_terms), got["note"]]
    return "| " + " | ".join(cells) + " |"


def _cell(value: int | None, best: int | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if best is None else f"{value:,} / {best:,}"


if __name__ == "__main__":
    sys.exit(main())
