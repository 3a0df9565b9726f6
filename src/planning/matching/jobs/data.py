"""The jobs problem: candidates and openings of a Job-VEU case, frozen, whole numbers, checked when built.

Competences stand in the three groups of a screening profile (R116). Levels go from 0 to `HIGHEST_LEVEL`,
language from 0 (none asked for) over A1 = 1 to C2 = 6. Places are in ten thousandths of a degree, ways in whole
kilometres. Keys only: the planner never reads a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from planning.checks import ProblemError, check_int, check_known, check_text, check_unique
from planning.matching.places import Distance, Place, Roads, check_places

HIGHEST_LEVEL = 5
HIGHEST_LANGUAGE = 6
HIGHEST_WEIGHT = 100


class Group(StrEnum):
    """The three groups of a screening profile (R116)."""

    PROFESSIONAL = "professional"
    PERSONAL = "personal"
    SOCIAL = "social"


class NeedKind(StrEnum):
    """What can keep a candidate from an opening."""

    CERTIFICATE = "certificate"
    LICENCE = "licence"
    LANGUAGE = "language"
    SHIFT = "shift"
    DISTANCE = "distance"
    CANDIDATE_NO = "candidate_no"
    OPENING_NO = "opening_no"


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """One thing that keeps a candidate out. `what`: the certificate, the licence, the level asked for, the shift,
    or the kilometres there; empty for a 'not this one'."""

    kind: NeedKind
    what: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.what}" if self.what else self.kind.value


@dataclass(frozen=True, slots=True)
class Competence:
    """One of the competences of the screening profile."""

    key: str
    group: Group


@dataclass(frozen=True, slots=True)
class Wish:
    """A place on somebody's list: 1 is the first; the same rank twice says 'these are equal to me'."""

    key: str
    rank: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A competence that an opening asks for: `level` is enough, `weight` is what each level up to it counts."""

    competence: str
    level: int
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person looking for a job. `arrived` is the order of arrival, `max_km` None: any distance."""

    key: str
    place: str
    competences: tuple[tuple[str, int], ...] = ()
    certificates: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    language: int = 0
    shifts: tuple[str, ...] = ()
    max_km: int | None = None
    wishes: tuple[Wish, ...] = ()
    refuses: tuple[str, ...] = ()
    arrived: int = 0


@dataclass(frozen=True, slots=True)
class Opening:
    """Equal jobs at one company. Certificates, licences, language and shifts are needed, all of them."""

    key: str
    place: str
    seats: int = 1
    wanted: tuple[Wanted, ...] = ()
    certificates: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    language: int = 0
    shifts: tuple[str, ...] = ()
    wishes: tuple[Wish, ...] = ()
    refuses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pin:
    """A decision by people: the candidate shall have the opening, or (`together` false) shall not."""

    candidate: str
    opening: str
    together: bool = True


@dataclass(frozen=True, slots=True)
class Fit:
    """A candidate and an opening that nothing keeps apart.

    `wish` is how far down the opening stands on the candidate's list, `rank` how far down the candidate stands on
    the opening's; 1 is best, equals share a number.
    """

    points: int
    wish: int
    rank: int
    km: int


@dataclass(frozen=True)
class Problem:
    """All facts of one jobs problem. Building it raises ProblemError for a fact that cannot be right.

    Who prefers what. A candidate: those wished for in their order, then the others, nearer first in steps of
    `km_step` kilometres (0: all equal). An opening: those wished for in their order, then the others, more points
    first in steps of `points_step`. `last` is the last answer, which later answers should keep.
    """

    places: tuple[Place, ...]
    candidates: tuple[Candidate, ...]
    openings: tuple[Opening, ...]
    competences: tuple[Competence, ...] = ()
    distances: tuple[Distance, ...] = ()
    pins: tuple[Pin, ...] = ()
    last: tuple[tuple[str, str], ...] = ()
    points_step: int = 1
    km_step: int = 10

    def __post_init__(self) -> None:
        tables: tuple[tuple[str, Sequence[Competence | Candidate | Opening]], ...] = (
            ("competences", self.competences),
            ("candidates", self.candidates),
            ("openings", self.openings),
        )
        for name, rows in tables:
            for i, row in enumerate(rows):
                check_text(row.key, f"{name}[{i}].key")
            check_unique((row.key for row in rows), name, "key")
        check_places(self.places, self.distances)
        self._check_people()
        self._check_openings()
        for i, pin in enumerate(self.pins):
            check_known(pin.candidate, self.candidate_by_key, f"pins[{i}].candidate")
            check_known(pin.opening, self.opening_by_key, f"pins[{i}].opening")
        check_unique(((p.candidate, p.opening) for p in self.pins), "pins", "pair")
        check_unique((candidate for candidate, _ in self.last), "last", "candidate")
        check_int(self.points_step, "points_step", least=1)
        check_int(self.km_step, "km_step", least=0)

    def _check_people(self) -> None:
        known = {competence.key for competence in self.competences}
        for i, candidate in enumerate(self.candidates):
            at = f"candidates[{i}]"
            check_known(candidate.place, self.place_by_key, f"{at}.place")
            check_unique((key for key, _ in candidate.competences), f"{at}.competences", "key")
            for j, (key, level) in enumerate(candidate.competences):
                check_known(key, known, f"{at}.competences[{j}]")
                check_int(level, f"{at}.competences[{j}]", least=0, most=HIGHEST_LEVEL)
            check_int(candidate.language, f"{at}.language", least=0, most=HIGHEST_LANGUAGE)
            if candidate.max_km is not None:
                check_int(candidate.max_km, f"{at}.max_km", least=0)
            check_int(candidate.arrived, f"{at}.arrived", least=0)
            _check_wishes(candidate, self.opening_by_key, at)

    def _check_openings(self) -> None:
        known = {competence.key for competence in self.competences}
        for i, opening in enumerate(self.openings):
            at = f"openings[{i}]"
            check_known(opening.place, self.place_by_key, f"{at}.place")
            check_int(opening.seats, f"{at}.seats", least=0)
            check_unique((w.competence for w in opening.wanted), f"{at}.wanted", "competence")
            for j, wanted in enumerate(opening.wanted):
                here = f"{at}.wanted[{j}]"
                check_known(wanted.competence, known, f"{here}.competence")
                check_int(wanted.level, f"{here}.level", least=1, most=HIGHEST_LEVEL)
                check_int(wanted.weight, f"{here}.weight", least=0, most=HIGHEST_WEIGHT)
            check_int(opening.language, f"{at}.language", least=0, most=HIGHEST_LANGUAGE)
            _check_wishes(opening, self.candidate_by_key, at)

    # ------------------------------------------------------------------ look-ups

    @cached_property
    def place_by_key(self) -> dict[str, Place]:
        return {place.key: place for place in self.places}

    @cached_property
    def candidate_by_key(self) -> dict[str, Candidate]:
        return {candidate.key: candidate for candidate in self.candidates}

    @cached_property
    def opening_by_key(self) -> dict[str, Opening]:
        return {opening.key: opening for opening in self.openings}

    @cached_property
    def group_of(self) -> dict[str, Group]:
        return {competence.key: competence.group for competence in self.competences}

    @cached_property
    def together(self) -> frozenset[tuple[str, str]]:
        """Pairs that people decided shall be."""
        return frozenset((p.candidate, p.opening) for p in self.pins if p.together)

    @cached_property
    def apart(self) -> frozenset[tuple[str, str]]:
        """Pairs that people decided shall not be."""
        return frozenset((p.candidate, p.opening) for p in self.pins if not p.together)

    def with_pins(self, pins: Sequence[Pin]) -> Problem:
        """The same problem with decisions made since; a newer one about the same pair goes before."""
        if not pins:
            return self
        newer = {(pin.candidate, pin.opening) for pin in pins}
        kept = tuple(p for p in self.pins if (p.candidate, p.opening) not in newer)
        return replace(self, pins=kept + tuple(pins))

    @cached_property
    def _roads(self) -> Roads:
        return Roads(self.places, self.distances)

    def km(self, candidate: Candidate, opening: Opening) -> int:
        """Kilometres from home to work."""
        return self._roads.km(candidate.place, opening.place)

    # ------------------------------------------------------------------ what keeps apart, what counts

    def unmet(self, candidate: Candidate, opening: Opening) -> tuple[Need, ...]:
        """All that keeps a candidate from an opening; empty when nothing does. Seats and pins aside."""
        found = [
            Need(NeedKind.CERTIFICATE, key)
            for key in opening.certificates
            if key not in candidate.certificates
        ]
        found += [
            Need(NeedKind.LICENCE, key) for key in opening.licences if key not in candidate.licences
        ]
        if candidate.language < opening.language:
            found.append(Need(NeedKind.LANGUAGE, str(opening.language)))
        found += [
            Need(NeedKind.SHIFT, key) for key in opening.shifts if key not in candidate.shifts
        ]
        km = self.km(candidate, opening)
        if candidate.max_km is not None and km > candidate.max_km:
            found.append(Need(NeedKind.DISTANCE, str(km)))
        if opening.key in candidate.refuses:
            found.append(Need(NeedKind.CANDIDATE_NO))
        if candidate.key in opening.refuses:
            found.append(Need(NeedKind.OPENING_NO))
        return tuple(found)

    def parts(self, candidate: Candidate, opening: Opening) -> tuple[tuple[Wanted, int, int], ...]:
        """What the points are made of: each wanted competence, the candidate's level, and its points."""
        levels = self._levels[candidate.key]
        return tuple(
            (wanted, have, wanted.weight * min(have, wanted.level))
            for wanted in opening.wanted
            for have in (levels.get(wanted.competence, 0),)
        )

    def points(self, candidate: Candidate, opening: Opening) -> int:
        """How well a candidate suits an opening: the sum of its parts."""
        levels = self._levels[candidate.key]
        return sum(w.weight * min(levels.get(w.competence, 0), w.level) for w in opening.wanted)

    @cached_property
    def _levels(self) -> dict[str, dict[str, int]]:
        return {candidate.key: dict(candidate.competences) for candidate in self.candidates}

    @cached_property
    def fits(self) -> dict[tuple[str, str], Fit]:
        """All pairs that nothing keeps apart, before anything is decided; candidates and openings in key order."""
        candidates = sorted(self.candidates, key=lambda c: c.key)
        openings = sorted(self.openings, key=lambda o: o.key)
        raw: dict[tuple[str, str], tuple[int, int]] = {}
        ways: dict[str, list[tuple[int, Opening]]] = {}
        for candidate in candidates:
            if candidate.place not in ways:
                ways[candidate.place] = [(self.km(candidate, o), o) for o in openings]
            farthest = candidate.max_km
            for km, opening in ways[candidate.place]:
                if farthest is not None and km > farthest:
                    continue
                if not self.unmet(candidate, opening):
                    raw[candidate.key, opening.key] = self.points(candidate, opening), km
        wishes = {(c.key, w.key): w.rank for c in candidates for w in c.wishes}
        ranks = {(w.key, o.key): w.rank for o in openings for w in o.wishes}
        wish = _places(
            {
                (c, o): (0, wishes[c, o])
                if (c, o) in wishes
                else (1, km // self.km_step if self.km_step else 0)
                for (c, o), (_, km) in raw.items()
            },
            0,
        )
        rank = _places(
            {
                (c, o): (0, ranks[c, o]) if (c, o) in ranks else (1, -(points // self.points_step))
                for (c, o), (points, _) in raw.items()
            },
            1,
        )
        return {pair: Fit(points, wish[pair], rank[pair], km) for pair, (points, km) in raw.items()}

    @cached_property
    def open_fits(self) -> dict[tuple[str, str], Fit]:
        """The fitting pairs without those that people decided shall not be."""
        return {pair: fit for pair, fit in self.fits.items() if pair not in self.apart}

    @cached_property
    def choices(self) -> dict[str, tuple[tuple[str, Fit], ...]]:
        """Per candidate the openings that may become theirs, the preferred first."""
        found: dict[str, list[tuple[str, Fit]]] = {c.key: [] for c in self.candidates}
        for (candidate, opening), fit in self.open_fits.items():
            found[candidate].append((opening, fit))
        return {
            key: tuple(sorted(some, key=lambda each: (each[1].wish, each[0])))
            for key, some in found.items()
        }


def _check_wishes(who: Candidate | Opening, known: dict[str, Opening] | dict[str, Candidate], at: str) -> None:  # fmt: skip
    check_unique((wish.key for wish in who.wishes), f"{at}.wishes", "key")
    for j, wish in enumerate(who.wishes):
        check_known(wish.key, known, f"{at}.wishes[{j}].key")
        check_int(wish.rank, f"{at}.wishes[{j}].rank", least=1)
        if wish.key in who.refuses:
            raise ProblemError(f"{at}.wishes[{j}].key", f"'{wish.key}' is also refused")
    for j, key in enumerate(who.refuses):
        check_known(key, known, f"{at}.refuses[{j}]")


def _places(order: dict[tuple[str, str], tuple[int, int]], side: int) -> dict[tuple[str, str], int]:
    """How far down each pair stands on the list of its candidate (side 0) or opening (side 1), equals together."""
    values: dict[str, set[tuple[int, int]]] = {}
    for pair, value in order.items():
        values.setdefault(pair[side], set()).add(value)
    places = {
        who: {value: i for i, value in enumerate(sorted(some), 1)} for who, some in values.items()
    }
    return {pair: places[pair[side]][value] for pair, value in order.items()}
