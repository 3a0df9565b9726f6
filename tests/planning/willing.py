"""Small pooling problems under uncertain willingness, and everything that can be counted about them by hand."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import product

from hypothesis import strategies as st

from planning.pooling import Party, PinnedRun, Place, Problem, Run, RunPin, School
from planning.pooling.components import least
from planning.pooling.offers import Offer, UncertainPlan, Yes, settle, validate_plan
from planning.pooling.units import Asking, Unit, units
from planning.pooling.willingness import Band, Willingness

KM = 7_000
"""Millionths of a degree of latitude that are about a kilometre by road (great circle × 1.3)."""
DAY = 739_000


def run(key: str, minimum: int, capacity: int = 10, day: int = 0, **more: object) -> Run:
    facts: dict[str, object] = {
        "course": "c",
        "school": "s",
        "place": "p0",
        "starts_on": DAY + day,
        "ends_on": DAY + day + 1,
        "capacity": capacity,
        "minimum": minimum,
    }
    facts.update(more)
    return Run(key, **facts)  # type: ignore[arg-type]


def party(key: str, own: str, order: int = 0, size: int = 1, **more: object) -> Party:
    facts: dict[str, object] = {
        "course": "c",
        "home": "p0",
        "order": order,
        "first_day": DAY - 30,
        "last_day": DAY + 60,
        "most_metres": 100_000,
        "run": own,
        "size": size,
    }
    facts.update(more)
    return Party(key, **facts)  # type: ignore[arg-type]


def problem(runs: tuple[Run, ...], parties: tuple[Party, ...], **more: object) -> Problem:
    """One school, places p0 to p3 that are 0, 20, 40 and 60 km from each other in a row."""
    facts: dict[str, object] = {
        "schools": (School("s"), School("t")),
        "places": tuple(Place(f"p{i}", 55_000_000 + 20 * i * KM, 10_000_000) for i in range(4)),
        "runs": runs,
        "parties": parties,
    }
    facts.update(more)
    return Problem(**facts)  # type: ignore[arg-type]


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """At most three runs and four parties, so that every answer can be tried."""
    runs = tuple(
        run(
            f"r{i}",
            draw(st.integers(0, 4)),
            draw(st.integers(1, 5)),
            draw(st.sampled_from((0, 3, 20))),
            is_guaranteed=draw(st.integers(0, 5)) == 0,
            place=draw(st.sampled_from(("p0", "p1", "p2"))),
        )
        for i in range(draw(st.integers(2, 3)))
    )
    keys = [r.key for r in runs]
    parties = tuple(
        party(
            f"a{i}",
            draw(st.sampled_from((*keys, *keys, ""))),
            order=i,
            size=draw(st.sampled_from((1, 1, 1, 2))),
            is_together=draw(st.booleans()),
            home=draw(st.sampled_from(("p0", "p1"))),
            refused=draw(st.sampled_from(((), (), (keys[0],)))),
        )
        for i in range(draw(st.integers(1, 4)))
    )
    pins = tuple(
        PinnedRun(key, draw(st.sampled_from(RunPin)))
        for key in keys
        if draw(st.integers(0, 7)) == 0
    )
    return problem(runs, parties, run_pins=pins)


willingnesses = st.builds(
    lambda values: Willingness(
        (0, 15_000), (0, 10), tuple(map(Band, (0, 0, 15_000, 15_000), (0, 10, 0, 10), values))
    ),
    st.lists(st.sampled_from((0, 100, 300, 500, 800, 1000)), min_size=4, max_size=4),
)


def outcomes(plan: UncertainPlan) -> Iterator[tuple[Fraction, frozenset[Yes]]]:
    """Every combination of answers to all offers, with its probability."""
    for answers in product((False, True), repeat=len(plan.offers)):
        chance = Fraction(1)
        for offer, says_yes in zip(plan.offers, answers, strict=True):
            chance *= Fraction(offer.permille if says_yes else 1000 - offer.permille, 1000)
        if chance:
            yes = frozenset(
                (o.party, o.number, o.run)
                for o, says_yes in zip(plan.offers, answers, strict=True)
                if says_yes
            )
            yield chance, yes


def taught_by_hand(some: Problem, willingness: Willingness, plan: UncertainPlan) -> Fraction:
    """The expected number taught: every outcome settled, counted and weighed."""
    return sum(
        (
            chance * sum(seat.heads for seat in settle(some, willingness, plan, yes).seats)
            for chance, yes in outcomes(plan)
        ),
        Fraction(0),
    )


def plans_at_once(some: Problem, willingness: Willingness) -> Iterator[UncertainPlan]:
    """Every allowed plan of one wave: each unit asked about one of its runs or none.

    Those that could bring a run below its minimum that has it are left out: the planner makes none.
    """
    everybody = units(some, willingness)
    aims = tuple(r.key for r in some.runs if some.pin_of_run.get(r.key) != RunPin.CANCELLED)
    choices = [
        [None, *(c for c in unit.choices if c[0] != unit.own and c[1])] for unit in everybody
    ]
    for chosen in product(*choices):
        plan = UncertainPlan(
            tuple(sorted(aims)),
            tuple(
                sorted(
                    Offer(1, unit.party, unit.number, c[0], unit.heads, c[1])
                    for unit, c in zip(everybody, chosen, strict=True)
                    if c is not None
                )
            ),
        )
        if not validate_plan(some, willingness, plan, Asking()) and not _endangers(
            some, everybody, plan
        ):
            yield plan


def _endangers(some: Problem, everybody: tuple[Unit, ...], plan: UncertainPlan) -> bool:
    asked = {(offer.party, offer.number) for offer in plan.offers}
    for r in some.runs:
        here = [unit for unit in everybody if unit.own == r.key]
        stay = sum(unit.heads for unit in here if (unit.party, unit.number) not in asked)
        need = least(some, r)
        if sum(unit.heads for unit in here) >= need > stay and r.key in plan.aims:
            return True
    return False


def random_case(draw: random.Random) -> tuple[Problem, Willingness]:
    """A small problem and willingness from a seeded draw: the same wherever it runs."""
    runs = tuple(
        run(
            f"r{i}",
            draw.randint(0, 4),
            draw.randint(1, 5),
            draw.choice((0, 3, 20)),
            is_guaranteed=draw.random() < 0.15,
            place=draw.choice(("p0", "p1", "p2")),
        )
        for i in range(3)
    )
    parties = tuple(
        party(
            f"a{i}",
            draw.choice(("r0", "r1", "r2", "")),
            order=i,
            size=draw.choice((1, 1, 1, 2)),
            is_together=draw.random() < 0.5,
            home=draw.choice(("p0", "p1")),
        )
        for i in range(4)
    )
    values = [draw.choice((100, 300, 500, 800, 1000)) for _ in range(4)]
    bands = map(Band, (0, 0, 15_000, 15_000), (0, 10, 0, 10), values)
    return problem(runs, parties), Willingness((0, 15_000), (0, 10), tuple(bands))
