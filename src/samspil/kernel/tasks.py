"""My tasks: each context answers what waits for an actor; nobody keeps a list by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from samspil.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits for somebody. ``url`` leads to where it is done."""

    title: str
    url: str
    context: str
    due_on: date | None = None
    detail: str = ""


Source = Callable[[Actor, date], Iterable[Task]]
_SOURCES: dict[str, Source] = {}


def task_source(name: str) -> Callable[[Source], Source]:
    """Register ``source(actor, today)`` under ``name``."""

    def register(source: Source) -> Source:
        _SOURCES[name] = source
        return source

    return register


def tasks_for(actor: Actor, today: date) -> list[Task]:
    """Everything that waits for ``actor``: nearest deadline first, undated last."""
    found = [task for name in sorted(_SOURCES) for task in _SOURCES[name](actor, today)]
    return sorted(found, key=lambda t: (t.due_on is None, t.due_on or today, t.context, t.title))
