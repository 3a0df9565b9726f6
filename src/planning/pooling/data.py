"""The pooling problem: frozen facts, whole numbers, checked when built.

Days are ordinals (`date.toordinal()`), places millionths of a degree (WGS84), distances metres by road as
`planning.geo` estimates them, money øre. Schools, courses, runs and people are named by keys; the planner
never reads their names.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from planning.checks import ProblemError, check_int, check_known, check_text, check_unique
from planning.geo import road_metres

DEGREE = 1_000_000


class RunPin(StrEnum):
    """What people have decided about a run."""

    HELD = "held"
    CANCELLED = "cancelled"


class SeatPin(StrEnum):
    """What people have decided about a party and a run: it shall sit there, or it shall not."""

    SEAT = "seat"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Place:
    """A point: a school's place of teaching, or the centre of a postcode. Millionths of a degree."""

    key: str
    lat: int
    lon: int


@dataclass(frozen=True, slots=True)
class School:
    """A school that holds runs."""

    key: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """An announced run.

    `minimum`: participants it takes to hold it. `is_guaranteed`: held whatever the enrolment (R35).
    `variant`: people are offered seats only in runs of the course's same variant (its length, its language).
    `decides_on`: the day on which it is settled; offers about it must be answered by then (None: not known).
    `income`: øre that the holder gets per participant (R65: the whole of it goes with the participant).
    """

    key: str
    course: str
    school: str
    place: str
    starts_on: int
    ends_on: int
    capacity: int
    minimum: int = 1
    is_guaranteed: bool = False
    is_remote: bool = False
    variant: str = ""
    decides_on: int | None = None
    income: int = 0


@dataclass(frozen=True, slots=True)
class Party:
    """People who sign up together: a learner, or a company's employees.

    `run` is where they are signed up; empty when they wait for the course. `order` is their place in the
    queue, the smaller the earlier. All-or-some: with `is_together` all of them get a seat in one run or none
    do. What they said: at most `most_metres` from home, a run that starts from `first_day` to `last_day`, one
    of `schools` (empty: any), remote or not, and not the runs in `refused`. Their own run is always theirs.
    """

    key: str
    course: str
    home: str
    order: int
    first_day: int
    last_day: int
    most_metres: int
    run: str = ""
    size: int = 1
    is_together: bool = False
    schools: tuple[str, ...] = ()
    accepts_remote: bool = False
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shared:
    """Something that several runs need and that there is so much of: a teacher, a room, staff in a week."""

    key: str
    available: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """A run, when it is held, takes `amount` of something shared."""

    run: str
    shared: str
    amount: int = 1


@dataclass(frozen=True, slots=True)
class PinnedRun:
    """A decision by people about a run. Never changed."""

    run: str
    pin: RunPin


@dataclass(frozen=True, slots=True)
class PinnedSeat:
    """A decision by people about a party and a run. Never changed."""

    party: str
    run: str
    pin: SeatPin


Pin = PinnedRun | PinnedSeat


class Option(NamedTuple):
    """A run that a party can be offered: metres from home, and days from its own run's start.

    A country has some hundred thousand of them, and a named tuple is made in a third of a dataclass's time.
    """

    run: str
    metres: int
    days: int


@dataclass(frozen=True)
class Problem:
    """All facts of one pooling problem. Building it raises ProblemError for a fact that cannot be right.

    `most_metres` and `most_days` are limits that people set for everybody ('nobody further than 40 km'); None:
    what each party said decides. `metres_per_day`: how many metres farther from home weigh the same as a day
    that somebody must move.
    """

    schools: tuple[School, ...]
    places: tuple[Place, ...]
    runs: tuple[Run, ...]
    parties: tuple[Party, ...] = ()
    shared: tuple[Shared, ...] = ()
    uses: tuple[Use, ...] = ()
    run_pins: tuple[PinnedRun, ...] = ()
    seat_pins: tuple[PinnedSeat, ...] = ()
    most_metres: int | None = None
    most_days: int | None = None
    metres_per_day: int = 2_000

    def __post_init__(self) -> None:
        named: tuple[tuple[str, tuple[School | Place | Run | Party | Shared, ...]], ...] = (
            ("schools", self.schools),
            ("places", self.places),
            ("runs", self.runs),
            ("parties", self.parties),
            ("shared", self.shared),
        )
        for name, rows in named:
            for i, row in enumerate(rows):
                check_text(row.key, f"{name}[{i}].key")
            check_unique((row.key for row in rows), name, "key")
        for i, place in enumerate(self.places):
            check_int(place.lat, f"places[{i}].lat", least=-90 * DEGREE, most=90 * DEGREE)
            check_int(place.lon, f"places[{i}].lon", least=-180 * DEGREE, most=180 * DEGREE)
        for i, run in enumerate(self.runs):
            self._check_run(run, f"runs[{i}]")
        for i, party in enumerate(self.parties):
            self._check_party(party, f"parties[{i}]")
        for i, some in enumerate(self.shared):
            check_int(some.available, f"shared[{i}].available", least=0)
        self._check_uses_and_pins()
        for value, field in (
            (self.most_metres, "most_metres"),
            (self.most_days, "most_days"),
            (self.metres_per_day, "metres_per_day"),
        ):
            if value is not None:
                check_int(value, field, least=0)

    def _check_run(self, run: Run, field: str) -> None:
        check_text(run.course, f"{field}.course")
        check_known(run.school, self.school_by_key, f"{field}.school")
        check_known(run.place, self.place_by_key, f"{field}.place")
        check_int(run.starts_on, f"{field}.starts_on", least=1)
        check_int(run.ends_on, f"{field}.ends_on", least=run.starts_on)
        check_int(run.capacity, f"{field}.capacity", least=0)
        check_int(run.minimum, f"{field}.minimum", least=0)
        check_int(run.income, f"{field}.income", least=0)
        if run.decides_on is not None:
            check_int(run.decides_on, f"{field}.decides_on", least=1)

    def _check_party(self, party: Party, field: str) -> None:
        check_text(party.course, f"{field}.course")
        check_known(party.home, self.place_by_key, f"{field}.home")
        check_int(party.order, f"{field}.order", least=0)
        check_int(party.first_day, f"{field}.first_day", least=1)
        check_int(party.last_day, f"{field}.last_day", least=1)
        check_int(party.most_metres, f"{field}.most_metres", least=0)
        check_int(party.size, f"{field}.size", least=1)
        if party.run:
            check_known(party.run, self.run_by_key, f"{field}.run")
            if self.run_by_key[party.run].course != party.course:
                raise ProblemError(f"{field}.run", f"'{party.run}' is a run of another course")
        for j, key in enumerate(party.schools):
            check_known(key, self.school_by_key, f"{field}.schools[{j}]")
        for j, key in enumerate(party.refused):
            check_known(key, self.run_by_key, f"{field}.refused[{j}]")

    def _check_uses_and_pins(self) -> None:
        shared = {some.key for some in self.shared}
        for i, use in enumerate(self.uses):
            check_known(use.run, self.run_by_key, f"uses[{i}].run")
            check_known(use.shared, shared, f"uses[{i}].shared")
            check_int(use.amount, f"uses[{i}].amount", least=0)
        check_unique(((use.run, use.shared) for use in self.uses), "uses", "run and shared")
        for i, pin in enumerate(self.run_pins):
            check_known(pin.run, self.run_by_key, f"run_pins[{i}].run")
        check_unique((pin.run for pin in self.run_pins), "run_pins", "run")
        for i, seat in enumerate(self.seat_pins):
            check_known(seat.party, self.party_by_key, f"seat_pins[{i}].party")
            check_known(seat.run, self.run_by_key, f"seat_pins[{i}].run")
            if self.run_by_key[seat.run].course != self.party_by_key[seat.party].course:
                raise ProblemError(
                    f"seat_pins[{i}].run", f"'{seat.run}' is a run of another course"
                )
        check_unique(((p.party, p.run) for p in self.seat_pins), "seat_pins", "party and run")
        check_unique(
            (p.party for p in self.seat_pins if p.pin == SeatPin.SEAT), "seat_pins", "party's seat"
        )

    @cached_property
    def school_by_key(self) -> dict[str, School]:
        return {school.key: school for school in self.schools}

    @cached_property
    def place_by_key(self) -> dict[str, Place]:
        return {place.key: place for place in self.places}

    @cached_property
    def run_by_key(self) -> dict[str, Run]:
        return {run.key: run for run in self.runs}

    @cached_property
    def party_by_key(self) -> dict[str, Party]:
        return {party.key: party for party in self.parties}

    @cached_property
    def runs_of_course(self) -> dict[str, tuple[Run, ...]]:
        """A course's runs by day and key."""
        found: dict[str, list[Run]] = {}
        for run in sorted(self.runs, key=lambda run: (run.starts_on, run.key)):
            found.setdefault(run.course, []).append(run)
        return {course: tuple(runs) for course, runs in found.items()}

    @cached_property
    def uses_of_run(self) -> dict[str, tuple[Use, ...]]:
        found: dict[str, list[Use]] = {}
        for use in self.uses:
            found.setdefault(use.run, []).append(use)
        return {run: tuple(uses) for run, uses in found.items()}

    @cached_property
    def pin_of_run(self) -> dict[str, RunPin]:
        return {pin.run: pin.pin for pin in self.run_pins}

    @cached_property
    def pins_of_party(self) -> dict[str, dict[str, SeatPin]]:
        found: dict[str, dict[str, SeatPin]] = {}
        for pin in self.seat_pins:
            found.setdefault(pin.party, {})[pin.run] = pin.pin
        return found

    def is_promised(self, run: Run) -> bool:
        """Held whatever the enrolment: guaranteed (R35), or pinned by people, and not pinned as cancelled."""
        pin = self.pin_of_run.get(run.key)
        return pin == RunPin.HELD or (run.is_guaranteed and pin is None)

    @cached_property
    def _metres(self) -> dict[str, dict[str, int]]:
        return {}

    def metres(self, a: str, b: str) -> int:
        """Metres by road between two places, the same both ways."""
        known = self._metres.get(a)
        if known is None:
            known = self._metres[a] = {a: 0}
        metres = known.get(b)
        if metres is None:
            p, q = self.place_by_key[a], self.place_by_key[b]
            metres = known[b] = road_metres(
                p.lat / DEGREE, p.lon / DEGREE, q.lat / DEGREE, q.lon / DEGREE
            )
        return metres

    def days_moved(self, party: Party, run: Run) -> int:
        """Days between the start of the party's own run and this one's, either way; 0 for those who wait."""
        return abs(run.starts_on - self.run_by_key[party.run].starts_on) if party.run else 0

    def metres_moved(self, party: Party, run: Run) -> int:
        """Metres that it is farther from home than the party's own run; never below 0, remote 0."""
        if run.is_remote:
            return 0
        own = self.run_by_key[party.run] if party.run else None
        before = self.metres(party.home, own.place) if own and not own.is_remote else 0
        return max(0, self.metres(party.home, run.place) - before)

    def may_sit(self, party: Party, run: Run) -> bool:
        """May the party be in this run: its own, or one that is within all it said and no decision forbids."""
        if run.course != party.course:
            return False
        pin = self.pins_of_party.get(party.key, {}).get(run.key)
        if pin is not None:
            return pin == SeatPin.SEAT
        return run.key == party.run or self._is_within(party, run)

    def _is_within(self, party: Party, run: Run) -> bool:
        if run.key in party.refused or not party.first_day <= run.starts_on <= party.last_day:
            return False
        if party.schools and run.school not in party.schools:
            return False
        if party.run and run.variant != self.run_by_key[party.run].variant:
            return False
        if self.most_days is not None and self.days_moved(party, run) > self.most_days:
            return False
        if run.is_remote:
            return party.accepts_remote
        most = party.most_metres
        if self.most_metres is not None:
            most = min(most, self.most_metres)
        return self.metres(party.home, run.place) <= most

    @cached_property
    def options(self) -> dict[str, tuple[Option, ...]]:
        """Per party the runs that it may sit in, by day and key. A pinned seat leaves that one alone."""
        found: dict[str, tuple[Option, ...]] = {}
        pins_of_party, most_metres, most_days = self.pins_of_party, self.most_metres, self.most_days
        runs_of_course, starts = self.runs_of_course, self._starts_of_course
        run_by_key, metres = self.run_by_key, self.metres
        for party in self.parties:
            pins = pins_of_party.get(party.key)
            seat = pins and next((run for run, pin in pins.items() if pin == SeatPin.SEAT), None)
            own = run_by_key[party.run] if party.run else None
            some: tuple[Run, ...]
            most = party.most_metres if most_metres is None else min(party.most_metres, most_metres)
            if seat:
                some = (run_by_key[seat],)
            else:
                # May_sit for all runs of the course at once: a country has half a million pairs.
                first, last = party.first_day, party.last_day
                if own is not None and most_days is not None:
                    first = max(first, own.starts_on - most_days)
                    last = min(last, own.starts_on + most_days)
                runs = runs_of_course.get(party.course, ())
                days = starts.get(party.course, ())
                some = runs[bisect_left(days, first) : bisect_right(days, last)]
                if own is not None and not first <= own.starts_on <= last:
                    some = tuple(sorted((*some, own), key=lambda run: (run.starts_on, run.key)))
            home, accepts_remote = party.home, party.accepts_remote
            near = self._metres.setdefault(home, {home: 0})
            mine: list[Option] = []
            for run in some:
                if run.is_remote:
                    away = 0
                else:
                    known = near.get(run.place)
                    away = metres(home, run.place) if known is None else known
                is_own = run is own or seat
                if not is_own:
                    if own is not None and run.variant != own.variant:
                        continue
                    if (not accepts_remote) if run.is_remote else away > most:
                        continue
                    if party.schools and run.school not in party.schools:
                        continue
                    if party.refused and run.key in party.refused:
                        continue
                if pins and not seat and run.key in pins:
                    continue
                days_off = abs(run.starts_on - own.starts_on) if own is not None else 0
                mine.append(Option(run.key, away, days_off))
            found[party.key] = tuple(mine)
        return found

    @cached_property
    def _starts_of_course(self) -> dict[str, list[int]]:
        return {c: [run.starts_on for run in runs] for c, runs in self.runs_of_course.items()}
