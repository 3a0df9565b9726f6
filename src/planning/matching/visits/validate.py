"""Is the answer allowed? Reads the problem and the answer alone and knows no solver."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from planning.matching.visits.data import DAYS, Problem, Visit
from planning.matching.visits.solution import Solution, Trip


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: a code, and the facts that break it."""

    code: str
    visit: str = ""
    consultant: str = ""
    detail: str = ""


def validate(problem: Problem, solution: Solution) -> tuple[Violation, ...]:
    """Every rule that the answer breaks; empty when the answer may be used.

    Rules: a visit once and a company once; a team of one who may go alone, or a learning pair; the lead from the
    territory unless the company asked (R108), and knowing an area asked for; weeks and weekdays of the company;
    free half days of everybody who goes, and their cap a week; decisions.
    """
    found: list[Violation] = []
    known = []
    for trip in solution.trips:
        visit = problem.visit_by_key.get(trip.visit)
        if visit is None or any(key not in problem.consultant_by_key for key in trip.team.members):
            found.append(Violation("unknown_key", trip.visit, trip.lead))
            continue
        known.append(trip)
        found += _trip(problem, visit, trip)
    found += _counted(problem, known)
    return (*found, *_decisions(problem, solution))


def _trip(problem: Problem, visit: Visit, trip: Trip) -> list[Violation]:
    codes = []
    if trip.team not in problem.teams:
        codes.append("no_such_team")
    if not visit.requested and not problem.is_in_territory(visit, trip.lead):
        codes.append("outside_territory")
    if not problem.knows_some(visit, trip.lead):
        codes.append("knows_nothing")
    if not visit.earliest <= trip.week <= visit.latest:
        codes.append("wrong_week")
    if trip.day % DAYS in visit.not_on:
        codes.append("wrong_weekday")
    return [Violation(code, visit.key, trip.lead, str(trip.day)) for code in codes]


def _counted(problem: Problem, trips: list[Trip]) -> list[Violation]:
    visits = Counter(trip.visit for trip in trips)
    companies = Counter(problem.visit_by_key[key].company for key in visits)
    halves: Counter[tuple[str, int]] = Counter()
    weeks: Counter[tuple[str, int]] = Counter()
    for trip in trips:
        for key in trip.team.members:
            halves[key, trip.day] += problem.visit_by_key[trip.visit].halves
            weeks[key, trip.week] += 1
    found = [Violation("visit_twice", key) for key, count in visits.items() if count > 1]
    found += [
        Violation("company_twice", detail=key) for key, count in companies.items() if count > 1
    ]
    found += [
        Violation("no_time", consultant=key, detail=str(day))
        for (key, day), used in halves.items()
        if used > problem.free.get((key, day), 0)
    ]
    found += [
        Violation("above_cap", consultant=key, detail=str(week))
        for (key, week), count in weeks.items()
        if count > problem.consultant_by_key[key].weekly_cap
    ]
    return found


def _decisions(problem: Problem, solution: Solution) -> list[Violation]:
    found = []
    for pin in problem.pins:
        trip = solution.trip_of.get(pin.visit)
        is_so = (
            trip is not None
            and (not pin.consultant or pin.consultant in trip.team.members)
            and (pin.day is None or pin.day == trip.day)
        )
        if pin.together and not is_so:
            found.append(Violation("pin_changed", pin.visit, pin.consultant))
        if not pin.together and _is_against(pin.consultant, pin.day, trip):
            found.append(Violation("pin_changed", pin.visit, pin.consultant))
    return found


def _is_against(consultant: str, day: int | None, trip: Trip | None) -> bool:
    """Does the trip do what was decided it shall not: be made by this consultant, or on this day, or at all?"""
    if trip is None:
        return False
    if not consultant and day is None:
        return True
    return consultant in trip.team.members or day == trip.day
