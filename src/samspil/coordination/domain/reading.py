"""What was read out of a returned form: pure data, stored as JSON until it is settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any, Final, Literal

from samspil.coordination.domain.answers import (
    Answer,
    Remark,
    value_from_json,
    value_to_json,
)

State = Literal["read", "question", "error"]
Values = Mapping[str, Any]

LOCKED_FIELDS: Final = ("key", "fkb", "number", "title", "days", "activity")


@dataclass(slots=True)
class CellRead:
    """One cell with content: where it stands, what stands there, what it was taken for.

    ``values`` are the fields it sets (usually its own; a mark such as '2 hold i uge 37' sets
    several). A question carries ``options`` to choose from, each again a set of fields.
    ``is_same``: it is what was sent, nothing was changed.
    """

    field: str
    ref: str
    raw: str
    state: State
    values: dict[str, Any] = made(default_factory=dict)
    remark: Remark | None = None
    options: tuple[Values, ...] = ()
    is_same: bool = False


@dataclass(slots=True)
class RowRead:
    """One row of answers. ``course`` empty: ``candidates`` are what it may be about.

    ``double_of``: the row repeats the course of an earlier row, which carries its questions.
    """

    id: str
    sheet: str
    row: int
    label: str
    course: int | None
    candidates: tuple[int, ...] = ()
    remark: Remark | None = None
    double_of: str = ""
    cells: list[CellRead] = made(default_factory=list)
    cleared: tuple[str, ...] = ()
    """Answer fields whose column is there and whose cell is empty."""


@dataclass(slots=True)
class Loose:
    """Content outside the form's rows and columns, or something that is missing.

    ``kind``: ``text`` (a row or text of their own), ``column``, ``sheet``, ``missing``
    (courses whose rows are gone), ``old_form`` (the form of another year).
    """

    id: str
    kind: Literal["text", "column", "sheet", "missing", "old_form"]
    ref: str
    remark: Remark
    texts: tuple[str, ...] = ()
    cells: int = 0
    courses: tuple[int, ...] = ()


@dataclass(slots=True)
class ReadForm:
    """A whole returned workbook. ``base`` is what was sent; ``None``: it can't be known."""

    rows: list[RowRead]
    loose: list[Loose]
    notes: list[Remark]
    base: dict[int, Answer] | None
    cells_seen: int = 0
    cells_read: int = 0

    def to_json(self) -> dict[str, Any]:
        """Everything but the cells that were sent and came back unchanged."""
        return {
            "rows": [_row_json(row, keep_all=self.base is None) for row in self.rows],
            "loose": [_loose_json(item) for item in self.loose],
            "notes": [note.to_json() for note in self.notes],
            "base": None
            if self.base is None
            else {str(course): answer.to_json() for course, answer in self.base.items()},
            "cells_seen": self.cells_seen,
            "cells_read": self.cells_read,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ReadForm:
        base = data["base"]
        return cls(
            rows=[_row_from(row) for row in data["rows"]],
            loose=[_loose_from(item) for item in data["loose"]],
            notes=[Remark.from_json(note) for note in data["notes"]],
            base=None
            if base is None
            else {int(course): Answer.from_json(answer) for course, answer in base.items()},
            cells_seen=data["cells_seen"],
            cells_read=data["cells_read"],
        )


def values_to_json(values: Values) -> dict[str, Any]:
    """Fields of an answer as JSON."""
    return {name: value_to_json(name, value) for name, value in values.items()}


def values_from_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of :func:`values_to_json`."""
    return {name: value_from_json(name, value) for name, value in data.items()}


def _remark_json(remark: Remark | None) -> dict[str, Any] | None:
    return remark.to_json() if remark else None


def _remark_from(data: Mapping[str, Any] | None) -> Remark | None:
    return Remark.from_json(data) if data else None


def _row_json(row: RowRead, *, keep_all: bool) -> dict[str, Any]:
    kept = [
        cell
        for cell in row.cells
        if keep_all or cell.state != "read" or cell.remark or not cell.is_same
    ]
    return {
        "id": row.id,
        "sheet": row.sheet,
        "row": row.row,
        "label": row.label,
        "course": row.course,
        "candidates": list(row.candidates),
        "remark": _remark_json(row.remark),
        "double_of": row.double_of,
        "cleared": list(row.cleared),
        "cells": [
            {
                "field": cell.field,
                "ref": cell.ref,
                "raw": cell.raw,
                "state": cell.state,
                "values": values_to_json(cell.values),
                "remark": _remark_json(cell.remark),
                "options": [values_to_json(option) for option in cell.options],
                "is_same": cell.is_same,
            }
            for cell in kept
        ],
    }


def _row_from(data: Mapping[str, Any]) -> RowRead:
    return RowRead(
        id=data["id"],
        sheet=data["sheet"],
        row=data["row"],
        label=data["label"],
        course=data["course"],
        candidates=tuple(data["candidates"]),
        remark=_remark_from(data["remark"]),
        double_of=data["double_of"],
        cleared=tuple(data["cleared"]),
        cells=[
            CellRead(
                field=cell["field"],
                ref=cell["ref"],
                raw=cell["raw"],
                state=cell["state"],
                values=values_from_json(cell["values"]),
                remark=_remark_from(cell["remark"]),
                options=tuple(values_from_json(option) for option in cell["options"]),
                is_same=cell["is_same"],
            )
            for cell in data["cells"]
        ],
    )


def _loose_json(item: Loose) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind,
        "ref": item.ref,
        "remark": item.remark.to_json(),
        "texts": list(item.texts),
        "cells": item.cells,
        "courses": list(item.courses),
    }


def _loose_from(data: Mapping[str, Any]) -> Loose:
    return Loose(
        id=data["id"],
        kind=data["kind"],
        ref=data["ref"],
        remark=Remark.from_json(data["remark"]),
        texts=tuple(data["texts"]),
        cells=data["cells"],
        courses=tuple(data["courses"]),
    )
