"""The pooling solver against every answer tried, and what must stay the same when the problem changes."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benchmarks.studies.national import national
from benchmarks.studies.snapshot import snapshot
from planning.pooling import (
    Option,
    Party,
    PinnedRun,
    PinnedSeat,
    Problem,
    Run,
    RunPin,
    School,
    SeatPin,
    Shared,
    Solution,
    Use,
    score,
    solve,
    validate,
)
from planning.pooling.baselines import cancel_alone, greedy, own_school
from planning.result import Limits, Progress, Status, Watch
from tests.planning.pooling_cases import PLACES, best_key, problems


def key_of(problem: Problem, solution: Solution) -> tuple[int, ...]:
    return score(problem, solution).key()[:4]


@settings(max_examples=250, deadline=None)
@given(problems())
def test_the_answer_is_the_best_of_all(problem: Problem) -> None:
    best = best_key(problem)
    result = solve(problem)
    if best is None:
        assert result.status == Status.IMPOSSIBLE
        assert result.contradictions
        return
    assert not validate(problem, result.solution)
    assert key_of(problem, result.solution) == best
    assert [bound.best_possible for bound in result.bounds[:4]] == [
        -best[0],
        -best[1],
        best[2],
        best[3],
    ]
    assert (result.status == Status.PROVEN) == (score(problem, result.solution).passed_over == 0)


@settings(max_examples=150, deadline=None)
@given(problems())
def test_options_are_the_runs_that_a_party_may_sit_in(problem: Problem) -> None:
    for party in problem.parties:
        pins = problem.pins_of_party.get(party.key, {})
        seat = [run for run, pin in pins.items() if pin == SeatPin.SEAT]
        assert problem.options[party.key] == tuple(
            Option(
                run.key,
                0 if run.is_remote else problem.metres(party.home, run.place),
                problem.days_moved(party, run),
            )
            for run in problem.runs_of_course.get(party.course, ())
            if problem.may_sit(party, run) and (not seat or run.key in seat)
        )


larger = problems(most_runs=7, most_parties=12, most_size=4)


@settings(max_examples=80, deadline=None)
@given(larger)
def test_larger_answers_are_allowed_and_never_beyond_their_bounds(problem: Problem) -> None:
    result = solve(problem, limits=Limits(work=0))
    full = solve(problem)
    if full.status == Status.IMPOSSIBLE:
        assert result.status == Status.IMPOSSIBLE
        return
    assert not validate(problem, result.solution)
    assert not validate(problem, full.solution)
    assert key_of(problem, full.solution) <= key_of(problem, result.solution)
    assert result.bound("taught").best_possible is not None
    assert result.bound("taught").best_possible >= full.bound("taught").value
    for bound in full.bounds[:4]:
        assert bound.is_proven


@settings(max_examples=80, deadline=None)
@given(larger, st.data())
def test_more_room_never_teaches_fewer(problem: Problem, data: st.DataObject) -> None:
    before = solve(problem)
    assume(before.status != Status.IMPOSSIBLE)
    run = data.draw(st.sampled_from(problem.runs))
    wider = tuple(replace(r, capacity=r.capacity + 1) if r is run else r for r in problem.runs)
    later = tuple(replace(p, last_day=p.last_day + 7) for p in problem.parties)
    for change in ({"runs": wider}, {"parties": later}):
        after = solve(replace(problem, **change))  # type: ignore[arg-type]
        assert after.bound("taught").value >= before.bound("taught").value


@settings(max_examples=60, deadline=None)
@given(larger)
def test_names_do_not_matter(problem: Problem) -> None:
    names = {
        key: f"z{99 - i}" for i, key in enumerate((*problem.run_by_key, *problem.party_by_key))
    }
    renamed = replace(
        problem,
        runs=tuple(replace(run, key=names[run.key]) for run in problem.runs),
        parties=tuple(
            replace(
                p,
                key=names[p.key],
                run=names.get(p.run, ""),
                refused=tuple(names[run] for run in p.refused),
            )
            for p in problem.parties
        ),
        uses=tuple(replace(use, run=names[use.run]) for use in problem.uses),
        run_pins=tuple(replace(pin, run=names[pin.run]) for pin in problem.run_pins),
        seat_pins=tuple(
            PinnedSeat(names[pin.party], names[pin.run], pin.pin) for pin in problem.seat_pins
        ),
    )
    one, other = solve(problem), solve(renamed)
    assert one.status == other.status or one.status != Status.IMPOSSIBLE
    assert key_of(problem, one.solution) == key_of(renamed, other.solution)


@settings(max_examples=80, deadline=None)
@given(larger, st.data())
def test_a_pin_equal_to_the_answer_changes_nothing(problem: Problem, data: st.DataObject) -> None:
    first = solve(problem)
    assume(first.status != Status.IMPOSSIBLE)
    run = data.draw(st.sampled_from(problem.runs))
    is_held = run.key in first.solution.held
    decided = {pin.run for pin in problem.seat_pins if pin.pin == SeatPin.SEAT}
    assume(is_held or run.key not in decided)  # a run with a decided seat can't be cancelled
    pin = PinnedRun(run.key, RunPin.HELD if is_held else RunPin.CANCELLED)
    again = solve(problem, pins=(pin,), warm_start=first.solution)
    if again.solution != first.solution:
        # A run that is decided needs no minimum any longer: only that may make a better answer possible.
        assert pin.pin == RunPin.HELD
        assert run.minimum > 1
        assert not run.is_guaranteed
        assert key_of(problem, again.solution) < key_of(problem, first.solution)
    assert solve(problem, warm_start=first.solution).solution == first.solution


@settings(max_examples=80, deadline=None)
@given(larger, st.data())
def test_a_decision_is_kept_and_touches_no_other_course(
    problem: Problem, data: st.DataObject
) -> None:
    problem = replace(problem, shared=(), uses=())
    first = solve(problem)
    assume(first.status != Status.IMPOSSIBLE)
    run = data.draw(st.sampled_from(problem.runs))
    is_held = run.key in first.solution.held
    pin = PinnedRun(run.key, RunPin.CANCELLED if is_held else RunPin.HELD)
    again = solve(problem, pins=(pin,), warm_start=first.solution)
    if again.status == Status.IMPOSSIBLE:
        assert any(seat.run == run.key and seat.pin == SeatPin.SEAT for seat in problem.seat_pins)
        return
    assert (run.key in again.solution.held) is not is_held
    elsewhere = {r.key for r in problem.runs if r.course != run.course}
    assert elsewhere & set(again.solution.held) == elsewhere & set(first.solution.held)


@settings(max_examples=40, deadline=None)
@given(larger)
def test_the_same_question_gets_the_same_answer(problem: Problem) -> None:
    assert solve(problem, seed=3) == solve(problem, seed=3)


@given(problems())
@settings(max_examples=60, deadline=None)
def test_every_word_on_the_way_is_an_allowed_answer(problem: Problem) -> None:
    told: list[tuple[Progress, Solution | None]] = []
    result = solve(problem, watch=Watch(on_progress=lambda p, best: told.append((p, best))))
    if result.status == Status.IMPOSSIBLE:
        assert not told
        return
    assert told[-1][1] == result.solution
    keys = []
    for progress, best in told:
        assert best is not None
        assert not validate(problem, best)
        keys.append(key_of(problem, best))
        taught = progress.bounds[0]
        assert taught.value == -keys[-1][0]
    assert keys == sorted(keys, reverse=True)


def test_who_asks_to_stop_gets_the_best_so_far() -> None:
    problem = snapshot()
    watch: Watch[Solution] = Watch()
    watch.ask_to_stop()
    result = solve(problem, watch=watch)
    assert result.status == Status.STOPPED
    assert not validate(problem, result.solution)
    assert result.bound("taught").value == 102
    assert result.bound("taught").best_possible >= 201  # type: ignore[operator]


@settings(max_examples=80, deadline=None)
@given(larger)
def test_yardsticks_are_allowed_and_never_better(problem: Problem) -> None:
    result = solve(problem)
    assume(result.status != Status.IMPOSSIBLE)
    taught = [result.bound("taught").value]
    for yardstick in (greedy, cancel_alone):
        answer = yardstick(problem)
        assert not validate(problem, answer)
        taught.append(score(problem, answer).taught)
    assert taught == sorted(taught, reverse=True)
    alone = own_school(problem)
    assert not validate(problem, alone)
    assert score(problem, alone).taught <= taught[0]
    for seat in alone.seats:
        if PinnedSeat(seat.party, seat.run, SeatPin.SEAT) not in problem.seat_pins:
            own = problem.run_by_key[problem.party_by_key[seat.party].run]
            assert problem.run_by_key[seat.run].school == own.school


def test_todays_practice_and_the_best_on_the_real_runs() -> None:
    problem = snapshot()
    assert score(problem, cancel_alone(problem)).taught == 102
    assert solve(problem).bound("taught").value == 201


def facts(problem: Problem) -> list[list[tuple[str, dict[str, object]]]]:
    result = solve(problem)
    assert result.status == Status.IMPOSSIBLE
    assert result.solution == Solution()
    return [[(fact.code, dict(fact.facts)) for fact in c.facts] for c in result.contradictions]


def by_hand(**changes: object) -> Problem:
    """Three runs of a school with one teacher between them, and a company of three; constructed."""
    runs = tuple(
        Run(key, "c", "a", "p0", 100, 101, capacity=2, minimum=2) for key in ("r", "s", "t")
    )
    parties = tuple(
        Party(key, "c", "p0", order=i, first_day=100, last_day=100, most_metres=0, run="r", size=n)
        for i, (key, n) in enumerate((("x", 1), ("y", 3)))
    )
    known: dict[str, object] = {
        "schools": (School("a"),),
        "places": PLACES,
        "runs": runs,
        "parties": parties,
        "shared": (Shared("teacher", 1),),
        "uses": tuple(Use(run.key, "teacher") for run in runs),
    }
    return Problem(**{**known, **changes})  # type: ignore[arg-type]


def test_two_runs_that_people_hold_with_one_teacher() -> None:
    pins = tuple(PinnedRun(key, RunPin.HELD) for key in ("r", "s", "t"))
    assert facts(by_hand(run_pins=pins)) == [
        [
            ("run_held", {"run": "r", "uses": 1}),
            ("run_held", {"run": "s", "uses": 1}),
            ("shared", {"shared": "teacher", "available": 1}),
        ]
    ]


def test_a_guaranteed_run_that_nobody_can_teach() -> None:
    problem = by_hand(shared=(Shared("teacher", 0),))
    runs = (replace(problem.runs[0], is_guaranteed=True), *problem.runs[1:])
    assert facts(replace(problem, runs=runs)) == [
        [
            ("run_guaranteed", {"run": "r", "uses": 1}),
            ("shared", {"shared": "teacher", "available": 0}),
        ]
    ]
    cancelled = replace(problem, runs=runs, run_pins=(PinnedRun("r", RunPin.CANCELLED),))
    assert solve(cancelled).status == Status.PROVEN


def test_a_seat_in_a_run_that_people_cancel() -> None:
    problem = by_hand(
        run_pins=(PinnedRun("r", RunPin.CANCELLED),),
        seat_pins=(PinnedSeat("x", "r", SeatPin.SEAT),),
    )
    assert facts(problem) == [
        [
            ("seat_pinned", {"party": "x", "run": "r", "heads": 1}),
            ("run_cancelled", {"run": "r"}),
        ]
    ]


def test_more_decided_seats_than_a_held_run_has() -> None:
    problem = by_hand(
        run_pins=(PinnedRun("r", RunPin.HELD),),
        seat_pins=tuple(PinnedSeat(key, "r", SeatPin.SEAT) for key in ("x", "y")),
    )
    assert facts(problem) == [
        [
            ("seat_pinned", {"party": "y", "run": "r", "heads": 3}),
            ("run_held", {"run": "r", "uses": 0}),
            ("seats", {"run": "r", "capacity": 2}),
        ]
    ]


def test_the_smallest_contradiction_takes_no_fact_in_vain() -> None:
    problem = by_hand(
        run_pins=tuple(PinnedRun(key, RunPin.HELD) for key in ("r", "s", "t")),
        uses=(Use("r", "teacher", 1), Use("s", "teacher", 1), Use("t", "teacher", 2)),
    )
    assert [[code for code, _ in some] for some in facts(problem)] == [["run_held", "shared"]]


def test_a_newer_decision_replaces_an_older_one() -> None:
    problem = by_hand(run_pins=(PinnedRun("r", RunPin.CANCELLED),), shared=(), uses=())
    assert "r" not in solve(problem).solution.held
    assert "r" in solve(problem, pins=(PinnedRun("r", RunPin.HELD),)).solution.held


GOLDEN = json.loads((Path(__file__).parent / "golden" / "pooling.json").read_text("utf-8"))


@pytest.mark.parametrize("instance", GOLDEN["instances"], ids=lambda i: str(i["snapshot"]))
def test_the_real_runs_are_solved_as_well_as_ever(instance: dict[str, Any]) -> None:
    problem = snapshot(**instance["snapshot"])
    result = solve(problem)
    assert not validate(problem, result.solution)
    assert result.status == Status.PROVEN
    assert {bound.term: bound.value for bound in result.bounds} == instance["best"]


def test_a_country_in_small_is_taught_as_well_as_can_be() -> None:
    problem = national(courses=40, runs=230, people=1_300, schools=20)
    result = solve(problem, limits=Limits(work=20_000))
    assert not validate(problem, result.solution)
    assert result.bound("taught").is_proven


def test_a_large_part_that_shares_is_solved_by_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = national(courses=30, runs=170, people=1_000, schools=5, with_shared=True)
    whole = solve(problem, limits=Limits(work=2_000))
    monkeypatch.setattr(import_module("planning.pooling.solve"), "COUPLED", 100)
    result = solve(problem)
    for answer in (whole, result):
        assert not validate(problem, answer.solution)
        assert answer.bound("taught").best_possible is not None
    best = min(answer.bound("taught").best_possible or 0 for answer in (whole, result))
    assert max(whole.bound("taught").value, result.bound("taught").value) <= best
    assert result.bound("taught").value >= 0.98 * best


@pytest.mark.parametrize("work", [0, 100, 1_000, 4_000])
def test_a_large_part_that_shares_is_allowed_wherever_it_ends(
    work: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = national(courses=30, runs=170, people=1_000, schools=5, with_shared=True)
    monkeypatch.setattr(import_module("planning.pooling.solve"), "COUPLED", 100)
    words: list[int] = []
    watch: Watch[Solution] = Watch(on_progress=lambda p, _: words.append(p.bounds[0].value))
    result = solve(problem, limits=Limits(work=work), watch=watch)
    assert not validate(problem, result.solution)
    taught = result.bound("taught")
    assert words == sorted(words)
    assert words[0] == score(problem, cancel_alone(problem)).taught
    assert words[0] <= taught.value <= (taught.best_possible or 0)
    assert result == solve(problem, limits=Limits(work=work))
