"""The map of a course: municipalities as shapes, its runs as dots. No tiles, no outside server."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.safestring import SafeString, mark_safe

from samspil.web.domain.courses import CoursePage
from samspil.web.interfaces.projection import HEIGHT, INSET, WIDTH, place

_SHAPES = Path(__file__).with_name("denmark.json")


@dataclass(frozen=True, slots=True)
class Dot:
    """A place with runs. ``x``, ``y`` and ``radius`` in units of the drawing."""

    x: float
    y: float
    radius: float
    count: int


@dataclass(frozen=True, slots=True)
class Map:
    """A drawing: the land, the municipalities with something in them, a dot where there are runs
    (large ones first), and a ring for a school that has agreed to offer the course."""

    width: int
    height: int
    inset: tuple[int, int, int, int]
    land: SafeString
    here: SafeString
    dots: tuple[Dot, ...]
    rings: tuple[Dot, ...]

    @property
    def marks(self) -> SafeString:
        """The rings and dots as elements. Numbers alone, so there is nothing to escape."""
        return mark_safe(
            "".join(
                f'<circle{kind} cx="{dot.x}" cy="{dot.y}" r="{dot.radius}"></circle>'
                for kind, dots in ((' class="ring"', self.rings), ("", self.dots))
                for dot in dots
            )
        )


@cache
def shapes() -> Mapping[str, str]:
    """The outline of each municipality by its code, made by ``tools/make_map.py``."""
    found: dict[str, str] = json.loads(_SHAPES.read_text(encoding="utf-8"))
    return found


def draw(shown: CoursePage) -> Map | None:
    """The map of a course; ``None`` when nobody knows where anything of it is."""
    counts = Counter(run.row.postcode for run in shown.runs if run.row.postcode in shown.points)
    if not counts and not shown.school_points:
        return None
    dots = [
        _dot(shown.points[postcode], 5 + min(count - 1, 8) * 0.7, count)
        for postcode, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    return Map(
        width=WIDTH,
        height=HEIGHT,
        inset=INSET,
        land=_paths(code for code in shapes() if code not in shown.municipalities),
        here=_paths(code for code in shapes() if code in shown.municipalities),
        dots=tuple(dots),
        rings=tuple(_dot(point, 5, 1) for point in shown.school_points),
    )


def _paths(codes: Iterable[str]) -> SafeString:
    # our own file of figures and letters: 40 kB that need no escaping
    return mark_safe("".join(shapes()[code] for code in codes))


def _dot(point: tuple[float, float], radius: float, count: int) -> Dot:
    x, y = place(*point)
    return Dot(round(x, 1), round(y, 1), round(radius, 1), count)
