"""Decisions that cannot all be kept, as smallest contradicting sets of facts.

Facts, with their parameters (days are `week * 5 + weekday`, time is in half days):
  pin          visit, consultant, day       people decided it; consultant '' and day -1 where that is left open
  no           visit, consultant, day       people decided against it
  territory    consultant, municipality     it isn't the consultant's, and the company hasn't asked
  expertise    consultant, visit            knows none of the areas asked for
  not_alone    consultant                   new, goes with an experienced colleague only
  weeks        visit, earliest, latest      when the company can be visited
  weekdays     visit, not_on                weekdays on which the company can't, as a list of numbers
  calendar     consultant, halves           what is free in the days that matter, those named in the decisions
  cap          consultant, visits           how many visits a week
  once         company                      a company is visited once
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from planning.matching.visits.data import DAYS, Pin, Problem, Team, Visit
from planning.messages import Contradiction, Message, message
from planning.solvers.model import Model, Outcome

_MOST = 10
"""Contradictions told at once."""


def conflicts(problem: Problem) -> tuple[Contradiction, ...]:
    """Smallest sets of facts that contradict each other, no decision in two of them; empty when there is a way."""
    from planning.solvers.contradiction import smallest

    pins = [pin for pin in _in_order(problem) if pin.together]
    found: list[Contradiction] = []
    while pins and len(found) < _MOST:
        facts = _facts(problem, pins)
        is_possible = partial(_is_possible, problem, pins=tuple(pins))
        if is_possible(frozenset(facts)):
            break
        chosen, is_smallest = smallest(facts, is_possible)
        found.append(Contradiction(chosen, is_smallest=is_smallest))
        pins = [pin for pin in pins if _pin(pin) not in chosen]
    return tuple(found)


def _in_order(problem: Problem) -> list[Pin]:
    return sorted(
        problem.pins,
        key=lambda pin: (pin.visit, pin.consultant, -1 if pin.day is None else pin.day),
    )


def _pin(pin: Pin) -> Message:
    day = -1 if pin.day is None else pin.day
    code = "pin" if pin.together else "no"
    return message(code, visit=pin.visit, consultant=pin.consultant, day=day)


def _territory(visit: Visit, consultant: str) -> Message:
    return message("territory", consultant=consultant, municipality=visit.municipality)


def _expertise(visit: Visit, consultant: str) -> Message:
    return message("expertise", consultant=consultant, visit=visit.key)


def _not_alone(consultant: str) -> Message:
    return message("not_alone", consultant=consultant)


def _weeks(visit: Visit) -> Message:
    return message("weeks", visit=visit.key, earliest=visit.earliest, latest=visit.latest)


def _weekdays(visit: Visit) -> Message:
    weekdays = tuple(str(weekday) for weekday in sorted(visit.not_on))
    return message("weekdays", visit=visit.key, not_on=weekdays)


def _calendar(problem: Problem, consultant: str) -> Message:
    return message("calendar", consultant=consultant, halves=problem.halves_of[consultant])


def _cap(problem: Problem, consultant: str) -> Message:
    cap = problem.consultant_by_key[consultant].weekly_cap
    return message("cap", consultant=consultant, visits=cap)


def _once(visit: Visit) -> Message:
    return message("once", company=visit.company)


def _facts(problem: Problem, pins: Sequence[Pin]) -> list[Message]:
    """All facts about the decided visits; decisions first, so that among equals they are the ones named."""
    keys = sorted({pin.visit for pin in pins})
    facts = [_pin(pin) for pin in pins]
    facts += [_pin(pin) for pin in _in_order(problem) if not pin.together and pin.visit in keys]
    visits = [problem.visit_by_key[key] for key in keys]
    consultants = sorted(problem.consultants, key=lambda c: c.key)
    for visit in visits:
        facts += [_weeks(visit), _once(visit)]
        if visit.not_on:
            facts.append(_weekdays(visit))
        for c in consultants:
            if not visit.requested and not problem.is_in_territory(visit, c.key):
                facts.append(_territory(visit, c.key))
            if not problem.knows_some(visit, c.key):
                facts.append(_expertise(visit, c.key))
    for c in consultants:
        facts += [_calendar(problem, c.key), _cap(problem, c.key)]
        if not c.alone:
            facts.append(_not_alone(c.key))
    return list(dict.fromkeys(facts))


def _is_possible(problem: Problem, facts: frozenset[Message], *, pins: Sequence[Pin]) -> bool:
    """Can the chosen decisions be kept when only the chosen facts hold?"""
    from planning.solvers import cpsat

    chosen = [pin for pin in pins if _pin(pin) in facts]
    against = [pin for pin in problem.pins if not pin.together and _pin(pin) in facts]
    model = Model()
    companies: dict[str, list[int]] = {}
    days: dict[tuple[str, int], list[tuple[int, int]]] = {}
    weeks: dict[tuple[str, int], list[int]] = {}
    for key in sorted({pin.visit for pin in chosen}):
        visit = problem.visit_by_key[key]
        options = _options(problem, facts, visit, chosen, against)
        if not options:
            return False
        columns = []
        for team, day in options:
            column = model.column()
            columns.append(column)
            for member in team.members:
                days.setdefault((member, day), []).append((column, visit.halves))
                weeks.setdefault((member, day // DAYS), []).append(column)
        model.row([(c, 1) for c in columns], 1, 1)
        if _once(visit) in facts:
            companies.setdefault(visit.company, []).extend(columns)
    for columns in companies.values():
        model.row([(c, 1) for c in columns], upper=1)
    for (member, day), terms in days.items():
        is_known = _calendar(problem, member) in facts
        if is_known:
            model.row(terms, upper=problem.free.get((member, day), 0))
    for (member, _), columns in weeks.items():
        if _cap(problem, member) in facts:
            cap = problem.consultant_by_key[member].weekly_cap
            model.row([(c, 1) for c in columns], upper=cap)
    return not model.lower or cpsat.solve(model).outcome == Outcome.OPTIMAL


def _options(
    problem: Problem,
    facts: frozenset[Message],
    visit: Visit,
    chosen: Sequence[Pin],
    against: Sequence[Pin],
) -> list[tuple[Team, int]]:
    own = [pin for pin in chosen if pin.visit == visit.key]
    never = [pin for pin in against if pin.visit == visit.key]
    if any(not pin.consultant and pin.day is None for pin in never):
        return []
    teams = set(problem.teams)
    teams |= {Team(c.key) for c in problem.consultants if _not_alone(c.key) not in facts}
    free_teams = [
        team
        for team in sorted(teams)
        if all(not pin.consultant or pin.consultant in team.members for pin in own)
        and not any(pin.consultant in team.members for pin in never)
        and (visit.requested or _territory(visit, team.lead) not in facts)
        and _expertise(visit, team.lead) not in facts
    ]
    first, last = 0, problem.weeks - 1
    if _weeks(visit) in facts:
        first, last = visit.earliest, visit.latest
    is_shut = _weekdays(visit) in facts
    days = [
        day
        for day in range(first * DAYS, (last + 1) * DAYS)
        if not (is_shut and day % DAYS in visit.not_on)
        and all(pin.day is None or pin.day == day for pin in own)
        and not any(pin.day == day for pin in never)
    ]
    return [(team, day) for team in free_teams for day in days]
