"""Find the tables in a sheet, and guess which column is which. Pure: no database.

People put titles above a table, several tables below or beside each other, and headings in the
middle. A table begins at a heading row: a row in which at least two cells are headings of
columns we know, one of them a key column. If no such row is found, the content decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from samspil.kernel.imports.declare import Column
from samspil.kernel.imports.values import ValueProblem, folded, shown
from samspil.kernel.spreadsheets.reader import CellValue, Sheet

MAX_TABLES = 200
"""More tables than this in one file are refused, not left out."""
_LOOK_AT = 60


@dataclass(slots=True)
class Table:
    """A table in a sheet: 0-based rows and columns, both ends included.

    ``columns`` maps a column's place to the key it is read as. ``heading_row`` is -1 when the
    table has none.
    """

    sheet: int
    heading_row: int
    last_row: int
    first_column: int
    last_column: int
    headings: list[str]
    columns: dict[int, str] = field(default_factory=dict)
    is_read: bool = True

    def as_json(self) -> dict[str, Any]:
        return {
            "sheet": self.sheet,
            "heading_row": self.heading_row,
            "last_row": self.last_row,
            "first_column": self.first_column,
            "last_column": self.last_column,
            "headings": self.headings,
            "columns": {str(place): key for place, key in sorted(self.columns.items())},
            "is_read": self.is_read,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Table:
        return cls(
            sheet=data["sheet"],
            heading_row=data["heading_row"],
            last_row=data["last_row"],
            first_column=data["first_column"],
            last_column=data["last_column"],
            headings=list(data["headings"]),
            columns={int(place): key for place, key in data["columns"].items()},
            is_read=data["is_read"],
        )


class Vocabulary:
    """Which heading means which column. Made once a file: a heading is looked up, not compared."""

    def __init__(self, columns: Sequence[Column], remembered: Mapping[str, str]) -> None:
        self.columns = columns
        self.keys = {column.key for column in columns if column.is_key}
        self.exact = {word: column.key for column in reversed(columns) for word in column.words}
        self._long = [
            (word, column.key) for column in columns for word in column.words if len(word) >= 4
        ]
        self.remembered = remembered
        self._seen: dict[str, str | None] = {}

    def guess(self, heading: str) -> str | None:
        """The key a heading stands for; ``""`` when it is remembered as not read; ``None``
        unknown."""
        if heading not in self._seen:
            if len(self._seen) > 5_000:  # cells of data, not headings
                self._seen.clear()
            self._seen[heading] = self._look_up(folded(heading))
        return self._seen[heading]

    def _look_up(self, name: str) -> str | None:
        if not name:
            return None
        if name in self.remembered:
            return self.remembered[name]
        if name in self.exact:
            return self.exact[name]
        # 'Fagnr. (AMU)' begins with a heading we know; short words would match too much.
        return next(
            (
                key
                for word, key in self._long
                if name.startswith(word) and len(name) <= len(word) + 12
            ),
            None,
        )

    def is_sure(self, heading: str) -> bool:
        """Whether the heading is known word for word."""
        return folded(heading) in self.remembered or folded(heading) in self.exact


def find_tables(
    sheets: Sequence[Sheet], columns: Sequence[Column], remembered: Mapping[str, str]
) -> list[Table]:
    """Every table of every visible sheet, with its columns guessed.

    ``remembered`` maps folded headings to column keys from an earlier file of the same source;
    it wins over the guess. Tables without a key column come with ``is_read`` false.
    """
    words = Vocabulary(columns, remembered)
    found: list[Table] = []
    for index, sheet in enumerate(sheets):
        if not sheet.is_hidden:
            found += _tables_of(index, sheet, words)
    return found


def _tables_of(index: int, sheet: Sheet, words: Vocabulary) -> list[Table]:
    heads: list[tuple[int, list[tuple[int, int]]]] = []
    for at, row in enumerate(sheet.rows):
        if not any(isinstance(cell, str) for cell in row):
            continue
        groups = _heading_groups(row, words)
        if groups:
            heads.append((at, groups))
    tables: list[Table] = []
    for position, (at, groups) in enumerate(heads):
        last = heads[position + 1][0] - 1 if position + 1 < len(heads) else len(sheet.rows) - 1
        for first, end in groups:
            headings = [shown(sheet.cell(at, place)) for place in range(first, end + 1)]
            table = Table(index, at, last, first, end, headings)
            _assign(table, words, sheet)
            tables.append(table)
    if not tables and sheet.rows:
        fallback = _by_content(index, sheet, words.columns)
        if fallback:
            tables.append(fallback)
    for table in tables:
        table.is_read = bool(words.keys & set(table.columns.values()))
    return tables


def _heading_groups(row: list[CellValue], words: Vocabulary) -> list[tuple[int, int]]:
    """Runs of columns in ``row`` that are headings: one per table side by side."""
    guessed: dict[int, str] = {}
    for place, cell in enumerate(row):
        if isinstance(cell, str) and len(cell) <= 80:
            key = words.guess(cell)
            if key is not None:
                guessed[place] = key
    named = [key for key in guessed.values() if key]
    needed = min(2, len(words.columns))
    if len(set(named)) < needed or not words.keys & set(named):
        return []
    texts = sum(isinstance(cell, str) for cell in row)
    if texts * 2 < sum(cell is not None for cell in row) or len(named) * 4 < texts:
        return []
    groups: list[tuple[int, int]] = []
    start = next(place for place, cell in enumerate(row) if cell is not None)
    seen: set[str] = set()
    for place in range(start, len(row)):
        key = guessed.get(place, "")
        is_gap = row[place] is None
        # The same key again after an empty column: a second table beside the first.
        if key in words.keys and key in seen and row[place - 1] is None:
            groups.append((start, place - 2))
            start, seen = place, set()
        if key and not is_gap:
            seen.add(key)
    groups.append((start, len(row) - 1))
    return groups


def _assign(table: Table, words: Vocabulary, sheet: Sheet) -> None:
    """Give each heading at most one column and each column at most one heading."""
    exact: list[tuple[int, str]] = []
    loose: list[tuple[int, str]] = []
    known = {column.key for column in words.columns}
    for offset, heading in enumerate(table.headings):
        key = words.guess(heading)
        if not key or key not in known:
            continue
        (exact if words.is_sure(heading) else loose).append((table.first_column + offset, key))
    taken: set[str] = set()
    for place, key in exact + loose:
        if key not in taken:
            table.columns[place] = key
            taken.add(key)
    for column in words.columns:
        # A required column without a heading we know: the content may give it away.
        if column.required and column.is_key and column.key not in taken:
            for place in range(table.first_column, table.last_column + 1):
                if (
                    place not in table.columns
                    and _share(sheet, table.heading_row + 1, place, column) > 0.8
                ):
                    table.columns[place] = column.key
                    taken.add(column.key)
                    break


def _share(sheet: Sheet, first_row: int, place: int, column: Column) -> float:
    """How large a share of a column's filled cells ``column`` can read (of at most 60)."""
    good = filled = 0
    for row in sheet.rows[first_row : first_row + _LOOK_AT * 3]:
        if place >= len(row) or row[place] is None:
            continue
        filled += 1
        try:
            good += column.parse(row[place]) is not None
        except ValueProblem:
            continue
        if filled >= _LOOK_AT:
            break
    return good / filled if filled >= 3 else 0.0


def _by_content(index: int, sheet: Sheet, columns: Sequence[Column]) -> Table | None:
    """A table without headings we know: the first column whose content is a key."""
    width = max((len(row) for row in sheet.rows), default=0)
    for column in columns:
        if not (column.is_key and column.required):
            continue
        for place in range(min(width, 40)):
            if _share(sheet, 0, place, column) <= 0.6:
                continue
            first = next(
                at
                for at, row in enumerate(sheet.rows)
                if place < len(row) and _reads(column, row[place])
            )
            above = sheet.rows[first - 1] if first else []
            has_heading = sum(isinstance(cell, str) for cell in above) >= 2
            return Table(
                sheet=index,
                heading_row=first - 1,
                last_row=len(sheet.rows) - 1,
                first_column=0,
                last_column=width - 1,
                headings=[
                    shown(above[at]) if has_heading and at < len(above) else ""
                    for at in range(width)
                ],
                columns={place: column.key},
            )
    return None


def _reads(column: Column, cell: CellValue) -> bool:
    try:
        return column.parse(cell) is not None
    except ValueProblem:
        return False
