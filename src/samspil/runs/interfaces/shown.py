"""A course's runs and a pooling's answer as the pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.runs.domain import reasons
from samspil.runs.domain.planning import Answer, Sure, UncertainAnswer
from samspil.runs.interfaces import timeline
from samspil.runs.models import CourseRun


@dataclass(frozen=True, slots=True)
class MoveLine:
    """A line of 'who is asked about what'. ``days`` after the own run; below 0: before."""

    heads: int
    source: CourseRun
    target: CourseRun
    km: int
    days: int
    target_heads: int
    why: tuple[str, ...] = ()

    @property
    def when(self) -> str:
        """How far off the other run is, in words."""
        return when(self.days)


@dataclass(frozen=True, slots=True)
class AskLine:
    """A line of 'who is asked about what' when not everybody says yes."""

    wave: int
    heads: int
    source: CourseRun
    target: CourseRun
    km: int
    days: int
    percent: int

    @property
    def when(self) -> str:
        """How far off the other run is, in words."""
        return when(self.days)


@dataclass(frozen=True, slots=True)
class Chance:
    """A run and how sure it is to be held."""

    run: CourseRun
    sure: Sure

    @property
    def expected(self) -> str:
        """Participants to be expected, with one decimal."""
        return tenths(self.sure.expected)


def when(days: int) -> str:
    """How many days later or earlier, in words."""
    if days == 0:
        return _("samme dag")
    if days > 0:
        return ngettext("%(n)s dag senere", "%(n)s dage senere", days) % {"n": days}
    return ngettext("%(n)s dag før", "%(n)s dage før", -days) % {"n": -days}


def tenths(thousandths: int) -> str:
    """A number of people that is an expectation: ``175,4``."""
    return number_format(thousandths / 1000, 1)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a run: its participants afterwards, and whether it is held."""

    run: CourseRun
    heads: int
    is_held: bool
    leaves: int
    why: tuple[str, ...] = ()


def before(runs: Sequence[CourseRun]) -> timeline.Timeline | None:
    """The runs with people in them as they stand; a run is filled when it has enough."""
    return timeline.draw(
        [
            timeline.Spot(
                key=run.pk,
                lane=run.organisation.label,
                on=run.starts_on,
                number=run.used,
                is_held=run.missing == 0,
                note=_note(run, run.used),
            )
            for run in _in_lanes(runs)
            if run.used
        ],
        (),
    )


def after(runs: Sequence[CourseRun], answer: Answer) -> timeline.Timeline | None:
    """The runs as the answer would have them, with arrows for those who are asked to move."""
    touched = {m.source for m in answer.moves} | {m.target for m in answer.moves}
    return timeline.draw(
        [
            timeline.Spot(
                key=run.pk,
                lane=run.organisation.label,
                on=run.starts_on,
                number=answer.heads.get(run.pk, 0) if run.pk in answer.held else run.used,
                is_held=run.pk in answer.held,
                note=_note(run, answer.heads.get(run.pk, 0)),
            )
            for run in _in_lanes(runs)
            if run.used or run.pk in touched
        ],
        [timeline.Arrow(m.source, m.target, m.heads) for m in answer.moves],
    )


def likely(runs: Sequence[CourseRun], answer: UncertainAnswer) -> timeline.Timeline | None:
    """The runs as they can be expected to end: filled when more likely held than not."""
    asked = {a.source for a in answer.asks} | {a.target for a in answer.asks}
    spots = []
    for run in _in_lanes(runs):
        if not run.used and run.pk not in asked:
            continue
        sure = answer.sure.get(run.pk)
        is_held = sure is not None and sure.percent >= 50
        number = round(sure.expected / 1000) if sure is not None and is_held else run.used
        spots.append(
            timeline.Spot(
                run.pk, run.organisation.label, run.starts_on, number, is_held, _note(run, number)
            )
        )
    heads: dict[tuple[int, int], int] = {}
    for a in answer.asks:
        heads[a.source, a.target] = heads.get((a.source, a.target), 0) + a.heads
    return timeline.draw(spots, [timeline.Arrow(*pair, number) for pair, number in heads.items()])


def asks(runs: Iterable[CourseRun], answer: UncertainAnswer) -> list[AskLine]:
    """Who is asked about what, wave by wave, the largest group first."""
    known = {run.pk: run for run in runs}
    return [
        AskLine(
            a.wave,
            a.heads,
            known[a.source],
            known[a.target],
            round(a.metres / 1000),
            a.days,
            a.percent,
        )
        for a in answer.asks
        if a.source in known and a.target in known
    ]


def chances(runs: Iterable[CourseRun], answer: UncertainAnswer) -> list[Chance]:
    """Every run with people in it or asked about it, with how sure it is, by day."""
    return [Chance(run, answer.sure[run.pk]) for run in runs if run.pk in answer.sure]


def moves(runs: Iterable[CourseRun], answer: Answer) -> list[MoveLine]:
    """Who is asked about what, the largest group first. Runs that are gone since are left out."""
    known = {run.pk: run for run in runs}
    told = _told(known.values(), answer)
    return [
        MoveLine(
            heads=m.heads,
            source=known[m.source],
            target=known[m.target],
            km=round(m.metres / 1000),
            days=m.days,
            target_heads=answer.heads.get(m.target, 0),
            why=told.get((str(m.source), str(m.target)), ()),
        )
        for m in answer.moves
        if m.source in known and m.target in known
    ]


def fates(runs: Sequence[CourseRun], answer: Answer) -> list[Fate]:
    """Every run with people before or after, by day."""
    told = _told(runs, answer)
    leaving: dict[int, int] = {}
    for move in answer.moves:
        leaving[move.source] = leaving.get(move.source, 0) + move.heads
    return [
        Fate(
            run,
            answer.heads.get(run.pk, 0),
            run.pk in answer.held,
            leaving.get(run.pk, 0),
            told.get(("", str(run.pk)), ()),
        )
        for run in runs
        if run.used or answer.heads.get(run.pk)
    ]


def _told(runs: Iterable[CourseRun], answer: Answer) -> dict[tuple[str, str], tuple[str, ...]]:
    """The planner's reasons in words, by party and run; the party is empty in a run's own line.

    That somebody's own run isn't held stands in the line's figures already.
    """
    names = {str(run.pk): _name(run) for run in runs}
    return {
        (line["party"], line["run"]): tuple(
            reasons.sentences((m for m in line["messages"] if m["code"] != "own_not_held"), names)
        )
        for line in answer.lines
    }


def _name(run: CourseRun) -> str:
    return _("%(school)s, %(city)s %(day)s") % {
        "school": run.organisation.label,
        "city": run.city,
        "day": date_format(run.starts_on, "j. F"),
    }


def _in_lanes(runs: Sequence[CourseRun]) -> list[CourseRun]:
    """Runs with their schools from north to south, so that neighbours stand beside each other."""
    return sorted(
        runs,
        key=lambda r: (-(r.organisation.lat or 0.0), r.organisation.pk, r.starts_on, r.pk),
    )


def _note(run: CourseRun, heads: int) -> str:
    return _("%(school)s, %(city)s, %(day)s: %(heads)s af mindst %(minimum)s") % {
        "school": run.organisation.label,
        "city": run.city,
        "day": date_format(run.starts_on, "j. F"),
        "heads": heads,
        "minimum": run.minimum,
    }
