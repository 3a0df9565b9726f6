"""Plans under uncertain willingness against every outcome and every plan that can be tried."""

from __future__ import annotations

import json
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.studies.draw import ANNOUNCED_ON
from benchmarks.studies.snapshot import snapshot
from planning.planners import OFFERS
from planning.pooling import (
    PinnedRun,
    PinnedSeat,
    Problem,
    RunPin,
    SeatPin,
    Shared,
    Use,
    score,
    solve,
    validate,
)
from planning.pooling.asked import AskProblem
from planning.pooling.offers import (
    Offer,
    Outlook,
    UncertainPlan,
    outlook,
    settle,
    validate_plan,
)
from planning.pooling.uncertain import TERM, plan_of, solve_uncertain
from planning.pooling.units import Asking, units
from planning.pooling.willingness import Answered, Willingness, fit, flat
from planning.result import Status, Watch
from tests.planning.willing import (
    DAY,
    outcomes,
    party,
    plans_at_once,
    problem,
    problems,
    random_case,
    run,
    taught_by_hand,
    willingnesses,
)

MANY = settings(max_examples=80, deadline=None)


@st.composite
def planned(draw: st.DrawFn) -> tuple[Problem, Willingness, UncertainPlan]:
    """A problem with any allowed plan, also foolish ones: sure runs emptied, chains, several waves."""
    some, willingness = draw(problems()), draw(willingnesses)
    aims = tuple(
        r.key
        for r in some.runs
        if some.pin_of_run.get(r.key) != RunPin.CANCELLED and draw(st.integers(0, 4))
    )
    offers: list[Offer] = []
    for unit in units(some, willingness):
        wave = 1
        for key, chance in unit.choices:
            if len(offers) < 7 and draw(st.booleans()):
                offer = Offer(wave, unit.party, unit.number, key, unit.heads, chance)
                plan = UncertainPlan(aims, (*offers, offer))
                if not validate_plan(some, willingness, plan):
                    offers.append(offer)
                    wave += 1
    return some, willingness, UncertainPlan(aims, tuple(sorted(offers)))


@MANY
@given(planned())
def test_the_value_is_exactly_that_of_all_outcomes(
    case: tuple[Problem, Willingness, UncertainPlan],
) -> None:
    some, willingness, plan = case
    look = outlook(some, willingness, plan)
    assert look.taught == taught_by_hand(some, willingness, plan)
    for row in look.runs:
        held = sum(
            (
                c
                for c, yes in outcomes(plan)
                if row.run in settle(some, willingness, plan, yes).held
            ),
            Fraction(0),
        )
        assert abs(held * 1000 - row.permille) <= 1


@MANY
@given(planned())
def test_whatever_people_answer_the_outcome_is_allowed_and_nobody_loses_a_place(
    case: tuple[Problem, Willingness, UncertainPlan],
) -> None:
    some, willingness, plan = case
    own = {(unit.party, unit.number): unit for unit in units(some, willingness)}
    for _, yes in outcomes(plan):
        settled = settle(some, willingness, plan, yes)
        assert validate(some, settled) == ()
        heads = {(seat.party, seat.run): seat.heads for seat in settled.seats}
        accepted = {(p, n) for p, n, _ in yes}
        for key in {unit.own for unit in own.values()} & set(settled.held):
            stay = {}
            for k, unit in own.items():
                if unit.own == key and k not in accepted:
                    stay[unit.party] = stay.get(unit.party, 0) + unit.heads
            for name, number in stay.items():
                assert heads.get((name, key), 0) >= number


@MANY
@given(problems(), willingnesses)
def test_the_answer_is_between_the_plan_sent_at_once_and_the_bound(
    some: Problem, willingness: Willingness
) -> None:
    result = solve_uncertain(some, willingness)
    bound = result.bound(TERM)
    assert validate_plan(some, willingness, result.solution) == ()
    value = outlook(some, willingness, result.solution).taught
    assert bound.value == int(value * 1000)
    assert bound.best_possible is not None
    at_once = plan_of(some, willingness, solve(some).solution)
    assert validate_plan(some, willingness, at_once) == ()
    assert outlook(some, willingness, at_once).taught <= value
    assert value * 1000 <= bound.best_possible or bound.is_proven
    assert result.status == (Status.PROVEN if bound.is_proven else Status.BOUNDED)


@settings(max_examples=40, deadline=None)
@given(problems(), willingnesses)
def test_no_plan_of_one_wave_is_beyond_the_bound(some: Problem, willingness: Willingness) -> None:
    best = max(outlook(some, willingness, plan).taught for plan in plans_at_once(some, willingness))
    result = solve_uncertain(some, willingness)
    assert best * 1000 <= (result.bound(TERM).best_possible or 0)


def test_the_search_finds_nearly_always_the_best_of_all_plans_of_one_wave() -> None:
    draw = random.Random(5)
    reached = 0
    for _ in range(60):
        some, willingness = random_case(draw)
        plans = plans_at_once(some, willingness)
        best = max(outlook(some, willingness, plan).taught for plan in plans)
        result = solve_uncertain(some, willingness, asking=Asking(most_waves=1, tolerance=0))
        value = outlook(some, willingness, result.solution).taught
        assert value <= best
        reached += value == best
    assert reached >= 57


@MANY
@given(problems())
def test_who_surely_says_yes_is_planned_for_as_with_certain_willingness(some: Problem) -> None:
    result = solve_uncertain(some, flat(1000))
    taught = solve(some).bound("taught").value
    assert result.bound(TERM).value <= taught * 1000 <= (result.bound(TERM).best_possible or 0)
    certain = solve(some).solution
    if outlook(some, flat(1000), plan_of(some, flat(1000), certain)).taught == taught:
        # Else a seat of the plan waits for somebody else to leave it first.
        assert result.bound(TERM).value == taught * 1000
        assert result.status == Status.PROVEN


@settings(max_examples=30, deadline=None)
@given(problems(), st.integers(0, 9), st.integers(1, 3))
def test_more_willingness_never_lowers_the_best(some: Problem, low: int, more: int) -> None:
    def best(permille: int) -> Fraction:
        some_flat = flat(permille)
        return max(outlook(some, some_flat, p).taught for p in plans_at_once(some, some_flat))

    assert best(100 * low) <= best(min(1000, 100 * (low + more)))


@settings(max_examples=25, deadline=None)
@given(problems(), willingnesses)
def test_the_same_seed_gives_the_same_answer_and_a_good_start_is_kept(
    some: Problem, willingness: Willingness
) -> None:
    once = solve_uncertain(some, willingness, seed=3)
    again = solve_uncertain(some, willingness, seed=3)
    assert once == again
    on = solve_uncertain(some, willingness, seed=4, warm_start=once.solution)
    assert on.bound(TERM).value >= once.bound(TERM).value


# ------------------------------------------------------------------ by hand


def split() -> Problem:
    """Two runs of four and three that both need five; each person says yes to the other with the same chance."""
    runs = (run("a", 5), run("b", 5, day=3))
    people = [party(f"a{i}", "a", i) for i in range(4)] + [
        party(f"b{i}", "b", 4 + i) for i in range(3)
    ]
    return problem(runs, tuple(people))


def test_all_three_are_asked_although_one_is_enough() -> None:
    result = solve_uncertain(split(), flat(500))
    assert {offer.party for offer in result.solution.offers} == {"b0", "b1", "b2"}
    # 4 and at least one of three: (7/8)·4 + E[yes] where no yes counts for nothing.
    assert result.bound(TERM).value == 3500 + 1500
    row = {r.run: r for r in outlook(split(), flat(500), result.solution).runs}["a"]
    assert (row.permille, row.certain, row.most) == (875, 4, 7)


def test_a_certain_plan_asks_nobody_more_than_it_needs_to_teach_all() -> None:
    result = solve_uncertain(split(), flat(1000))
    assert result.status == Status.PROVEN
    assert result.bound(TERM).value == 7000
    assert len(result.solution.offers) == 3


def test_a_sure_run_gives_only_what_it_can_spare() -> None:
    runs = (run("a", 4), run("b", 3, day=3))
    people = [party(f"a{i}", "a", i) for i in range(5)] + [
        party(f"b{i}", "b", 5 + i, refused=("a",)) for i in range(2)
    ]
    some = problem(runs, tuple(people))
    result = solve_uncertain(some, flat(500))
    assert len(result.solution.offers) == 1
    assert result.solution.offers[0].run == "b"
    # Five are taught in any case; the two of b when the one says yes.
    assert result.bound(TERM).value == 5000 + 1000


def test_who_says_no_is_asked_about_the_next_run_in_the_next_wave() -> None:
    runs = (
        run("own", 2),
        run("near", 1, capacity=9, is_guaranteed=True),
        run("far", 1, is_guaranteed=True, place="p1"),
    )
    some = problem(runs, (party("x", "own"),))
    result = solve_uncertain(some, flat(600), asking=Asking(today=DAY - 20))
    assert [(o.wave, o.run) for o in result.solution.offers] == [(1, "near"), (2, "far")]
    assert result.bound(TERM).value == 600 + 240
    assert result.bound(TERM).best_possible == 840 or result.status == Status.BOUNDED
    one = solve_uncertain(some, flat(600), asking=Asking(today=DAY - 20, most_waves=1))
    assert one.bound(TERM).value == 600


def test_nobody_is_asked_about_a_run_that_is_settled_before_they_can_answer() -> None:
    runs = (run("own", 2), run("near", 1, is_guaranteed=True, decides_on=DAY - 10))
    some = problem(runs, (party("x", "own"),))
    late = solve_uncertain(some, flat(600), asking=Asking(today=DAY - 10))
    assert late.solution.offers == ()
    in_time = solve_uncertain(some, flat(600), asking=Asking(today=DAY - 11))
    assert [o.run for o in in_time.solution.offers] == ["near"]
    assert Asking(today=DAY - 11).answer_by(runs[1], 1) == DAY - 10


def test_decisions_of_people_are_kept() -> None:
    runs = (run("a", 2), run("b", 2, day=3))
    some = problem(runs, (party("x", "a"), party("y", "b", 1)))
    held = solve_uncertain(some, flat(500), pins=(PinnedRun("b", RunPin.HELD),))
    assert [(o.party, o.run) for o in held.solution.offers] == [("x", "b")]
    assert held.bound(TERM).value == 1500
    off = solve_uncertain(some, flat(500), pins=(PinnedRun("a", RunPin.CANCELLED),))
    assert all(o.run == "b" for o in off.solution.offers)
    seat = solve_uncertain(some, flat(500), pins=(PinnedSeat("x", "b", SeatPin.SEAT),))
    assert seat.solution.offers == ()
    assert seat.bound(TERM).value == 2000


def test_runs_that_share_a_teacher_are_not_both_aimed_at() -> None:
    runs = (run("a", 2), run("b", 2, day=3))
    some = problem(
        runs,
        tuple(party(f"x{i}", "ab"[i % 2], i) for i in range(4)),
        shared=(Shared("teacher", 1),),
        uses=(Use("a", "teacher"), Use("b", "teacher")),
    )
    result = solve_uncertain(some, flat(500))
    assert validate_plan(some, flat(500), result.solution) == ()
    assert len(result.solution.aims) == 1
    assert result.bound(TERM).value == 2000 + 1000
    both = UncertainPlan(("a", "b"))
    assert [v.code for v in validate_plan(some, flat(500), both)] == ["shared_exceeded"]


def test_a_broken_plan_is_told_rule_by_rule() -> None:
    runs = (run("a", 2, capacity=2), run("b", 2, capacity=1, day=3))
    some = problem(
        runs,
        (party("x", "a"), party("y", "a", 1, refused=("b",)), party("z", "b", 2)),
    )

    def codes(*offers: Offer, aims: tuple[str, ...] = ("a", "b")) -> list[str]:
        found = validate_plan(some, flat(500), UncertainPlan(aims, offers), Asking(most_waves=2))
        return sorted(violation.code for violation in found)

    good = Offer(1, "x", 0, "b", 1, 500)
    assert codes(good) == ["too_many"]  # z sits there
    assert "may_not_sit" in codes(Offer(1, "y", 0, "b", 1, 500))
    assert "may_not_sit" in codes(Offer(1, "x", 0, "b", 1, 400))
    assert "run_not_held" in codes(good, aims=("a",))
    assert "seat_twice" in codes(good, good)
    assert "not_together" in codes(Offer(1, "x", 0, "b", 2, 500))
    assert "too_late" in codes(Offer(3, "x", 0, "b", 1, 500))
    assert "unknown_key" in codes(Offer(1, "x", 1, "b", 1, 500))
    assert codes(aims=("a", "q")) == ["unknown_run"]


def test_a_plan_on_certain_willingness_leaves_out_seats_that_are_not_free_yet() -> None:
    # c's one seat is taken by y, who is to move to d; x cannot be offered it before y has answered.
    runs = (
        run("own", 9),
        run("c", 1, capacity=1),
        run("d", 2, day=2),
    )
    some = problem(
        runs,
        (
            party("x", "own", 0, refused=("d",)),
            party("y", "c", 1),
            party("z", "d", 2, refused=("c",)),
        ),
    )
    certain = solve(some).solution
    assert score(some, certain).taught == 3
    plan = plan_of(some, flat(500), certain)
    assert [(o.party, o.run) for o in plan.offers] == [("y", "d")]
    assert validate_plan(some, flat(500), plan) == ()


def test_it_can_be_stopped_with_the_plan_so_far() -> None:
    told: list[UncertainPlan | None] = []
    watch: Watch[UncertainPlan] = Watch(None, lambda progress, best: told.append(best))
    certain = solve(split()).solution
    watch.ask_to_stop()
    result = solve_uncertain(split(), flat(500), watch=watch, certain=certain)
    assert result.status == Status.STOPPED
    assert told[0] == plan_of(split(), flat(500), certain)
    assert result.bound(TERM).value >= result.statistics["at_once"]
    assert validate_plan(split(), flat(500), result.solution) == ()


# ------------------------------------------------------------------ few questions


@settings(max_examples=40, deadline=None)
@given(problems(), willingnesses, st.sampled_from((1, 100, 2000)))
def test_fewer_are_asked_and_no_more_is_lost_than_was_allowed(
    some: Problem, willingness: Willingness, tolerance: int
) -> None:
    def planned_with(most: int) -> Outlook:
        asking = Asking(today=DAY - 9, tolerance=most)
        result = solve_uncertain(some, willingness, asking=asking)
        assert validate_plan(some, willingness, result.solution, asking) == ()
        return outlook(some, willingness, result.solution)

    full, sparing = planned_with(0), planned_with(tolerance)
    assert sparing.asked <= full.asked
    assert sparing.taught >= full.taught * (1 - Fraction(tolerance, 10_000))


def test_a_sure_run_is_not_emptied_for_the_last_hundredth() -> None:
    # a has 4 of 5 and eight people who may come; a second run of ten could send five as well.
    runs = (run("a", 5, capacity=20), run("b", 9, day=3), run("sure", 5, day=4, capacity=12))
    people = (
        *(party(f"a{i}", "a", i, refused=("b", "sure")) for i in range(4)),
        *(party(f"b{i}", "b", 4 + i, refused=("sure",)) for i in range(8)),
        *(party(f"s{i}", "sure", 12 + i, refused=("b",)) for i in range(10)),
    )
    some = problem(runs, people)
    full = solve_uncertain(some, flat(500), asking=Asking(tolerance=0))
    sparing = solve_uncertain(some, flat(500))
    assert {o.party[0] for o in full.solution.offers} == {"b", "s"}
    assert {o.party[0] for o in sparing.solution.offers} == {"b"}
    assert len(sparing.solution.offers) == 8
    lost = full.bound(TERM).value - sparing.bound(TERM).value
    assert 0 < lost <= full.bound(TERM).value * 25 // 10_000 + 1
    assert sparing.statistics["left_out"] == len(full.solution.offers) - 8


def test_a_plan_in_which_everybody_says_yes_loses_nobody_to_spare_a_question() -> None:
    result = solve_uncertain(split(), flat(1000), asking=Asking(tolerance=10_000))
    assert result.bound(TERM).value == 7000
    assert result.status == Status.PROVEN


# ------------------------------------------------------------------ the real snapshot


@pytest.mark.parametrize(("permille", "least"), [(1000, 201_000), (800, 177_000), (500, 161_000)])
def test_the_real_snapshot_is_planned_about_as_well_as_on_22_november_2026(
    permille: int, least: int
) -> None:
    """Found then: 201,000, 179,050 and 162,899; a little less leaves room for plans that are as good before."""
    some = snapshot()
    asking = Asking(today=ANNOUNCED_ON.toordinal())
    result = solve_uncertain(some, flat(permille), asking=asking)
    assert result.bound(TERM).value >= max(least, result.statistics["at_once"])
    assert (result.bound(TERM).best_possible or 0) <= 201_000
    assert (result.status == Status.PROVEN) == (permille == 1000)
    assert validate_plan(some, flat(permille), result.solution, asking) == ()


# ------------------------------------------------------------------ as a problem that is written down


@settings(max_examples=30, deadline=None)
@given(problems(), willingnesses)
def test_problem_and_plan_are_read_back_and_judged_the_same(
    some: Problem, willingness: Willingness
) -> None:
    asked = AskProblem(some, willingness, Asking(today=DAY - 9))
    written = json.loads(json.dumps(OFFERS.write_problem(asked)))
    assert OFFERS.read_problem(written) == asked
    result = OFFERS.solve(asked)
    told = json.loads(json.dumps(OFFERS.write_result(asked, result)))
    assert OFFERS.read_solution(told) == result.solution
    assert OFFERS.validate(asked, result.solution) == ()
    assert told["score"]["expected"] == result.bound(TERM).value
    offers = [line for line in told["explanations"] if line["party"]]
    assert [(line["party"], line["run"]) for line in offers] == [
        (offer.party, offer.run) for offer in sorted(result.solution.offers)
    ]


def test_an_offer_is_told_with_its_chance_its_day_and_what_is_kept() -> None:
    runs = (
        run("own", 2),
        run("near", 1, capacity=9, is_guaranteed=True),
        run("far", 1, is_guaranteed=True, place="p1"),
    )
    asked = AskProblem(
        problem(runs, (party("x", "own"),)),
        fit([Answered("c", 0, 0, 4, 1)], flat(600)),
        Asking(today=DAY - 20, answer_days=3),
    )
    result = OFFERS.solve(asked)
    lines = {
        (line.party, line.run): {m.code: m.facts for m in line.messages}
        for line in OFFERS.explain(asked, result.solution)
    }
    near = lines["x", "near"]
    chance = round((20 * 600 + 1000) / 24)
    assert near["offered"]["permille"] == chance
    assert near["band"] == {"asked": 4, "yes": 1, "permille": chance}
    assert near["sent"] == {"on": DAY - 20, "answer_by": DAY - 17}
    assert near["risks"] == {"run": "own", "permille": 0}
    assert lines["x", "far"]["after_no"] == {"run": "near", "wave": 1}
    assert lines["", "near"]["sure"]["permille"] == 1000
    assert "of 1 people expected" in OFFERS.headline(asked, result)
