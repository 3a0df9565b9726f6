"""What pages hand to the components: small frozen records, no models and no markup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumb; the last has no ``url``."""

    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """One step of a round. ``state`` is ``done``, ``now`` or empty (not yet)."""

    label: str
    note: str = ""
    state: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that carries a page, and the sentence under it. ``tone``: ``good``, ``bad``."""

    value: str | int
    label: str
    of: str | int = ""
    tone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """One choice of a filter; each is a link, so it works without script."""

    label: str
    url: str
    count: int | None = None
    current: bool = False


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of several on the same object."""

    label: str
    url: str
    count: int | None = None
    current: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a history, in words. ``tone``: ``good``, ``bad`` or empty."""

    at: datetime | date
    who: str
    text: str
    detail: str = ""
    tone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart. ``value`` is not negative; ``note`` stands after the number."""

    label: str
    value: float
    tone: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class BarShape:
    """A bar laid out, in the units of the chart's view box."""

    bar: Bar
    y: int
    width: int
    text_y: int
    value_x: int


@dataclass(frozen=True, slots=True)
class BarChart:
    """A horizontal bar chart laid out: labels to the left, bars from zero, numbers after them."""

    shapes: tuple[BarShape, ...]
    width: int
    height: int
    left: int


ROW = 26
BAR_WIDTH = 720
LABEL_CHARACTER = 7
"""Width in view box units that a character of 13 px takes, rounded up."""


def lay_out_bars(bars: list[Bar]) -> BarChart:
    """Lay out ``bars`` in their order; the longest fills the room that labels and numbers leave."""
    left = min(280, 12 + LABEL_CHARACTER * max((len(bar.label) for bar in bars), default=0))
    room = BAR_WIDTH - left - 120
    largest = max((bar.value for bar in bars), default=0)
    shapes = tuple(
        BarShape(
            bar=bar,
            y=index * ROW + 4,
            width=round(room * bar.value / largest) if largest else 0,
            text_y=index * ROW + 18,
            value_x=left + (round(room * bar.value / largest) if largest else 0) + 8,
        )
        for index, bar in enumerate(bars)
    )
    return BarChart(shapes=shapes, width=BAR_WIDTH, height=len(bars) * ROW + 4, left=left)
