"""Runs on a time line by school, before and after: where circles, lanes and arrows stand.

Sizes are in the drawing's own units; the template writes them down and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH = 1180
LEFT = 215
TOP = 34
RADIUS = 11
ROW = 26
GAP = 14
LONGEST_GAP = 35
"""Days without a run beyond this take no room: a run in two years' time shall not press the rest together."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A run to be drawn. ``number`` stands in its circle; ``note`` is its sentence for those who hover."""

    key: int
    lane: str
    on: date
    number: int
    is_held: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """People who go from one run to another."""

    source: int
    target: int
    heads: int


@dataclass(frozen=True, slots=True)
class Circle:
    """A run in the drawing: where its circle and number stand."""

    x: int
    y: int
    text_y: int
    number: int
    is_held: bool
    note: str


@dataclass(frozen=True, slots=True)
class Path:
    """A move in the drawing: an SVG path, and how thick it is."""

    d: str
    width: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A school's line in the drawing."""

    y: int
    text_y: int
    label: str


@dataclass(frozen=True, slots=True)
class Month:
    """Where a month begins in the drawing."""

    x: int
    text_x: int
    on: date
    has_year: bool = False


@dataclass(frozen=True)
class Timeline:
    """The drawing. ``height`` grows with the lanes."""

    height: int
    lanes: tuple[Lane, ...]
    months: tuple[Month, ...]
    circles: tuple[Circle, ...]
    paths: tuple[Path, ...]
    width: int = WIDTH
    left: int = LEFT


def draw(spots: Sequence[Spot], arrows: Iterable[Arrow]) -> Timeline | None:
    """Lay the runs out: a lane per school in the order given, circles that would overlap below each other.

    None when there is nothing to draw.
    """
    if not spots:
        return None
    axis = _Axis(sorted({spot.on for spot in spots}))
    x_of = axis.x_of
    lanes: list[Lane] = []
    at: dict[int, tuple[int, int]] = {}
    y = TOP
    for label in dict.fromkeys(spot.lane for spot in spots):
        rows: list[int] = []  # the last x in each row of the lane
        for spot in sorted((s for s in spots if s.lane == label), key=lambda s: (s.on, s.key)):
            x = x_of(spot.on)
            row = next((i for i, end in enumerate(rows) if x - end >= 2 * RADIUS + 2), len(rows))
            if row == len(rows):
                rows.append(x)
            rows[row] = x
            at[spot.key] = (x, y + GAP + row * ROW)
        lanes.append(Lane(y + GAP, y + GAP + 5, label))
        y += GAP + len(rows) * ROW
    return Timeline(
        height=y + GAP,
        lanes=tuple(lanes),
        months=tuple(axis.months()),
        circles=tuple(
            Circle(*at[s.key], at[s.key][1] + 4, s.number, s.is_held, s.note)
            for s in sorted(spots, key=lambda s: s.is_held)
        ),
        paths=tuple(
            Path(_curve(at[a.source], at[a.target]), f"{min(6.0, 1 + a.heads * 0.5):.1f}")
            for a in arrows
            if a.source in at and a.target in at
        ),
    )


class _Axis:
    """Days from left to right; a stretch of more than `LONGEST_GAP` days without a run is cut short."""

    def __init__(self, days: Sequence[date]) -> None:
        self._stretches: list[tuple[date, date, int]] = []  # first and last day, days before it
        before = 0
        first = last = days[0]
        for day in days[1:]:
            if (day - last).days > LONGEST_GAP:
                self._stretches.append((first, last, before))
                before += (last - first).days + LONGEST_GAP
                first = day
            last = day
        self._stretches.append((first, last, before))
        self._scale = (WIDTH - LEFT - 3 * RADIUS) / max(14, before + (last - first).days)

    def x_of(self, day: date) -> int:
        """Where a day that has a run, or lies between two of a stretch, stands."""
        first, _last, before = next(s for s in reversed(self._stretches) if s[0] <= day)
        return round(LEFT + 1.5 * RADIUS + (before + (day - first).days) * self._scale)

    def months(self) -> Iterable[Month]:
        """Where months begin: in each stretch its first day's, then every first of a month."""
        year = self._stretches[0][0].year
        right = -WIDTH
        for first, last, _before in self._stretches:
            day = first
            while day <= last:
                x = self.x_of(day) - (round(1.5 * RADIUS) if day == first else 0)
                if x - right >= 70 or day != first:
                    text_x = min(x + 6, WIDTH - 70)
                    yield Month(x, text_x, day, has_year=day.year != year)
                    right, year = x, day.year
                day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _curve(source: tuple[int, int], target: tuple[int, int]) -> str:
    """A line that bends away from circles between the two in the same lane, and stops at the rim."""
    (x, y), (u, v) = source, target
    bend = -34 if abs(y - v) < ROW else 0
    mid_x, mid_y = (x + u) // 2, (y + v) // 2 + bend
    length = max(1.0, ((u - mid_x) ** 2 + (v - mid_y) ** 2) ** 0.5)
    keep = max(0.0, 1 - (RADIUS + 5) / length)
    end_x, end_y = round(mid_x + (u - mid_x) * keep), round(mid_y + (v - mid_y) * keep)
    return f"M{x},{y} Q{mid_x},{mid_y} {end_x},{end_y}"
