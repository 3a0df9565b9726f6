"""What a key may read beyond what everybody may: scoped by the actor that the key stands for."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from samspil.api.domain.open_data import Place
from samspil.coordination.domain.round_queries import RoundLine, gap_rows, get_round, rounds_of
from samspil.coordination.enums import CommitmentRole
from samspil.coordination.models import Commitment, ExternalAgreement, RoundCourse
from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound


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
