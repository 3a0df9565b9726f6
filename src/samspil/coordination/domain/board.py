"""Changing the board: cells, undo, comments, agreements outside the circle, courses set aside.

Everything that fills or empties cells, from whatever side, ends in ``apply_changes``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.catalogue.models import Approval
from samspil.coordination import rules
from samspil.coordination.domain.answers import MAX_RUNS
from samspil.coordination.domain.borrowing import Borrowed
from samspil.coordination.enums import (
    FKB_TRANSITIONS,
    ROUND_TRANSITIONS,
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
    CourseComment,
    ExternalAgreement,
    Round,
    RoundCourse,
    RoundFkb,
    RoundSchool,
)
from samspil.kernel import files, uploads
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.audit import plain
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.locking import lock_rows
from samspil.kernel.transitions import transition
from samspil.network.models import Organisation

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
        self.borrowed = Borrowed(self.round.year, [fkb.fkb_id for fkb in self.fkbs.values()])

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
                    _(
                        "Oversigten for FKB %(number)s er låst. Genåbn den først; ændringen bliver så et tillæg."
                    )
                    % {"number": self.number_of(fkb.pk)}
                )

    def number_of(self, round_fkb_id: int) -> str:
        return next(
            row.round_fkb.fkb.number
            for row in self.rows.values()
            if row.round_fkb_id == round_fkb_id
        )

    def check_school(self, row: RoundCourse, organisation_id: int) -> None:
        """Raise ``Invalid`` unless the school is in the round and approved for the FKB (R4), or has the
        course on loan (R59)."""
        place = self.schools.get(organisation_id)
        if place is None:
            raise Invalid(_("Skolen er ikke med i runden."))
        if place.left_on is not None:
            raise Invalid(
                _("%(school)s er trådt ud og kan ikke påtage sig mål.")
                % {"school": place.organisation.label}
            )
        fkb_id = row.round_fkb.fkb_id
        lender = self.borrowed.lender(fkb_id, row.course_id, organisation_id)
        if (fkb_id, organisation_id) not in self.approved and lender is None:
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
                _(
                    "%(schools)s kan ikke begge være udbydende skole for %(number)s. Et fælles hold har én."
                )
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
        # A 'no' to what was proposed is a decision, also where nothing stood.
        is_decided = values["is_pinned"] and values["origin"] == Origin.PROPOSAL
        return bool(values["role"] == CommitmentRole.NONE) and not is_decided
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
            "%(count)s felt mere er også ændret.",
            "%(count)s felter mere er også ændret.",
            len(cells) - 1,
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
    where there is one (R28). An archived course may be offered all the same (R24).
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


QUICK_KEYS: Final = ("own", "holder", "follower", "none", "guarantee")


def quick_change(change: CellChange, key: str) -> CellChange:
    """What one key does to a cell as it stands: ``change`` holds its present values.

    A number is that many runs of the school's own (0 empties); ``own``, ``holder``,
    ``follower`` and ``none`` set the role; ``guarantee`` turns the promise on or off. Raises
    ``Invalid`` for anything else, and for a guarantee on a cell that offers nothing.
    """
    if key.isdecimal():
        runs = int(key[:9])
        if runs > MAX_RUNS:
            raise Invalid(_("Så mange hold kan der ikke stå."), field="runs")
        if runs == 0:
            return replace(change, role=CommitmentRole.NONE)
        holds = change.role == CommitmentRole.HOLDER
        return replace(change, role=change.role if holds else CommitmentRole.OWN, runs=runs)
    if key not in QUICK_KEYS:
        raise Invalid(_("Den tast gør ikke noget her."))
    if key == "guarantee":
        if change.role not in (CommitmentRole.OWN, CommitmentRole.HOLDER):
            raise Invalid(_("Kun et felt med udbud kan være garantihold."), field="guarantee")
        return replace(change, guarantee=not change.guarantee)
    if key == "follower":
        # Who follows offers nothing of its own: the date is the holder's (R28).
        return replace(
            change,
            role=CommitmentRole.FOLLOWER,
            runs=None,
            when_text="",
            starts_on=None,
            ends_on=None,
            guarantee=False,
        )
    return replace(change, role=key)


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


# ---------------------------------------------------------------- undo


@action("coordination.undo_change", permission=rules.may_undo, on="change_set")
def undo_change(*, actor: Actor, now: datetime, change_set: ChangeSet) -> None:
    """Put every cell of a change set back as it was, as one step.

    Raises ``CellConflict`` when one of them has changed since, with who and to what; then
    nothing is put back. Otherwise errors and rules as ``apply_changes``: undoing may not leave
    followers without a holder.
    """
    entries = list(
        ChangeEntry.objects.filter(change_set=change_set)
        .select_related("commitment")
        .order_by("pk")
    )
    board = _Board(change_set.round, (entry.commitment.round_course_id for entry in entries))
    board.check_open()
    # Read again under the lock: somebody may have undone it in the meantime.
    change_set.refresh_from_db(fields=["undone_at", "undone_by_label"])
    if change_set.undone_at is not None:
        raise Conflict(
            _("%(who)s har allerede fortrudt ændringen.")
            % {"who": person_name(change_set.undone_by_label)}
        )
    entries = list(
        ChangeEntry.objects.filter(change_set=change_set)
        .select_related("commitment")
        .order_by("pk")
    )
    keys = [(e.commitment.round_course_id, e.commitment.organisation_id) for e in entries]
    for _row_id, organisation_id in keys:
        if not rules.may_write_cell(actor, board.round, organisation_id):
            raise Forbidden(_not_yours(board.round))
    stale = [
        board.stale(*key)
        for key, entry in zip(keys, entries, strict=True)
        if board.cells[key].version != entry.version_after
    ]
    if stale:
        _raise_stale(stale)
    written = []
    for key, entry in zip(keys, entries, strict=True):
        values = _values(entry.before) if entry.before else _empty(entry.after)
        if values["role"] != CommitmentRole.NONE:
            board.check_school(board.rows[key[0]], key[1])
        written.append(board.write(*key, values, actor=actor, now=now))
    for row_id in {row_id for row_id, _school in keys}:
        board.check_row(row_id)
    _save(board, written)
    for (cell, _before, _new), entry in zip(written, entries, strict=True):
        # The step before this one left the cell as it now stands again, so it can be undone in
        # its turn: its entry follows the cell to the new version.
        if entry.before is not None:
            ChangeEntry.objects.filter(
                commitment=cell, version_after=entry.before["version"]
            ).update(version_after=cell.version)
    change_set.undone_at = now
    change_set.undone_by_label = actor.label[:200]
    change_set.save(update_fields=["undone_at", "undone_by_label"])


def _empty(after: dict[str, Any]) -> dict[str, Any]:
    return CellChange(
        round_course_id=0,
        organisation_id=0,
        role=CommitmentRole.NONE,
        origin=after["origin"],
        is_pinned=False,
    ).values()


# ---------------------------------------------------------------- what is said about a course


def _locked_row(row: RoundCourse) -> tuple[_Board, RoundCourse]:
    board = _Board(row.round_fkb.round, [row.pk])
    return board, board.rows[row.pk]


SENT_TWICE: Final = timedelta(minutes=10)
"""The same comment within this time is the same one."""


@action("coordination.comment", permission=rules.may_comment, on="round_course")
def comment(*, actor: Actor, now: datetime, round_course: RoundCourse, text: str) -> CourseComment:
    """Write a remark on a course of the board; all who see the round read it.

    The same text by the same person within ten minutes, as from a form sent twice, is one remark.
    Raises ``Invalid`` when the text is empty or longer than 2,000 characters.
    """
    text = text.strip()
    if not text:
        raise Invalid(_("Skriv en kommentar."), field="text")
    if len(text) > 2000:
        raise Invalid(_("Kommentaren må højst fylde 2.000 tegn."), field="text")
    lock_rows(RoundCourse.objects.filter(pk=round_course.pk))
    same = CourseComment.objects.filter(
        round_course=round_course,
        person_id=actor.person_id,
        author_label=actor.label[:200],
        text=text,
        at__gt=now - SENT_TWICE,
    ).order_by("-at", "-pk")
    if (already := same.first()) is not None:
        return already
    remark = CourseComment.objects.create(
        round_course=round_course,
        author_label=actor.label[:200],
        person_id=actor.person_id,
        organisation_id=actor.organisation_id,
        text=text,
        at=now,
    )
    record(
        round_course,
        after={"comment": text},
        summary=_said("Kommentar: %(text)s", text=text),
        network_id=round_course.round_fkb.round.network_id,
    )
    return remark


def _said(message: str, **values: Any) -> str:
    """A sentence for the history, in Danish whoever acts."""
    with translation.override("da"):
        return _(message) % values


@action(
    "coordination.register_external_agreement",
    permission=rules.may_run_row,
    on="round_course",
)
def register_external_agreement(
    *,
    actor: Actor,
    now: datetime,
    round_course: RoundCourse,
    school_name: str,
    content: bytes,
    file_name: str,
    organisation: Organisation | None = None,
    when_text: str = "",
    note: str = "",
) -> ExternalAgreement:
    """Fill a course by a binding agreement with a school outside the circle, with its document
    (R27). The course is no gap any more.

    ``content`` is the signed document, PDF by its content. Raises ``UploadRefused`` for any
    other file, ``Invalid`` without a school, or for one that coordinates in the round itself,
    ``Conflict`` when the course has an agreement already or the overview is frozen.
    """
    board, row = _locked_row(round_course)
    board.check_open()
    name = school_name.strip() or (organisation.name if organisation else "")
    if not name:
        raise Invalid(_("Skriv, hvilken skole aftalen er med."), field="school_name")
    place = board.schools.get(organisation.pk) if organisation else None
    if place is not None and place.left_on is None:
        raise Invalid(
            _("%(school)s er selv med i runden. Sæt skolen som udbyder i stedet.")
            % {"school": place.organisation.label},
            field="school_name",
        )
    if ExternalAgreement.objects.filter(round_course=row).exists():
        raise Conflict(_("Målet har allerede en aftale. Fjern den først."))
    info = uploads.inspect(content, file_name, kinds={"pdf"})
    document = files.store(content, info.name, info.content_type, actor=actor, now=now)
    agreement = ExternalAgreement.objects.create(
        round_course=row,
        organisation=organisation,
        school_name=name[:200],
        document=document,
        when_text=when_text.strip()[:200],
        note=note.strip()[:500],
        created_at=now,
        created_by_label=actor.label[:200],
    )
    record(
        row,
        after={"school": name, "document": document.sha256, "file": document.name},
        summary=_said(
            "Aftale med %(school)s registreret med dokumentet %(file)s.",
            school=name,
            file=document.name,
        ),
        network_id=board.round.network_id,
    )
    return agreement


@action(
    "coordination.remove_external_agreement",
    permission=rules.may_run_row,
    on="round_course",
)
def remove_external_agreement(
    *, actor: Actor, now: datetime, round_course: RoundCourse, reason: str
) -> None:
    """Take an agreement with an outside school away, with a reason. The document is kept.

    Raises ``Invalid`` without a reason, ``Conflict`` when there is none or the overview is
    frozen.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Skriv, hvorfor aftalen fjernes."), field="reason")
    board, row = _locked_row(round_course)
    board.check_open()
    agreement = (
        ExternalAgreement.objects.filter(round_course=row).select_related("document").first()
    )
    if agreement is None:
        raise Conflict(_("Aftalen er allerede fjernet."))
    record(
        row,
        before={"school": agreement.school_name, "document": agreement.document.sha256},
        summary=_said(
            "Aftale med %(school)s fjernet: %(reason)s", school=agreement.school_name, reason=reason
        ),
        network_id=board.round.network_id,
    )
    agreement.delete()


@action("coordination.archive_course", permission=rules.may_run_row, on="round_course")
def archive_course(
    *, actor: Actor, now: datetime, round_course: RoundCourse, reason: str
) -> RoundCourse:
    """Take a course out of the round's duty, with a reason; it may still be offered (R24).

    Raises ``Invalid`` without a reason, ``Conflict`` when it is out already or the overview is
    frozen.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Skriv, hvorfor målet tages ud."), field="reason")
    if len(reason) > 250:
        raise Invalid(_("Begrundelsen må højst fylde 250 tegn."), field="reason")
    board, row = _locked_row(round_course)
    board.check_open()
    if row.archived_reason:
        raise Conflict(_("Målet er allerede taget ud af pligten."))
    _set_archived(board, row, reason, _said("Taget ud af pligten: %(reason)s", reason=reason))
    return row


@action("coordination.bring_back_course", permission=rules.may_run_row, on="round_course")
def bring_back_course(*, actor: Actor, now: datetime, round_course: RoundCourse) -> RoundCourse:
    """Put an archived course under the round's duty again (R24). Errors as ``archive_course``."""
    board, row = _locked_row(round_course)
    board.check_open()
    if not row.archived_reason:
        raise Conflict(_("Målet er allerede under pligten."))
    _set_archived(board, row, "", _said("Taget ind under pligten igen."))
    return row


def _set_archived(board: _Board, row: RoundCourse, reason: str, summary: str) -> None:
    before = {"archived_reason": row.archived_reason, "is_duty": row.is_duty}
    row.archived_reason = reason
    row.is_duty = not reason and row.relation in board.round.duty_relations
    row.version += 1
    row.save(update_fields=["archived_reason", "is_duty", "version"])
    record(
        row,
        before=before,
        after={"archived_reason": reason, "is_duty": row.is_duty},
        summary=summary,
        network_id=board.round.network_id,
    )


# ---------------------------------------------------------------- a school leaves


@action("coordination.school_leaves", permission=rules.may_run_round, on="round")
def school_leaves(
    *, actor: Actor, now: datetime, round: Round, organisation: Organisation, on: date
) -> ChangeSet | None:
    """A school leaves the round, ``on`` being its last day: what it held becomes gaps (R62).

    Emptied are its cells, and those of schools that followed it, except courses that are over
    by then. FKBs whose overview was frozen or agreed open again, and a closed round goes
    back to signing, so that addenda can be made. Returns the change set, ``None`` when it held
    nothing. Doing it again changes nothing.
    """
    lock_rows(Round.objects.filter(pk=round.pk))
    held = list(
        Commitment.objects.filter(round_course__round_fkb__round=round, organisation=organisation)
        .exclude(role=CommitmentRole.NONE)
        .exclude(ends_on__lte=on)
        .values_list("round_course_id", flat=True)
    )
    board = _Board(round, held)
    place = board.schools.get(organisation.pk)
    if place is None or place.left_on is not None:
        return None
    place.left_on = on
    place.save(update_fields=["left_on"])
    record(
        board.round,
        before={"left_on": None},
        after={"left_on": on, "organisation_id": organisation.pk},
        summary=_said("%(school)s er trådt ud.", school=place.organisation.label),
        network_id=board.round.network_id,
        organisation_id=organisation.pk,
    )
    if not held:
        return None
    reason = _said("%(school)s er trådt ud.", school=place.organisation.label)
    if board.round.status == RoundStatus.CLOSED:
        transition(
            board.round,
            "reopen_after_leave",
            table=ROUND_TRANSITIONS,
            actor=actor,
            now=now,
            reason=reason,
        )
    for fkb in board.fkbs.values():
        if fkb.status != FkbStatus.OPEN:
            transition(fkb, "reopen", table=FKB_TRANSITIONS, actor=actor, now=now, reason=reason)
    empty = CellChange(0, 0, CommitmentRole.NONE, is_pinned=False).values()
    written = []
    for row_id in held:
        leaving = board.cells[row_id, organisation.pk]
        gone = [organisation.pk]
        if leaving.role == CommitmentRole.HOLDER:
            gone += [
                school
                for school, cell in board.by_row[row_id].items()
                if cell.role == CommitmentRole.FOLLOWER
            ]
        written += [board.write(row_id, school, empty, actor=actor, now=now) for school in gone]
    _save(board, written)
    return _keep(board.round, ChangeKind.LEAVE, reason, written, actor=actor, now=now)
