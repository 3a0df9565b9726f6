"""Visits: every answer judged by the validator, small ones by trying all, and changes whose effect is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.checks import ProblemError
from planning.matching.visits import (
    Consultant,
    Last,
    Learning,
    Pin,
    Place,
    Problem,
    Solution,
    Trip,
    Visit,
    explain,
    loads,
    score,
    solve,
    validate,
    who_has_time,
)
from planning.planners import PLANNERS
from planning.result import Limits, Status, Watch

VISITS = PLANNERS["visits"]
SOME = settings(max_examples=40, deadline=None)
PLACES = (Place("8000", 561_500, 102_000), Place("8900", 564_600, 100_400))


def by_hand(**changes: object) -> Problem:
    """Two weeks; a knows industry in Aarhus, b care in Randers and Aarhus, n is new and learns from a; constructed.

    v1 is about industry and v2 about both; v3 stands for the same company as v1, with less priority.
    """
    facts: dict[str, object] = {
        "weeks": 2,
        "places": PLACES,
        "consultants": (
            Consultant("a", "8000", ("industry",), ("0751",), ((0, 2), (1, 2), (5, 2)), 2),
            Consultant("b", "8900", ("care",), ("0730", "0751"), ((0, 2), (6, 1)), 2),
            Consultant("n", "8000", ("care",), ("0751",), ((1, 2), (5, 2)), 2, alone=False),
        ),
        "visits": (
            Visit("v1", "c1", "8000", "0751", 0, 1, priority=3, needs=("industry",)),
            Visit("v2", "c2", "8000", "0751", 0, 0, priority=2, needs=("industry", "care")),
            Visit("v3", "c1", "8000", "0751", 0, 1, priority=1, needs=("care",)),
            Visit("v4", "c4", "8900", "0730", 1, 1, halves=2, needs=("care",)),
        ),
        "learning": (Learning("a", "n", 1),),
    }
    facts.update(changes)
    return Problem(**facts)  # type: ignore[arg-type]


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Two or three consultants, at most three visits, few days, so that all plans can be tried."""
    areas, towns = ("x", "y"), ("m", "o")
    keys = ["a", "b", "n"][: draw(st.integers(2, 3))]
    consultants = tuple(
        Consultant(
            key,
            draw(st.sampled_from(("8000", "8900"))),
            tuple(area for area in areas if draw(st.booleans())),
            tuple(town for town in towns if draw(st.integers(0, 2))),
            tuple((day, draw(st.integers(1, 2))) for day in (0, 1, 5) if draw(st.integers(0, 2))),
            draw(st.integers(1, 3)),
            alone=key != "n",
        )
        for key in keys
    )
    visits = []
    for i in range(draw(st.integers(0, 3))):
        earliest = draw(st.integers(0, 1))
        visits.append(
            Visit(
                f"v{i}",
                f"c{draw(st.integers(0, 4))}",
                draw(st.sampled_from(("8000", "8900"))),
                draw(st.sampled_from(towns)),
                earliest,
                draw(st.integers(earliest, 1)),
                priority=draw(st.integers(1, 3)),
                halves=draw(st.integers(1, 2)),
                needs=tuple(area for area in areas if draw(st.booleans())),
                wished_from=draw(st.none() | st.integers(0, 1)),
                not_on=(0,) if draw(st.integers(0, 4)) == 0 else (),
                last_consultant=draw(st.none() | st.sampled_from(keys)),
                requested=draw(st.integers(0, 3)) == 0,
            )
        )
    pins = []
    for visit in visits:
        if draw(st.integers(0, 4)) == 0:
            who = draw(st.sampled_from(("", *keys)))
            day = draw(st.none() | st.sampled_from((0, 1, 5)))
            pins.append(Pin(visit.key, who, day, draw(st.booleans())))
    last = tuple(Last(v.key, draw(st.sampled_from(keys)), 0) for v in visits if draw(st.booleans()))
    return Problem(
        2,
        PLACES,
        consultants,
        tuple(visits),
        learning=(Learning("a", "n", draw(st.integers(0, 2))),) if "n" in keys else (),
        pins=tuple(pins),
        last=last,
    )


def all_plans(problem: Problem) -> Iterator[Solution]:
    """Every way to give each visit a team and a day on which somebody is free, or none."""
    days = sorted({day for c in problem.consultants for day, _ in c.calendar})
    choices = [
        [
            None,
            *(
                Trip(visit.key, day, team.lead, team.companion)
                for team in problem.teams
                for day in days
            ),
        ]
        for visit in problem.visits
    ]
    for chosen in product(*choices):
        yield Solution(tuple(trip for trip in chosen if trip is not None))


def codes(problem: Problem, solution: Solution, visit: str) -> dict[str, dict[str, object]]:
    lines = [x for x in explain(problem, solution) if x.visit == visit]
    return {m.code: dict(m.facts) for line in lines for m in line.messages}


# ------------------------------------------------------------------ by hand


def test_the_example_is_solved_as_a_person_would() -> None:
    """v2 is about care too, so n goes along with a; v3 is the same company; v4 needs two half days that b lacks."""
    problem = by_hand()
    result = solve(problem)
    assert result.status == Status.PROVEN
    trips = result.solution.trip_of
    assert set(trips) == {"v1", "v2"}
    assert (trips["v2"].day, trips["v2"].team.members) == (1, ("a", "n"))
    terms = score(problem, result.solution)
    assert (terms.made, terms.expertise, terms.learning) == (5, 3, 1)
    assert codes(problem, result.solution, "v3") == {"company_once": {"visit": "v1"}}
    not_made = codes(problem, result.solution, "v4")
    assert not_made["no_time"] == {"consultants": ("b",), "lowest": 0}
    assert not_made["help_halves"] == {"consultant": "b", "halves": 1}
    assert codes(problem, result.solution, "v2")["learns"] == {"consultant": "n", "with": "a"}


def test_who_has_time_goes_without_asking_what_they_know() -> None:
    problem = by_hand()
    today = who_has_time(problem)
    assert validate(problem, today) == ()
    assert score(problem, today).expertise < score(problem, solve(problem).solution).expertise
    assert score(problem, solve(problem).solution).key() < score(problem, today).key()


def test_a_company_that_asked_may_be_visited_from_outside_and_the_local_school_is_named() -> None:
    visit = Visit("v1", "c1", "8900", "0730", 0, 1, needs=("industry",))
    shut = by_hand(visits=(visit,))
    assert solve(shut).solution == Solution()
    assert set(codes(shut, Solution(), "v1")) == {"no_expertise", "help_person"}
    asked = by_hand(visits=(replace(visit, requested=True),))
    assert codes(asked, solve(asked).solution, "v1")["local_school"] == {"municipality": "0730"}


def test_decisions_of_a_company_that_asked_and_of_its_neighbour_that_did_not_can_be_kept() -> None:
    asked = Visit("v1", "c1", "8900", "0730", 0, 1, needs=("industry",), requested=True)
    neighbour = Visit("v2", "c2", "8900", "0730", 0, 1, needs=("care",))
    both = solve(by_hand(visits=(asked, neighbour), pins=(Pin("v1", "a"), Pin("v2", "b"))))
    assert both.contradictions == ()
    assert {(t.visit, t.lead) for t in both.solution.trips} == {("v1", "a"), ("v2", "b")}


@pytest.mark.parametrize(
    ("pins", "expected"),
    [
        ([Pin("v1", "b")], {("pin", "v1", "b", -1), ("expertise", "b", "v1")}),
        ([Pin("v4", "a")], {("pin", "v4", "a", -1), ("territory", "a", "0730")}),
        ([Pin("v4", "b")], {("pin", "v4", "b", -1), ("calendar", "b", 3), ("weeks", "v4", 1, 1)}),
        (
            [Pin("v1"), Pin("v3")],
            {("pin", "v1", "", -1), ("pin", "v3", "", -1), ("once", "c1")},
        ),
        (
            [Pin("v3", "n", 6)],
            {("pin", "v3", "n", 6), ("calendar", "n", 4)},
        ),
        (
            [Pin("v1"), Pin("v1", "a", together=False)],
            {
                ("pin", "v1", "", -1),
                ("no", "v1", "a", -1),
                ("expertise", "b", "v1"),
                ("expertise", "n", "v1"),
            },
        ),
        ([Pin("v1", "a", 0), Pin("v1", day=1)], {("pin", "v1", "a", 0), ("pin", "v1", "", 1)}),
    ],
)
def test_decisions_that_cannot_be_kept_come_back_as_the_smallest_set(
    pins: list[Pin], expected: set[tuple[object, ...]]
) -> None:
    result = solve(by_hand(), pins=pins)
    assert result.status == Status.IMPOSSIBLE
    (found,) = result.contradictions
    assert found.is_smallest
    assert {(fact.code, *fact.facts.values()) for fact in found.facts} == expected


@pytest.mark.parametrize(
    ("trips", "code"),
    [
        ((Trip("v9", 0, "a"),), "unknown_key"),
        ((Trip("v1", 0, "a"), Trip("v1", 1, "a")), "visit_twice"),
        ((Trip("v1", 0, "a"), Trip("v3", 0, "b")), "company_twice"),
        ((Trip("v3", 1, "n"),), "no_such_team"),
        ((Trip("v4", 5, "a"),), "outside_territory"),
        ((Trip("v1", 0, "b"),), "knows_nothing"),
        ((Trip("v2", 5, "a"),), "wrong_week"),
        ((Trip("v4", 6, "b"),), "no_time"),
        ((Trip("v1", 2, "a"),), "no_time"),
        ((Trip("v2", 0, "a", "n"),), "no_time"),
    ],
)
def test_the_validator_finds_what_is_wrong(trips: tuple[Trip, ...], code: str) -> None:
    assert code in {v.code for v in validate(by_hand(), Solution(trips))}


def test_the_validator_counts_the_cap_weekdays_and_decisions() -> None:
    busy = by_hand(consultants=(replace(by_hand().consultants[0], weekly_cap=1), *by_hand().consultants[1:]))  # fmt: skip
    both = Solution((Trip("v1", 0, "a"), Trip("v2", 0, "a")))
    assert [v.code for v in validate(busy, both)] == ["above_cap"]
    monday = by_hand(visits=(replace(by_hand().visits[0], not_on=(0,)), *by_hand().visits[1:]))
    assert [v.code for v in validate(monday, both)] == ["wrong_weekday"]
    for pin in (Pin("v1", "b"), Pin("v1", day=1), Pin("v1", "a", together=False), Pin("v3"),
                Pin("v1", day=0, together=False), Pin("v1", together=False)):  # fmt: skip
        assert [v.code for v in validate(by_hand().with_pins([pin]), both)] == ["pin_changed"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"weeks": 0}, "weeks"),
        ({"consultants": (Consultant("a", "9999"),)}, "consultants[0].place"),
        ({"consultants": (Consultant("a", "8000", calendar=((10, 1),)),)}, "consultants[0].calendar[0]"),
        ({"consultants": (Consultant("a", "8000", calendar=((1, 3),)),)}, "consultants[0].calendar[0]"),
        ({"learning": (Learning("a", "a"),)}, "learning[0].new"),
        ({"visits": (Visit("v", "c", "8000", "0751", 1, 0),)}, "visits[0].latest"),
        ({"visits": (Visit("v", "c", "8000", "0751", 0, 0, halves=3),)}, "visits[0].halves"),
        ({"visits": (Visit("v", "c", "8000", "0751", 0, 0, not_on=(5,)),)}, "visits[0].not_on[0]"),
        ({"pins": (Pin("v1", "q"),)}, "pins[0].consultant"),
        ({"pins": (Pin("v1", day=10),)}, "pins[0].day"),
    ],
)  # fmt: skip
def test_a_fact_that_cannot_be_right_is_refused_by_name(
    changes: dict[str, object], field: str
) -> None:
    facts = {"learning": (), **changes} if "consultants" in changes else changes
    with pytest.raises(ProblemError) as refused:
        by_hand(**facts)
    assert refused.value.field == field


def test_without_work_the_start_is_the_answer_and_the_bound_is_honest() -> None:
    problem = by_hand()
    result = solve(problem, limits=Limits(work=0))
    assert result.status == Status.STOPPED
    assert validate(problem, result.solution) == ()
    most = result.bound("made").best_possible
    assert most is not None
    assert most >= solve(problem).bound("made").value
    assert result.bound("km").best_possible is None


def test_a_watch_that_is_over_stops_with_the_best_so_far() -> None:
    watch: Watch[Solution] = Watch()
    watch.ask_to_stop()
    result = solve(by_hand(), watch=watch)
    assert result.status == Status.STOPPED
    assert validate(by_hand(), result.solution) == ()


# ------------------------------------------------------------------ a dated instance


def test_the_golden_instance_is_still_solved_as_well() -> None:
    file = Path(__file__).parent / "golden" / "visits.json"
    golden = json.loads(file.read_text(encoding="utf-8"))
    problem = VISITS.read_problem(golden["problem"])
    result = solve(problem)
    assert validate(problem, result.solution) == ()
    assert result.status == Status.PROVEN
    assert {b.term: b.value for b in result.bounds} == golden["best"]["values"]


# ------------------------------------------------------------------ any instance


@SOME
@given(problems())
def test_the_answer_is_the_best_of_all_plans(problem: Problem) -> None:
    result = solve(problem)
    keys = [
        score(problem, plan).key() for plan in all_plans(problem) if not validate(problem, plan)
    ]
    if result.status == Status.IMPOSSIBLE:
        assert keys == []
        assert result.contradictions
        return
    assert validate(problem, result.solution) == ()
    terms = score(problem, result.solution)
    assert terms.key() == min(keys)
    assert result.status == Status.PROVEN
    assert all(b.value == b.best_possible == getattr(terms, b.term) for b in result.bounds)


@SOME
@given(problems())
def test_todays_practice_breaks_no_rule(problem: Problem) -> None:
    plain = replace(problem, pins=())
    today = who_has_time(plain)
    assert validate(plain, today) == ()
    used = loads(plain, today)
    assert all(used[c.key] <= plain.halves_of[c.key] for c in plain.consultants)


@SOME
@given(problems())
def test_the_order_of_the_facts_and_new_names_change_nothing(problem: Problem) -> None:
    first = solve(problem).solution
    turned = replace(
        problem,
        consultants=problem.consultants[::-1],
        visits=problem.visits[::-1],
        pins=problem.pins[::-1],
        last=problem.last[::-1],
    )
    assert solve(turned).solution == first
    renamed = replace(
        problem,
        visits=tuple(replace(v, key=f"x{v.key}", company=f"x{v.company}") for v in problem.visits),
        pins=tuple(replace(pin, visit=f"x{pin.visit}") for pin in problem.pins),
        last=tuple(replace(last, visit=f"x{last.visit}") for last in problem.last),
    )
    expected = Solution(tuple(replace(t, visit=f"x{t.visit}") for t in first.trips))
    assert solve(renamed).solution == expected


@SOME
@given(problems())
def test_more_time_or_knowledge_never_makes_less(problem: Problem) -> None:
    """True of the priorities made, the first objective; a later one may have to give way to it."""
    first = solve(problem)
    if first.contradictions:
        return
    for change in (
        {"calendar": tuple((day, 2) for day in range(7)), "weekly_cap": 9},
        {"expertise": ("x", "y"), "municipalities": ("m", "o")},
    ):
        richer = tuple(replace(c, **change) for c in problem.consultants)  # type: ignore[arg-type]
        more = solve(replace(problem, consultants=richer))
        assert more.bound("made").value >= first.bound("made").value


@SOME
@given(problems())
def test_a_decision_equal_to_the_answer_changes_nothing(problem: Problem) -> None:
    first = solve(problem)
    if first.contradictions:
        return
    pins = [Pin(t.visit, who, t.day) for t in first.solution.trips for who in t.team.members]
    no = [Pin(v.key, together=False) for v in problem.visits if v.key not in first.solution.trip_of]
    again = solve(problem, pins=[*pins, *no], warm_start=first.solution)
    assert again.solution == first.solution
    for pin in pins[:1]:
        assert score(problem, solve(problem, pins=[pin]).solution) == score(problem, first.solution)


@SOME
@given(problems())
def test_every_line_has_a_reason(problem: Problem) -> None:
    result = solve(problem)
    if result.contradictions:
        return
    lines = explain(problem, result.solution)
    assert sorted(line.visit for line in lines) == sorted(v.key for v in problem.visits)
    assert all(line.messages for line in lines)


@SOME
@given(problems())
def test_what_is_written_is_read_back_the_same(problem: Problem) -> None:
    text = json.dumps(VISITS.write_problem(problem))
    assert VISITS.read_problem(json.loads(text)) == problem
    result = solve(problem)
    written = json.loads(json.dumps(VISITS.write_result(problem, result)))
    assert VISITS.read_solution(written) == result.solution
