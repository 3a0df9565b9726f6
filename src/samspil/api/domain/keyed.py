"""What a key may read beyond what everybody may: scoped by the actor that the key stands for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from samspil.api.domain.open_data import Place
from samspil.catalogue.models import Course
from samspil.coordination.domain.round_queries import RoundLine, gap_rows, get_round, rounds_of
from samspil.coordination.enums import CommitmentRole
from samspil.coordination.models import Commitment, ExternalAgreement, RoundCourse
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Invalid, NotFound
from samspil.network.models import Organisation
from samspil.runs.domain.keeping import RunFacts, facts_from
from samspil.runs.domain.kept import visible
from samspil.runs.models import CourseRun


def rounds(actor: Actor, *, place: Place, limit: int) -> tuple[list[RoundLine], Place | None]:
    """The rounds the actor sees, with their figures, newest year first."""
    rows = rounds_of(actor)
    shown = rows[place.skip : place.skip + limit]
    more = place.skip + limit < len(rows)
    return shown, Place(skip=place.skip + limit) if more else None


def round_line(actor: Actor, round_id: int) -> RoundLine:
    """One round with its figures. Raises ``NotFound``."""
    for line in rounds_of(actor):
        if line.round.pk == round_id:
            return line
    raise NotFound(_("Runden findes ikke."))


class CellRow(NamedTuple):
    """A school's part in a course; without a school where nobody has any."""

    fkb: str
    course: str
    title: str
    is_duty: bool
    is_gap: bool
    school_key: str | None = None
    school: str | None = None
    role: str | None = None
    runs: int | None = None
    when: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    guarantee: bool = False


def cells(
    actor: Actor, round_id: int, *, fkb: str, gaps: bool, place: Place, limit: int
) -> tuple[list[CellRow], Place | None]:
    """The board of a round by FKB and course number, a row a school. Raises ``NotFound``.

    No notes, comments or people: what stands in a cell, and nothing beside it.
    """
    round = get_round(actor, round_id)
    rows = RoundCourse.objects.filter(round_fkb__round=round, archived_reason="")
    if fkb:
        rows = rows.filter(round_fkb__fkb__number=fkb)
    missing = set(gap_rows(rows).values_list("pk", flat=True))
    if gaps:
        rows = rows.filter(pk__in=missing)
    parts: dict[int, list[tuple[object, ...]]] = defaultdict(list)
    for row, *cell in (
        Commitment.objects.filter(round_course__in=rows)
        .exclude(role=CommitmentRole.NONE)
        .order_by("organisation__name", "pk")
        .values_list(
            "round_course_id", "organisation__key", "organisation__name", "role", "runs",
            "when_text", "starts_on", "ends_on", "guarantee",
        )
    ):  # fmt: skip
        parts[row].append(tuple(cell))
    for row, key, name, when in (
        ExternalAgreement.objects.filter(round_course__in=rows)
        .order_by("pk")
        .values_list("round_course_id", "organisation__key", "school_name", "when_text")
    ):
        parts[row].append((key, name, "external", None, when, None, None, False))
    found: list[CellRow] = []
    for pk, number, course, title, is_duty in rows.order_by(
        "round_fkb__fkb__number", "course__number", "pk"
    ).values_list("pk", "round_fkb__fkb__number", "course__number", "course__title", "is_duty"):
        head = (number, course, title, is_duty, pk in missing)
        found += [CellRow._make((*head, *cell)) for cell in parts[pk]] or [CellRow(*head)]
    shown = found[place.skip : place.skip + limit]
    more = place.skip + limit < len(found)
    return shown, Place(skip=place.skip + limit) if more else None


# ---------------------------------------------------------------- a school's own runs


def own_school(actor: Actor) -> Organisation:
    """The school that the actor acts for. Raises ``NotFound`` where it is none."""
    found = Organisation.objects.filter(pk=actor.organisation_id or 0).first()
    if found is None:
        raise NotFound(_("Nøglen hører ikke til en skole."))
    return found


def own_runs(
    actor: Actor, *, status: str, place: Place, limit: int
) -> tuple[list[CourseRun], Place | None]:
    """The runs of the actor's school, whatever their state, the first to begin first."""
    rows = visible(actor).filter(organisation=own_school(actor))
    if status:
        rows = rows.filter(status=status)
    if place.day is not None:
        rows = rows.filter(starts_on__gte=place.day).exclude(starts_on=place.day, pk__lte=place.pk)
    found = list(
        rows.select_related("course", "organisation", "follows__organisation").order_by(
            "starts_on", "pk"
        )[: limit + 1]
    )
    more = len(found) > limit
    shown = found[:limit]
    return shown, Place(day=shown[-1].starts_on, pk=shown[-1].pk) if more else None


def own_run(actor: Actor, pk: int) -> CourseRun:
    """A run of the actor's school. Raises ``NotFound``."""
    found: CourseRun | None = (
        visible(actor)
        .filter(organisation=own_school(actor), pk=pk)
        .select_related("course", "organisation", "follows__organisation")
        .first()
    )
    if found is None:
        raise NotFound(_("Holdet findes ikke."))
    return found


def course_of(number: str) -> Course:
    """The course with that number, archived ones too. Raises ``Invalid``."""
    found = Course.objects.filter(number=number).first()
    if found is None:
        raise Invalid(
            _("Målet %(number)s findes ikke i kataloget.") % {"number": number}, field="course"
        )
    return found


def changed_facts(run: CourseRun, values: dict[str, Any]) -> RunFacts:
    """What stands of a run, with ``values`` instead of what they name."""
    return replace(facts_from(run), **values)
