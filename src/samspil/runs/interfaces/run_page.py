"""How a run is told on its page and in lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.kernel.actor import Actor
from samspil.runs.enums import RunStatus
from samspil.runs.models import CourseRun
from samspil.ui.components import Figure, Phase, Tab


def sections(current: str) -> list[Tab]:
    """The pages about runs, as tabs."""
    pages = (
        ("runs", _("Annoncerede hold"), reverse("runs:runs")),
        ("risks", _("I risiko"), reverse("runs:risks")),
        ("calendar", _("Kalender"), reverse("runs:calendar")),
        ("own", _("Skolens hold"), reverse("runs:own")),
        ("promised", _("Tilsagn"), reverse("runs:promised")),
        ("figures", _("Tal"), reverse("runs:figures")),
    )
    return [Tab(label, url, current=key == current) for key, label, url in pages]


@dataclass(frozen=True, slots=True)
class Pooling:
    """Where people on small runs are asked to move: a context above says so, since runs knows no people.

    ``may``: whether somebody may ask there. ``of_week``: the address for the runs that are decided in the week of a
    Monday; ``of_course``: for those of a course, by its number.
    """

    may: Callable[[Actor], bool]
    of_week: Callable[[date], str]
    of_course: Callable[[str], str]


_POOLINGS: list[Pooling] = []


def offers_pooling(found: Pooling) -> None:
    """Say where people are asked to move."""
    _POOLINGS[:] = [found]


def pooling_for(actor: Actor) -> Pooling | None:
    """Where the actor may have people asked; None where that isn't for them."""
    return next((found for found in _POOLINGS if found.may(actor)), None)


def figures_of(run: CourseRun) -> list[Figure]:
    """The numbers that carry a run's page."""
    if run.status == RunStatus.HELD:
        return [Figure(run.taught if run.taught is not None else run.used, _("deltog"))]
    found = [Figure(run.used, _("pladser er i brug"), of=run.capacity)]
    if not run.is_promised and run.status != RunStatus.CANCELLED:
        found.append(
            Figure(
                run.missing,
                _("mangler for at nå mindst %(minimum)s") % {"minimum": run.minimum},
                tone="bad" if run.missing else "good",
            )
        )
    found.append(Figure(run.free, _("ledige pladser")))
    return found


def phases_of(run: CourseRun) -> list[Phase]:
    """How far a run has come, as steps."""
    steps = [
        (RunStatus.PLANNED, _("Planlagt")),
        (RunStatus.ANNOUNCED, _("Annonceret")),
        (RunStatus.CONFIRMED, _("Gennemføres")),
        (RunStatus.HELD, _("Afholdt")),
    ]
    if run.status == RunStatus.CANCELLED:
        return [
            Phase(_("Planlagt"), state="done"),
            Phase(_("Aflyst"), note=run.reason, state="now"),
        ]
    order = [status for status, _label in steps]
    at = order.index(RunStatus(run.status))
    return [
        Phase(label, state="done" if i < at else "now" if i == at else "")
        for i, (_status, label) in enumerate(steps)
    ]
