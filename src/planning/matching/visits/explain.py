"""Why, visit by visit: message codes and facts. The words belong to whoever shows them.

Codes, with their parameters:

for a visit that is made
  decided                               people decided who or when
  only_team                             nobody else may go
  others_full   others                  the others that may go have no time left in the company's weeks
  knows_more    areas, other, other_areas     of the areas asked for, more than the others with time
  same_before   consultant              the company knows the consultant
  lighter       share, others           the others with time would get above the largest share of anybody now
  nearer        km, other, other_km     shorter there and back than for the others with time
  together                              the others were as good; a reason over all visits together decided
added to that
  areas         covered, of             how many of the areas asked for are known to those who go
  learns        consultant, with        a learning pair
  outside_wish  week                    not in the weeks that the company would like: those are full
  local_school  municipality            outside the territory because the company asked; the local school must be
                                        offered a part (R108)
for a visit that is not made
  decided_no                            people decided it
  company_once  visit                   the company gets this visit instead
  no_territory  municipality            nobody has the municipality as territory
  no_expertise  areas                   nobody with the territory knows any of the areas
  decided_away                          everybody who may was decided away
  no_time       consultants, lowest     who may go is full in those weeks; the lowest priority that got their time
what would help
  help_halves   consultant, halves      so many free half days more in those weeks
  help_cap      consultant              one visit more a week: there is time, and the cap is reached
  help_person   consultants             knows an area, but has another territory
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from planning.matching.visits.data import DAYS, Problem, Team, Visit
from planning.matching.visits.score import loads, score, share_of
from planning.matching.visits.solution import Solution, Trip
from planning.messages import Message, message

SHOWN = 3
"""How many names are written out where there may be many."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The messages of one line: a visit made by `lead`, or (lead '') one that isn't made."""

    visit: str
    lead: str
    messages: tuple[Message, ...]


def explain(problem: Problem, solution: Solution) -> tuple[Explanation, ...]:
    """Reasons for each trip in the answer's order, then for each visit that isn't made, in key order."""
    told = _Told(problem, solution)
    lines = [Explanation(trip.visit, trip.lead, told.made(trip)) for trip in solution.trips]
    lines += [
        Explanation(visit.key, "", told.not_made(visit))
        for visit in sorted(problem.visits, key=lambda v: v.key)
        if visit.key not in solution.trip_of
    ]
    return tuple(lines)


class _Told:
    def __init__(self, problem: Problem, solution: Solution) -> None:
        self.problem = problem
        self.solution = solution
        self.loads = loads(problem, solution)
        self.largest = score(problem, solution).load
        self.used: Counter[tuple[str, int]] = Counter()
        self.in_week: Counter[tuple[str, int]] = Counter()
        for trip in solution.trips:
            for key in trip.team.members:
                self.used[key, trip.day] += problem.visit_by_key[trip.visit].halves
                self.in_week[key, trip.week] += 1

    def made(self, trip: Trip) -> tuple[Message, ...]:
        visit = self.problem.visit_by_key[trip.visit]
        messages = [self._choice(visit, trip)]
        if visit.needs:
            covered = self.problem.covered(visit, trip.team)
            messages.append(message("areas", covered=covered, of=len(visit.needs)))
        if trip.companion:
            messages.append(message("learns", consultant=trip.companion, **{"with": trip.lead}))
        if visit.last_consultant in trip.team.members and messages[0].code != "same_before":
            messages.append(message("same_before", consultant=visit.last_consultant or ""))
        if not self.problem.is_wished(visit, trip.day):
            messages.append(message("outside_wish", week=trip.week))
        if not self.problem.is_in_territory(visit, trip.lead):
            messages.append(message("local_school", municipality=visit.municipality))
        return tuple(messages)

    def _choice(self, visit: Visit, trip: Trip) -> Message:
        """The first objective in the stated order that sets the team apart from the others that could go."""
        if any(pin.together for pin in self.problem.pins_of.get(visit.key, ())):
            return Message("decided")
        may = [
            team
            for team in self.problem.teams
            if team.lead != trip.lead and self.problem.may_go(visit, team)
        ]
        if not may:
            return Message("only_team")
        others = [team for team in may if self._has_time(team, visit)]
        if not others:
            return message("others_full", others=_leads(may))
        areas = self.problem.covered(visit, trip.team)
        best = max(others, key=lambda team: self.problem.covered(visit, team))
        if areas > (other := self.problem.covered(visit, best)):
            return message("knows_more", areas=areas, other=best.lead, other_areas=other)
        if visit.last_consultant in trip.team.members:
            return message("same_before", consultant=visit.last_consultant or "")
        light = [team for team in others if self._share(team, visit) <= self.largest]
        if not light:
            return message("lighter", share=self.largest, others=_leads(others))
        near = min(light, key=lambda team: (self.problem.km(visit, team), team))
        km, other_km = self.problem.km(visit, trip.team), self.problem.km(visit, near)
        if km < other_km:
            return message("nearer", km=km, other=near.lead, other_km=other_km)
        return Message("together")

    def _share(self, team: Team, visit: Visit) -> int:
        return max(
            share_of(self.loads[key] + visit.halves, self.problem.halves_of[key])
            for key in team.members
        )

    def _has_time(self, team: Team, visit: Visit) -> bool:
        return any(
            all(
                self._left(key, day) >= visit.halves and not self._is_at_cap(key, day)
                for key in team.members
            )
            for day in self.problem.days(visit)
        )

    def _left(self, consultant: str, day: int) -> int:
        return self.problem.free.get((consultant, day), 0) - self.used[consultant, day]

    def _is_at_cap(self, consultant: str, day: int) -> bool:
        cap = self.problem.consultant_by_key[consultant].weekly_cap
        return self.in_week[consultant, day // DAYS] >= cap

    # ------------------------------------------------------------------ not made

    def not_made(self, visit: Visit) -> tuple[Message, ...]:
        problem = self.problem
        if any(
            not pin.together and not pin.consultant and pin.day is None
            for pin in problem.pins_of.get(visit.key, ())
        ):
            return (Message("decided_no"),)
        for trip in self.solution.trips:
            if problem.visit_by_key[trip.visit].company == visit.company:
                return (message("company_once", visit=trip.visit),)
        leads = {team.lead for team in problem.teams}
        local = [k for k in leads if visit.requested or problem.is_in_territory(visit, k)]
        if not local:
            away = (message("no_territory", municipality=visit.municipality),)
            return away + self._helpers(lambda key: problem.knows_some(visit, key), leads)
        able = [key for key in local if problem.knows_some(visit, key)]
        if not able:
            away = (message("no_expertise", areas=visit.needs),)
            return away + self._helpers(lambda key: problem.knows_some(visit, key), leads)
        teams = [team for team in problem.teams if problem.may_go(visit, team)]
        if not teams or not problem.days(visit):
            return (Message("decided_away"),)
        return self._no_time(visit, teams)

    def _helpers(self, can: Callable[[str], bool], leads: set[str]) -> tuple[Message, ...]:
        found = tuple(sorted(key for key in leads if can(key)))[:SHOWN]
        return (message("help_person", consultants=found),) if found else ()

    def _no_time(self, visit: Visit, teams: Sequence[Team]) -> tuple[Message, ...]:
        days = set(self.problem.days(visit))
        people = {key for team in teams for key in team.members}
        got = [
            self.problem.visit_by_key[trip.visit].priority
            for trip in self.solution.trips
            if trip.day in days and people.intersection(trip.team.members)
        ]
        messages = [message("no_time", consultants=_leads(teams), lowest=min(got, default=0))]
        for lead in _leads([team for team in teams if not team.companion]):
            left = max((self._left(lead, day) for day in days), default=0)
            if left >= visit.halves:
                messages.append(message("help_cap", consultant=lead))
            else:
                messages.append(message("help_halves", consultant=lead, halves=visit.halves - left))
        return tuple(messages)


def _leads(teams: Sequence[Team]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(team.lead for team in teams))
