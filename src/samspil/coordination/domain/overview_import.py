"""Last year's overview, as people keep it in a matrix, on its way onto the round's board.

As with returned forms: what was read is stored and never changes; what it means is worked out
from the board as it stands (:func:`settle_matrix`); saving is one change set that is undone as
one step.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.catalogue.models import Approval
from samspil.coordination import rules
from samspil.coordination.domain import board
from samspil.coordination.domain.answers import Remark
from samspil.coordination.domain.board import CellChange
from samspil.coordination.domain.merge import IGNORE, Choice, Item
from samspil.coordination.domain.reading import (
    State,
    Values,
    values_from_json,
    values_to_json,
)
from samspil.coordination.domain.returns import Answers
from samspil.coordination.domain.round_queries import get_round
from samspil.coordination.enums import (
    RETURN_TRANSITIONS,
    ChangeKind,
    CommitmentRole,
    Origin,
    RoundStatus,
)
from samspil.coordination.models import (
    Commitment,
    CourseComment,
    MatrixImport,
    Round,
    RoundCourse,
    RoundSchool,
)
from samspil.kernel import files
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, NotFound
from samspil.kernel.locking import lock_row
from samspil.kernel.transitions import transition
from samspil.network.models import Organisation, OrganisationName


@dataclass(slots=True)
class MatrixColumn:
    """A school's column. ``organisation`` empty: the heading names no school of the round."""

    id: str
    ref: str
    heading: str
    organisation: int | None
    filled: int = 0


@dataclass(slots=True)
class MatrixRow:
    """A course's row; a course of several FKBs stands for all of them."""

    id: str
    ref: str
    number: str
    title: str
    courses: tuple[int, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class MatrixCell:
    """One filled cell. ``values`` are fields of the answer, as in a form's cell."""

    id: str
    ref: str
    row: str
    column: str
    raw: str
    state: State
    values: dict[str, Any] = made(default_factory=dict)
    remark: Remark | None = None
    options: tuple[Values, ...] = ()
    comment: str = ""


@dataclass(slots=True)
class ReadMatrix:
    """A whole overview. ``texts`` are what stands outside rows and columns, with its cell."""

    year: int | None
    columns: list[MatrixColumn]
    rows: list[MatrixRow]
    cells: list[MatrixCell]
    texts: list[tuple[str, str]]
    notes: list[Remark]
    cells_seen: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "year": self.year,
            "columns": [[c.id, c.ref, c.heading, c.organisation, c.filled] for c in self.columns],
            "rows": [
                [r.id, r.ref, r.number, r.title, list(r.courses), list(r.notes)] for r in self.rows
            ],
            "cells": [
                {
                    "id": c.id,
                    "ref": c.ref,
                    "row": c.row,
                    "column": c.column,
                    "raw": c.raw,
                    "state": c.state,
                    "values": values_to_json(c.values),
                    "remark": c.remark.to_json() if c.remark else None,
                    "options": [values_to_json(option) for option in c.options],
                    "comment": c.comment,
                }
                for c in self.cells
            ],
            "texts": [list(text) for text in self.texts],
            "notes": [note.to_json() for note in self.notes],
            "cells_seen": self.cells_seen,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ReadMatrix:
        return cls(
            year=data["year"],
            columns=[MatrixColumn(*column) for column in data["columns"]],
            rows=[
                MatrixRow(id, ref, number, title, tuple(courses), tuple(notes))
                for id, ref, number, title, courses, notes in data["rows"]
            ],
            cells=[
                MatrixCell(
                    id=cell["id"],
                    ref=cell["ref"],
                    row=cell["row"],
                    column=cell["column"],
                    raw=cell["raw"],
                    state=cell["state"],
                    values=values_from_json(cell["values"]),
                    remark=Remark.from_json(cell["remark"]) if cell["remark"] else None,
                    options=tuple(values_from_json(option) for option in cell["options"]),
                    comment=cell["comment"],
                )
                for cell in data["cells"]
            ],
            texts=[(ref, text) for ref, text in data["texts"]],
            notes=[Remark.from_json(note) for note in data["notes"]],
            cells_seen=data["cells_seen"],
        )


@dataclass(frozen=True, slots=True)
class School:
    """A school that a column may be: every name it goes or has gone by."""

    organisation_id: int
    label: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoardState:
    """The round's board as an import sees it, without the database."""

    year: int
    schools: Mapping[int, School]
    courses: Mapping[int, tuple[str, str, str]]
    """Number, title and FKB number by round course."""
    approved: frozenset[tuple[int, int]]
    """Pairs of round course and school."""
    cells: Mapping[tuple[int, int], Commitment]
    comments: frozenset[tuple[int, str]]
    outside: Mapping[int, School] = made(default_factory=dict)
    """Schools that we know and that aren't in the round."""


def board_state(round: Round) -> BoardState:
    """The board of ``round``: a fixed number of queries."""
    inside = set(
        RoundSchool.objects.filter(round=round, left_on=None)
        .order_by("pk")
        .values_list("organisation_id", flat=True)
    )
    former: dict[int, list[str]] = {}
    for organisation_id, name in OrganisationName.objects.order_by("pk").values_list(
        "organisation_id", "name"
    ):
        former.setdefault(organisation_id, []).append(name)
    known = {
        school.pk: School(
            school.pk,
            school.label,
            (
                school.name,
                school.short_name,
                school.key,
                *school.aliases,
                *former.get(school.pk, ()),
            ),
        )
        for school in Organisation.objects.order_by("name", "pk")
    }
    schools = {pk: school for pk, school in known.items() if pk in inside}
    rows = list(
        RoundCourse.objects.filter(round_fkb__round=round)
        .select_related("course", "round_fkb__fkb")
        .order_by("round_fkb__fkb__number", "course__number", "pk")
    )
    approvals = set(
        Approval.objects.filter(rules.approved_in(round.year), organisation__in=schools)
        .order_by("pk")
        .values_list("fkb_id", "organisation_id")
    )
    cells = Commitment.objects.filter(round_course__round_fkb__round=round).order_by("pk")
    comments = CourseComment.objects.filter(round_course__round_fkb__round=round).order_by("pk")
    return BoardState(
        year=round.year,
        schools=schools,
        courses={
            row.pk: (row.course.number, row.course.title, row.round_fkb.fkb.number) for row in rows
        },
        approved=frozenset(
            (row.pk, school)
            for row in rows
            for school in schools
            if (row.round_fkb.fkb_id, school) in approvals
        ),
        cells={(cell.round_course_id, cell.organisation_id): cell for cell in cells},
        comments=frozenset(comments.values_list("round_course_id", "text")),
        outside={pk: school for pk, school in known.items() if pk not in inside},
    )


# --------------------------------------------------------------------------- settling


@dataclass(frozen=True, slots=True)
class Mark:
    """What a school says of a course, ready for the board."""

    cell: MatrixCell
    role: str
    values: Values


@dataclass(slots=True)
class SettledMatrix:
    """What an overview comes to: items to show, cells that change, comments that come along."""

    items: list[Item]
    changes: list[CellChange]
    shown: list[tuple[MatrixCell, CellChange]]
    comments: list[tuple[int, str]]

    @property
    def questions(self) -> int:
        return sum(item.is_open for item in self.items)

    @property
    def errors(self) -> int:
        return sum(item.kind == "error" for item in self.items)


@dataclass(slots=True)
class _Work:
    reading: ReadMatrix
    state: BoardState
    answers: Mapping[str, Mapping[str, Any]]
    result: SettledMatrix
    schools: dict[str, int | None] = made(default_factory=dict)
    read: dict[int, str] = made(default_factory=dict)
    """Where each course stood first: one that stands twice is read once."""

    def ask(self, item: Item) -> Choice | None:
        item.chosen = str((self.answers.get(item.id) or {}).get("choice") or "")
        choice = next((c for c in item.choices if c.id == item.chosen), None)
        item.is_open = item.kind in ("question", "conflict") and choice is None
        self.result.items.append(item)
        return choice

    def tell(self, kind: Any, id: str, ref: str, label: str, raw: str, remark: Remark) -> None:
        self.result.items.append(Item(id, kind, ref, label, "", raw, remark))


def settle_matrix(
    reading: ReadMatrix,
    state: BoardState,
    answers: Mapping[str, Mapping[str, Any]],
) -> SettledMatrix:
    """Items and changes of an overview against the board as it stands. Pure."""
    work = _Work(reading, state, answers, SettledMatrix([], [], [], []))
    for column in reading.columns:
        work.schools[column.id] = _school_of(work, column)
    rows = {row.id: row for row in reading.rows}
    cells: dict[str, list[MatrixCell]] = {}
    for cell in reading.cells:
        cells.setdefault(cell.row, []).append(cell)
    for row_id, row in rows.items():
        _settle_row(work, row, cells.get(row_id, []))
    return work.result


def _school_of(work: _Work, column: MatrixColumn) -> int | None:
    if column.organisation in work.state.schools:
        return column.organisation
    if not column.filled:
        return None
    outside = work.state.outside.get(column.organisation or 0)
    if outside is not None:
        name = outside.label
        remark = Remark("column_not_in_round", {"name": name})
        work.tell("error", column.id, column.ref, column.heading, column.heading, remark)
        return None
    choices = [
        Choice(f"school-{school.organisation_id}", "course", course=school.organisation_id)
        for school in sorted(work.state.schools.values(), key=lambda s: s.label)
    ]
    choice = work.ask(
        Item(
            id=column.id,
            kind="question",
            ref=column.ref,
            label=column.heading,
            field="",
            raw=column.heading,
            remark=Remark("column_unknown", {"name": column.heading}),
            choices=(*choices, Choice(IGNORE, "ignore")),
        )
    )
    return choice.course if choice else None


def _settle_row(work: _Work, row: MatrixRow, cells: Iterable[MatrixCell]) -> None:
    courses = [course for course in row.courses if course in work.state.courses]
    label = f"{row.number} {row.title}"
    if not courses:
        work.tell(
            "error", f"{row.id}:gone", row.ref, label, "",
            Remark("course_not_in_round", {"number": row.number}),
        )  # fmt: skip
        return
    twice = [course for course in courses if course in work.read]
    if twice:
        remark = Remark("course_again", {"number": row.number, "first": work.read[twice[0]]})
        work.tell("error", f"{row.id}:again", row.ref, label, row.number, remark)
        return
    work.read.update(dict.fromkeys(courses, row.ref))
    known = work.state.courses[courses[0]][1]
    if row.title and row.title.casefold() != " ".join(known.split()).casefold():
        remark = Remark("title_differs", {"raw": row.title, "kept": known})
        work.tell("remark", f"{row.id}:title", row.ref, label, row.title, remark)
    for note in row.notes:
        _comment(work, courses[0], _from(work, note))
    marks: dict[int, Mark] = {}
    for cell in cells:
        school = work.schools.get(cell.column)
        if school is None:
            continue
        name = work.state.schools[school].label
        if cell.comment:
            _comment(work, courses[0], _from(work, f"{name}: {cell.comment}"))
        values = _values(work, cell, f"{label}, {name}")
        if values is None:
            continue
        if values.get("note"):
            _comment(work, courses[0], _from(work, f"{name}: {values['note']}"))
        if values.get("will_follow"):
            marks[school] = Mark(cell, CommitmentRole.FOLLOWER, values)
        elif values.get("offers"):
            marks[school] = Mark(cell, CommitmentRole.OWN, values)
    for school, mark in marks.items():
        if not any((course, school) in work.state.approved for course in courses):
            fkbs = ", ".join(work.state.courses[course][2] for course in courses)
            remark = Remark(
                "not_approved", {"school": work.state.schools[school].label, "fkb": fkbs}
            )
            work.tell(
                "error", f"{mark.cell.id}:approved", mark.cell.ref, label, mark.cell.raw, remark
            )
    for course in courses:
        approved = {s: mark for s, mark in marks.items() if (course, s) in work.state.approved}
        for school, role in _roles(work, course, label, approved).items():
            _put(work, course, school, approved[school], role, label)


def _from(work: _Work, text: str) -> str:
    source = (
        _("Fra oversigten %(year)s") % {"year": work.reading.year}
        if work.reading.year
        else _("Fra oversigten")
    )
    return f"{source}: {text}"[:2000]


def _comment(work: _Work, course: int, text: str) -> None:
    if (course, text) not in work.state.comments and (course, text) not in work.result.comments:
        work.result.comments.append((course, text))


def _values(work: _Work, cell: MatrixCell, label: str) -> Values | None:
    if cell.state == "read":
        if cell.remark:
            work.tell("remark", cell.id, cell.ref, label, cell.raw, cell.remark)
        return cell.values
    assert cell.remark is not None
    if cell.state == "error":
        work.tell("error", cell.id, cell.ref, label, cell.raw, cell.remark)
        return None
    choices = tuple(
        Choice(f"o{index}", "values", option) for index, option in enumerate(cell.options)
    )
    item = Item(
        cell.id, "question", cell.ref, label, "", cell.raw, cell.remark,
        choices=(*choices, Choice(IGNORE, "ignore")),
    )  # fmt: skip
    choice = work.ask(item)
    return choice.values if choice else None


def _roles(work: _Work, course: int, label: str, marks: Mapping[int, Mark]) -> dict[int, str]:
    """Roles of a row that keeps principle 2: whoever follows, follows one holder (R28)."""
    roles = {school: mark.role for school, mark in marks.items()}
    followers = [s for s, role in roles.items() if role == CommitmentRole.FOLLOWER]
    if not followers:
        return roles
    stands = [
        school for (row, school), cell in work.state.cells.items()
        if row == course and cell.role == CommitmentRole.HOLDER
    ]  # fmt: skip
    offering = [s for s, role in roles.items() if role == CommitmentRole.OWN]
    if stands:
        return roles
    if len(offering) == 1:
        roles[offering[0]] = CommitmentRole.HOLDER
        return roles
    cell = marks[followers[0]].cell
    label = f"{label}, {work.state.schools[followers[0]].label}"
    choices = tuple(Choice(f"holder-{school}", "course", course=school) for school in offering) or (
        Choice("own", "values", {"offers": True}),
    )
    choice = work.ask(
        Item(
            f"{cell.id}:follows", "question", cell.ref, label, "", cell.raw,
            Remark("follows_whom" if offering else "follows_nobody"),
            choices=(*choices, Choice(IGNORE, "ignore")),
        )
    )  # fmt: skip
    if choice and choice.course is not None:
        roles[choice.course] = CommitmentRole.HOLDER
        return roles
    for school in followers:
        if choice and choice.id == "own":
            roles[school] = CommitmentRole.OWN
        else:
            del roles[school]
    return roles


def _put(work: _Work, course: int, school: int, mark: Mark, role: str, label: str) -> None:
    when = mark.values.get("when")
    stands = work.state.cells.get((course, school))
    label = f"{label}, {work.state.schools[school].label}"
    change = CellChange(
        round_course_id=course,
        organisation_id=school,
        role=role,
        runs=mark.values.get("runs"),
        when_text=when.text if when else "",
        starts_on=when.starts_on if when else None,
        ends_on=when.ends_on if when else None,
        guarantee=bool(mark.values.get("guarantee")),
        expected_version=stands.version if stands else 0,
        origin=Origin.IMPORT,
        is_pinned=False,
    )
    if stands and stands.role != CommitmentRole.NONE:
        if all(
            getattr(stands, name) == getattr(change, name)
            for name in ("role", "runs", "when_text", "guarantee")
        ):
            return
        item = Item(
            f"{mark.cell.id}:{course}:stands", "conflict", mark.cell.ref, label, "", mark.cell.raw,
            Remark("stands_already"),
            choices=(
                Choice("theirs", "theirs", {"text": change_words(change)}),
                Choice("ours", "ours", {"text": board.words_of(stands)}),
            ),
        )  # fmt: skip
        choice = work.ask(item)
        if choice is None or choice.kind == "ours":
            return
    work.result.changes.append(change)
    work.result.shown.append((mark.cell, change))


def change_words(change: CellChange) -> str:
    """A change in the words of the board."""
    return board.cell_words(
        role=change.role,
        runs=change.runs,
        when_text=change.when_text,
        guarantee=change.guarantee,
    )


# --------------------------------------------------------------------------- actions


@dataclass(frozen=True, slots=True)
class MatrixPreview:
    """An overview worked out against the board as it stands now."""

    matrix: MatrixImport
    reading: ReadMatrix
    state: BoardState
    settled: SettledMatrix


def get_matrix(actor: Actor, matrix_id: int) -> MatrixImport:
    """The import, for the secretariat of its round. Raises ``NotFound`` otherwise."""
    found = (
        MatrixImport.objects.select_related("round__network", "file", "change_set")
        .filter(pk=matrix_id)
        .first()
    )
    if found is None or not rules.may_settle_matrix(actor, found):
        raise NotFound("")
    get_round(actor, found.round_id)
    return found


def matrices_of(round: Round) -> QuerySet[MatrixImport]:
    """The overviews that were read into a round, newest first."""
    return (
        MatrixImport.objects.filter(round=round)
        .defer("reading", "answers")
        .select_related("file", "change_set")
    )


def preview_matrix(matrix: MatrixImport) -> MatrixPreview:
    """What an overview means against the board as it stands now. Writes nothing."""
    reading = ReadMatrix.from_json(matrix.reading)
    state = board_state(matrix.round)
    return MatrixPreview(matrix, reading, state, settle_matrix(reading, state, matrix.answers))


def _count(matrix: MatrixImport, settled: SettledMatrix) -> None:
    matrix.questions = settled.questions
    matrix.errors = settled.errors
    matrix.changed = len(settled.changes)


def _record(matrix: MatrixImport, summary: str, after: dict[str, Any]) -> None:
    record(matrix, after=after, summary=summary, network_id=matrix.round.network_id)


@action("coordination.receive_matrix", permission=rules.may_run_round, on="round")
def receive_matrix(
    *,
    actor: Actor,
    now: dt.datetime,
    round: Round,
    name: str,
    content: bytes,
    content_type: str,
    reading: ReadMatrix,
) -> MatrixImport:
    """Keep an overview and what was read out of it. The board isn't changed.

    Raises ``Conflict`` when the round is closed.
    """
    if round.status == RoundStatus.CLOSED:
        raise Conflict(_("Runden er afsluttet og kan ikke ændres."))
    matrix = MatrixImport(
        round=round,
        file=files.store(content, name, content_type, actor=actor, now=now),
        reading=reading.to_json(),
        received_at=now,
        received_by_label=actor.label[:200],
    )
    _count(matrix, settle_matrix(reading, board_state(round), {}))
    matrix.save()
    _record(
        matrix, _("Oversigt modtaget"), {"file": matrix.file.sha256, "cells": len(reading.cells)}
    )
    return matrix


def _locked(matrix: MatrixImport, expected_version: int) -> MatrixImport:
    lock_row(Round.objects.all(), matrix.round_id)
    matrix = lock_row(MatrixImport.objects.select_related("round__network", "file"), matrix.pk)
    if matrix.version != expected_version:
        raise Conflict(_("En anden har arbejdet med filen imens. Hent siden igen."))
    return matrix


@action("coordination.answer_matrix", permission=rules.may_settle_matrix, on="matrix")
def answer_matrix(
    *, actor: Actor, now: dt.datetime, matrix: MatrixImport, answers: Answers, expected_version: int
) -> MatrixImport:
    """Keep answers without putting anything on the board. Errors as in ``apply_matrix``."""
    matrix = _locked(matrix, expected_version)
    _take(matrix, answers)
    _count(matrix, preview_matrix(matrix).settled)
    matrix.version += 1
    matrix.save(update_fields=["answers", "questions", "errors", "changed", "version"])
    _record(matrix, _("Spørgsmål til oversigten besvaret"), {"answers": len(answers)})
    return matrix


def _take(matrix: MatrixImport, answers: Answers) -> None:
    stored = dict(matrix.answers)
    for item, answer in answers.items():
        if answer is None:
            stored.pop(item, None)
        else:
            stored[item] = dict(answer)
    matrix.answers = stored


@action("coordination.apply_matrix", permission=rules.may_settle_matrix, on="matrix")
def apply_matrix(
    *, actor: Actor, now: dt.datetime, matrix: MatrixImport, answers: Answers, expected_version: int
) -> MatrixImport:
    """Take ``answers`` and put everything that is settled on the board, as one change set.

    Comments and notes of the overview become comments on their courses. What the board says
    already stays unless the answer was to replace it. Raises ``Conflict`` when somebody else
    worked on the import, it was saved before, or the board takes no changes.
    """
    matrix = _locked(matrix, expected_version)
    _take(matrix, answers)
    settled = preview_matrix(matrix).settled
    transition(matrix, "apply", table=RETURN_TRANSITIONS, actor=actor, now=now)
    if matrix.change_set_id and matrix.change_set and matrix.change_set.undone_at is None:
        raise Conflict(
            _("Oversigten er allerede gemt. Fortryd den først, hvis den skal læses igen.")
        )
    matrix.change_set = (
        board.apply_changes(
            actor=actor,
            now=now,
            round=matrix.round,
            changes=settled.changes,
            kind=ChangeKind.IMPORT,
            summary=_("Oversigt indlæst: %(name)s") % {"name": matrix.file.name},
        )
        if settled.changes
        else None
    )
    comments = CourseComment.objects.bulk_create(
        CourseComment(
            round_course_id=course,
            author_label=actor.label[:200],
            person_id=actor.person_id,
            organisation_id=actor.organisation_id,
            text=text,
            at=now,
        )
        for course, text in settled.comments
    )
    matrix.comments = [comment.pk for comment in comments]
    matrix.applied_at = now
    matrix.version += 1
    saved = len(settled.changes)
    _count(matrix, preview_matrix(matrix).settled)
    matrix.save(
        update_fields=[
            "answers", "change_set", "comments", "applied_at", "questions", "errors", "changed", "version",
        ]
    )  # fmt: skip
    _record(
        matrix,
        ngettext("%(count)s felt sat på oversigten", "%(count)s felter sat på oversigten", saved)
        % {"count": saved},
        {"cells": saved, "comments": [text for _course, text in settled.comments]},
    )
    return matrix


@action("coordination.undo_matrix", permission=rules.may_settle_matrix, on="matrix")
def undo_matrix(
    *, actor: Actor, now: dt.datetime, matrix: MatrixImport, expected_version: int
) -> MatrixImport:
    """Take an overview off the board again, comments and all, as one step.

    Raises ``CellConflict`` when one of its cells has been changed since; nothing is undone then.
    """
    matrix = _locked(matrix, expected_version)
    transition(matrix, "undo", table=RETURN_TRANSITIONS, actor=actor, now=now)
    if matrix.change_set is not None and matrix.change_set.undone_at is None:
        board.undo_change(actor=actor, now=now, change_set=matrix.change_set)
    CourseComment.objects.filter(pk__in=matrix.comments).delete()
    matrix.comments = []
    matrix.change_set = None
    matrix.version += 1
    _count(matrix, preview_matrix(matrix).settled)
    matrix.save(
        update_fields=["comments", "change_set", "questions", "errors", "changed", "version"]
    )
    _record(matrix, _("Indlæst oversigt fortrudt"), {"status": matrix.status})
    return matrix


@action("coordination.discard_matrix", permission=rules.may_settle_matrix, on="matrix")
def discard_matrix(
    *, actor: Actor, now: dt.datetime, matrix: MatrixImport, expected_version: int
) -> MatrixImport:
    """Put an overview aside without using it. The file is kept."""
    matrix = _locked(matrix, expected_version)
    transition(matrix, "discard", table=RETURN_TRANSITIONS, actor=actor, now=now)
    matrix.version += 1
    matrix.save(update_fields=["version"])
    _record(matrix, _("Oversigt lagt til side"), {"status": matrix.status})
    return matrix
