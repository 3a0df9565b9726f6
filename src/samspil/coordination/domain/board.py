"""Changing the board: cells, undo, comments, agreements outside the circle, courses set aside.

Everything that fills or empties cells, from whatever side, ends in ``apply_changes``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.catalogue.models import Approval
from samspil.coordination import rules
from samspil.coordination.enums import (
    ChangeKind,
    CommitmentRole,
    FkbStatus,
    Origin,
    RoundStatus,
)
from samspil.coordination.models import (
    ChangeEntry,
    ChangeSet,
    Commitment,
    Round,
    RoundCourse,
    RoundFkb,
    RoundSchool,
)
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.audit import plain
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.locking import lock_rows

_FIELDS: Final = (
    "role",
    "runs",
    "when_text",
    "starts_on",
    "ends_on",
    "guarantee",
    "origin",
    "is_pinned",
)
"""What a change sets on a cell, and what undo puts back."""


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell as it shall become. ``expected_version`` is what the writer saw; 0 = empty.

    ``role`` ``none`` empties the cell; runs, dates and guarantee are then left out.
    ``starts_on`` and ``ends_on`` are both inclusive.
    """

    round_course_id: int
    organisation_id: int
    role: str
    runs: int | None = None
    when_text: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    guarantee: bool = False
    expected_version: int = 0
    origin: str = Origin.HAND
    is_pinned: bool = True

    def values(self) -> dict[str, Any]:
        """The fields of the commitment. An empty cell says nothing but that it is empty."""
        values = {name: getattr(self, name) for name in _FIELDS}
        if self.role == CommitmentRole.NONE:
            values |= {
                "runs": None,
                "when_text": "",
                "starts_on": None,
                "ends_on": None,
                "guarantee": False,
            }
        return values


@dataclass(frozen=True, slots=True)
class StaleCell:
    """A cell that somebody changed since the writer saw it, as it is now."""

    round_course_id: int
    organisation_id: int
    course_number: str
    school: str
    text: str
    changed_by: str
    changed_at: datetime | None
    version: int


class CellConflict(Conflict):
    """Cells have changed since they were read; nothing was written. ``cells`` says which."""

    def __init__(self, message: str, cells: Sequence[StaleCell]) -> None:
        super().__init__(message)
        self.cells = tuple(cells)


# ---------------------------------------------------------------- in words


def person_name(label: str) -> str:
    """The name out of an actor's label (``Name <mail>``), for the screen."""
    name = label.split(" <", 1)[0]
    return _("Samspil") if name.startswith("system:") else name


def cell_words(
    *, role: str, runs: int | None = None, when_text: str = "", guarantee: bool = False
) -> str:
    """A cell in words: ``2 hold, uge 37, garanti``, ``udbyder``, ``følger``, ``tom``."""
    if role == CommitmentRole.NONE:
        return _("tom")
    parts: list[str] = []
    if role == CommitmentRole.HOLDER:
        parts.append(_("udbyder"))
    elif role == CommitmentRole.FOLLOWER:
        parts.append(_("følger"))
    if runs is not None:
        parts.append(ngettext("%(count)s hold", "%(count)s hold", runs) % {"count": runs})
    elif role == CommitmentRole.OWN:
        parts.append(_("eget udbud"))
    if when_text:
        parts.append(when_text)
    if guarantee:
        parts.append(_("garanti"))
    return ", ".join(parts)


def words_of(cell: Commitment | None) -> str:
    """``cell_words`` of a stored cell; ``None`` is an empty one."""
    if cell is None:
        return _("tom")
    return cell_words(
        role=cell.role, runs=cell.runs, when_text=cell.when_text, guarantee=cell.guarantee
    )


def and_list(words: Iterable[str]) -> str:
    """``a, b og c``."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return _("%(first)s og %(last)s") % {"first": ", ".join(items[:-1]), "last": items[-1]}


# ---------------------------------------------------------------- the locked board


class _Board:
    """The rows that a change touches, locked and read once.

    Locks the round and its FKBs in question (house rule 4): an empty cell has no row of its
    own to lock, and freezing and closing lock the same rows.
    """

    def __init__(self, round: Round, row_ids: Iterable[int]) -> None:
        wanted = set(row_ids)
        (self.round,) = lock_rows(Round.objects.filter(pk=round.pk))
        fkbs = lock_rows(
            RoundFkb.objects.filter(
                round=self.round,
                pk__in=RoundCourse.objects.filter(pk__in=wanted).values("round_fkb_id"),
            )
        )
        self.fkbs = {fkb.pk: fkb for fkb in fkbs}
        self.rows = {
            row.pk: row
            for row in RoundCourse.objects.filter(pk__in=wanted, round_fkb__in=self.fkbs)
            .select_related("course", "round_fkb__fkb")
            .order_by("pk")
        }
        if wanted - set(self.rows):
            raise Invalid(_("Målet findes ikke i runden."))
        self.cells: dict[tuple[int, int], Commitment] = {}
        self.by_row: dict[int, dict[int, Commitment]] = {pk: {} for pk in self.rows}
        for cell in (
            Commitment.objects.filter(round_course__in=self.rows)
            .select_related("organisation")
            .order_by("pk")
        ):
            self.cells[cell.round_course_id, cell.organisation_id] = cell
            self.by_row[cell.round_course_id][cell.organisation_id] = cell
        places = RoundSchool.objects.filter(round=self.round).select_related("organisation")
        self.schools = {place.organisation_id: place for place in places.order_by("pk")}
        self.approved = set(
            Approval.objects.filter(
                rules.approved_in(self.round.year),
                fkb__in=[fkb.fkb_id for fkb in self.fkbs.values()],
                organisation__in=self.schools,
            ).values_list("fkb_id", "organisation_id")
        )

    def school(self, organisation_id: int) -> str:
        place = self.schools.get(organisation_id)
        return place.organisation.label if place else f"#{organisation_id}"

    def check_open(self) -> None:
        """Raise ``Conflict`` when the round or one of the FKBs takes no more changes."""
        if self.round.status == RoundStatus.CLOSED:
            raise Conflict(_("Runden er afsluttet og kan ikke ændres."))
        for fkb in self.fkbs.values():
            if fkb.status != FkbStatus.OPEN:
                raise Conflict(
                    _("Oversigten for FKB %(number)s er låst. Genåbn den først; ændringen bliver så et tillæg.")
                    % {"number": self.number_of(fkb.pk)}
                )

    def number_of(self, round_fkb_id: int) -> str:
        return next(
            row.round_fkb.fkb.number
            for row in self.rows.values()
            if row.round_fkb_id == round_fkb_id
        )

    def check_school(self, row: RoundCourse, organisation_id: int) -> None:
        """Raise ``Invalid`` unless the school is in the round and approved for the FKB (R4)."""
        place = self.schools.get(organisation_id)
        if place is None:
            raise Invalid(_("Skolen er ikke med i runden."))
        if place.left_on is not None:
            raise Invalid(
                _("%(school)s er trådt ud og kan ikke påtage sig mål.")
                % {"school": place.organisation.label}
            )
        if (row.round_fkb.fkb_id, organisation_id) not in self.approved:
            raise Invalid(
                _("%(school)s er ikke godkendt til FKB %(number)s.")
                % {"school": place.organisation.label, "number": row.round_fkb.fkb.number}
            )

    def check_row(self, row_id: int) -> None:
        """Raise ``Invalid`` unless the row as it now stands keeps principle 2 (R28)."""
        cells = self.by_row[row_id].values()
        number = self.rows[row_id].course.number
        holders = [c for c in cells if c.role == CommitmentRole.HOLDER]
        followers = [c for c in cells if c.role == CommitmentRole.FOLLOWER]
        if len(holders) > 1:
            raise Invalid(
                _("%(schools)s kan ikke begge være udbydende skole for %(number)s. Et fælles hold har én.")
                % {
                    "schools": and_list(sorted(self.school(c.organisation_id) for c in holders)),
                    "number": number,
                }
            )
        if followers and not holders:
            raise Invalid(
                _("%(schools)s følger %(number)s, men ingen er udbydende skole. Vælg den først.")
                % {
                    "schools": and_list(sorted(self.school(c.organisation_id) for c in followers)),
                    "number": number,
                }
            )

    def stale(self, row_id: int, organisation_id: int) -> StaleCell:
        cell = self.cells.get((row_id, organisation_id))
        return StaleCell(
            round_course_id=row_id,
            organisation_id=organisation_id,
            course_number=self.rows[row_id].course.number,
            school=self.school(organisation_id),
            text=words_of(cell),
            changed_by=person_name(cell.updated_by_label) if cell else "",
            changed_at=cell.updated_at if cell else None,
            version=cell.version if cell else 0,
        )

    def write(
        self,
        row_id: int,
        organisation_id: int,
        values: dict[str, Any],
        *,
        actor: Actor,
        now: datetime,
    ) -> tuple[Commitment, dict[str, Any] | None, bool]:
        """Set the cell in memory. Returns it, its state before, and whether it is new."""
        cell = self.cells.get((row_id, organisation_id))
        before = _state(cell) if cell else None
        if cell is None:
            cell = Commitment(
                round_course_id=row_id,
                organisation=self.schools[organisation_id].organisation,
                version=0,
            )
            self.cells[row_id, organisation_id] = cell
            self.by_row[row_id][organisation_id] = cell
        for name, value in values.items():
            setattr(cell, name, value)
        cell.version += 1
        cell.updated_at = now
        cell.updated_by_label = actor.label[:200]
        return cell, before, before is None


def _state(cell: Commitment) -> dict[str, Any]:
    """The cell as ``ChangeEntry`` keeps it: JSON types only."""
    state = {name: getattr(cell, name) for name in _FIELDS}
    return {**plain(state), "version": cell.version}


def _values(state: dict[str, Any]) -> dict[str, Any]:
    """Field values out of a kept state."""
    values = {name: state[name] for name in _FIELDS}
    for name in ("starts_on", "ends_on"):
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    return values


def _same(cell: Commitment | None, values: dict[str, Any]) -> bool:
    if cell is None:
        return bool(values["role"] == CommitmentRole.NONE)
    return all(getattr(cell, name) == values[name] for name in _FIELDS if name != "origin")


def _raise_stale(cells: Sequence[StaleCell]) -> None:
    first = cells[0]
    if first.changed_at is None:
        raise CellConflict(_("Feltet har ændret sig. Hent siden igen."), cells)
    message = _("%(who)s ændrede %(number)s for %(school)s til »%(text)s« kl. %(time)s.") % {
        "who": first.changed_by,
        "number": first.course_number,
        "school": first.school,
        "text": first.text,
        "time": timezone.localtime(first.changed_at).strftime("%H.%M"),
    }
    if len(cells) > 1:
        message += " " + ngettext(
            "%(count)s felt mere er også ændret.", "%(count)s felter mere er også ændret.", len(cells) - 1
        ) % {"count": len(cells) - 1}
    raise CellConflict(message + " " + _("Intet er gemt."), cells)


def _record_cell(board: _Board, cell: Commitment, before: dict[str, Any] | None) -> None:
    row = board.rows[cell.round_course_id]
    with translation.override("da"):
        old = (
            cell_words(
                role=before["role"],
                runs=before["runs"],
                when_text=before["when_text"],
                guarantee=before["guarantee"],
            )
            if before
            else _("tom")
        )
        summary = _("%(school)s ændret fra %(old)s til %(new)s.") % {
            "school": board.school(cell.organisation_id),
            "old": old,
            "new": words_of(cell),
        }
    record(
        row,
        before=before,
        after={**_state(cell), "organisation_id": cell.organisation_id},
        summary=summary,
        network_id=board.round.network_id,
        organisation_id=cell.organisation_id,
    )


def _save(
    board: _Board,
    written: Sequence[tuple[Commitment, dict[str, Any] | None, bool]],
) -> None:
    new = [cell for cell, _before, is_new in written if is_new]
    old = [cell for cell, _before, is_new in written if not is_new]
    fields = [*_FIELDS, "version", "updated_at", "updated_by_label"]
    # Holders last: one handed over in a single change must not meet the constraint 'one
    # holder a row' half way.
    for group in (
        [cell for cell in old if cell.role != CommitmentRole.HOLDER],
        [cell for cell in old if cell.role == CommitmentRole.HOLDER],
    ):
        Commitment.objects.bulk_update(group, fields, batch_size=200)
    Commitment.objects.bulk_create(new, batch_size=500)
    for cell, before, _is_new in written:
        _record_cell(board, cell, before)


# ---------------------------------------------------------------- cells


@action("coordination.apply_changes", permission=rules.may_write_board, on="round")
def apply_changes(
    *,
    actor: Actor,
    now: datetime,
    round: Round,
    changes: Sequence[CellChange],
    kind: str,
    summary: str,
) -> ChangeSet | None:
    """Set cells of the board together, as one step that can be undone as one.

    Returns the change set, or ``None`` when every cell was already as asked. Raises
    ``CellConflict`` when a cell is not at its expected version (nothing is written),
    ``Forbidden`` for cells that the actor may not write, ``Conflict`` when the round is
    closed or the FKB's overview is frozen, ``Invalid`` when a rule is broken: the school is
    in the round, has not left and is approved (R4); one holder a course, and followers only
    where there is one (R28); nothing on a course set aside (R24).
    """
    board = _Board(round, (change.round_course_id for change in changes))
    board.check_open()
    if len({(c.round_course_id, c.organisation_id) for c in changes}) < len(changes):
        raise Invalid(_("Det samme felt er nævnt to gange."))
    for change in changes:
        if not rules.may_write_cell(actor, board.round, change.organisation_id):
            raise Forbidden(_not_yours(board.round))
    stale = [
        board.stale(change.round_course_id, change.organisation_id)
        for change in changes
        if _version(board, change) != change.expected_version
    ]
    if stale:
        _raise_stale(stale)
    written = []
    for change in changes:
        key = (change.round_course_id, change.organisation_id)
        values = change.values()
        if _same(board.cells.get(key), values):
            continue
        row = board.rows[change.round_course_id]
        if change.role != CommitmentRole.NONE:
            board.check_school(row, change.organisation_id)
            if row.archived_reason:
                raise Invalid(
                    _("%(number)s er taget ud af runden: %(reason)s")
                    % {"number": row.course.number, "reason": row.archived_reason}
                )
        if change.starts_on and change.ends_on and change.ends_on < change.starts_on:
            raise Invalid(_("Slutdatoen ligger før startdatoen."), field="when_text")
        written.append(board.write(*key, values, actor=actor, now=now))
    if not written:
        return None
    for row_id in {cell.round_course_id for cell, _before, _new in written}:
        board.check_row(row_id)
    _save(board, written)
    return _keep(board.round, kind, summary, written, actor=actor, now=now)


def _version(board: _Board, change: CellChange) -> int:
    cell = board.cells.get((change.round_course_id, change.organisation_id))
    return cell.version if cell else 0


def _not_yours(round: Round) -> str:
    if round.status in rules.OPEN_FOR_SCHOOLS:
        return _("Du kan kun ændre din egen skoles felter.")
    return _("Runden er nu hos sekretariatet. Skriv en kommentar, hvis noget skal ændres.")


def _keep(
    round: Round,
    kind: str,
    summary: str,
    written: Sequence[tuple[Commitment, dict[str, Any] | None, bool]],
    *,
    actor: Actor,
    now: datetime,
) -> ChangeSet:
    change_set = ChangeSet.objects.create(
        round=round,
        kind=kind,
        summary=summary[:300],
        actor_label=actor.label[:200],
        person_id=actor.person_id,
        at=now,
    )
    ChangeEntry.objects.bulk_create(
        [
            ChangeEntry(
                change_set=change_set,
                commitment=cell,
                before=before,
                after=_state(cell),
                version_after=cell.version,
            )
            for cell, before, _new in written
        ],
        batch_size=500,
    )
    return change_set


@action("coordination.set_cell", permission=rules.may_write_board, on="round")
def set_cell(*, actor: Actor, now: datetime, round: Round, change: CellChange) -> ChangeSet | None:
    """Set one cell by hand. Errors and rules as ``apply_changes``."""
    row = (
        RoundCourse.objects.filter(pk=change.round_course_id, round_fkb__round=round)
        .select_related("course")
        .first()
    )
    if row is None:
        raise Invalid(_("Målet findes ikke i runden."))
    place = (
        RoundSchool.objects.filter(round=round, organisation=change.organisation_id)
        .select_related("organisation")
        .first()
    )
    summary = _("%(number)s, %(school)s: %(text)s") % {
        "number": row.course.number,
        "school": place.organisation.label if place else "",
        "text": cell_words(
            role=change.role,
            runs=change.runs,
            when_text=change.when_text,
            guarantee=change.guarantee,
        ),
    }
    return apply_changes(
        actor=actor, now=now, round=round, changes=[change], kind=ChangeKind.CELL, summary=summary
    )
