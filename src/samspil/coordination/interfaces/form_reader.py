"""Read a returned form workbook: every cell ends as read, as a question or as an error.

Rows are found by their hidden key, else by course number; columns by their hidden code, else
by heading. Nothing is looked up in the database: the form as it stands now comes in as a
snapshot, and what was sent comes out of the workbook's hidden sheet.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _

from samspil.coordination.domain.answers import (
    EMPTY,
    FIELDS,
    Answer,
    Remark,
    cell_text,
    empty_value,
)
from samspil.coordination.domain.forms import FormLine, FormSnapshot
from samspil.coordination.domain.reading import CellRead, Loose, ReadForm, RowRead
from samspil.coordination.interfaces import values as cells
from samspil.coordination.interfaces.form_columns import column_names
from samspil.coordination.interfaces.form_keys import RowKey, parse_key
from samspil.coordination.interfaces.form_workbook import (
    CODE_PREFIX,
    COLUMNS,
    META_MARK,
    META_SHEET,
    own_texts,
    text_hash,
)
from samspil.kernel.errors import UploadRefused
from samspil.kernel.spreadsheets.reader import Sheet, cell_name, read_workbook

MAX_SHEETS: Final = 60
MAX_LOOSE: Final = 300
"""Separate questions about stray texts in one sheet; beyond it the rest is one question."""
MAX_FORM_ROWS: Final = 20_000
MAX_CELLS: Final = 300_000
"""Cells in all sheets together; the largest form of the whole country has some 40,000."""

_ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "key": ("nøgle",),
    "fkb": ("fkb", "fkb nr", "fkbnr", "fkb-nr", "fkb nummer"),
    "number": (
        "nummer", "nr", "mål nr", "målnr", "målnummer", "mål nummer", "fagnr", "fagnummer",
        "kursusnummer", "kursusnr", "amu nr", "amu-nr", "uddannelsesnr",
    ),
    "title": ("titel", "navn", "kursus", "uddannelse", "mål", "fag", "kursustitel", "kursusnavn"),
    "days": ("dage", "antal dage", "varighed", "varighed dage", "længde"),
    "activity": ("deltagere", "aktivitet", "aktivitet sidste år", "kursister"),
    "offers": (
        "eget udbud", "udbud", "udbyder", "udbydes", "vi udbyder", "ja/nej", "vores udbud",
        "udbyder ja/nej", "eget udbud (ja/nej)",
    ),
    "runs": ("antal hold", "hold", "antal", "antal kurser", "antal hold i alt"),
    "when": (
        "hvornår", "uge", "uger", "dato", "datoer", "tid", "tidspunkt", "periode", "kvartal",
        "uge/dato", "dato/uge", "uge nr",
    ),
    "guarantee": ("garanti", "garantikursus", "garantihold", "garanti (ja)", "g"),
    "take_on_days": (
        "kan tage for andre (dage)", "kan tage for andre", "for andre", "kapacitet",
        "for andre (dage)", "kapacitet (dage)", "dage for andre",
    ),
    "will_follow": ("følger", "følger gerne", "følger med", "vil følge"),
    "note": (
        "bemærkning", "bemærkninger", "note", "noter", "kommentar", "kommentarer", "bem", "anmærkning",
    ),
}  # fmt: skip
_ALIAS_OF: Final = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}
_GUIDE_NAMES: Final = frozenset({"vejledning", "guide", "instructions"})


@dataclass(frozen=True, slots=True)
class _Meta:
    """What the hidden sheet says; empty texts where it says nothing."""

    network: str = ""
    year: int = 0
    round_id: int = 0
    school_key: str = ""
    school_name: str = ""
    texts: frozenset[str] = frozenset()
    base: dict[int, Answer] | None = None


@dataclass(slots=True)
class _Reading:
    form: FormSnapshot
    meta: _Meta
    trusts_keys: bool
    lines: dict[int, FormLine]
    by_number: dict[str, list[int]]
    base: dict[int, Answer] | None
    known_texts: frozenset[str]
    rows: list[RowRead] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)
    first_of: dict[int, RowRead] = field(default_factory=dict)
    seen: int = 0
    quiet: int = 0


def refuse_huge(sheets: Sequence[Sheet]) -> None:
    """Raise ``UploadRefused`` for a file so large that no form or overview can be meant."""
    if sum(len(row) for sheet in sheets for row in sheet.rows) > MAX_CELLS:
        raise UploadRefused(
            _(
                "Filen har flere end %(most)s felter. Slet de ark og rækker, der ikke hører til, og prøv igen."
            )
            % {"most": f"{MAX_CELLS:,}".replace(",", ".")}
        )


def read_form(content: bytes, kind: str, form: FormSnapshot) -> ReadForm:
    """Read the workbook ``content`` (``kind`` xlsx, ods or csv) as an answer to ``form``.

    Raises ``UploadRefused`` with a Danish sentence when the file isn't a form at all, or is
    another school's or another network's. Everything else comes back in the result.
    """
    return read_form_sheets(read_workbook(content, kind), form)


def read_form_sheets(sheets: Sequence[Sheet], form: FormSnapshot) -> ReadForm:
    """:func:`read_form` for sheets that have been read already."""
    if len(sheets) > MAX_SHEETS:
        raise UploadRefused(
            _("Filen har %(count)s ark. Et skema har højst %(most)s.")
            % {"count": len(sheets), "most": MAX_SHEETS}
        )
    refuse_huge(sheets)
    meta = _read_meta(sheets)
    _refuse_foreign(meta, form)
    by_number: dict[str, list[int]] = {}
    for line in form.lines:
        by_number.setdefault(line.number, []).append(line.round_course_id)
    is_old = bool(meta.year and meta.year != form.year)
    same_round = meta.round_id in (0, form.round_id) and not is_old
    reading = _Reading(
        form=form,
        meta=meta,
        trusts_keys=same_round,
        lines=form.by_id(),
        by_number=by_number,
        base=meta.base if same_round else None,
        known_texts=meta.texts | own_texts(form),
    )
    if is_old:
        reading.loose.append(
            Loose(
                "file:old",
                "old_form",
                "",
                Remark("old_form", {"found": meta.year, "year": form.year}),
            )
        )
    found_table = False
    for index, sheet in enumerate(sheets):
        if sheet.name == META_SHEET or sheet.cell(0, 0) == META_MARK:
            continue
        table = _find_table(sheet)
        if table is None:
            _read_other_sheet(reading, index, sheet)
        else:
            found_table = True
            _read_table(reading, index, sheet, table)
    if not found_table or not any(row.course or row.candidates for row in reading.rows):
        if not meta.year:
            raise UploadRefused(
                _(
                    "Filen er ikke et koordineringsskema. Brug den fil, I fik tilsendt, eller hent skemaet igen."
                )
            )
    if reading.base is None and not is_old:
        reading.notes.append(Remark("no_base"))
    _add_missing(reading)
    return ReadForm(
        rows=reading.rows,
        loose=reading.loose,
        notes=reading.notes,
        base=reading.base,
        cells_seen=reading.seen,
        cells_read=reading.quiet
        + sum(1 for row in reading.rows for cell in row.cells if cell.state == "read"),
    )


# --------------------------------------------------------------------------- which form


def _read_meta(sheets: Sequence[Sheet]) -> _Meta:
    sheet = next((s for s in sheets if s.cell(0, 0) == META_MARK), None)
    if sheet is None:
        return _Meta()
    found: dict[str, str] = {}
    for row in sheet.rows:
        if len(row) >= 2 and isinstance(row[0], str):
            found[row[0]] = found.get(row[0], "") + cells.clean(row[1])
    texts = found.get("texts", "")
    return _Meta(
        network=found.get("network", ""),
        year=_whole(found.get("year")),
        round_id=_whole(found.get("round")),
        school_key=found.get("school_key", ""),
        school_name=found.get("school_name", ""),
        texts=frozenset(texts[i : i + 10] for i in range(0, len(texts), 10)),
        base=_read_base(found.get("base", ""), found.get("base_hash", "")),
    )


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else 0


def _read_base(packed: str, wanted_hash: str) -> dict[int, Answer] | None:
    """The answers as they were sent; ``None`` when the hidden sheet was damaged or changed."""
    try:
        raw = base64.b64decode(packed, validate=True)
        if hashlib.sha256(raw).hexdigest() != wanted_hash:
            return None
        return {int(course): Answer.from_json(data) for course, data in json.loads(raw).items()}
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError):
        return None


def _refuse_foreign(meta: _Meta, form: FormSnapshot) -> None:
    if meta.network and meta.network != form.network_key:
        raise UploadRefused(_("Skemaet hører til et andet samarbejde og kan ikke læses ind her."))
    if meta.school_key and meta.school_key != form.organisation_key:
        raise UploadRefused(
            _("Skemaet er %(found)s' skema. Her læser I skemaet for %(school)s ind.")
            % {"found": meta.school_name or meta.school_key, "school": form.organisation_name}
        )


# --------------------------------------------------------------------------- tables


@dataclass(slots=True)
class _Table:
    head_row: int
    head_rows: frozenset[int]
    columns: dict[str, int]


def _code_of(value: Any) -> str:
    if isinstance(value, str) and value.startswith(CODE_PREFIX):
        name = value[len(CODE_PREFIX) :].strip()
        return name if name in COLUMNS else ""
    return ""


def heading_field(value: Any) -> str:
    """The field that a heading names in one of the ways people write it; '' for none."""
    if not isinstance(value, str) or len(value) > 60:
        return ""
    text = cells.folded(value).strip(" .:*")
    text = re.sub(r"\s*\.\s*", " ", text).strip()
    if re.fullmatch(r"(deltagere|aktivitet|kursister) (20)?\d\d", text):
        return "activity"
    return _ALIAS_OF.get(text, "")


def _find_table(sheet: Sheet) -> _Table | None:
    """The sheet's table: by the row of codes wherever it is, else by the first headings."""
    columns: dict[str, int] = {}
    head_rows: set[int] = set()
    head_row = -1
    for index, row in enumerate(sheet.rows):
        first = next((v for v in row if v is not None), None)
        if not (isinstance(first, str) and any(_code_of(v) for v in row)):
            continue
        found = [(column, _code_of(value)) for column, value in enumerate(row) if _code_of(value)]
        if len(found) >= 3:
            head_row = index
            head_rows.add(index)
            for column, name in found:
                columns.setdefault(name, column)
            break
    names_row = -1
    for index, row in enumerate(sheet.rows[:200]):
        found = [
            (column, name) for column, value in enumerate(row) if (name := heading_field(value))
        ]
        if len({name for _c, name in found}) >= 3 and (columns or _has_handle(found)):
            names_row = index
            taken = set(columns.values())
            for column, name in found:
                if name not in columns and column not in taken:
                    columns[name] = column
                    taken.add(column)
            break
    if not columns or ("key" not in columns and "number" not in columns):
        return None
    below = head_row + 1
    if names_row < 0 and 0 < below < len(sheet.rows) and not _is_line(sheet, below, columns):
        # Somebody has renamed the headings; they stand under our codes all the same.
        names_row = below
    if names_row >= 0:
        head_rows.add(names_row)
    return _Table(max(head_row, names_row), frozenset(head_rows), columns)


def _is_line(sheet: Sheet, row: int, columns: Mapping[str, int]) -> bool:
    key, number = (
        sheet.cell(row, columns[name]) if name in columns else None for name in ("key", "number")
    )
    return parse_key(cells.clean(key)) is not None or bool(cells.course_number(number))


def _has_handle(found: Iterable[tuple[int, str]]) -> bool:
    names = {name for _column, name in found}
    return bool(names & {"key", "number"}) and bool(names & set(FIELDS))


def _read_other_sheet(reading: _Reading, index: int, sheet: Sheet) -> None:
    """A sheet without a table: our own guide, or texts that somebody must look at."""
    strays: list[tuple[str, str]] = []
    for r, row in enumerate(sheet.rows):
        for c, value in enumerate(row):
            if cells.is_empty(value):
                continue
            reading.seen += 1
            text = cells.clean(value)
            if text_hash(text) in reading.known_texts:
                reading.quiet += 1
            else:
                strays.append((f"{sheet.name}!{cell_name(r, c)}", text))
    if not strays:
        return
    if sheet.name.casefold() in _GUIDE_NAMES or len(strays) <= 3:
        for number, (ref, text) in enumerate(strays[:MAX_LOOSE]):
            _stray(reading, f"t{index}.{number}", ref, [text], 1)
        strays = strays[MAX_LOOSE:]
    if strays:
        reading.loose.append(
            Loose(
                f"s{index}",
                "sheet",
                sheet.name,
                Remark("loose_sheet", {"sheet": sheet.name, "count": len(strays)}),
                tuple(text for _ref, text in strays[:50]),
                cells=len(strays),
            )
        )


def _stray(reading: _Reading, id: str, ref: str, texts: list[str], count: int) -> None:
    reading.loose.append(
        Loose(id, "text", ref, Remark("loose_text"), tuple(t[:500] for t in texts), cells=count)
    )


def _read_table(reading: _Reading, index: int, sheet: Sheet, table: _Table) -> None:
    field_at = {column: name for name, column in table.columns.items()}
    absent = [name for name in FIELDS if name not in table.columns]
    if absent:
        names = column_names(reading.form.activity_year)
        reading.notes.append(
            Remark(
                "column_gone",
                {"sheet": sheet.name, "columns": ", ".join(names[name] for name in absent)},
            )
        )
    extra: dict[int, list[tuple[str, str]]] = {}
    loose_rows = 0
    rest: list[str] = []
    for r, row in enumerate(sheet.rows):
        if r in table.head_rows:
            filled = [(c, v) for c, v in enumerate(row) if not cells.is_empty(v)]
            reading.seen += len(filled)
            reading.quiet += len(filled)
            continue
        mine: dict[str, tuple[int, Any]] = {}
        others: list[tuple[int, Any]] = []
        for c, value in enumerate(row):
            if value is None or cells.is_empty(value):
                continue
            reading.seen += 1
            name = field_at.get(c)
            if name is None:
                others.append((c, value))
            else:
                mine[name] = (c, value)
        if not mine and not others:
            continue
        is_line = "key" in mine or (
            "number" in mine and bool(cells.course_number(mine["number"][1]))
        )
        if (is_line and r > table.head_row) or (
            "key" in mine and parse_key(cells.clean(mine["key"][1]))
        ):
            if len(reading.rows) >= MAX_FORM_ROWS:
                raise UploadRefused(
                    _("Skemaet har flere end %(most)s rækker. Slet de rækker, der ikke hører til.")
                    % {"most": MAX_FORM_ROWS}
                )
            _read_row(reading, f"r{index}.{r + 1}", sheet, r, mine, table.columns)
            for c, value in others:
                extra.setdefault(c, []).append((cell_name(r, c), cells.clean(value)))
            continue
        everything = sorted([*mine.values(), *others], key=lambda item: item[0])
        strange = [
            (c, v) for c, v in everything if text_hash(cells.clean(v)) not in reading.known_texts
        ]
        reading.quiet += len(everything) - len(strange)
        if not strange:
            continue
        text = " · ".join(cells.clean(v) for _c, v in strange)
        loose_rows += 1
        if loose_rows <= MAX_LOOSE:
            _stray(
                reading,
                f"t{index}.{r + 1}",
                f"{sheet.name}!{cell_name(r, strange[0][0])}",
                [text],
                len(strange),
            )
        else:
            rest.append(text)
    if rest:
        _stray(reading, f"t{index}.rest", sheet.name, rest[:50], len(rest))
    for column, found in extra.items():
        heading = cells.clean(sheet.cell(table.head_row, column)) or cell_name(0, column)[:-1]
        reading.loose.append(
            Loose(
                f"c{index}.{column}",
                "column",
                f"{sheet.name}!{found[0][0]}",
                Remark(
                    "loose_column",
                    {"column": heading[:60], "sheet": sheet.name, "count": len(found)},
                ),
                tuple(f"{ref}: {text[:300]}" for ref, text in found[:200]),
                cells=len(found),
            )
        )


# --------------------------------------------------------------------------- rows


def _read_row(
    reading: _Reading,
    id: str,
    sheet: Sheet,
    r: int,
    mine: Mapping[str, tuple[int, Any]],
    columns: Iterable[str],
) -> None:
    def ref(name: str) -> str:
        return f"{sheet.name}!{cell_name(r, mine[name][0])}"

    number = cells.course_number(mine["number"][1]) if "number" in mine else ""
    title = cells.clean(mine["title"][1]) if "title" in mine else ""
    key_text = cells.clean(mine["key"][1]) if "key" in mine else ""
    course, candidates, remark = _whose_row(reading, key_text, number, mine)
    shown_number = number or (cells.clean(mine["number"][1])[:20] if "number" in mine else "")
    row = RowRead(
        id=id,
        sheet=sheet.name,
        row=r + 1,
        label=f"{shown_number} {title[:120]}".strip() or f"{sheet.name}, {r + 1}",
        course=course,
        candidates=candidates,
        remark=remark,
    )
    line = reading.lines.get(course) if course is not None else None
    for name in ("key", "fkb", "number", "title", "days", "activity"):
        if name in mine:
            row.cells.append(
                _locked_cell(name, ref(name), mine[name][1], line, by_key=remark is None)
            )
    base = (reading.base or {}).get(course, EMPTY) if course is not None else EMPTY
    compare = base if reading.base is not None else None
    table_fields = [name for name in FIELDS if name in mine]
    unchanged = compare is not None and all(
        _same(name, mine[name][1] if name in mine else None, getattr(compare, name))
        for name in FIELDS
    )
    if unchanged:
        for name in table_fields:
            row.cells.append(
                CellRead(
                    name,
                    ref(name),
                    cells.clean(mine[name][1]),
                    "read",
                    {name: getattr(base, name)},
                    is_same=True,
                )
            )
    else:
        present = {name: mine[name] for name in table_fields}
        _read_answers(reading, row, present, compare, ref)
        row.cleared = tuple(
            name
            for name in columns
            if name in FIELDS and name not in mine and getattr(base, name) != empty_value(name)
        )
    if course is not None and course in reading.first_of:
        _fold_double(reading.first_of[course], row)
    elif course is not None:
        reading.first_of[course] = row
    reading.rows.append(row)


def _whose_row(
    reading: _Reading, key_text: str, number: str, mine: Mapping[str, tuple[int, Any]]
) -> tuple[int | None, tuple[int, ...], Remark | None]:
    """The row's course, or candidates for it, and a remark when it wasn't found by its key."""
    form = reading.form
    key = parse_key(key_text) if key_text else None
    by_number = _by_number(reading, number, mine)
    if key and reading.trusts_keys:
        return _by_key(reading, key, number, by_number)
    shown = number or (cells.clean(mine["number"][1])[:40] if "number" in mine else "")
    if len(by_number) == 1:
        if key_text and not key and reading.trusts_keys:
            return by_number[0], (), Remark("key_damaged", {"number": shown})
        keyless = Remark("no_key", {"number": shown}) if reading.trusts_keys else None
        return by_number[0], (), keyless
    if by_number:
        return None, tuple(by_number), Remark("number_twice", {"number": shown})
    if number:
        return None, (), Remark("not_in_form", {"number": shown, "school": form.organisation_name})
    return None, (), Remark("row_unknown", {"label": key_text or shown})


def _by_number(reading: _Reading, number: str, mine: Mapping[str, tuple[int, Any]]) -> list[int]:
    """Lines with that number; the FKB column decides when a course is in several."""
    found = reading.by_number.get(number, [])
    if len(found) > 1 and "fkb" in mine:
        fkb = cells.clean(mine["fkb"][1])
        found = [c for c in found if reading.lines[c].fkb_number == fkb] or found
    return found


def _by_key(
    reading: _Reading, key: RowKey, number: str, by_number: list[int]
) -> tuple[int | None, tuple[int, ...], Remark | None]:
    form = reading.form
    if key.organisation_id != form.organisation_id or key.round_id != form.round_id:
        return None, tuple(by_number), Remark("foreign_row", {"number": number})
    course = key.round_course_id
    if course not in reading.lines:
        return None, tuple(by_number), Remark("course_gone", {"number": number})
    if number and by_number and course not in by_number:
        return (
            None,
            (course, *by_number),
            Remark("key_and_number", {"key": reading.lines[course].number, "number": number}),
        )
    return course, (), None


def _locked_cell(name: str, ref: str, raw: Any, line: FormLine | None, *, by_key: bool) -> CellRead:
    """A key column. A title typed over is told; a number of days typed over is an error."""
    text = cells.clean(raw)
    cell = CellRead(name, ref, text[:300], "read", is_same=True)
    if line is None or name == "key":
        return cell
    expected: Any = {
        "fkb": line.fkb_number,
        "number": line.number,
        "title": " ".join(line.title.split()),
        "days": line.days,
        "activity": line.activity,
    }[name]
    if name in ("days", "activity"):
        same = _same_number(raw, expected)
        if not same:
            shown = "–" if expected is None else cell_text("days", Decimal(str(expected)))
            cell.state = "error"
            cell.is_same = False
            cell.remark = Remark(f"locked_{name}", {"raw": text[:60], "kept": shown})
        return cell
    found = cells.course_number(raw) if name == "number" else text
    if found != expected:
        cell.is_same = False
        cell.remark = Remark(f"locked_{name}", {"raw": text[:120], "kept": str(expected)})
    return cell


def _same_number(raw: Any, expected: Any) -> bool:
    reading = cells.parse_days(raw)
    if reading.state == "read":
        return bool(reading.value == expected)
    if isinstance(raw, int | float) and not isinstance(raw, bool) and expected is not None:
        return bool(Decimal(str(raw)) == expected)
    return False


def _same(name: str, raw: Any, value: Any) -> bool:
    """Whether a cell still holds what was sent."""
    if cells.is_empty(raw):
        return bool(value == empty_value(name))
    if value == empty_value(name):
        return False
    if name == "note":
        return bool(cells.parse_note(raw).value == cells.parse_note(value).value)
    return cells.clean(raw) == cells.clean(cell_text(name, value)) or (
        isinstance(raw, int | float) and not isinstance(raw, bool)
        and isinstance(value, int | Decimal) and Decimal(str(raw)) == value
    )  # fmt: skip


# --------------------------------------------------------------------------- answers


def _read_answers(
    reading: _Reading,
    row: RowRead,
    present: Mapping[str, tuple[int, Any]],
    base: Answer | None,
    ref: Any,
) -> None:
    year = reading.form.year
    found: dict[str, CellRead] = {}
    for name, (_column, raw) in present.items():
        text = cells.clean(raw)
        if base is not None and _same(name, raw, getattr(base, name)):
            cell = CellRead(
                name, ref(name), text, "read", {name: getattr(base, name)}, is_same=True
            )
        else:
            cell = _read_cell(name, raw, year)
            cell.ref, cell.raw = ref(name), text[:600]
        found[name] = cell
    _share_marks(found)
    _check_row(found, base)
    row.cells.extend(found.values())


def read_value(name: str, raw: Any, year: int) -> cells.Reading[Any]:
    """Read one field by itself: what the form on the screen and typed answers use."""
    if name == "runs":
        return cells.parse_runs(raw)
    if name == "when":
        return cells.parse_when(raw, year)
    if name == "take_on_days":
        return cells.parse_days(raw)
    if name == "note":
        return cells.parse_note(raw)
    text = cells.folded(raw)
    if name == "guarantee" and text in ("g", "garanti", "garantikursus", "garantihold"):
        return cells.read(True)
    if name == "will_follow" and text in ("følger", "f", "følger med"):
        return cells.read(True)
    return cells.parse_yes_no(raw)


def _read_cell(name: str, raw: Any, year: int) -> CellRead:
    if name == "offers":
        return _mark_cell(name, cells.parse_mark(raw, year))
    result = read_value(name, raw, year)
    if result.state == "question" and name in ("runs", "when"):
        # '2 hold uge 37' in either column says both.
        mark = cells.parse_mark(raw, year)
        if mark.state == "read" and mark.value and getattr(mark.value, name) is not None:
            return _mark_cell(name, mark)
    values = {}
    if result.state == "read" and result.value is not None:
        values = {name: result.value}
    elif result.state == "read":
        values = {name: empty_value(name)}
    return CellRead(
        name, "", "", result.state, values, result.remark,
        tuple({name: option} for option in result.options),
    )  # fmt: skip


def mark_values(mark: cells.Mark) -> dict[str, Any]:
    """A mark as the fields of an answer that it sets."""
    pairs = {
        name: getattr(mark, name)
        for name in ("offers", "runs", "when", "guarantee", "will_follow", "note")
    }
    return {name: value for name, value in pairs.items() if value != empty_value(name)}


def _mark_cell(name: str, result: cells.Reading[cells.Mark]) -> CellRead:
    values = mark_values(result.value) if result.value else {}
    if name == "offers" and result.state == "read":
        values.setdefault("offers", None)
    return CellRead(
        name, "", "", result.state, values, result.remark,
        tuple(mark_values(option) for option in result.options),
    )  # fmt: skip


def _share_marks(found: dict[str, CellRead]) -> None:
    """A field said in two cells: the same is fine, a difference is a question."""
    for cell in list(found.values()):
        for name in [n for n in cell.values if n != cell.field]:
            other = found.get(name)
            if other is None:
                continue
            if other.state == "read" and name in other.values:
                mine, theirs = cell.values[name], other.values[name]
                del cell.values[name]
                if mine != theirs and name != "offers":
                    other.state = "question"
                    other.options = ({name: theirs}, {name: mine})
                    other.remark = Remark("said_twice", {"ref": cell.ref, "text": cell.raw[:80]})
                    other.values = {}
                    other.is_same = False
            elif other.state != "read":
                del cell.values[name]


def _check_row(found: dict[str, CellRead], base: Answer | None) -> None:
    """Answers of one row that don't go together become one question at 'Vi udbyder'."""
    if any(cell.state != "read" for name, cell in found.items() if name in ("offers", "runs")):
        return
    said: dict[str, Any] = {}
    for cell in found.values():
        if cell.state == "read":
            said.update(cell.values)
    offers, runs = said.get("offers"), said.get("runs")
    anything = {name: said[name] for name in ("runs", "when", "guarantee") if said.get(name)}
    # Whatever the row says of its offer stands in that cell, else in the first that has a say.
    carrier = found.get("offers") or next(iter(found.values()), None)
    if carrier is None:
        return
    if offers is False and anything:
        first = next(iter(anything))
        no = {"offers": False, "runs": None, "when": None, "guarantee": False}
        if said.get("will_follow"):
            # A follower has a time; 'nej' then only says that the offer isn't its own.
            if not runs and not said.get("guarantee"):
                return
            no = {"offers": False, "runs": None, "guarantee": False}
        _ask(
            carrier,
            Remark("no_but", {"text": _said(first, anything[first])}),
            ({**anything, "offers": True}, no),
        )
    elif offers is True and runs == 0:
        _ask(carrier, Remark("yes_but_none"), ({"offers": True, "runs": None}, {"offers": False}))
    elif offers is True and said.get("will_follow"):
        _ask(
            carrier,
            Remark("own_and_follows"),
            ({"offers": True, "will_follow": False}, {"offers": None, "will_follow": True}),
        )
    elif offers is None and anything and not said.get("will_follow") and runs != 0:
        first = next(name for name in ("runs", "when", "guarantee") if name in anything)
        cell = next(c for c in found.values() if first in c.values)
        if base is not None and base.offers is True:
            _ask(
                cell,
                Remark("cleared_but", {"text": _said(first, anything[first])}),
                (
                    {**anything, "offers": True},
                    {"offers": None, "runs": None, "when": None, "guarantee": False},
                ),
            )
        else:
            cell.values["offers"] = True
            cell.is_same = False
            cell.remark = cell.remark or Remark(
                "read_as_yes", {"text": _said(first, anything[first])}
            )


def _said(name: str, value: Any) -> str:
    """A field's value as it would be said in a sentence."""
    if name == "runs":
        return _("%(count)s hold") % {"count": value}
    return _("garanti") if name == "guarantee" else cell_text(name, value)


def _ask(cell: CellRead, remark: Remark, options: tuple[dict[str, Any], ...]) -> None:
    cell.state, cell.remark, cell.options = "question", remark, options
    cell.values, cell.is_same = {}, False


def _fold_double(first: RowRead, second: RowRead) -> None:
    """A second row of one course: the same is fine, differences become questions of the first."""
    second.double_of = first.id
    second.remark = Remark("double_row", {"row": first.row, "sheet": first.sheet})
    mine = {cell.field: cell for cell in first.cells if cell.field in FIELDS}
    for cell in second.cells:
        if cell.field not in FIELDS:
            continue
        other = mine.get(cell.field)
        if other is not None and other.raw == cell.raw:
            continue
        options: list[Mapping[str, Any]] = []
        for source in (other, cell):
            if source is None:
                options.append({cell.field: empty_value(cell.field)})
            elif source.state == "read":
                options.append(dict(source.values))
            else:
                options.extend(source.options)
        remark = Remark("two_rows", {"ref": cell.ref, "text": cell.raw[:80]})
        if other is None:
            other = CellRead(cell.field, cell.ref, cell.raw, "question")
            first.cells.append(other)
        other.state, other.remark, other.values, other.is_same = "question", remark, {}, False
        other.options = tuple(o for i, o in enumerate(options) if o and o not in options[:i])


def _add_missing(reading: _Reading) -> None:
    """Courses whose rows are gone, as one question for the whole file."""
    found = set(reading.first_of)
    for row in reading.rows:
        found.update(row.candidates)
    missing = [
        line.round_course_id for line in reading.form.lines if line.round_course_id not in found
    ]
    if not missing:
        return
    groups = Counter(reading.lines[course].branch_group for course in missing)
    reading.loose.append(
        Loose(
            "file:missing",
            "missing",
            ", ".join(f"{name}: {count}" for name, count in groups.items()),
            Remark("rows_missing", {"count": len(missing)}),
            tuple(
                f"{reading.lines[course].number} {reading.lines[course].title}"
                for course in missing[:200]
            ),
            courses=tuple(missing),
        )
    )
