"""A plan drawn on the time line of runs, before and after, with the components of the runs context."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from samspil.enrolment.domain.moves_queries import Flow, PlanView
from samspil.enrolment.enums import RunFate
from samspil.enrolment.models import PlannedRun
from samspil.runs.domain import reasons
from samspil.runs.interfaces import timeline
from samspil.runs.interfaces.shown import when
from samspil.runs.models import CourseRun


@dataclass(frozen=True, slots=True)
class FlowLine:
    """A line of 'who is asked about what' with its reasons in words."""

    flow: Flow
    when: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunLine:
    """What becomes of a run, with its reasons in words."""

    row: PlannedRun
    why: tuple[str, ...]


def _lanes(rows: Iterable[PlannedRun]) -> list[PlannedRun]:
    return sorted(
        rows,
        key=lambda r: (
            -(r.run.organisation.lat or 0.0), r.run.organisation_id, r.run.starts_on, r.run_id,
        ),
    )  # fmt: skip


def _note(run: CourseRun, heads: int, minimum: int) -> str:
    return _("%(school)s, %(city)s, %(day)s: %(heads)s af mindst %(minimum)s") % {
        "school": run.organisation.label,
        "city": run.city,
        "day": date_format(run.starts_on, "j. F"),
        "heads": heads,
        "minimum": minimum,
    }


def before(view: PlanView) -> timeline.Timeline | None:
    """The runs as they were when the plan was made."""
    return timeline.draw(
        [
            timeline.Spot(
                row.run_id,
                row.run.organisation.label,
                row.run.starts_on,
                row.heads_before,
                row.run.is_promised or row.heads_before >= row.minimum,
                _note(row.run, row.heads_before, row.minimum),
            )
            for row in _lanes(view.runs)
        ],
        (),
    )


def after(view: PlanView) -> timeline.Timeline | None:
    """The runs as the plan would have them, with an arrow per stream of people of the first wave."""
    return timeline.draw(
        [
            timeline.Spot(
                row.run_id,
                row.run.organisation.label,
                row.run.starts_on,
                row.heads_after if row.fate == RunFate.HELD else row.heads_before,
                row.fate == RunFate.HELD,
                _note(row.run, row.heads_after, row.minimum),
            )
            for row in _lanes(view.runs)
        ],
        [
            timeline.Arrow(flow.source.pk, flow.target.pk, flow.heads)
            for flow in view.flows
            if flow.wave == 1
        ],
    )


def _names(view: PlanView) -> dict[str, str]:
    return {
        str(row.run_id): _("%(school)s, %(city)s %(day)s")
        % {
            "school": row.run.organisation.label,
            "city": row.run.city,
            "day": date_format(row.run.starts_on, "j. F"),
        }
        for row in view.runs
    }


def flows(view: PlanView) -> list[FlowLine]:
    """Who is asked about what."""
    names = _names(view)
    return [
        FlowLine(flow, when(flow.days), tuple(reasons.sentences(flow.why, names)))
        for flow in view.flows
    ]


def runs(view: PlanView) -> list[RunLine]:
    """What becomes of each run."""
    names = _names(view)
    return [RunLine(row, tuple(reasons.sentences(row.why, names))) for row in view.runs]
