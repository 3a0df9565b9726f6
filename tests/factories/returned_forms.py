"""A form as a snapshot, and returned workbooks as people make them of it. All constructed."""

from __future__ import annotations

import datetime as dt
import io
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import openpyxl

from samspil.coordination.domain.answers import EMPTY, Answer, When
from samspil.coordination.domain.forms import FormLine, FormSnapshot
from samspil.coordination.domain.merge import Settled, settle
from samspil.coordination.domain.reading import ReadForm
from samspil.coordination.interfaces.form_reader import read_form
from samspil.coordination.interfaces.form_workbook import COLUMNS, FIRST_ROW, write_form

WEEK_37 = When("uge 37", dt.date(2027, 9, 13), dt.date(2027, 9, 19))
GROUPS = ("Transport", "SOSU")


def snapshot(
    lines: int = 8, answers: dict[int, Answer] | None = None, **values: Any
) -> FormSnapshot:
    """A form with ``lines`` courses, half of them in each of two branch groups.

    Course number ``i`` (from 1) is 90000 + i; ``answers`` are by that ``i``.
    """
    answers = answers or {}
    return FormSnapshot(
        **{
            "form_id": 1,
            "form_version": 1,
            "round_id": 3,
            "year": 2027,
            "activity_year": 2025,
            "network_key": "esoe",
            "network_name": "ESØ",
            "organisation_id": 7,
            "organisation_key": "tradium",
            "organisation_name": "Tradium",
            "due_on": dt.date(2026, 2, 26),
            "lines": tuple(
                FormLine(
                    round_course_id=i,
                    number=str(90000 + i),
                    title=f"Konstrueret mål nummer {i}",
                    days=Decimal("2.5") if i % 3 else None,
                    fkb_number="2222" if i % 2 else "2650",
                    fkb_title="Pleje" if i % 2 else "Godstransport",
                    branch_group=GROUPS[i % 2],
                    branch_position=i % 2,
                    relation="core",
                    is_duty=True,
                    activity=i * 3 if i % 4 else None,
                    activity_all=i * 10,
                    archived_reason="",
                    answer=answers.get(i, EMPTY),
                    version=1 if i in answers else 0,
                    is_constructed=True,
                )
                for i in range(1, lines + 1)
            ),
            **values,
        }
    )


def fill(cell: Any, value: Any) -> None:
    """Put a value into a cell; text stays text, also when it begins like a formula."""
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"


class Book:
    """A returned workbook in somebody's hands."""

    def __init__(self, form: FormSnapshot) -> None:
        self.form = form
        self.book = openpyxl.load_workbook(io.BytesIO(write_form(form)))

    def sheet(self, course: int) -> Any:
        line = self.form.by_id()[course]
        return self.book[line.branch_group]

    def row(self, course: int) -> int:
        number = self.form.by_id()[course].number
        sheet = self.sheet(course)
        column = COLUMNS.index("number") + 1
        return next(
            r
            for r in range(FIRST_ROW + 1, sheet.max_row + 1)
            if sheet.cell(r, column).value == number
        )

    def ref(self, course: int, field: str) -> str:
        cell = self.sheet(course).cell(self.row(course), COLUMNS.index(field) + 1)
        return f"{self.sheet(course).title}!{cell.coordinate}"

    def put(self, course: int, **values: Any) -> Book:
        sheet, row = self.sheet(course), self.row(course)
        for name, value in values.items():
            fill(sheet.cell(row, COLUMNS.index(name) + 1), value)
        return self

    def rows_of(self, group: str) -> list[list[Any]]:
        sheet = self.book[group]
        return [
            [cell.value for cell in row]
            for row in sheet.iter_rows(min_row=FIRST_ROW + 1, max_col=len(COLUMNS))
        ]

    def put_rows(self, group: str, rows: list[list[Any]]) -> Book:
        sheet = self.book[group]
        sheet.delete_rows(FIRST_ROW + 1, sheet.max_row)
        for r, row in enumerate(rows, start=FIRST_ROW + 1):
            for c, value in enumerate(row, start=1):
                fill(sheet.cell(r, c), value)
        return self

    def shuffle(self, seed: int) -> Book:
        for group in GROUPS:
            rows = self.rows_of(group)
            random.Random(seed).shuffle(rows)
            self.put_rows(group, rows)
        return self

    def move_columns(self, order: list[int]) -> Book:
        """Columns in a new order, head rows and all, as when somebody drags them."""
        for group in GROUPS:
            sheet = self.book[group]
            for row in range(3, sheet.max_row + 1):
                values = [sheet.cell(row, c + 1).value for c in range(len(COLUMNS))]
                for c, source in enumerate(order):
                    fill(sheet.cell(row, c + 1), values[source])
        return self

    def content(self) -> bytes:
        buffer = io.BytesIO()
        self.book.save(buffer)
        return buffer.getvalue()

    def read(self, form: FormSnapshot | None = None) -> ReadForm:
        return read_form(self.content(), "xlsx", form or self.form)

    def settle(self, form: FormSnapshot | None = None, **answers: Any) -> Settled:
        return settled(self.read(form), form or self.form, **answers)


def settled(reading: ReadForm, form: FormSnapshot, **answers: Any) -> Settled:
    return settle(
        reading,
        ours={line.round_course_id: line.answer for line in form.lines},
        labels={line.round_course_id: f"{line.number} {line.title}" for line in form.lines},
        answers=answers,
    )


def one(items: list[Any], test: Callable[[Any], bool]) -> Any:
    found = [item for item in items if test(item)]
    assert len(found) == 1, found
    return found[0]
