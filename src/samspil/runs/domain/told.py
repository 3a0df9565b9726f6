"""Announced runs, each with the school where it is held (R28), for whoever shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from samspil.coordination.domain.public import Offer
from samspil.runs.models import CourseRun


@dataclass(frozen=True, slots=True)
class Run:
    """An announced run. ``held_by``: the school where it is held, when another school announces it.
    ``is_late``: the day to sign up by is past."""

    row: CourseRun
    held_by: str = ""
    is_late: bool = False

    @property
    def place(self) -> str:
        return self.row.city


def holders(offers: Iterable[Offer]) -> dict[tuple[int, str], str]:
    """Per year and key of a school that follows: the name of the school that holds the joint run."""
    return {
        (offer.year, part.key): offer.holder.name
        for offer in offers
        if offer.holder
        for part in offer.followers
    }


def told(runs: Iterable[CourseRun], offers: Iterable[Offer], today: date) -> Iterable[Run]:
    """The runs of one course, each with the school where a joint one is held."""
    held = holders(offers)
    for run in runs:
        yield Run(
            run,
            held_by=held.get((run.starts_on.year, run.organisation.key), ""),
            is_late=run.deadline_on is not None and run.deadline_on < today,
        )
