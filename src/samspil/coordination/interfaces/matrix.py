"""Read an overview that people keep as a matrix: courses down, schools across, marks within.

Title rows, merged heads, headings in the middle, sums, notes and cell comments are taken as
they come; a sheet may hold several tables. What stands outside rows and columns is kept as
text, so that the preview can show that it wasn't used.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from samspil.coordination.domain.answers import Remark
from samspil.coordination.domain.overview_import import (
    BoardState,
    MatrixCell,
    MatrixColumn,
    MatrixPreview,
    MatrixRow,
    ReadMatrix,
    board_state,
    change_words,
    receive_matrix,
)
from samspil.coordination.interfaces import values as cells
from samspil.coordination.interfaces.form_reader import heading_field, mark_values, refuse_huge
from samspil.coordination.interfaces.remarks import sentence
from samspil.coordination.interfaces.returns import (
    ShownChange,
    ShownChoice,
    ShownItem,
    ShownPreview,
    ShownSheet,
    values_text,
)
from samspil.coordination.models import MatrixImport, Round
from samspil.kernel.actor import Actor
from samspil.kernel.errors import UploadRefused
from samspil.kernel.spreadsheets.reader import Sheet, cell_name, read_workbook
from samspil.kernel.uploads import inspect

MAX_ROWS = 5_000
_SUMS = re.compile(r"^(i alt|sum|total|antal i alt|hold i alt)\b")


def receive(
    *, actor: Actor, now: dt.datetime, round: Round, name: str, content: bytes
) -> MatrixImport:
    """Judge an uploaded overview, read it, and keep it with its preview.

    Raises ``UploadRefused`` when the file is dangerous, damaged or holds no overview.
    """
    info = inspect(content, name, kinds=("xlsx", "ods", "csv"))
    return receive_matrix(
        actor=actor,
        now=now,
        round=round,
        name=info.name,
        content=content,
        content_type=info.content_type,
        reading=read_matrix(content, info.kind, board_state(round)),
    )


def school_key(name: str) -> str:
    """A school's name for comparing: letters and digits only, in lower case."""
    return re.sub(r"[\W_]", "", cells.folded(name))


def _schools(state: BoardState) -> dict[str, int]:
    """Names of schools, those of the round first; a name that two share counts for neither."""
    names: dict[str, int | None] = {}
    for schools in (state.outside, state.schools):
        found: dict[str, int | None] = {}
        for school in schools.values():
            for key in {school_key(name) for name in school.names} - {""}:
                found[key] = None if key in found else school.organisation_id
        names |= found
    return {key: pk for key, pk in names.items() if pk is not None}


def _comments(content: bytes, kind: str) -> dict[tuple[str, str], str]:
    """Comments on cells, by sheet and cell. Only Excel files carry them to us."""
    if kind != "xlsx":
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import openpyxl  # loads numpy where it is installed; most processes never read comments

            book = openpyxl.load_workbook(io.BytesIO(content))
    except Exception:  # noqa: BLE001 - openpyxl fails in many ways on files that others read
        return {}
    return {
        (sheet.title, cell.coordinate): cells.clean(cell.comment.text)[:500]
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment is not None and cells.clean(cell.comment.text)
    }


@dataclass(slots=True)
class _Head:
    number: int
    title: int | None
    ignored: set[int]
    notes: set[int]
    schools: dict[int, MatrixColumn]


def read_matrix(content: bytes, kind: str, state: BoardState) -> ReadMatrix:
    """Read an overview against the round's schools and courses.

    Raises ``UploadRefused`` when no sheet holds a table with course numbers and schools.
    """
    sheets = read_workbook(content, kind)
    refuse_huge(sheets)
    comments = _comments(content, kind)
    reading = ReadMatrix(_year(sheets), [], [], [], [], [])
    schools = _schools(state)
    by_number: dict[str, list[int]] = {}
    for course, (number, _title, _fkb) in state.courses.items():
        by_number.setdefault(number, []).append(course)
    for index, sheet in enumerate(sheets):
        _read_sheet(reading, index, sheet, schools, by_number, comments, state.year)
    if not reading.rows or not reading.columns:
        raise UploadRefused(
            _(
                "Vi kan ikke finde en oversigt i filen. Der skal være en kolonne med målnumre og en kolonne for hver skole."
            )
        )
    for (name, coordinate), text in comments.items():
        reading.texts.append((f"{name}!{coordinate}", text))
    if reading.year and reading.year != state.year:
        reading.notes.append(
            Remark("other_overview_year", {"found": reading.year, "year": state.year})
        )
    return reading


def _year(sheets: Sequence[Sheet]) -> int | None:
    """The year in the first title that names one."""
    for sheet in sheets:
        for row in sheet.rows[:6]:
            for value in row:
                if isinstance(value, str) and (match := re.search(r"\b(20[0-9]{2})\b", value)):
                    return int(match[1])
    return None


def _head(
    sheet: Sheet, index: int, r: int, schools: Mapping[str, int], sheet_index: int
) -> _Head | None:
    """Row ``r`` as a head: it names the number column, and schools beside it."""
    row = sheet.rows[r]
    named = {c: name for c, value in enumerate(row) if (name := heading_field(value))}
    numbers = [c for c, name in named.items() if name == "number"]
    if not numbers or len([v for v in row if isinstance(v, str)]) < 3:
        return None
    found: dict[int, MatrixColumn] = {}
    for c, value in enumerate(row):
        if c in named or not isinstance(value, str) or not cells.clean(value):
            continue
        heading = cells.clean(value)
        found[c] = MatrixColumn(
            id=f"k{sheet_index}.{index}.{c}",
            ref=f"{sheet.name}!{cell_name(r, c)}",
            heading=heading[:120],
            organisation=schools.get(school_key(heading)),
        )
    if not found:
        return None
    titles = [c for c, name in named.items() if name == "title"]
    return _Head(
        number=numbers[0],
        title=titles[0] if titles else None,
        ignored={c for c, name in named.items() if name not in ("number", "title", "note")},
        notes={c for c, name in named.items() if name == "note"},
        schools=found,
    )


def _read_sheet(
    reading: ReadMatrix,
    index: int,
    sheet: Sheet,
    schools: Mapping[str, int],
    by_number: Mapping[str, list[int]],
    comments: dict[tuple[str, str], str],
    year: int,
) -> None:
    head: _Head | None = None
    heads = 0
    for r, row in enumerate(sheet.rows):
        filled = [(c, value) for c, value in enumerate(row) if not cells.is_empty(value)]
        reading.cells_seen += len(filled)
        if not filled:
            continue
        new = _head(sheet, heads, r, schools, index)
        if new is not None:
            head = new
            heads += 1
            reading.columns.extend(head.schools.values())
            continue
        number = cells.course_number(row[head.number]) if head and head.number < len(row) else ""
        if head is None or not number:
            reading.texts.extend(
                (f"{sheet.name}!{cell_name(r, c)}", cells.clean(value)[:500]) for c, value in filled
            )
            continue
        if len(reading.rows) >= MAX_ROWS:
            raise UploadRefused(
                _("Oversigten har flere end %(most)s rækker. Del den i flere filer.")
                % {"most": MAX_ROWS}
            )
        _read_row(reading, index, sheet, r, filled, head, number, by_number, comments, year)


def _read_row(
    reading: ReadMatrix,
    index: int,
    sheet: Sheet,
    r: int,
    filled: Sequence[tuple[int, Any]],
    head: _Head,
    number: str,
    by_number: Mapping[str, list[int]],
    comments: dict[tuple[str, str], str],
    year: int,
) -> None:
    at = dict(filled)
    row = MatrixRow(
        id=f"m{index}.{r + 1}",
        ref=f"{sheet.name}!{cell_name(r, head.number)}",
        number=number,
        title=cells.clean(at.get(head.title))[:250] if head.title is not None else "",
        courses=tuple(by_number.get(number, ())),
        notes=tuple(cells.clean(at[c])[:1500] for c in sorted(head.notes) if c in at),
    )
    reading.rows.append(row)
    for c, column in head.schools.items():
        place = cell_name(r, c)
        comment = comments.pop((sheet.name, place), "")
        if c not in at and not comment:
            continue
        column.filled += 1
        cell = _cell(at.get(c), reading.year, year)
        cell.id, cell.ref = f"{row.id}.{c}", f"{sheet.name}!{place}"
        cell.row, cell.column, cell.comment = row.id, column.id, comment
        reading.cells.append(cell)
    used = {head.number, head.title, *head.ignored, *head.notes, *head.schools}
    reading.texts.extend(
        (f"{sheet.name}!{cell_name(r, c)}", cells.clean(value)[:500])
        for c, value in filled
        if c not in used
    )


def _cell(raw: Any, own_year: int | None, year: int) -> MatrixCell:
    """A mark, its time moved from the overview's own year to the round's."""
    result = cells.parse_mark(raw, own_year or year)
    cell = MatrixCell("", "", "", "", cells.clean(raw)[:300], result.state, {}, result.remark)
    cell.options = tuple(_moved(mark_values(option), year) for option in result.options)
    cell.values = _moved(mark_values(result.value), year) if result.value else {}
    return cell


def _moved(values: dict[str, Any], year: int) -> dict[str, Any]:
    when = values.get("when")
    if when is not None and when.starts_on is not None:
        again = cells.parse_when(when.text, year)
        # Week 53 and 29 February may not exist in the round's year: the words stay, the dates go.
        values["when"] = again.value if again.state == "read" else type(when)(when.text)
    return values


# --------------------------------------------------------------------------- in words


def show(shown: MatrixPreview) -> ShownPreview:
    """The preview in words, in the same shape as that of a returned form."""
    state = shown.state
    sheet = ShownSheet("")
    order = {"question": 0, "conflict": 0, "error": 1, "remark": 2}
    for item in sorted(shown.settled.items, key=lambda i: (not i.is_open, order[i.kind])):
        choices = []
        for choice in item.choices:
            if choice.course is not None:
                label = state.schools[choice.course].label
            elif choice.kind in ("theirs", "ours"):
                words = choice.values["text"]
                label = (
                    _("Filen: %(value)s") if choice.kind == "theirs" else _("Oversigten: %(value)s")
                ) % {"value": words}
            elif choice.kind == "ignore":
                label = _("Brug den ikke")
            elif choice.id == "own":
                label = _("Skolen udbyder selv")
            else:
                label = values_text(choice.values)
            choices.append(ShownChoice(choice.id, label, choice.id == item.chosen))
        kind, tag = {
            "error": (_("Fejl"), "gap"),
            "remark": (_("Bemærk"), "plain"),
            "question": (_("Spørgsmål"), "wait"),
            "conflict": (_("Konflikt"), "wait"),
        }[item.kind]
        if item.choices and not item.is_open:
            kind, tag = _("Besvaret"), "ok"
        line = ShownItem(
            id=item.id,
            kind=item.kind,
            kind_label=kind,
            tag=tag,
            ref=item.ref,
            label=item.label,
            column="",
            raw=item.raw,
            sentence=sentence(item.remark),
            choices=tuple(choices),
            may_type=False,
            typed="",
            typed_error="",
            is_typed=False,
            is_open=item.is_open,
            texts=(),
        )
        (sheet.remarks if item.kind == "remark" else sheet.items).append(line)
    for cell, change in shown.settled.shown:
        number, title, fkb = state.courses[change.round_course_id]
        sheet.changes.append(
            ShownChange(
                cell.ref,
                f"{number} {title} (FKB {fkb})",
                state.schools[change.organisation_id].label,
                cell.raw,
                change_words(change),
            )
        )
    return ShownPreview(
        sheets=[sheet],
        notes=[sentence(note) for note in shown.reading.notes],
        messages=[text for _course, text in shown.settled.comments],
        read=sum(cell.state == "read" for cell in shown.reading.cells),
        questions=shown.settled.questions,
        errors=shown.settled.errors,
        changed=len(shown.settled.changes),
        is_held=False,
    )


def posted_answers(
    post: Mapping[str, str], shown: MatrixPreview
) -> dict[str, dict[str, Any] | None]:
    """The choices of the preview's form, by item."""
    answers: dict[str, dict[str, Any] | None] = {}
    for item in shown.settled.items:
        choice = post.get(f"q-{item.id}")
        if choice is not None and any(c.id == choice for c in item.choices):
            answers[item.id] = {"choice": choice}
    return answers
