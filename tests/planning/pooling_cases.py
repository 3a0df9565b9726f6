"""Tiny pooling problems of every kind, and the best of all answers by trying each one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

from hypothesis import strategies as st

from planning.pooling import (
    Party,
    PinnedRun,
    PinnedSeat,
    Place,
    Problem,
    Run,
    RunPin,
    School,
    Seat,
    SeatPin,
    Shared,
    Solution,
    Use,
    score,
    validate,
)

PLACES = (
    Place("p0", 56_000_000, 10_000_000),
    Place("p1", 56_000_000, 10_200_000),
    Place("p2", 56_200_000, 10_000_000),
)
"""p0 and p1 lie 16 km apart by road, p0 and p2 29 km, p1 and p2 33 km."""
SCHOOLS = ("a", "b")


@st.composite
def problems(
    draw: st.DrawFn,
    *,
    most_runs: int = 3,
    most_parties: int = 4,
    with_pins: bool = True,
    most_size: int = 2,
) -> Problem:
    """Up to two courses, three runs and four parties by default: every answer can be tried."""
    runs = []
    for i in range(draw(st.integers(1, most_runs))):
        starts = 100 + draw(st.integers(0, 2)) * 7
        runs.append(
            Run(
                key=f"r{i}",
                course=draw(st.sampled_from(("c", "c", "c", "d"))),
                school=draw(st.sampled_from(SCHOOLS)),
                place=draw(st.sampled_from(PLACES)).key,
                starts_on=starts,
                ends_on=starts + 1,
                capacity=draw(st.integers(0, 4)),
                minimum=draw(st.integers(0, 3)),
                is_guaranteed=draw(st.integers(0, 7)) == 0,
                is_remote=draw(st.integers(0, 7)) == 0,
                variant=draw(st.sampled_from(("", "", "", "en"))),
                income=draw(st.sampled_from((0, 600, 1000))),
            )
        )
    parties = []
    for i in range(draw(st.integers(0, most_parties))):
        own = draw(st.none() | st.sampled_from(runs))
        day = own.starts_on if own else 107
        size = draw(st.integers(1, most_size))
        parties.append(
            Party(
                key=f"x{i}",
                course=own.course if own else "c",
                home=draw(st.sampled_from(PLACES)).key,
                order=draw(st.integers(0, 5)),
                first_day=day - draw(st.sampled_from((0, 7, 14))),
                last_day=day + draw(st.sampled_from((0, 7, 14))),
                most_metres=draw(st.sampled_from((0, 20_000, 40_000))),
                run=own.key if own else "",
                size=size,
                is_together=draw(st.booleans()),
                schools=draw(st.sampled_from(((), (), ("a",)))),
                accepts_remote=draw(st.booleans()),
                refused=(runs[0].key,) if draw(st.integers(0, 7)) == 0 else (),
            )
        )
    has_shared = draw(st.booleans())
    users = [run.key for run in runs if draw(st.booleans())] if has_shared else []
    amounts = [draw(st.integers(0, 2)) for _ in users]
    kinds = (None, None, None, RunPin.HELD, RunPin.CANCELLED) if with_pins else (None,)
    run_pins = [(run.key, draw(st.sampled_from(kinds))) for run in runs]
    seat_kinds = (None,) * 5 + ((SeatPin.NO, SeatPin.SEAT) if with_pins else ())
    seat_pins = []
    for party in parties:
        some = [run for run in runs if run.course == party.course]
        pin = draw(st.sampled_from(seat_kinds))
        if some and pin is not None:
            seat_pins.append(PinnedSeat(party.key, draw(st.sampled_from(some)).key, pin))
    return Problem(
        schools=tuple(School(key) for key in SCHOOLS),
        places=PLACES,
        runs=tuple(runs),
        parties=tuple(parties),
        shared=(Shared("t", draw(st.integers(0, 3))),) if has_shared else (),
        uses=tuple(Use(run, "t", n) for run, n in zip(users, amounts, strict=True)),
        run_pins=tuple(PinnedRun(run, pin) for run, pin in run_pins if pin is not None),
        seat_pins=tuple(seat_pins),
        most_metres=draw(st.sampled_from((None, None, 25_000))),
        most_days=draw(st.sampled_from((None, None, 7))),
        metres_per_day=draw(st.sampled_from((0, 2000))),
    )


def answers(problem: Problem) -> Iterator[Solution]:
    """Every answer that the validator allows."""
    choices = [list(_ways(problem, party)) for party in problem.parties]
    for number in range(len(problem.runs) + 1):
        for held in combinations(sorted(run.key for run in problem.runs), number):
            open_runs = set(held)
            allowed = [
                [way for way in ways if all(run in open_runs for run, _ in way)] for ways in choices
            ]
            for chosen in product(*allowed):
                seats = tuple(
                    sorted(
                        Seat(party.key, run, heads)
                        for party, way in zip(problem.parties, chosen, strict=True)
                        for run, heads in way
                    )
                )
                solution = Solution(held, seats)
                if not validate(problem, solution):
                    yield solution


def _ways(problem: Problem, party: Party) -> Iterator[tuple[tuple[str, int], ...]]:
    """All splits of a party over the runs of its course, whether it may sit there or not."""
    runs = [run.key for run in problem.runs if run.course == party.course]
    for numbers in product(range(party.size + 1), repeat=len(runs)):
        if sum(numbers) <= party.size:
            yield tuple((run, n) for run, n in zip(runs, numbers, strict=True) if n)


def best_key(problem: Problem) -> tuple[int, ...] | None:
    """The first four terms of the best answer, in their order; None when there is no answer."""
    return min((score(problem, answer).key()[:4] for answer in answers(problem)), default=None)
