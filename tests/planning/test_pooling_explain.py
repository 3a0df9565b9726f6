"""Reasons in code and facts: each fact counted again from the answer, by other means than the explanation's."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings

from benchmarks.studies.snapshot import snapshot
from planning.messages import Message
from planning.pooling import (
    PinnedRun,
    PinnedSeat,
    Problem,
    RunPin,
    Seat,
    SeatPin,
    Shared,
    Solution,
    Use,
    solve,
    validate,
)
from planning.pooling.baselines import cancel_alone
from planning.pooling.explain import Explanation, explain
from planning.pooling.score import merged, passed_over
from planning.result import Status
from tests.planning.willing import party, problem, problems, run

MANY = settings(max_examples=80, deadline=None)


def told(some: Problem, answer: Solution, party: str, run: str) -> dict[str, dict[str, object]]:
    """The messages of one line as code and facts; the queue break's come last of two equal lines."""
    found: dict[str, dict[str, object]] = {}
    for line in explain(some, answer):
        if (line.party, line.run) == (party, run):
            found |= {m.code: m.facts for m in line.messages}
    return found


def lines(some: Problem, answer: Solution) -> list[tuple[Explanation, Message]]:
    return [(line, m) for line in explain(some, answer) for m in line.messages]


# ------------------------------------------------------------------ by hand


def test_the_example_of_the_real_snapshot_in_codes_and_facts() -> None:
    some = snapshot()
    answer = solve(some).solution
    # Herning's seven (of at least 14) go to Viborg, which has four and gets to 14 of at least 14.
    codes = told(some, answer, "886601-1", "886603")
    assert codes == {
        "own_not_held": {"run": "886601", "heads": 7, "minimum": 14, "lacks": 7},
        "only_one": {"metres": 56168, "days": 2},
        "makes_minimum": {"run": "886603", "before": 4, "after": 14, "minimum": 14},
    }
    assert told(some, answer, "", "886601") == {
        "merged": {"into": "886603", "heads": 7, "minimum": 14}
    }
    # Bornholm: seven of at least 20, and nobody else within reach.
    left = told(some, answer, "", "885361")
    assert left["help_out_of_reach"] == {"reach": 7, "minimum": 20}
    assert "left_no_run" in told(some, answer, "885361-1", "")


def test_why_not_the_nearer_run() -> None:
    # x of own: near is full, other would take it, but far needs both x and y.
    runs = (
        run("own", 5),
        run("near", 1, capacity=1),
        run("other", 1, is_guaranteed=True, place="p1"),
        run("far", 2, place="p2"),
    )
    some = problem(
        runs,
        (party("n", "near"), party("x", "own", 1), party("y", "own", 2)),
    )
    answer = Solution(
        ("far", "near", "other"), (Seat("n", "near"), Seat("x", "far"), Seat("y", "far"))
    )
    assert validate(some, answer) == ()
    codes = told(some, answer, "x", "far")
    assert codes["own_not_held"] == {"run": "own", "heads": 2, "minimum": 5, "lacks": 3}
    assert codes["other"]["runs"] == 3
    assert codes["nearer_full"]["capacity"] == 1
    assert codes["nearer_minimum"]["needed"] == "far"
    assert codes["makes_minimum"] == {"run": "far", "before": 0, "after": 2, "minimum": 2}


def test_why_not_a_nearer_run_that_is_not_held() -> None:
    runs = (
        run("own", 9),
        run("empty", 3),
        run("small", 3, capacity=9),
        run("off", 1),
        run("there", 1, is_guaranteed=True, place="p1"),
    )
    parties = (
        party("x", "own"),
        party("s", "small", 1),
        party("o", "off", 2, refused=("there", "small", "own")),
    )
    some = problem(runs, parties, run_pins=(PinnedRun("off", RunPin.CANCELLED),))
    answer = Solution(("there",), (Seat("s", "there"), Seat("x", "there")))
    codes = told(some, answer, "x", "there")
    assert codes["nearer_cancelled"]["run"] == "off"
    assert codes["nearer_not_held"] == {
        "run": "small",
        "metres": 0,
        "days": 0,
        "reach": 2,
        "minimum": 3,
    }
    assert "only_one" in codes
    assert told(some, answer, "", "off") == {
        "cancelled_decided": {"heads": 1},
        "moved_elsewhere": {"heads": 0, "untaught": 1},
        "help_missing": {"reach": 3, "lacks": 0, "bound": 2},
        "help_nearest": {"run": "there", "metres": codes["only_one"]["metres"], "days": 0},
    }
    assert told(some, answer, "o", "")["own_cancelled"] == {"run": "off"}
    assert told(some, answer, "", "empty") == {"cancelled_empty": {"minimum": 3}}


def test_people_left_are_told_what_would_help() -> None:
    runs = (
        run("own", 9),
        run("far", 1, is_guaranteed=True, place="p3"),
        run("late", 1, is_guaranteed=True, day=70),
        run("else", 1, is_guaranteed=True, school="t"),
        run("remote", 1, is_guaranteed=True, is_remote=True),
    )
    some = problem(runs, (party("x", "own", most_metres=30_000, schools=("s",)),))
    answer = Solution(("else", "far", "late", "remote"))
    codes = told(some, answer, "x", "")
    assert codes["left"] == {"heads": 1, "size": 1}
    assert codes["left_no_run"] == {}
    assert codes["help_metres"]["run"] == "far"
    metres = some.metres("p0", "p3")
    assert (codes["help_metres"]["metres"], codes["help_metres"]["more"]) == (
        metres,
        metres - 30_000,
    )
    assert codes["help_days"] == {"run": "late", "days": 70, "more": 10}
    assert codes["help_school"] == {"run": "else"}
    assert codes["help_remote"] == {"run": "remote"}


def test_a_group_that_is_too_large_is_passed_over_for_a_stated_reason() -> None:
    runs = (run("own", 9), run("b", 1, capacity=2, is_guaranteed=True))
    some = problem(
        runs,
        (party("big", "own", 0, size=3, is_together=True), party("x", "own", 1)),
    )
    answer = solve(some).solution
    assert [seat.party for seat in answer.seats] == ["x"]
    assert told(some, answer, "big", "b") == {
        "passed_over": {"by": "x", "heads": 1},
        "passed_too_large": {"size": 3, "room": 2},
    }
    assert told(some, answer, "big", "")["left_too_large"]["room"] == 1


def test_a_queue_break_that_would_cost_somebody_taught_or_more_moving_says_so() -> None:
    runs = (run("own", 9), run("b", 1, capacity=2, is_guaranteed=True))
    two = problem(runs, (party("one", "own", 0), party("pair", "own", 1, size=2, is_together=True)))
    answer = solve(two).solution
    assert told(two, answer, "one", "b")["passed_costs_taught"] == {"heads": 1}
    single = (run("own", 9), run("b", 1, capacity=1, is_guaranteed=True, place="p1"))
    far = problem(single, (party("one", "own", 0), party("near", "own", 1, home="p1")))
    nearer = solve(far).solution
    assert [seat.party for seat in nearer.seats] == ["near"]
    assert told(far, nearer, "one", "b")["passed_moves_more"] == {"by": far.metres("p0", "p1")}


def test_a_run_that_lost_what_it_shares_says_what() -> None:
    runs = (run("a", 1), run("b", 2, day=1))
    some = problem(
        runs,
        (
            party("x", "a", 0, refused=("b",)),
            party("y", "b", 1, refused=("a",)),
            party("z", "b", 2, refused=("a",)),
        ),
        shared=(Shared("teacher", 1),),
        uses=(Use("a", "teacher"), Use("b", "teacher")),
    )
    answer = solve(some).solution
    assert "a" not in answer.held
    assert told(some, answer, "", "a")["cancelled_shared"] == {
        "shared": "teacher",
        "needed": 1,
        "left": 0,
    }


def test_decisions_of_people_are_the_reason_where_they_are() -> None:
    runs = (run("a", 1), run("b", 3, day=5))
    some = problem(
        runs,
        (party("x", "a"), party("y", "a", 1)),
        run_pins=(PinnedRun("b", RunPin.HELD),),
        seat_pins=(PinnedSeat("x", "b", SeatPin.SEAT),),
    )
    answer = solve(some).solution
    assert "decided" in told(some, answer, "x", "b")
    assert told(some, answer, "", "b")["held_decided"] == {"heads": 1, "minimum": 3}
    assert told(some, answer, "", "a") == {"held_enough": {"heads": 1, "minimum": 1}} or (
        "held_by_moving" in told(some, answer, "", "a")
    )


# ------------------------------------------------------------------ every answer


@MANY
@given(problems())
def test_every_line_is_there_once_and_its_facts_are_those_of_the_answer(some: Problem) -> None:
    for answer in (solve(some).solution, cancel_alone(some)):
        told_lines = explain(some, answer)
        asked = [s for s in answer.seats if s.run != some.party_by_key[s.party].run]
        seated = {s.party: 0 for s in answer.seats}
        for seat in answer.seats:
            seated[seat.party] += seat.heads
        left = [p.key for p in some.parties if seated.get(p.key, 0) < p.size]
        breaks = {p.key for p in passed_over(some, answer)}
        assert [(x.party, x.run) for x in told_lines if x.party and x.run] == [
            (s.party, s.run) for s in asked
        ] + [(x.party, x.run) for x in told_lines if x.messages[0].code == "passed_over"]
        assert [x.run for x in told_lines if not x.party] == [r.key for r in some.runs]
        assert sorted(x.party for x in told_lines if not x.run) == sorted(left)
        assert {x.party for x in told_lines if x.messages[0].code == "passed_over"} == breaks
        assert all(line.messages for line in told_lines)
        for line, m in lines(some, answer):
            _check(some, answer, line, m)


def _check(some: Problem, answer: Solution, line: Explanation, m: Message) -> None:
    facts = m.facts
    there = {r: answer.heads_of_run.get(r, 0) for r in some.run_by_key}
    signed = {r: sum(p.size for p in some.parties if p.run == r) for r in some.run_by_key}
    if m.code == "own_not_held":
        assert facts["run"] not in answer.held
        assert facts["heads"] == signed[str(facts["run"])]
    if m.code in ("nearer_full", "own_full"):
        free = some.run_by_key[str(facts["run"])].capacity - there[str(facts["run"])]
        assert free < (some.party_by_key[line.party].size if m.code == "own_full" else 1)
    if m.code == "makes_minimum":
        own = sum(
            s.heads
            for s in answer.seats_of_run[line.run]
            if some.party_by_key[s.party].run == line.run
        )
        assert (facts["before"], facts["after"]) == (own, there[line.run])
        assert own < some.run_by_key[line.run].minimum <= there[line.run]
    if m.code.startswith("held_") and "heads" in facts:
        assert facts["heads"] == there[line.run]
    if m.code == "merged":
        assert merged(some, answer)[line.run] == facts["into"]
    if m.code == "nearer_minimum":
        lighter = replace(
            answer,
            seats=tuple(s for s in answer.seats if s.party != line.party),
        )
        assert any(v.code == "below_minimum" for v in validate(some, lighter))
    if m.code in ("nearer_free", "left_free"):
        runs = facts["runs"] if m.code == "left_free" else (facts["run"],)
        assert isinstance(runs, tuple)
        for key in runs:
            assert str(key) in answer.held
            assert there[str(key)] < some.run_by_key[str(key)].capacity
    if m.code.startswith("nearer_"):
        metres, days = facts["metres"], facts["days"]
        mine = next(o for o in some.options[line.party] if o.run == line.run)
        p = some.party_by_key[line.party]
        other, here = some.run_by_key[str(facts["run"])], some.run_by_key[line.run]
        assert (metres, days) == (some.metres(p.home, other.place), some.days_moved(p, other))
        assert (
            some.metres_moved(p, other) + some.metres_per_day * some.days_moved(p, other)
            < some.metres_moved(p, here) + some.metres_per_day * mine.days
        )
    if m.code == "help_metres":
        further = replace(some.party_by_key[line.party], most_metres=int(str(facts["metres"])))
        wider = replace(
            some, parties=tuple(further if p.key == line.party else p for p in some.parties)
        )
        run_there = some.run_by_key[str(facts["run"])]
        assert not some.may_sit(some.party_by_key[line.party], run_there)
        assert wider.may_sit(further, run_there)


@MANY
@given(problems())
def test_a_proven_answer_leaves_nothing_that_would_still_be_better(some: Problem) -> None:
    result = solve(some)
    codes = {m.code for _, m in lines(some, result.solution)}
    if result.bound("taught").is_proven:
        assert "left_free" not in codes
    if result.status == Status.PROVEN:
        assert "nearer_free" not in codes
