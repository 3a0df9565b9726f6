"""Jobs: every answer judged by the validator, small ones by trying all, and changes whose effect is known."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.studies.matching_instances import jobs_problem
from planning.checks import ProblemError
from planning.matching.jobs import (
    Candidate,
    Competence,
    Distance,
    Group,
    Match,
    Opening,
    Pin,
    Place,
    Problem,
    Solution,
    Wanted,
    Wish,
    blocking_pairs,
    deferred_acceptance,
    explain,
    first_come,
    openings_ask,
    score,
    solve,
    validate,
)
from planning.matching.jobs.blocking import Blocking
from planning.matching.jobs.market import components, market_of, reduce
from planning.planners import PLANNERS
from planning.result import Bound, Limits, Status
from planning.solvers import highs

JOBS = PLANNERS["jobs"]
SOME = settings(max_examples=60, deadline=None)
COMPETENCES = (
    Competence("svejs", Group.PROFESSIONAL),
    Competence("orden", Group.PERSONAL),
    Competence("hold", Group.SOCIAL),
)


def by_hand(**changes: object) -> Problem:
    """Three people, two openings of one seat each in one town, a third far away; constructed.

    All three wish for o1 first. o1 wants welding, where c1 is best. o2 needs a lorry licence, which c3 hasn't.
    """
    facts: dict[str, object] = {
        "places": (Place("8000", 561_500, 102_000), Place("9990", 577_000, 105_800)),
        "competences": COMPETENCES,
        "candidates": (
            Candidate(
                "c1", "8000", (("svejs", 4),), licences=("C",), max_km=40, wishes=(Wish("o1", 1),)
            ),
            Candidate(
                "c2",
                "8000",
                (("svejs", 2), ("hold", 3)),
                licences=("C",),
                max_km=40,
                wishes=(Wish("o1", 1), Wish("o2", 2)),
            ),
            Candidate("c3", "8000", (("svejs", 1),), max_km=40, wishes=(Wish("o1", 1),)),
        ),
        "openings": (
            Opening("o1", "8000", wanted=(Wanted("svejs", 4, 3),)),
            Opening("o2", "8000", wanted=(Wanted("hold", 4, 2),), licences=("C",)),
            Opening("o3", "9990", wanted=(Wanted("hold", 4, 2),)),
        ),
    }
    facts.update(changes)
    return Problem(**facts)  # type: ignore[arg-type]


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """At most five people and four openings with short lists, equals, needs, refusals and decisions."""
    people = [f"c{i}" for i in range(draw(st.integers(0, 5)))]
    jobs = [f"o{i}" for i in range(draw(st.integers(0, 4)))]

    def lists(keys: list[str]) -> tuple[tuple[Wish, ...], tuple[str, ...]]:
        wishes, refuses = [], []
        for key in keys:
            kind = draw(st.integers(0, 9))
            if kind < 6:
                wishes.append(Wish(key, draw(st.integers(1, 3))))
            elif kind == 6:
                refuses.append(key)
        return tuple(wishes), tuple(refuses)

    candidates = []
    for i, key in enumerate(people):
        wishes, refuses = lists(jobs)
        candidates.append(
            Candidate(
                key,
                "a",
                tuple((c.key, draw(st.integers(0, 5))) for c in COMPETENCES),
                certificates=("truck",) if draw(st.booleans()) else (),
                language=draw(st.integers(0, 6)),
                shifts=("day", "night") if draw(st.booleans()) else ("day",),
                max_km=draw(st.none() | st.integers(20, 60)),
                wishes=wishes,
                refuses=refuses,
                arrived=draw(st.integers(0, 9)) + i,
            )
        )
    openings = []
    for key in jobs:
        wishes, refuses = lists(people)
        openings.append(
            Opening(
                key,
                draw(st.sampled_from(("a", "b", "c"))),
                draw(st.integers(0, 2)),
                tuple(
                    Wanted(c.key, draw(st.integers(1, 5)), draw(st.integers(0, 3)))
                    for c in COMPETENCES
                    if draw(st.booleans())
                ),
                certificates=("truck",) if draw(st.integers(0, 4)) == 0 else (),
                language=draw(st.sampled_from((0, 0, 1, 2))),
                shifts=("night",) if draw(st.integers(0, 5)) == 0 else (),
                wishes=wishes,
                refuses=refuses,
            )
        )
    pins = tuple(
        Pin(person, job, draw(st.integers(0, 3)) > 0)
        for person in people
        for job in jobs
        if draw(st.integers(0, 11)) == 0
    )
    last = tuple((person, draw(st.sampled_from(jobs))) for person in people if jobs)
    return Problem(
        places=(
            Place("a", 560_000, 100_000),
            Place("b", 562_000, 100_000),
            Place("c", 560_000, 105_000),
        ),
        competences=COMPETENCES,
        candidates=tuple(candidates),
        openings=tuple(openings),
        distances=(Distance("b", "c", 33),),
        pins=pins,
        last=last if draw(st.booleans()) else (),
        points_step=draw(st.sampled_from((1, 4, 20))),
        km_step=draw(st.sampled_from((0, 10))),
    )


def all_answers(problem: Problem) -> Iterator[Solution]:
    """Every way to give each candidate one opening or none."""

    def choose(i: int, chosen: tuple[Match, ...]) -> Iterator[Solution]:
        if i == len(problem.candidates):
            yield Solution(tuple(sorted(chosen)))
            return
        yield from choose(i + 1, chosen)
        for opening in problem.openings:
            yield from choose(i + 1, (*chosen, Match(problem.candidates[i].key, opening.key)))

    return choose(0, ())


# ------------------------------------------------------------------ by hand


def test_the_best_welder_gets_the_welding_and_the_next_its_second_wish() -> None:
    problem = by_hand()
    result = solve(problem)
    assert result.solution.opening_of == {"c1": "o1", "c2": "o2"}
    assert result.status == Status.PROVEN
    terms = score(problem, result.solution)
    assert (terms.matched, terms.points, terms.worst_off) == (2, 12 + 6, 2)
    assert (terms.professional, terms.personal, terms.social) == (12, 0, 6)


def test_first_come_first_served_leaves_a_blocking_pair() -> None:
    people = by_hand().candidates
    late = (replace(people[0], arrived=9), *people[1:])
    problem = by_hand(candidates=late)
    today = first_come(problem)
    assert today.opening_of == {"c2": "o1", "c1": "o2"}
    assert blocking_pairs(problem, today) == (("c1", "o1"),)
    assert solve(problem).solution.opening_of == {"c1": "o1", "c2": "o2"}


def test_reasons_open_the_score_and_name_who_got_the_seat() -> None:
    problem = by_hand()
    told = {(x.candidate, x.opening): x.messages for x in explain(problem, solve(problem).solution)}
    second = {m.code: m.facts for m in told["c2", "o2"]}
    assert second["wish"] == {"place": 2, "of": 2}
    assert second["points"] == {"points": 6, "professional": 0, "personal": 0, "social": 6}
    assert second["part"] == {
        "competence": "hold", "group": "social", "have": 3, "level": 4, "weight": 2, "points": 6
    }  # fmt: skip
    assert second["better_full"] == {"opening": "o1", "others": ("c1",), "equal": (), "decided": ()}
    nothing = {m.code: m.facts for m in told["c3", ""]}
    assert nothing["no_opening"] == {"fitting": 1}
    assert nothing["full"] == {"opening": "o1", "others": ("c1",), "equal": (), "decided": ()}
    # o2 would rather keep c2; only the far opening has a seat for c3, were the way not too long
    assert (nothing["relax"]["opening"], nothing["relax"]["needs"]) == ("o3", ("distance:226",))
    free = {m.code: m.facts for m in told["", "o3"]}
    assert free["free_seats"] == {"seats": 1, "fitting": 0}
    assert free["alone_shut"] == {"need": "distance", "candidates": 1}


def test_equals_are_told_apart_from_those_who_are_preferred() -> None:
    people = by_hand().candidates
    problem = by_hand(candidates=(people[0], replace(people[1], competences=(("svejs", 4),))))
    result = solve(problem)
    assert score(problem, result.solution).matched == 2
    loser = next(key for key in ("c1", "c2") if result.solution.opening_of[key] == "o2")
    other = "c1" if loser == "c2" else "c2"
    codes = {
        m.code: m.facts
        for line in explain(problem, result.solution)
        if line.candidate == loser
        for m in line.messages
    }
    assert codes["better_full"] == {
        "opening": "o1",
        "others": (other,),
        "equal": (other,),
        "decided": (),
    }


@pytest.mark.parametrize(
    ("pins", "facts"),
    [
        (
            [Pin("c3", "o2")],
            {
                ("pin", "c3", "o2"),
                ("need", "o2", "licence", "C"),
                ("lacks", "c3", "licence", "C"),
            },
        ),
        (
            [Pin("c1", "o1"), Pin("c2", "o1")],
            {("pin", "c1", "o1"), ("pin", "c2", "o1"), ("seats", "o1", 1)},
        ),
        (
            [Pin("c2", "o1"), Pin("c2", "o2")],
            {("pin", "c2", "o1"), ("pin", "c2", "o2"), ("one_opening", "c2")},
        ),
    ],
)
def test_decisions_that_cannot_be_kept_come_back_as_the_smallest_set(
    pins: list[Pin], facts: set[tuple[object, ...]]
) -> None:
    result = solve(by_hand(), pins=pins)
    assert result.status == Status.IMPOSSIBLE
    (found,) = result.contradictions
    assert found.is_smallest
    assert {(fact.code, *fact.facts.values()) for fact in found.facts} == facts


def test_two_contradictions_are_both_told() -> None:
    result = solve(by_hand(), pins=[Pin("c3", "o2"), Pin("c1", "o1"), Pin("c2", "o1")])
    assert len(result.contradictions) == 2


def test_a_decision_is_kept_even_if_it_leaves_a_wish() -> None:
    problem = by_hand().with_pins([Pin("c3", "o1"), Pin("c1", "o2", together=False)])
    solution = solve(problem).solution
    assert solution.opening_of == {"c3": "o1", "c2": "o2"}
    assert validate(problem, solution) == ()
    told = {x.candidate: {m.code: m.facts for m in x.messages} for x in explain(problem, solution)}
    assert "decided" in told["c3"]
    assert told["c1"]["full"] == {
        "opening": "o1", "others": (), "equal": (), "decided": ("c3",)
    }  # fmt: skip
    assert told["c1"]["apart"] == {"opening": "o2"}


@pytest.mark.parametrize(
    ("matches", "code"),
    [
        ((Match("c1", "o1"), Match("c2", "o1")), "too_many"),
        ((Match("c1", "o1"), Match("c1", "o2")), "candidate_twice"),
        ((Match("c3", "o2"),), "need_not_met"),
        ((Match("c9", "o2"),), "unknown_key"),
        ((Match("c2", "o1"),), "blocking_pair"),
        ((), "blocking_pair"),
    ],
)
def test_the_validator_finds_what_is_wrong(matches: tuple[Match, ...], code: str) -> None:
    assert code in {v.code for v in validate(by_hand(), Solution(matches))}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"openings": (Opening("o1", "1234"),)}, "openings[0].place"),
        ({"openings": (Opening("o1", "8000", -1),)}, "openings[0].seats"),
        ({"openings": (Opening("o1", "8000", wanted=(Wanted("x", 1),)),)}, "openings[0].wanted[0].competence"),
        ({"candidates": (Candidate("c1", "8000", (("svejs", 6),)),)}, "candidates[0].competences[0]"),
        ({"candidates": (Candidate("c1", "8000", wishes=(Wish("o1", 0),)),)}, "candidates[0].wishes[0].rank"),
        ({"candidates": (Candidate("c1", "8000", wishes=(Wish("o1", 1),), refuses=("o1",)),)}, "candidates[0].wishes[0].key"),
        ({"pins": (Pin("c1", "o9"),)}, "pins[0].opening"),
        ({"pins": (Pin("c1", "o1"), Pin("c1", "o1", False))}, "pins[1]"),
        ({"points_step": 0}, "points_step"),
        ({"places": (Place("8000", 1, 99_999_999), Place("9990", 1, 1))}, "places[0].lon"),
    ],
)  # fmt: skip
def test_a_fact_that_cannot_be_right_is_refused_by_name(
    changes: dict[str, tuple[object, ...]], field: str
) -> None:
    facts = {
        name: (*new, *getattr(by_hand(), name)[1:]) if name in ("candidates", "openings") else new
        for name, new in changes.items()
    }
    with pytest.raises(ProblemError) as refused:
        by_hand(**facts)
    assert refused.value.field == field


def test_without_work_the_start_is_the_answer_and_it_says_so() -> None:
    golden = JOBS.read_problem(json.loads(GOLDEN.read_text(encoding="utf-8"))["problem"])
    result = solve(golden, limits=Limits(work=0))
    assert result.status == Status.STOPPED
    assert validate(golden, result.solution) == ()
    assert not all(bound.is_proven for bound in result.bounds)
    most = result.bound("matched").best_possible
    assert most is not None
    assert most >= solve(golden).bound("matched").value


# ------------------------------------------------------------------ a dated instance

GOLDEN = Path(__file__).parent / "golden" / "jobs.json"


def test_the_golden_instance_is_still_solved_as_well() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    problem = JOBS.read_problem(golden["problem"])
    result = solve(problem)
    assert validate(problem, result.solution) == ()
    assert result.status == Status.PROVEN
    assert {b.term: b.value for b in result.bounds} == golden["best"]["values"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_points_of_a_part_that_is_not_solved_are_bounded_by_the_relaxation(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = jobs_problem(candidates=40, openings=15, seed=seed)
    best = solve(problem)
    assert best.status == Status.PROVEN
    monkeypatch.setattr(sys.modules[solve.__module__], "_PAIRS_PER_STEP", 1e-6)  # all too large
    cut = solve(problem)
    points = cut.bound("points")
    assert points.best_possible is not None
    assert best.bound("points").value <= points.best_possible
    assert cut.bound("points").value <= points.best_possible
    assert cut.status in (Status.STOPPED, Status.PROVEN)
    assert points.best_possible < 1.1 * best.bound("points").value
    assert validate(problem, cut.solution) == ()
    assert cut.bound("matched").value <= best.bound("matched").value


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 2))
def test_rows_written_as_they_are_broken_bound_as_well_as_all_of_them(seed: int, km: int) -> None:
    problem = jobs_problem(candidates=14, openings=7, seed=seed, km_step=10 * km)
    market = market_of(problem)
    reduce(market)
    for candidates, openings in components(market):
        some = Blocking(market, candidates, openings)
        whole = Blocking(market, candidates, openings)
        for column in range(len(whole.model.lower)):
            terms, least = whole._row(column)
            whole.model.row(terms, lower=least)
        grown = highs.relax_growing(some.model, some.missing)
        assert grown.bound == highs.relax(whole.model)[0]


def test_points_in_a_finer_unit_change_no_match_and_stay_proven() -> None:
    """Matches and points in one objective come to millions; no rounding may cost a match or a point."""
    problem = jobs_problem(120, 50, seed=2, km_step=0)
    finer = replace(
        problem,
        points_step=problem.points_step * 20,
        openings=tuple(
            replace(o, wanted=tuple(replace(w, weight=w.weight * 20) for w in o.wanted))
            for o in problem.openings
        ),
    )
    coarse, fine = solve(problem), solve(finer)
    assert coarse.status == fine.status == Status.PROVEN
    assert fine.bound("matched") == coarse.bound("matched")
    assert fine.bound("points").value == 20 * coarse.bound("points").value
    assert validate(finer, fine.solution) == ()


# ------------------------------------------------------------------ any instance


@settings(max_examples=120, deadline=None)
@given(problems())
def test_the_answer_is_the_best_of_all_stable_ones(problem: Problem) -> None:
    result = solve(problem)
    stable = [answer for answer in all_answers(problem) if not validate(problem, answer)]
    if result.status == Status.IMPOSSIBLE:
        assert result.contradictions
        assert stable == []
        return
    assert validate(problem, result.solution) == ()
    best = min(score(problem, answer).key() for answer in stable)
    assert score(problem, result.solution).key() == best
    assert result.status == Status.PROVEN
    assert [b.value for b in result.bounds] == [b.best_possible for b in result.bounds]
    assert [b.value for b in result.bounds] == [
        getattr(score(problem, result.solution), b.term) for b in result.bounds
    ]


def test_of_equals_with_one_opening_left_the_one_who_wished_for_it_most_gets_the_seat() -> None:
    # Both can have nothing but the one seat, and are alike to it: two stable answers, one with a first wish.
    seat = Opening("seat", "a", 1)
    other = Opening("other", "a", 0)
    second = Candidate("c0", "a", wishes=(Wish("seat", 2), Wish("other", 1)), arrived=0)
    first = Candidate("c1", "a", wishes=(Wish("seat", 1),), refuses=("other",), arrived=1)
    problem = Problem((Place("a", 560_000, 100_000),), (second, first), (seat, other))
    result = solve(problem)
    assert result.solution.opening_of == {"c1": "seat"}
    assert result.bound("worst_off") == Bound("worst_off", 1, 1)


@SOME
@given(problems())
def test_the_yardsticks_break_no_rule_but_stability(problem: Problem) -> None:
    if solve(problem).contradictions:
        return
    assert {v.code for v in validate(problem, first_come(problem))} <= {"blocking_pair"}
    for chances in (1, 2):
        assert validate(problem, deferred_acceptance(problem, chances=chances)) == ()
    assert validate(problem, openings_ask(problem)) == ()


@SOME
@given(problems())
def test_the_order_of_the_facts_does_not_matter(problem: Problem) -> None:
    turned = replace(
        problem,
        candidates=problem.candidates[::-1],
        openings=problem.openings[::-1],
        pins=problem.pins[::-1],
        last=problem.last[::-1],
        places=problem.places[::-1],
    )
    assert solve(turned).solution == solve(problem).solution


@SOME
@given(problems())
def test_new_names_change_nothing_else(problem: Problem) -> None:
    def name(key: str) -> str:
        return f"x-{key}"

    def named(who: Candidate | Opening) -> dict[str, object]:
        return {
            "key": name(who.key),
            "wishes": tuple(Wish(name(w.key), w.rank) for w in who.wishes),
            "refuses": tuple(name(key) for key in who.refuses),
        }

    renamed = replace(
        problem,
        candidates=tuple(replace(c, **named(c)) for c in problem.candidates),  # type: ignore[arg-type]
        openings=tuple(replace(o, **named(o)) for o in problem.openings),  # type: ignore[arg-type]
        pins=tuple(Pin(name(p.candidate), name(p.opening), p.together) for p in problem.pins),
        last=tuple((name(c), name(o)) for c, o in problem.last),
    )
    expected = {name(c): name(o) for c, o in solve(problem).solution.opening_of.items()}
    assert solve(renamed).solution.opening_of == expected


@SOME
@given(problems())
def test_one_more_seat_or_candidate_never_matches_fewer(problem: Problem) -> None:
    """True of the number matched (any way to break the ties keeps it), not of points or the worst-off."""
    if solve(problem).contradictions:
        return
    before = solve(problem).bound("matched").value
    for i, opening in enumerate(problem.openings):
        more = replace(opening, seats=opening.seats + 1)
        openings = (*problem.openings[:i], more, *problem.openings[i + 1 :])
        assert solve(replace(problem, openings=openings)).bound("matched").value >= before
    new = Candidate("new", "a", language=6, certificates=("truck",), shifts=("day", "night"))
    with_new = replace(problem, candidates=(*problem.candidates, new))
    assert solve(with_new).bound("matched").value >= before


@SOME
@given(problems())
def test_a_decision_equal_to_the_answer_costs_nothing(problem: Problem) -> None:
    """All matches decided: the answer stays. One decided: it may get better, as a decided pair can't block."""
    first = solve(problem)
    if first.contradictions:
        return
    pins = [Pin(m.candidate, m.opening) for m in first.solution.matches]
    assert solve(problem, pins=pins).solution == first.solution
    for pin in pins[:2]:
        again = solve(problem, pins=[pin])
        assert again.solution.opening_of[pin.candidate] == pin.opening
        assert score(problem, again.solution).key() <= score(problem, first.solution).key()


@SOME
@given(problems())
def test_the_last_answer_is_kept_when_nothing_has_changed(problem: Problem) -> None:
    first = solve(problem)
    last = tuple((m.candidate, m.opening) for m in first.solution.matches)
    again = solve(replace(problem, last=last), warm_start=first.solution)
    assert again.solution == first.solution


@SOME
@given(problems())
def test_every_line_has_a_reason_and_the_parts_add_up(problem: Problem) -> None:
    result = solve(problem)
    if result.contradictions:
        return
    lines = explain(problem, result.solution)
    matched = {(m.candidate, m.opening) for m in result.solution.matches}
    assert {(x.candidate, x.opening) for x in lines if x.candidate and x.opening} == matched
    for line in lines:
        assert line.messages
        facts = {m.code: m.facts for m in line.messages}
        if (line.candidate, line.opening) in matched:
            parts = [m.facts["points"] for m in line.messages if m.code == "part"]
            groups = [facts["points"][g.value] for g in Group]
            assert sum(parts) == sum(groups) == facts["points"]["points"]


@SOME
@given(problems())
def test_what_is_written_is_read_back_the_same(problem: Problem) -> None:
    text = json.dumps(JOBS.write_problem(problem))
    assert JOBS.read_problem(json.loads(text)) == problem
    result = solve(problem)
    written = json.loads(json.dumps(JOBS.write_result(problem, result)))
    assert JOBS.read_solution(written) == result.solution
