"""What contexts above know of a run, for its page: their own pages about it, and how many took part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from samspil.kernel.actor import Actor
from samspil.runs.models import CourseRun


@dataclass(frozen=True, slots=True)
class Beside:
    """``pages``: labels and addresses for the actor. ``attended``: who has been noted as present on some
    day; ``None`` where nobody has noted any."""

    pages: tuple[tuple[str, str], ...] = ()
    attended: int | None = None


Source = Callable[[Actor, CourseRun, date], Beside]
_SOURCES: Final[list[Source]] = []


def beside_source(function: Source) -> Source:
    """Register a context's knowledge of a run. It is asked for one run at a time, and writes nothing."""
    _SOURCES.append(function)
    return function


def beside(actor: Actor, run: CourseRun, *, today: date) -> Beside:
    """What all contexts know together."""
    found = [source(actor, run, today) for source in _SOURCES]
    counts = [one.attended for one in found if one.attended is not None]
    return Beside(
        tuple(page for one in found for page in one.pages), sum(counts) if counts else None
    )
