"""What changed from one harvest to the next, as the pages show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from samspil.runs.interfaces.harvest_words import field_words, value_words
from samspil.runs.models import RunChange

TAGS = {"new": "ok", "back": "ok", "gone": "gap", "changed": "wait", "numbers": "plain"}


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change; ``fields``: name, before and after in words."""

    change: RunChange
    tag: str
    fields: tuple[tuple[str, str, str], ...]


def line_of(change: RunChange) -> ChangeLine:
    """A change in words."""
    return ChangeLine(
        change,
        TAGS[change.kind],
        tuple(
            (field_words(name), value_words(name, before), value_words(name, after))
            for name, before, after in change.fields
        ),
    )


def by_day(changes: Iterable[RunChange]) -> list[tuple[date, list[ChangeLine]]]:
    """The changes of each day, in the order given."""
    return [
        (day, [line_of(change) for change in found])
        for day, found in groupby(changes, key=lambda change: change.on)
    ]
