"""An answer for many courses, taken apart into a problem and an answer for each course.

Nobody moves from one course to another, so a course's part of an answer is an answer by itself; it is scored and
explained anew. What runs of several courses share (a teacher, a room) would tie them together: such a problem
isn't taken apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from planning.pooling.asked import AskProblem
from planning.pooling.asked import score as asked_score
from planning.pooling.data import Problem
from planning.pooling.offers import UncertainPlan
from planning.pooling.score import TERMS, score
from planning.pooling.solution import Solution
from planning.pooling.uncertain import TERM
from planning.result import Bound, Result


def courses_of(problem: Problem) -> dict[str, Problem]:
    """The problem of each course that has a run, by the course's key. Raises ``ValueError`` with shared things."""
    if problem.shared:
        raise ValueError("runs that share something cannot be taken apart by course")
    runs: dict[str, list[int]] = {}
    for i, run in enumerate(problem.runs):
        runs.setdefault(run.course, []).append(i)
    parties: dict[str, list[int]] = {}
    for i, party in enumerate(problem.parties):
        parties.setdefault(party.course, []).append(i)
    run_pins = {pin.run: pin for pin in problem.run_pins}
    seat_pins: dict[str, list[int]] = {}
    for i, pin in enumerate(problem.seat_pins):
        seat_pins.setdefault(pin.party, []).append(i)
    found: dict[str, Problem] = {}
    for course, numbers in sorted(runs.items()):
        mine = tuple(problem.runs[i] for i in numbers)
        keys = {run.key for run in mine}
        people = tuple(
            party
            if keys.issuperset(party.refused)
            else replace(party, refused=tuple(key for key in party.refused if key in keys))
            for party in (problem.parties[i] for i in parties.get(course, ()))
        )
        schools, places = {run.school for run in mine}, {run.place for run in mine}
        schools |= {school for party in people for school in party.schools}
        places |= {party.home for party in people}
        found[course] = replace(
            problem,
            schools=tuple(school for school in problem.schools if school.key in schools),
            places=tuple(place for place in problem.places if place.key in places),
            runs=mine,
            parties=people,
            run_pins=tuple(run_pins[run.key] for run in mine if run.key in run_pins),
            seat_pins=tuple(
                problem.seat_pins[i] for party in people for i in seat_pins.get(party.key, ())
            ),
        )
    return found


def split(
    problem: Problem, result: Result[Solution]
) -> Iterator[tuple[str, Problem, Result[Solution]]]:
    """Each course's problem and its part of the answer.

    A term that is proven best for all together is so for each course; otherwise its best isn't known there.
    """
    proven = {bound.term for bound in result.bounds if bound.is_proven}
    seats = result.solution.seats_of_run
    held = set(result.solution.held)
    for course, part in courses_of(problem).items():
        solution = Solution(
            held=tuple(sorted(run.key for run in part.runs if run.key in held)),
            seats=tuple(sorted(seat for run in part.runs for seat in seats.get(run.key, ()))),
        )
        reached = score(part, solution)
        bounds = tuple(
            Bound(term, getattr(reached, term), getattr(reached, term) if term in proven else None)
            for term in TERMS
        )
        yield course, part, replace(result, solution=solution, bounds=bounds, statistics={})


def split_asked(
    problem: AskProblem, result: Result[UncertainPlan]
) -> Iterator[tuple[str, AskProblem, Result[UncertainPlan]]]:
    """As ``split``, where not everybody is expected to accept. What would be best isn't known per course."""
    plan = result.solution
    aims = set(plan.aims)
    for course, part in courses_of(problem.pooling).items():
        people = {party.key for party in part.parties}
        mine = UncertainPlan(
            aims=tuple(sorted(run.key for run in part.runs if run.key in aims)),
            offers=tuple(offer for offer in plan.offers if offer.party in people),
        )
        asked = replace(problem, pooling=part)
        bounds = (Bound(TERM, asked_score(asked, mine).expected, None),)
        yield course, asked, replace(result, solution=mine, bounds=bounds, statistics={})
