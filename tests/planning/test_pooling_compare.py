"""Two answers side by side: every difference is told, and adds up."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.studies.snapshot import snapshot
from planning.pooling import PinnedRun, Problem, RunPin, Seat, Solution, score, solve
from planning.pooling.baselines import cancel_alone
from planning.pooling.compare import compare
from tests.planning.willing import party, problem, problems, run

MANY = settings(max_examples=60, deadline=None)


def test_what_if_this_run_is_held() -> None:
    runs = (run("a", 2), run("b", 2, day=3))
    some = problem(runs, tuple(party(f"x{i}", "aab"[i], i) for i in range(3)))
    before = solve(some).solution
    pin = PinnedRun("b", RunPin.HELD)
    after = solve(some, pins=(pin,)).solution
    told = compare(some, before, after, pins=(pin,))
    assert told.conditions[0].facts == {"run": "b", "pin": "held"}
    assert [(m.code, m.facts.get("party")) for m in told.people] == [("stays_now", "x2")]
    assert {m.code for m in told.runs} == {"run_now_held", "run_heads"}
    taught, kept = (m.facts for m in told.terms[:2])
    assert taught == {"term": "taught", "before": 3, "after": 3, "better": "equal"}
    assert kept == {"term": "kept", "before": 2, "after": 3, "better": "after"}
    assert told.worth > 0


def test_what_if_nobody_goes_further_than_40_km_on_the_real_snapshot() -> None:
    some = snapshot()
    near = replace(some, most_metres=40_000)
    before, after = solve(some).solution, solve(near).solution
    told = compare(some, before, after, changed=near)
    assert told.conditions[0].facts == {"name": "most_metres", "before": -1, "after": 40_000}
    assert told.worth < 0
    taught = told.terms[0].facts
    assert (taught["before"], taught["better"]) == (201, "before")
    figures = {m.facts["name"]: m.facts["after"] for m in told.figures}
    assert int(str(figures["longest_metres"])) <= 40_000
    lost = sum(int(str(m.facts["heads"])) for m in told.people if m.code == "left_now")
    found = sum(int(str(m.facts["heads"])) for m in told.people if m.code == "taught_now")
    assert int(str(taught["before"])) - lost + found == taught["after"]


def test_who_is_moved_elsewhere_is_told_with_both_runs() -> None:
    runs = (run("own", 9), run("b", 0), run("c", 0, place="p1"))
    some = problem(runs, (party("x", "own", size=3),))
    told = compare(
        some,
        Solution(("b",), (Seat("x", "b", 3),)),
        Solution(("b", "c"), (Seat("x", "b", 1), Seat("x", "c", 1))),
    )
    assert [(m.code, m.facts) for m in told.people] == [
        ("moved_other", {"party": "x", "before": "b", "after": "c", "heads": 1}),
        ("left_now", {"party": "x", "heads": 1}),
    ]


@MANY
@given(problems(), st.sampled_from(RunPin), st.integers(0, 1))
def test_all_differences_add_up(some: Problem, pin: RunPin, which: int) -> None:
    pins = (PinnedRun(f"r{which}", pin),)
    before = cancel_alone(some)
    after = solve(some, pins=pins).solution
    told = compare(some, before, after, pins=pins)
    change = sum(
        int(str(m.facts["heads"])) * {"taught_now": 1, "left_now": -1}.get(m.code, 0)
        for m in told.people
    )
    assert change == score(some, after).taught - score(some, before).taught
    now = {m.facts["run"] for m in told.runs if m.code == "run_now_held"}
    off = {m.facts["run"] for m in told.runs if m.code == "run_now_off"}
    assert (set(before.held) - off) | now == set(after.held)
    assert [m.facts["term"] for m in told.terms] == [
        "taught",
        "kept",
        "moved",
        "uneven",
        "passed_over",
    ]
    first = next((m.facts["better"] for m in told.terms if m.facts["better"] != "equal"), "equal")
    assert first == {-1: "before", 0: "equal", 1: "after"}[told.worth]


@MANY
@given(problems())
def test_an_answer_does_not_differ_from_itself(some: Problem) -> None:
    answer = solve(some).solution
    told = compare(some, answer, answer)
    assert (told.worth, told.runs, told.people, told.figures) == (0, (), (), ())


@MANY
@given(problems())
def test_the_other_way_round_is_the_opposite(some: Problem) -> None:
    one, two = cancel_alone(some), solve(some).solution
    there, back = compare(some, one, two), compare(some, two, one)
    assert there.worth == -back.worth
    # People of one party who get seats in two runs stand in two lines, and in one when they lose them.
    heads = [sum(int(m.facts["heads"]) for m in told.people) for told in (there, back)]
    assert heads[0] == heads[1]
