"""The visits problem: consultants and company visits, frozen, whole numbers, checked when built.

Weeks are numbered from 0, days are `week * 5 + weekday` with Monday = 0. Time is in half days: a visit takes one or
two, both on one day. Ways are whole kilometres. Keys only: the planner never reads a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from planning.checks import ProblemError, check_int, check_known, check_text, check_unique
from planning.matching.places import Distance, Place, Roads, check_places

DAYS = 5
HALVES = 2
HIGHEST_PRIORITY = 9


@dataclass(frozen=True, slots=True)
class Consultant:
    """Somebody who visits companies.

    `expertise`: areas that they know. `municipalities`: their territory. `calendar`: days with free half days;
    a day that isn't named has none. `alone` false: new, goes with an experienced colleague only.
    """

    key: str
    place: str
    expertise: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()
    calendar: tuple[tuple[int, int], ...] = ()
    weekly_cap: int = 5
    alone: bool = True


@dataclass(frozen=True, slots=True)
class Learning:
    """Two who go together so that one learns from the other (R107); `visits` together are wanted."""

    experienced: str
    new: str
    visits: int = 1


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit to a company.

    It may be in the weeks `earliest` to `latest`, which is where the quiet period of R101 is kept; the company would
    like it in `wished_from` to `wished_to` (None: any). `needs`: areas to be talked about. `requested`: the company
    itself asked, so a consultant from outside the territory may go (R108).
    """

    key: str
    company: str
    place: str
    municipality: str
    earliest: int
    latest: int
    priority: int = 1
    halves: int = 1
    needs: tuple[str, ...] = ()
    wished_from: int | None = None
    wished_to: int | None = None
    not_on: tuple[int, ...] = ()
    last_consultant: str | None = None
    requested: bool = False


@dataclass(frozen=True, slots=True)
class Pin:
    """A decision by people about a visit.

    `together` true: the visit is made, by this consultant (empty: anybody), on this day (None: any). False: not by
    this consultant, or not on this day; with neither it is not made at all.
    """

    visit: str
    consultant: str = ""
    day: int | None = None
    together: bool = True


@dataclass(frozen=True, slots=True)
class Last:
    """A visit of the last plan: who led it and in which week. Later plans should keep it."""

    visit: str
    lead: str
    week: int


@dataclass(frozen=True, slots=True, order=True)
class Team:
    """Who goes: one, or an experienced consultant with a new one."""

    lead: str
    companion: str = ""

    @property
    def members(self) -> tuple[str, ...]:
        return (self.lead, self.companion) if self.companion else (self.lead,)


@dataclass(frozen=True)
class Problem:
    """All facts of one visits problem. Building it raises ProblemError for a fact that cannot be right."""

    weeks: int
    places: tuple[Place, ...]
    consultants: tuple[Consultant, ...]
    visits: tuple[Visit, ...]
    learning: tuple[Learning, ...] = ()
    distances: tuple[Distance, ...] = ()
    pins: tuple[Pin, ...] = ()
    last: tuple[Last, ...] = ()

    def __post_init__(self) -> None:
        check_int(self.weeks, "weeks", least=1, most=53)
        check_places(self.places, self.distances)
        places = {place.key for place in self.places}
        for i, c in enumerate(self.consultants):
            at = f"consultants[{i}]"
            check_text(c.key, f"{at}.key")
            check_known(c.place, places, f"{at}.place")
            check_unique((day for day, _ in c.calendar), f"{at}.calendar", "day")
            for j, (day, halves) in enumerate(c.calendar):
                check_int(day, f"{at}.calendar[{j}]", least=0, most=self.weeks * DAYS - 1)
                check_int(halves, f"{at}.calendar[{j}]", least=0, most=HALVES)
            check_int(c.weekly_cap, f"{at}.weekly_cap", least=0)
        check_unique((c.key for c in self.consultants), "consultants", "key")
        for i, pair in enumerate(self.learning):
            check_known(pair.experienced, self.consultant_by_key, f"learning[{i}].experienced")
            check_known(pair.new, self.consultant_by_key, f"learning[{i}].new")
            check_int(pair.visits, f"learning[{i}].visits", least=0)
            if pair.experienced == pair.new:
                raise ProblemError(f"learning[{i}].new", "is the same as the experienced one")
        check_unique(((p.experienced, p.new) for p in self.learning), "learning", "pair")
        self._check_visits(places)
        for i, pin in enumerate(self.pins):
            check_known(pin.visit, self.visit_by_key, f"pins[{i}].visit")
            if pin.consultant:
                check_known(pin.consultant, self.consultant_by_key, f"pins[{i}].consultant")
            if pin.day is not None:
                check_int(pin.day, f"pins[{i}].day", least=0, most=self.weeks * DAYS - 1)
        check_unique(((p.visit, p.consultant, p.day) for p in self.pins), "pins", "decision")
        for i, last in enumerate(self.last):
            check_int(last.week, f"last[{i}].week", least=0)
        check_unique((last.visit for last in self.last), "last", "visit")

    def _check_visits(self, places: set[str]) -> None:
        for i, v in enumerate(self.visits):
            at = f"visits[{i}]"
            check_text(v.key, f"{at}.key")
            check_text(v.company, f"{at}.company")
            check_known(v.place, places, f"{at}.place")
            check_int(v.priority, f"{at}.priority", least=1, most=HIGHEST_PRIORITY)
            check_int(v.halves, f"{at}.halves", least=1, most=HALVES)
            check_int(v.earliest, f"{at}.earliest", least=0, most=self.weeks - 1)
            check_int(v.latest, f"{at}.latest", least=v.earliest, most=self.weeks - 1)
            if v.wished_from is not None:
                check_int(v.wished_from, f"{at}.wished_from", least=0)
            if v.wished_to is not None:
                check_int(v.wished_to, f"{at}.wished_to", least=v.wished_from or 0)
            for j, weekday in enumerate(v.not_on):
                check_int(weekday, f"{at}.not_on[{j}]", least=0, most=DAYS - 1)
        check_unique((v.key for v in self.visits), "visits", "key")

    # ------------------------------------------------------------------ look-ups

    @cached_property
    def consultant_by_key(self) -> dict[str, Consultant]:
        return {c.key: c for c in self.consultants}

    @cached_property
    def visit_by_key(self) -> dict[str, Visit]:
        return {v.key: v for v in self.visits}

    @cached_property
    def _roads(self) -> Roads:
        return Roads(self.places, self.distances)

    @cached_property
    def free(self) -> dict[tuple[str, int], int]:
        """Free half days per consultant and day; only those above 0."""
        return {(c.key, day): h for c in self.consultants for day, h in c.calendar if h > 0}

    @cached_property
    def halves_of(self) -> dict[str, int]:
        """Free half days per consultant over the whole period."""
        return {c.key: sum(halves for _, halves in c.calendar) for c in self.consultants}

    @cached_property
    def teams(self) -> tuple[Team, ...]:
        """Everybody who may go alone, and the learning pairs; in key order."""
        alone = [Team(c.key) for c in self.consultants if c.alone]
        return tuple(sorted([*alone, *(Team(p.experienced, p.new) for p in self.learning)]))

    @cached_property
    def pins_of(self) -> dict[str, tuple[Pin, ...]]:
        """Decisions per visit that has any."""
        found: dict[str, list[Pin]] = {}
        for pin in self.pins:
            found.setdefault(pin.visit, []).append(pin)
        return {key: tuple(some) for key, some in found.items()}

    @cached_property
    def must(self) -> tuple[str, ...]:
        """Visits that people decided shall be made, in key order."""
        return tuple(sorted({pin.visit for pin in self.pins if pin.together}))

    def with_pins(self, pins: Sequence[Pin]) -> Problem:
        """The same problem with decisions made since; a newer one about the same goes before."""
        if not pins:
            return self
        newer = {(pin.visit, pin.consultant, pin.day) for pin in pins}
        kept = tuple(p for p in self.pins if (p.visit, p.consultant, p.day) not in newer)
        return replace(self, pins=kept + tuple(pins))

    @cached_property
    def _last_of(self) -> dict[str, tuple[str, int]]:
        return {last.visit: (last.lead, last.week) for last in self.last}

    def is_kept(self, visit: str, lead: str, week: int) -> bool:
        """Is it as in the last plan?"""
        return self._last_of.get(visit) == (lead, week)

    # ------------------------------------------------------------------ what may be, what counts

    def km(self, visit: Visit, team: Team) -> int:
        """Kilometres there and back, for everybody who goes."""
        places = (self.consultant_by_key[key].place for key in team.members)
        return sum(2 * self._roads.km(place, visit.place) for place in places)

    def covered(self, visit: Visit, team: Team) -> int:
        """How many of the areas to be talked about the team knows."""
        known = {a for key in team.members for a in self.consultant_by_key[key].expertise}
        return len(known.intersection(visit.needs))

    def is_in_territory(self, visit: Visit, consultant: str) -> bool:
        return visit.municipality in self.consultant_by_key[consultant].municipalities

    def knows_some(self, visit: Visit, consultant: str) -> bool:
        """Does the consultant know at least one of the areas, where any is named?"""
        expertise = self.consultant_by_key[consultant].expertise
        return not visit.needs or any(area in expertise for area in visit.needs)

    def may_go(self, visit: Visit, team: Team) -> bool:
        """May the team make the visit, time aside: the lead's territory (R108) and expertise, and decisions."""
        return (
            (visit.requested or self.is_in_territory(visit, team.lead))
            and self.knows_some(visit, team.lead)
            and self.is_decided_so(visit, team)
        )

    def is_decided_so(self, visit: Visit, team: Team) -> bool:
        """Do decisions leave the visit to this team?"""
        for pin in self.pins_of.get(visit.key, ()):
            if not pin.together and not pin.consultant and pin.day is None:
                return False
            if pin.consultant and (pin.consultant in team.members) != pin.together:
                return False
        return True

    def days(self, visit: Visit) -> tuple[int, ...]:
        """Days on which the visit may be, by its weeks, the company's weekdays and decisions."""
        allowed = [
            day
            for day in range(visit.earliest * DAYS, (visit.latest + 1) * DAYS)
            if day % DAYS not in visit.not_on
        ]
        for pin in self.pins_of.get(visit.key, ()):
            if pin.day is not None:
                allowed = [day for day in allowed if (day == pin.day) == pin.together]
        return tuple(allowed)

    def is_wished(self, visit: Visit, day: int) -> bool:
        """Is the day in the weeks that the company would like?"""
        week = day // DAYS
        return (visit.wished_from is None or week >= visit.wished_from) and (
            visit.wished_to is None or week <= visit.wished_to
        )
