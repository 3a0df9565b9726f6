"""A booking curve as a drawing: seats in use day by day, what may be expected, and the minimum."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.runs.domain.outlook import BRANCH, ENOUGH, FKB, Outlook
from samspil.runs.domain.risks import Line

WIDTH, HEIGHT, EDGE = 180, 56, 4
SHOWN_DAYS = 90


@dataclass(frozen=True, slots=True)
class Drawing:
    """Lines in the units of the view box. ``fan``: the interval as a closed shape, empty without forecast."""

    path: str
    fan: str
    minimum_y: float
    now_x: float
    now_y: float
    expected_y: float | None
    width: int = WIDTH
    height: int = HEIGHT


def draw(line: Line) -> Drawing:
    """The counts of the last 90 days before the decision, and the fan from today to it."""
    run, told = line.run, line.outlook
    last = max(told.decides_on, line.counts[-1][0])
    first = max(
        min(line.counts[0][0], line.counts[-1][0]),
        date.fromordinal(last.toordinal() - SHOWN_DAYS),
    )
    span = max(1, (last - first).days)
    top = max(run.minimum, told.high, *(number for _day, number in line.counts), 1) * 1.1

    def x(day: date) -> float:
        return round(EDGE + (WIDTH - 2 * EDGE) * max(0, (day - first).days) / span, 1)

    def y(number: float) -> float:
        return round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * number / top, 1)

    earlier = [point for point in line.counts if point[0] < first]
    points = ([(first, earlier[-1][1])] if earlier else []) + [
        point for point in line.counts if point[0] >= first
    ]
    steps = [f"M{x(points[0][0])},{y(points[0][1])}"]
    for (_before, old), (day, number) in itertools.pairwise(points):
        steps.append(f"L{x(day)},{y(old)}")
        steps.append(f"L{x(day)},{y(number)}")
    now, number = points[-1]
    known = told.is_known and not told.is_due
    fan = (
        f"M{x(now)},{y(number)} L{x(told.decides_on)},{y(told.high)} "
        f"L{x(told.decides_on)},{y(told.low)} Z"
        if known
        else ""
    )
    return Drawing(
        path=" ".join(steps),
        fan=fan,
        minimum_y=y(run.minimum),
        now_x=x(now),
        now_y=y(number),
        expected_y=y(told.expected) if known else None,
    )


def words(told: Outlook) -> str:
    """What may be expected, in one sentence or two."""
    if told.is_due:
        return _("Beslutningsdagen er nået.")
    if not told.is_known:
        return ngettext(
            "For lidt data: kun %(count)s tidligere hold at regne ud fra, og der skal mindst %(enough)s til.",
            "For lidt data: kun %(count)s tidligere hold at regne ud fra, og der skal mindst %(enough)s til.",
            told.runs,
        ) % {"count": told.runs, "enough": ENOUGH}
    if told.low == told.high:
        return _("%(expected)s kan ventes.") % {"expected": told.expected}
    return _("%(low)s–%(high)s kan ventes, nok %(expected)s.") % {
        "low": told.low,
        "high": told.high,
        "expected": told.expected,
    }


def basis(told: Outlook) -> str:
    """What the outlook rests on."""
    if not told.is_known or told.is_due:
        return ""
    where = {FKB: _("i samme FKB"), BRANCH: _("i samme branche")}.get(told.level, _("på målet"))
    return _("Regnet ud fra %(count)s tidligere hold %(where)s.") % {
        "count": told.runs,
        "where": where,
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """A run at risk as a page shows it."""

    line: Line
    drawing: Drawing
    words: str
    basis: str
    tone: str


def shown(line: Line) -> Shown:
    """A line with its drawing and its words. ``tone``: ``ok``, ``wait`` or ``gap`` by the chance."""
    told = line.outlook
    tone = "plain"
    if told.is_known and not told.is_due:
        tone = "ok" if told.percent >= 75 else "wait" if told.percent >= 40 else "gap"
    return Shown(line, draw(line), words(told), basis(told), tone)
