"""The only door to the planning core: a course's announced runs as a pooling problem, and its answer.

Reads the rows, writes none; ``poolings`` stores what comes out. Problem and answer are kept as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from planning.planners import OFFERS, POOLING
from planning.pooling import baselines
from planning.pooling.asked import AskProblem
from planning.pooling.data import (
    DEGREE,
    Party,
    PinnedRun,
    Place,
    Problem,
    Run,
    RunPin,
    School,
)
from planning.pooling.score import score
from planning.pooling.solution import Solution
from planning.pooling.units import Asking
from planning.pooling.willingness import flat, prior
from samspil.network.models import Postcode
from samspil.runs.models import CourseRun

DAY_INCOME: Final = 100
"""Income is counted in participant days, hundredths: the taxameter's rates are not in the facts."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What people are asked about: at most so many kilometres and days, and what is decided already.

    ``yes``: who accepts when asked: ``all``, ``prior`` (the planner's stated assumption, by distance and
    days), or so many per cent. ``held`` and ``cancelled``: ids of runs that people have decided about.
    """

    km: int = 75
    days: int = 28
    yes: str = "all"
    held: tuple[int, ...] = ()
    cancelled: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """So many people who are asked to go from one run to another, by the runs' ids. Metres by road."""

    source: int
    target: int
    heads: int
    metres: int
    days: int


@dataclass(frozen=True)
class Answer:
    """A pooling's answer in the runs' ids.

    ``heads``: participants per held run afterwards. ``held``: also those without any. ``moves``: the largest
    first. ``alone``: people taught when each school decides alone, as today. ``lines``: reasons, as codes.
    """

    heads: dict[int, int]
    held: frozenset[int]
    moves: tuple[Move, ...]
    alone: int
    lines: tuple[dict[str, Any], ...] = ()


def problem_of(runs: Iterable[CourseRun], conditions: Conditions) -> dict[str, Any]:
    """A course's announced runs as a pooling problem in JSON.

    People live where their run is (their postcode's centre): homes are not known here. All of a run's
    people are one party that may be split. Runs whose postcode has no known centre are left out.
    ``variant`` keeps runs of another length or teaching form apart. A school that follows another's run
    announces it only: that is no run of its own.
    """
    rows = sorted((run for run in runs if run.follows_id is None), key=lambda run: run.pk)
    centres = {
        code: (lat or 0.0, lon or 0.0)
        for code, lat, lon in Postcode.objects.filter(
            code__in={run.postcode for run in rows}, lat__isnull=False, lon__isnull=False
        ).values_list("code", "lat", "lon")
    }
    placed = [run for run in rows if run.postcode in centres]
    decided = dict.fromkeys(conditions.held, RunPin.HELD)
    decided |= dict.fromkeys(conditions.cancelled, RunPin.CANCELLED)
    problem = Problem(
        schools=tuple(
            School(key, name)
            for key, name in sorted({(r.organisation.key, r.organisation.label) for r in placed})
        ),
        places=tuple(
            Place(code, round(lat * DEGREE), round(lon * DEGREE))
            for code, (lat, lon) in sorted(centres.items())
        ),
        runs=tuple(_run(run) for run in placed),
        parties=tuple(
            _party(run, order, conditions) for order, run in enumerate(placed) if run.used
        ),
        run_pins=tuple(
            PinnedRun(str(run.pk), decided[run.pk]) for run in placed if run.pk in decided
        ),
    )
    if conditions.yes == "all":
        return POOLING.write_problem(problem)
    willingness = (
        prior() if conditions.yes == "prior" else flat(min(1000, int(conditions.yes) * 10))
    )
    # Offers go out from the day that the numbers are from.
    today = max((run.seen_on.toordinal() for run in placed), default=None)
    return OFFERS.write_problem(AskProblem(problem, willingness, Asking(today=today)))


def _run(run: CourseRun) -> Run:
    days = run.duration_days or (run.ends_on - run.starts_on).days + 1
    return Run(
        key=str(run.pk),
        course=run.course.number,
        school=run.organisation.key,
        place=run.postcode,
        starts_on=run.starts_on.toordinal(),
        ends_on=run.ends_on.toordinal(),
        # More people than seats is what the list says; nobody is put out of a run by the planner.
        capacity=max(run.capacity, run.used),
        minimum=run.minimum,
        is_guaranteed=run.is_promised,
        variant=f"{run.duration_days or ''} {run.teaching_form}",
        decides_on=run.deadline_on.toordinal() if run.deadline_on else None,
        income=int(days * DAY_INCOME),
    )


def _party(run: CourseRun, order: int, conditions: Conditions) -> Party:
    starts = run.starts_on.toordinal()
    return Party(
        key=str(run.pk),
        course=run.course.number,
        home=run.postcode,
        order=order,
        first_day=starts - conditions.days,
        last_day=starts + conditions.days,
        most_metres=conditions.km * 1000,
        run=str(run.pk),
        size=run.used,
    )


def read(problem: dict[str, Any], solution: dict[str, Any]) -> Answer:
    """A stored answer in the runs' ids. Raises ``ProblemError`` when it is not one."""
    data = POOLING.read_problem(problem)
    found: Solution = POOLING.read_solution(solution)
    moves = [
        Move(
            source=int(seat.party),
            target=int(seat.run),
            heads=seat.heads,
            metres=data.metres_moved(data.party_by_key[seat.party], data.run_by_key[seat.run]),
            days=data.run_by_key[seat.run].starts_on - data.run_by_key[seat.party].starts_on,
        )
        for seat in found.seats
        if seat.party != seat.run
    ]
    return Answer(
        heads={int(key): heads for key, heads in found.heads_of_run.items()},
        held=frozenset(int(key) for key in found.held),
        moves=tuple(sorted(moves, key=lambda m: (-m.heads, m.source, m.target))),
        alone=score(data, baselines.cancel_alone(data)).taught,
        lines=tuple(solution.get("explanations", ())),
    )


@dataclass(frozen=True, slots=True)
class Ask:
    """So many people who are asked about another run, in a wave; ``percent`` of them are expected to accept."""

    wave: int
    source: int
    target: int
    heads: int
    percent: int
    metres: int
    days: int


@dataclass(frozen=True, slots=True)
class Sure:
    """How sure a run is to be held, in per cent; heads that stay in any case, and if all accept.

    ``expected``: thousandths of a head taught in it.
    """

    percent: int
    certain: int
    most: int
    expected: int


@dataclass(frozen=True)
class UncertainAnswer:
    """An answer that knows that not everybody accepts, in the runs' ids.

    ``people``: all who are signed up. ``alone``: taught when each school decides alone, as today.
    """

    asks: tuple[Ask, ...]
    sure: dict[int, Sure]
    people: int
    alone: int


def people_in(problem: dict[str, Any]) -> int:
    """People signed up in a stored problem."""
    facts = problem.get("pooling", problem)
    return sum(int(party.get("size", 1)) for party in facts.get("parties", ()))


def runs_in(problem: dict[str, Any]) -> set[int]:
    """Ids of the runs in a stored problem."""
    facts = problem.get("pooling", problem)
    return {int(run["key"]) for run in facts["runs"]}


def is_uncertain(problem: dict[str, Any]) -> bool:
    """Whether a stored problem reckons with people saying no."""
    return str(problem.get("format", "")).startswith("samspil.offers.")


def read_uncertain(problem: dict[str, Any], solution: dict[str, Any]) -> UncertainAnswer:
    """A stored answer in the runs' ids. Raises ``ProblemError`` when it is not one."""
    data = OFFERS.read_problem(problem).pooling
    heads: dict[tuple[int, str, str, int], int] = {}
    for offer in OFFERS.read_solution(solution).offers:
        key = (offer.wave, offer.party, offer.run, offer.permille)
        heads[key] = heads.get(key, 0) + offer.heads
    asks = []
    for (wave, party, run, permille), number in heads.items():
        who, where = data.party_by_key[party], data.run_by_key[run]
        days = where.starts_on - data.run_by_key[who.run].starts_on
        asks.append(
            Ask(
                wave,
                int(party),
                int(run),
                number,
                round(permille / 10),
                data.metres_moved(who, where),
                days,
            )
        )
    sure = {
        int(line["run"]): Sure(
            _percent(told["permille"]), told["certain"], told["most"], told["expected"]
        )
        for line in solution["explanations"]
        for told in line["messages"]
        if told["code"] == "sure"
    }
    return UncertainAnswer(
        asks=tuple(sorted(asks, key=lambda a: (a.wave, -a.heads, a.source, a.target))),
        sure=sure,
        people=sum(party.size for party in data.parties),
        alone=score(data, baselines.cancel_alone(data)).taught,
    )


def _percent(permille: int) -> int:
    """To the nearest per cent, but 0 and 100 only when it is certain."""
    return permille // 10 if permille in (0, 1000) else min(99, max(1, round(permille / 10)))
