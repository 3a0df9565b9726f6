"""`python -m benchmarks.studies.pooling`: the real snapshot of 22906 under all assumptions, as docs/studies/pooling.md.

Every figure is computed by this run; the same seed gives the same figures. Also draws the answer as
docs/pictures/pooling-22906.svg. About a quarter of an hour on one quiet core. `--only` measures one table and writes
no page; `--rows` takes rows from the output of such a run, or of one that was broken off, instead of measuring again.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.studies.draw import ANNOUNCED_ON, TITLE, moves, timeline
from benchmarks.studies.snapshot import snapshot
from planning.pooling import Problem, Score, Solution, baselines, score, solve, validate
from planning.pooling.explain import explain
from planning.pooling.gather import ASKED
from planning.pooling.offers import outlook, validate_plan
from planning.pooling.simulate import (
    WORTH_ASKING,
    Simulated,
    simulate_plan,
    simulate_waves,
    today,
)
from planning.pooling.uncertain import TERM, plan_of, solve_uncertain
from planning.pooling.units import Asking
from planning.pooling.willingness import Willingness, flat, prior
from planning.result import Status

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "studies" / "pooling.md"
PICTURE = ROOT / "docs" / "pictures" / "pooling-22906.svg"
KM = (25, 50, 75, 100, 150)
DAYS = (7, 14, 28, 56)
YES = (1000, 800, 500, 300)
ASKING = Asking(today=ANNOUNCED_ON.toordinal())
SEED = 0
WAYS = (
    "today's practice",
    "best plan, at once",
    "planned, as it stands",
    "planned anew each wave, no question spared",
    "planned, anew after each wave",
)
MOST = replace(ASKING, tolerance=0)
"""Whoever adds anything is asked."""


@dataclass(frozen=True)
class Certain:
    """One problem with all plans for certain willingness."""

    name: str
    problem: Problem
    alone: Solution
    own: Solution
    greedy: Solution
    best: Solution
    is_proven: bool

    def score(self, what: str) -> Score:
        return score(self.problem, getattr(self, what))


def certain(name: str, problem: Problem) -> Certain:
    """All plans for certain willingness, each judged by the validator."""
    best = solve(problem, seed=SEED)
    found = Certain(
        name,
        problem,
        baselines.cancel_alone(problem),
        baselines.own_school(problem),
        baselines.greedy(problem),
        best.solution,
        best.bound("taught").is_proven,
    )
    for what in ("alone", "own", "greedy", "best"):
        if validate(problem, getattr(found, what)):
            raise ValueError(f"{name}: {what} breaks a rule")
    return found


def reach_table() -> Iterator[tuple[int, int, Certain]]:
    for km in KM:
        for days in DAYS:
            problem = snapshot(most_km=km, days_before=days, days_after=days)
            yield km, days, certain(f"{km} km, {days} days", problem)


@dataclass(frozen=True)
class Uncertain:
    """What one problem is worth under one willingness. Thousandths of a head; `waves` is simulated."""

    at_once: int
    planned: int
    bound: int
    is_proven: bool
    waves: Simulated
    seconds: float


def uncertain(some: Certain, willingness: Willingness, draws: int) -> Uncertain:
    began = time.monotonic()
    result = solve_uncertain(some.problem, willingness, asking=ASKING, seed=SEED, certain=some.best)
    seconds = time.monotonic() - began
    if validate_plan(some.problem, willingness, result.solution, ASKING):
        raise ValueError(f"{some.name}: the plan breaks a rule")
    at_once = plan_of(some.problem, willingness, some.best, ASKING)
    waves = simulate_waves(
        some.problem,
        willingness,
        result.solution,
        some.best,
        asking=ASKING,
        draws=draws,
        seed=SEED,
        rounds=1,
    )
    bound = result.bound(TERM)
    taught = score(some.problem, some.best).taught * 1000 if some.is_proven else bound.value
    best = bound.best_possible or 0
    return Uncertain(
        int(outlook(some.problem, willingness, at_once).taught * 1000),
        bound.value,
        min(best, taught) if some.is_proven else best,
        result.status == Status.PROVEN,
        waves,
        seconds,
    )


def people(milli: int) -> str:
    return f"{milli / 1000:.1f}"


def mean(some: Simulated, figure: str) -> str:
    spread = some.spread(figure)
    return f"{spread.mean / 1000:.1f} ± {spread.deviation / 1000:.1f}"


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def kept(rows: Iterable[str], *first: object) -> str | None:
    """The row that begins with these cells, when an earlier run has measured it."""
    begins = row(*first)[:-1]
    return next((line for line in rows if line.startswith(begins)), None)


def head(*cells: str) -> list[str]:
    return [row(*cells), row("---", *["---:"] * (len(cells) - 1))]


def certain_page(cells: list[tuple[int, int, Certain]], spread: Certain) -> list[str]:
    lines = [
        "## When everybody says yes",
        "",
        "People taught of 216. *Today*: each school cancels alone what is below its minimum. *Own school*: people "
        "move between their own school's runs only. *Greedy*: run by run, all schools. *Best*: the planner; "
        "**bold** is proven: nobody can teach more under these assumptions.",
        "",
        *head("willing to go, days either way", "today", "own school", "greedy", "best", "asked"),
    ]
    for km, days, some in cells:
        lines.append(_certain_row(f"{km} km, {days} days", some))
    lines += [
        _certain_row("homes spread by 18 km, 75 km, 7 days back, 28 on", spread),
        "",
        "*Asked*: people who are offered another run than their own. Among the plans that teach most, this is the "
        "one that asks fewest, and then moves people least.",
        "",
    ]
    return lines


def _certain_row(name: str, some: Certain) -> str:
    best = some.score("best")
    taught = f"**{best.taught}**" if some.is_proven else str(best.taught)
    return row(
        name,
        some.score("alone").taught,
        some.score("own").taught,
        some.score("greedy").taught,
        taught,
        best.asked,
    )


def uncertain_page(
    cells: list[tuple[int, int, Certain]], draws: int, rows: list[str], told: int = 0
) -> list[str]:
    """The large table with so many draws per cell; 0: only cells in the rows, made with `told` draws."""
    lines = [
        "## When each offer is accepted with the same probability",
        "",
        "*At once*: the best plan for certain willingness, sent to everybody at once; expected, exact. *Planned*: "
        "the plan that knows the probability, as it stands, with its next offers to who says no; expected, exact. "
        f"*Waves*: the same plan, made anew after each wave from the answers; mean and standard deviation of "
        f"{told or draws} draws. *No way can*: what no way of asking can beat, not even one that knew all answers beforehand.",
        "",
        *head(
            "willing to go, days",
            "yes",
            "today",
            "at once",
            "planned",
            "waves",
            "asked",
            "no way can",
        ),
    ]
    for km, days, some in cells:
        for yes in YES:
            name = (f"{km} km, {days} days", f"{yes // 10} %")
            if line := kept(rows, *name):
                lines.append(line)
                continue
            if not draws:
                lines.append(row(*name, *["not measured"] * 6))
                continue
            found = uncertain(some, flat(yes), draws if yes < 1000 else 1)
            lines.append(
                row(
                    *name,
                    some.score("alone").taught,
                    people(found.at_once),
                    people(found.planned),
                    mean(found.waves, "taught"),
                    mean(found.waves, "asked"),
                    people(found.bound),
                )
            )
            print(lines[-1], flush=True)
    return [*lines, ""]


def simulated_page(cases: list[Certain], draws: int, rows: list[str]) -> list[str]:
    lines = [
        f"## What really happens, {draws:,} draws",
        "",
        "75 km and 28 days. Each way of asking meets the same people with the same answers. 5–95 %: so many are "
        "taught in all but one draw of twenty at either end. *Again*: people who are asked more than once. "
        "*Moved twice*: people who said yes to two runs one after the other, because the first was given up. "
        "*Lost*: people with a place in a run that was held who weren't taught. *No question spared*: whoever adds "
        f"anything at all is asked; the other plans leave out offers as long as no more than {ASKING.tolerance / 100:g} % of "
        f"the people expected to be taught is lost, and later waves ask only where a question adds {WORTH_ASKING:g} of "
        "a person.",
        "",
        *head(
            "homes, willingness",
            "way of asking",
            "taught",
            "5–95 %",
            "runs held",
            "asked",
            "again",
            "moved twice",
            "lost",
        ),
    ]
    for some in cases:
        wanted = YES[1:] if some is cases[0] else (500,)
        for name, willingness in (
            *((f"{yes // 10} %", flat(yes)) for yes in wanted),
            ("the prior", prior()),
        ):
            before = [kept(rows, f"{some.name}, {name}", way) for way in WAYS]
            if all(before):
                lines += [line for line in before if line]
                continue
            for way, found in zip(WAYS, asked(some, willingness, draws), strict=True):
                taught = found.spread("taught")
                lines.append(
                    row(
                        f"{some.name}, {name}",
                        way,
                        mean(found, "taught"),
                        f"{taught.low}–{taught.high}",
                        people(found.spread("held").mean),
                        people(found.spread("asked").mean),
                        people(found.spread("asked_again").mean),
                        people(found.spread("moved_again").mean),
                        sum(draw.lost for draw in found.draws),
                    )
                )
                print(lines[-1], flush=True)
    return [*lines, ""]


def asked(some: Certain, willingness: Willingness, draws: int) -> Iterator[Simulated]:
    """The ways of asking, in the order of `WAYS`."""
    problem = some.problem
    yield today(problem, some.alone, willingness)
    at_once = plan_of(problem, willingness, some.best, ASKING)
    yield simulate_plan(problem, willingness, at_once, draws=draws, seed=SEED)
    result = solve_uncertain(problem, willingness, asking=ASKING, seed=SEED, certain=some.best)
    yield simulate_plan(problem, willingness, result.solution, draws=draws, seed=SEED)
    full = solve_uncertain(problem, willingness, asking=MOST, seed=SEED, certain=some.best)
    yield simulate_waves(
        problem,
        willingness,
        full.solution,
        some.best,
        asking=MOST,
        draws=draws,
        seed=SEED,
        rounds=1,
        worth_asking=ASKED,
    )
    yield simulate_waves(
        problem,
        willingness,
        result.solution,
        some.best,
        asking=ASKING,
        draws=draws,
        seed=SEED,
        rounds=1,
    )


def sure_page(some: Certain) -> list[str]:
    willingness = prior()
    result = solve_uncertain(some.problem, willingness, asking=ASKING, seed=SEED, certain=some.best)
    look = outlook(some.problem, willingness, result.solution)
    promised = {run.key for run in some.problem.runs if some.problem.is_promised(run)}
    lines = [
        "## How sure each run is",
        "",
        f"75 km, 28 days, the prior; {datetime.now(UTC):%Y-%m-%d}. Runs that are held only if people say yes: certain heads, heads if all say yes, "
        "and the chance of reaching the minimum. Exact.",
        "",
        *head("run", "minimum", "certain", "if all say yes", "chance", "expected taught"),
    ]
    for line in look.runs:
        run = some.problem.run_by_key[line.run]
        if line.run in promised or line.permille in (0, 1000):
            continue
        day = date.fromordinal(run.starts_on)
        lines.append(
            row(
                f"{run.school}, {day:%-d.%-m.}",
                line.minimum,
                line.certain,
                line.most,
                f"{line.permille / 10:.1f} %",
                people(line.expected),
            )
        )
    return [*lines, ""]


def picture_page(some: Certain) -> list[str]:
    PICTURE.write_text(timeline(some.problem, some.best), encoding="utf-8")
    lines = [
        "## The answer, drawn",
        "",
        f"![{TITLE}](../pictures/{PICTURE.name})",
        "",
        "The same as a table: who is asked about what, at 75 km and 28 days when everybody says yes.",
        "",
        *head("people", "from", "to", "km from home", "days"),
    ]
    for move in moves(some.problem, some.best):
        lines.append(row(move.heads, move.source, move.target, move.km, move.days))
    return [*lines, ""]


def how_fast(some: Certain) -> list[str]:
    """Median processor seconds of five: the best plan, its explanation, and the plan under uncertainty."""

    def median(what: Callable[[Problem], object]) -> float:
        times = []
        for _ in range(5):
            fresh = replace(some.problem)  # nothing worked out beforehand
            began = time.process_time()
            what(fresh)
            times.append(time.process_time() - began)
        return sorted(times)[2]

    return [
        "## How fast",
        "",
        f"75 km and 28 days; {datetime.now(UTC):%Y-%m-%d}. Medians of five in seconds of processor, one process, "
        "the solver's library loaded.",
        "",
        *head("what", "seconds"),
        row("best plan for certain willingness", f"{median(solve):.2f}"),
        row("its explanation, all lines", f"{median(lambda p: explain(p, some.best)):.3f}"),
        row(
            "plan under the prior, with its bound",
            f"{median(lambda p: solve_uncertain(p, prior(), asking=ASKING, certain=some.best)):.2f}",
        ),
        "",
    ]


def replaced(page: str, sections: list[str]) -> str:
    """The page with these sections in the place of those with the same headings."""
    parts = page.split("\n## ")
    new = "\n".join(sections).split("\n## ")
    new[0] = new[0].removeprefix("## ")
    by_title = {part.split("\n", 1)[0]: part.strip("\n") for part in new}
    kept = [by_title.pop(part.split("\n", 1)[0], part.strip("\n")) for part in parts]
    if by_title:
        raise ValueError(f"the page has no section {', '.join(by_title)}")
    return "\n\n## ".join(kept) + "\n"


def _taken(rows: list[Path]) -> str:
    return ", with rows of an earlier run that was broken off" if rows else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000, help="draws of the simulation")
    parser.add_argument("--few", type=int, default=100, help="draws per cell of the large table")
    parser.add_argument(
        "--no-more", action="store_true", help="leave out cells that `--rows` lacks"
    )
    parser.add_argument(
        "--only", choices=("simulated", "uncertain"), help="measure one table, write no page"
    )
    parser.add_argument(
        "--quick", action="store_true", help="measure all but those two, into the page as it is"
    )
    parser.add_argument("--rows", nargs="*", type=Path, default=[], help="output of earlier runs")
    args = parser.parse_args()
    rows = [line for file in args.rows for line in file.read_text(encoding="utf-8").splitlines()]
    cells = list(reach_table())
    main_case = replace(
        next(some for km, days, some in cells if (km, days) == (75, 28)), name="at the run"
    )
    spread = certain("spread by 18 km", snapshot(home_km=18, days_before=7))
    if args.only == "simulated":
        simulated_page([main_case, spread], args.draws, rows)
        return
    if args.only == "uncertain":
        uncertain_page(cells, args.few, rows)
        return
    if args.quick:
        page = PAGE.read_text(encoding="utf-8")
        found = [
            *picture_page(main_case),
            *certain_page(cells, spread),
            *sure_page(main_case),
            *how_fast(main_case),
        ]
        PAGE.write_text(replaced(page, found), encoding="utf-8")
        return
    lines = [
        "# Pooling 22906",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python -m benchmarks.studies.pooling --draws {args.draws} --few "
        f"{args.few}`, Python {platform.python_version()}. Written by the run{_taken(args.rows)}; do not edit.",
        "",
        "Real: the 128 announced runs of AMU 22906 on 4 August 2026, their seats, minimums, decision dates and "
        "numbers of people signed up (216). Assumed, the same for everybody: where people live, how far and how "
        "many days they would move, and how likely they are to say yes. Distances are great circle × 1.3. Runs with "
        f"a guarantee are held. Offers are answered within {ASKING.answer_days} days, in at most "
        f"{ASKING.most_waves} waves. What the words mean stands in "
        "[how pooling decides](../explanation/pooling.md).",
        "",
        *picture_page(main_case),
        *certain_page(cells, spread),
        *simulated_page([main_case, spread], args.draws, rows),
        *uncertain_page(cells, 0 if args.no_more else args.few, rows, args.few),
        *sure_page(main_case),
        *how_fast(main_case),
    ]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
