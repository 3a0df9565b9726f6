"""Draws of what happens against the exact expectation, and what may never happen to anybody."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from planning.pooling import Problem, Solution, solve, validate
from planning.pooling.baselines import cancel_alone
from planning.pooling.offers import Offer, UncertainPlan, outlook
from planning.pooling.simulate import (
    Happened,
    Simulated,
    answers,
    simulate_plan,
    simulate_waves,
    today,
)
from planning.pooling.uncertain import plan_of, solve_uncertain
from planning.pooling.units import Asking, units
from planning.pooling.willingness import Willingness, flat
from tests.planning.willing import DAY, party, problem, problems, run, willingnesses

MANY = settings(max_examples=40, deadline=None)


def crowd() -> Problem:
    """Four runs of which none has enough, with groups; constructed."""
    runs = tuple(run(f"r{i}", 6, 12, 7 * i, place=f"p{i % 3}") for i in range(4))
    people = [
        party(f"a{i}", f"r{i % 4}", i, size=1 + (i % 5 == 0), is_together=True) for i in range(15)
    ]
    return problem(runs, tuple(people))


def test_the_mean_of_many_draws_is_near_the_exact_expectation() -> None:
    some, willingness = crowd(), flat(600)
    result = solve_uncertain(some, willingness)
    exact = outlook(some, willingness, result.solution).taught
    spread = simulate_plan(some, willingness, result.solution, draws=1000).spread("taught")
    assert spread.deviation > 0
    # Four standard errors of a mean of 1,000 draws.
    assert abs(spread.mean - exact * 1000) < 4 * spread.deviation / 1000**0.5


def test_heads_asked_are_as_expected() -> None:
    some, willingness = crowd(), flat(500)
    plan = solve_uncertain(some, willingness).solution
    simulated = simulate_plan(some, willingness, plan, draws=400)
    first = sum(offer.heads for offer in plan.offers if offer.wave == 1)
    assert {draw.asked for draw in simulated.draws} == {first}
    assert outlook(some, willingness, plan).asked >= first


def test_the_same_seed_happens_again_and_another_differs() -> None:
    some, willingness = crowd(), flat(500)
    plan = solve_uncertain(some, willingness).solution
    certain = solve(some).solution
    once = simulate_waves(some, willingness, plan, certain, draws=30, seed=1)
    assert once == simulate_waves(some, willingness, plan, certain, draws=30, seed=1)
    assert once != simulate_waves(some, willingness, plan, certain, draws=30, seed=2)


def test_an_answer_does_not_depend_on_when_it_is_asked() -> None:
    some = crowd()
    people = units(some, flat(500))
    one = answers(7, 3)
    forward = [one(unit, run, p) for unit in people for run, p in unit.choices]
    other = answers(7, 3)
    back = [other(unit, run, p) for unit in reversed(people) for run, p in reversed(unit.choices)]
    assert forward == back[::-1]
    assert 0 < sum(forward) < len(forward)
    # Who says yes at one probability says yes at any higher.
    assert all(
        one(unit, run, 700) for unit in people for run, p in unit.choices if one(unit, run, 300)
    )


def test_when_everybody_says_yes_every_draw_is_the_plan() -> None:
    some = crowd()
    certain = solve(some).solution
    plan = plan_of(some, flat(1000), certain)
    taught = simulate_plan(some, flat(1000), plan, draws=5).spread("taught")
    assert (taught.mean, taught.deviation) == (solve(some).bound("taught").value * 1000, 0)
    waves = simulate_waves(some, flat(1000), plan, certain, draws=5).spread("taught")
    assert waves.mean >= taught.mean


def test_today_nobody_is_asked_and_nothing_varies() -> None:
    some = crowd()
    alone = cancel_alone(some)
    draw = today(some, alone, flat(500)).draws[0]
    assert draw == Happened(0, 0, 0, 0, 0, 0)
    full = problem(
        (run("a", 2), run("b", 2)), (party("x", "a"), party("y", "a", 1), party("z", "b"))
    )
    assert today(full, cancel_alone(full), flat(500)).draws[0] == Happened(2, 1, 0, 0, 0, 0)


@MANY
@given(problems(), willingnesses, st.integers(0, 3), st.booleans())
def test_every_draw_ends_allowed_and_who_says_no_never_loses_a_place(
    some: Problem, willingness: Willingness, seed: int, has_days: bool
) -> None:
    asking = Asking(today=DAY - 5 if has_days else None, answer_days=2)
    certain = solve(some).solution
    plan = solve_uncertain(some, willingness, asking=asking, certain=certain).solution
    settled: list[Solution] = []
    waves = simulate_waves(
        some,
        willingness,
        plan,
        certain,
        asking=asking,
        draws=4,
        seed=seed,
        rounds=seed % 2,
        on_settled=settled.append,
    )
    at_once = simulate_plan(some, willingness, plan, draws=4, seed=seed, on_settled=settled.append)
    for solution in settled:
        assert validate(some, solution) == ()
    for draw in (*waves.draws, *at_once.draws):
        assert draw.lost == 0
        assert draw.asked_again <= draw.asked


@MANY
@given(problems(), willingnesses)
def test_nobody_is_asked_outside_what_they_said_or_twice_about_a_run(
    some: Problem, willingness: Willingness
) -> None:
    certain = solve(some).solution
    plan = solve_uncertain(some, willingness, certain=certain).solution
    own = {unit.party: unit.own for unit in units(some, willingness)}

    def check(solution: Solution) -> None:
        for seat in solution.seats:
            some_party = some.party_by_key[seat.party]
            assert some.may_sit(some_party, some.run_by_key[seat.run])
            if seat.run != own[seat.party]:
                assert willingness.permille(some, some_party, some.run_by_key[seat.run]) > 0

    simulate_waves(some, willingness, plan, certain, draws=5, on_settled=check)


def test_waves_that_learn_teach_more_than_offers_as_they_stand() -> None:
    some, willingness = crowd(), flat(500)
    certain = solve(some).solution
    plan = solve_uncertain(some, willingness).solution
    stand = simulate_plan(some, willingness, plan, draws=300).spread("taught")
    learn = simulate_waves(some, willingness, plan, certain, draws=300, rounds=1).spread("taught")
    assert learn.mean > stand.mean


def test_runs_are_settled_on_their_day_and_not_asked_about_after() -> None:
    # x says no to b; c is settled before the second wave, d after it.
    runs = (
        run("own", 3),
        run("b", 1, is_guaranteed=True),
        run("c", 1, is_guaranteed=True, decides_on=DAY - 8),
        run("d", 1, is_guaranteed=True, decides_on=DAY - 2, place="p1"),
    )
    some = problem(runs, (party("x", "own"),))
    plan = UncertainPlan(("b", "c", "d"), (Offer(1, "x", 0, "b", 1, 500),))
    ends: list[Solution] = []
    simulate_waves(
        some,
        flat(500),
        plan,
        solve(some).solution,
        asking=Asking(today=DAY - 10, answer_days=4),
        draws=40,
        on_settled=ends.append,
    )
    assert {seat.run for end in ends for seat in end.seats} == {"b", "d"}


def test_a_spread_is_that_of_its_draws() -> None:
    some = Simulated(tuple(Happened(n, 0, 0, 0, 0, 0) for n in range(100)))
    spread = some.spread("taught")
    assert (spread.mean, spread.low, spread.middle, spread.high) == (49_500, 5, 50, 95)
    mean = Fraction(99, 2)
    variance = sum((Fraction(n) - mean) ** 2 for n in range(100)) / 99
    assert spread.deviation == round(1000 * float(variance) ** 0.5)
