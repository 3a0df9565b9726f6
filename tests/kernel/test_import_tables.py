"""Finding tables and columns in sheets as people keep them."""

from __future__ import annotations

from typing import Any

from samspil.kernel.imports import values
from samspil.kernel.imports.declare import Column
from samspil.kernel.imports.tables import Table, Vocabulary, find_tables
from samspil.kernel.spreadsheets.reader import Sheet

COLUMNS = (
    Column(
        "number",
        "Fagnummer",
        values.course_number,
        ("fagnr", "mål nr."),
        required=True,
        is_key=True,
    ),
    Column("title", "Titel", values.text, ("navn",)),
    Column("days", "Varighed", values.duration_days, ("dage",)),
)


def sheet(*rows: list[Any], name: str = "Ark", hidden: bool = False) -> Sheet:
    return Sheet(name=name, rows=[list(row) for row in rows], is_hidden=hidden)


def found(*sheets: Sheet, remembered: dict[str, str] | None = None) -> list[Table]:
    return find_tables(sheets, COLUMNS, remembered or {})


def test_a_heading_row_below_titles() -> None:
    (table,) = found(
        sheet(["Liste over mål"], [], ["Titel:", "x"], ["Mål nr.", "Navn", "Dage"], [90101, "a", 3])
    )
    assert table.heading_row == 3
    assert table.columns == {0: "number", 1: "title", 2: "days"}
    assert table.is_read


def test_several_tables_below_each_other() -> None:
    one, two = found(
        sheet(
            ["Fagnr", "Titel"],
            [90101, "a"],
            [],
            ["SOSU"],
            ["Dage", "Fagnr", "Navn"],
            [3, 90102, "b"],
        )
    )
    assert (one.heading_row, one.last_row, one.columns) == (0, 3, {0: "number", 1: "title"})
    assert (two.heading_row, two.columns) == (4, {0: "days", 1: "number", 2: "title"})


def test_two_tables_side_by_side() -> None:
    one, two = found(
        sheet(["Fagnr", "Titel", None, "Fagnr", "Titel"], [90101, "a", None, 90102, "b"])
    )
    assert (one.first_column, one.last_column, one.columns) == (0, 1, {0: "number", 1: "title"})
    assert (two.first_column, two.last_column, two.columns) == (3, 4, {3: "number", 4: "title"})


def test_hidden_sheets_are_left_alone() -> None:
    assert found(sheet(["Fagnr", "Titel"], [90101, "a"], hidden=True)) == []


def test_no_heading_but_content() -> None:
    (table,) = found(sheet(["a", 90101, 3], ["b", 90102, 2], ["c", 90103, 1]))
    assert table.columns == {1: "number"}
    assert table.heading_row == -1


def test_a_heading_we_do_not_know_but_content_we_do() -> None:
    (table,) = found(
        sheet(["Løbenr", "Hvad", "Dage"], [90101, "a", 3], [90102, "b", 3], [90103, "c", 3])
    )
    assert table.columns[0] == "number"


def test_what_was_chosen_last_time_wins() -> None:
    remembered = {"loebenr": "number", "hvad": "title", "dage": ""}
    (table,) = found(sheet(["Løbenr", "Hvad", "Dage"], [90101, "a", 3]), remembered=remembered)
    assert table.columns == {0: "number", 1: "title"}


def test_nothing_that_looks_like_a_table() -> None:
    assert found(sheet(["Kære alle"], ["Husk mødet"])) == []


def test_a_column_is_chosen_once() -> None:
    (table,) = found(sheet(["Fagnr", "Titel", "Navn"], [90101, "a", "b"]))
    assert table.columns == {0: "number", 1: "title"}


def test_headings_with_more_words() -> None:
    words = Vocabulary(COLUMNS, {})
    assert words.guess("Fagnummer (AMU)") == "number"
    assert words.guess("Fagnummeret på det mål, som afløser det") is None


def test_a_table_survives_json() -> None:
    (table,) = found(sheet(["Fagnr", "Titel"], [90101, "a"]))
    assert Table.from_json(table.as_json()) == table
