"""How likely people are to say yes to another run, in thousandths, by how far and how long they must move.

Extra distance is metres farther from home than their own run, days are between the two starts; for those who
wait, the whole way and no days. Both fall into bands; each band has one probability.

The prior is a constructed assumption, not a measurement: nobody has counted such answers yet. It is built from
the parameters of `prior`. `fit` moves it towards the system's own history: with `strength` standing for as many
answers as the prior is worth, a band's probability is (strength · prior + yes) / (strength + asked), the mean of
the Beta-binomial posterior; a course that has answers of its own is in the same way moved from what the other
courses answered. So a band without answers stays at the prior, and one with a hundred is nearly what people answered.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from planning.checks import ProblemError, check_int, check_text, check_unique
from planning.pooling.data import Party, Problem, Run, SeatPin

SURE = 1000
METRES = (0, 10_000, 25_000, 50_000, 75_000)
DAYS = (0, 1, 8, 15, 29)


@dataclass(frozen=True, slots=True)
class Answered:
    """Offers that were answered: the course, metres farther, days moved, how many heads, how many said yes."""

    course: str
    metres: int
    days: int
    asked: int
    yes: int


@dataclass(frozen=True, slots=True)
class Band:
    """The probability of yes from so many metres and days until the next band, and the answers behind it.

    `course` is empty for all courses together. `asked` and `yes` count heads of the history; 0 and 0: the
    prior alone.
    """

    metres_from: int
    days_from: int
    permille: int
    course: str = ""
    asked: int = 0
    yes: int = 0


@dataclass(frozen=True)
class Willingness:
    """Probabilities by band. `strength`: as many answers as the prior counts for. Raises ProblemError.

    There is a band for every pair of `metres` and `days` limits with course '', and for some courses more.
    """

    metres: tuple[int, ...]
    days: tuple[int, ...]
    bands: tuple[Band, ...]
    strength: int = 20

    def __post_init__(self) -> None:
        for name, limits in (("metres", self.metres), ("days", self.days)):
            if not limits or limits[0] != 0 or list(limits) != sorted(set(limits)):
                raise ProblemError(name, "must rise from 0")
        for i, band in enumerate(self.bands):
            check_int(band.permille, f"bands[{i}].permille", least=0, most=SURE)
            check_int(band.asked, f"bands[{i}].asked", least=0)
            check_int(band.yes, f"bands[{i}].yes", least=0, most=band.asked)
            if band.metres_from not in self.metres or band.days_from not in self.days:
                raise ProblemError(f"bands[{i}]", "does not begin at one of the limits")
        check_unique(((b.course, b.metres_from, b.days_from) for b in self.bands), "bands", "band")
        check_int(self.strength, "strength", least=1)
        for metres in self.metres:
            for days in self.days:
                if ("", metres, days) not in self._band:
                    raise ProblemError("bands", f"lacks the one from {metres} metres, {days} days")

    @cached_property
    def _band(self) -> dict[tuple[str, int, int], Band]:
        return {(band.course, band.metres_from, band.days_from): band for band in self.bands}

    def band(self, course: str, metres: int, days: int) -> Band:
        """The band that decides: the course's own where there is one, else that of all courses."""
        corner = (
            self.metres[bisect_right(self.metres, metres) - 1],
            self.days[bisect_right(self.days, days) - 1],
        )
        return self._band.get((course, *corner)) or self._band["", *corner]

    def permille(self, problem: Problem, party: Party, run: Run) -> int:
        """The probability that the party (or one of it, when it isn't together) says yes to this run.

        Their own run, and a seat that people have pinned, is certain.
        """
        if run.key == party.run:
            return SURE
        if problem.pins_of_party.get(party.key, {}).get(run.key) == SeatPin.SEAT:
            return SURE
        metres, days = problem.metres_moved(party, run), problem.days_moved(party, run)
        return self.band(party.course, metres, days).permille

    @property
    def answers(self) -> int:
        """Answers in the history behind it, over all bands."""
        return sum(band.asked for band in self.bands if not band.course)


def flat(permille: int) -> Willingness:
    """The same probability for every offer, whatever the distance: for 'what if'."""
    return Willingness((0,), (0,), (Band(0, 0, permille),))


def prior(
    *,
    near: int = 850,
    lost_per_10_km: int = 60,
    lost_per_week: int = 40,
    least: int = 100,
    metres: tuple[int, ...] = METRES,
    days: tuple[int, ...] = DAYS,
    strength: int = 20,
) -> Willingness:
    """The assumption until there is a history. Constructed.

    `near`: thousandths who say yes to the same place on nearly the same day. Each 10 km farther loses
    `lost_per_10_km` and each week that it is moved `lost_per_week`, counted at the start of the band; never
    below `least`.
    """
    return Willingness(
        metres,
        days,
        tuple(
            Band(m, d, max(least, near - lost_per_10_km * m // 10_000 - lost_per_week * d // 7))
            for m in metres
            for d in days
        ),
        strength,
    )


def fit(history: Iterable[Answered], before: Willingness | None = None) -> Willingness:
    """The prior (`before`, or the stated one) moved towards what people answered.

    Bands say how many answers stand behind each. Raises ProblemError for a row with more yes than asked.
    The history is whole: `before` is the prior without answers, not an earlier fit.
    """
    start = before or prior()
    all_of: dict[tuple[int, int], list[int]] = {}
    of_course: dict[tuple[str, int, int], list[int]] = {}
    for i, row in enumerate(history):
        check_text(row.course, f"history[{i}].course")
        check_int(row.metres, f"history[{i}].metres", least=0)
        check_int(row.days, f"history[{i}].days", least=0)
        check_int(row.asked, f"history[{i}].asked", least=0)
        check_int(row.yes, f"history[{i}].yes", least=0, most=row.asked)
        band = start.band("", row.metres, row.days)
        corner = (band.metres_from, band.days_from)
        for counts in (
            all_of.setdefault(corner, [0, 0]),
            of_course.setdefault((row.course, *corner), [0, 0]),
        ):
            counts[0] += row.asked
            counts[1] += row.yes

    def moved(permille: int, asked: int, yes: int) -> int:
        over = start.strength + asked
        return (2 * (start.strength * permille + SURE * yes) + over) // (2 * over)

    bands = []
    for band in start.bands:
        if band.course:
            continue
        asked, yes = all_of.get((band.metres_from, band.days_from), (0, 0))
        bands.append(
            Band(
                band.metres_from,
                band.days_from,
                moved(band.permille, asked, yes),
                "",
                asked,
                yes,
            )
        )
    stated = {(b.metres_from, b.days_from): b.permille for b in start.bands if not b.course}
    for (course, metres, days), (asked, yes) in sorted(of_course.items()):
        if asked:
            # What the others answered, without this course, so that its answers count once.
            all_asked, all_yes = all_of[metres, days]
            others = moved(stated[metres, days], all_asked - asked, all_yes - yes)
            bands.append(Band(metres, days, moved(others, asked, yes), course, asked, yes))
    return Willingness(start.metres, start.days, tuple(bands), start.strength)
