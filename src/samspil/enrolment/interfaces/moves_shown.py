"""A plan drawn on the time line of runs, before and after, with the components of the runs context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.enrolment.domain.moves_elsewhere import Stream
from samspil.enrolment.domain.moves_queries import Flow, PlanView
from samspil.enrolment.enums import RunFate
from samspil.enrolment.models import PlannedRun
from samspil.runs.domain import reasons
from samspil.runs.interfaces import timeline
from samspil.runs.interfaces.shown import when
from samspil.runs.models import CourseRun
from samspil.ui.components import Figure
from samspil.ui.templatetags.ui import da_datetime, period


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


@dataclass(frozen=True, slots=True)
class Money:
    """What a school gives and gets when people move; ``days``: participant days it gains, below 0 it loses (R65)."""

    school: str
    gives: int
    gets: int
    days: str


def money(statistics: Mapping[str, Any], labels: Mapping[str, str]) -> list[Money]:
    """School by school, those that gain most first. Empty when nobody moves between schools."""
    rows = statistics.get("money") or {}
    return [
        Money(labels.get(key, key), row["gives"], row["gets"], _signed(row["income"]))
        for key, row in sorted(rows.items(), key=lambda item: (-item[1]["income"], item[0]))
    ]


def moved_days(statistics: Mapping[str, Any]) -> str:
    """Participant days whose income goes to another school than the one where people signed up."""
    rows = statistics.get("money") or {}
    return number_format(sum(row["comes"] for row in rows.values()) / 100, 0)


def _signed(hundredths: int) -> str:
    text = number_format(abs(hundredths) / 100, 1 if hundredths % 100 else 0)
    return f"+{text}" if hundredths > 0 else f"−{text}" if hundredths < 0 else text


def costs(statistics: Mapping[str, Any]) -> list[Figure]:
    """What a proposal costs: kilometres and days that people move, and income that changes school."""
    return [
        Figure(
            _("%(km)s km") % {"km": number_format(statistics.get("metres", 0) / 1000, 0)},
            _("længere til kurset i alt, højst %(most)s km for nogen")
            % {"most": round(statistics.get("longest_metres", 0) / 1000)},
        ),
        Figure(
            ngettext("%(n)s dag", "%(n)s dage", statistics.get("days", 0))
            % {"n": statistics.get("days", 0)},
            _("flyttes i alt, højst %(most)s for nogen")
            % {"most": statistics.get("longest_days", 0)},
        ),
        Figure(moved_days(statistics), _("deltagerdages taxameter skifter skole")),
    ]


def letter(stream: Stream) -> str:
    """A text that a school can send to its own people; the link stands last."""
    source, target = stream.source, stream.target
    place = ", ".join(
        part for part in (target.street, f"{target.postcode} {target.city}".strip()) if part
    )
    paragraphs = [
        _("Hej"),
        _("Du er tilmeldt %(title)s, %(when)s hos %(school)s. Holdet har få tilmeldte.")
        % {
            "title": source.course.title,
            "when": period(source.starts_on, source.ends_on),
            "school": source.organisation.name,
        },
        _("Vi holder en plads til dig på et andet hold: %(when)s hos %(school)s, %(place)s.")
        % {
            "when": period(target.starts_on, target.ends_on),
            "school": target.organisation.name,
            "place": place,
        },
        _("Svar inden %(until)s på dit eget link nedenfor. Send det ikke videre.")
        % {"until": da_datetime(stream.answer_by)}
        if stream.answer_by
        else _("Svar på dit eget link nedenfor. Send det ikke videre."),
        _("Det koster ikke noget at flytte. Siger du nej, beholder du din plads."),
        _("[Sæt kursistens link ind her]"),
    ]
    return "\n\n".join(paragraphs)
