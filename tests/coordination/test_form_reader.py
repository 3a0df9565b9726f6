"""Returned workbooks as people return them: every cell is read, asked about, or an error."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from samspil.coordination.domain.answers import FIELDS, Answer
from samspil.coordination.domain.merge import merge_field
from samspil.coordination.domain.reading import ReadForm
from samspil.coordination.interfaces.form_reader import read_form, read_form_sheets
from samspil.coordination.interfaces.form_workbook import COLUMNS, META_SHEET
from samspil.coordination.interfaces.remarks import sentence
from samspil.kernel.errors import UploadRefused
from samspil.kernel.spreadsheets.reader import Sheet, read_workbook
from tests.factories.returned_forms import WEEK_37, Book, fill, one, settled, snapshot

YES = Answer(offers=True, runs=2, when=WEEK_37)


def item_at(found, ref: str):
    return one(found.items, lambda item: item.ref == ref)


def test_answers_in_the_words_of_people() -> None:
    book = Book(snapshot())
    book.put(1, offers="x", runs="2 hold", when="uge 37")
    book.put(
        2, offers="JA", runs="to hold", when="14.-16. sep", guarantee="x", note=" Karin ved mere "
    )
    book.put(3, offers="ja, 2 hold i uge 37")
    book.put(4, offers="nej", take_on_days="1 uge")
    book.put(5, when="1. kvartal")
    book.put(6, will_follow="følger")
    book.put(7, runs="3 hold uge 37")
    found = book.settle()
    week, days = WEEK_37, Decimal(5)
    assert found.questions == found.errors == 0
    assert found.changes[1] == {"offers": True, "runs": 2, "when": week}
    assert found.changes[2]["when"].starts_on == dt.date(2027, 9, 14)
    assert (found.changes[2]["guarantee"], found.changes[2]["note"]) == (True, "Karin ved mere")
    assert found.changes[3] == {"offers": True, "runs": 2, "when": week}
    assert found.changes[4] == {"offers": False, "take_on_days": days}
    assert found.changes[5]["offers"] is True
    assert found.changes[6] == {"will_follow": True}
    assert found.changes[7] == {"offers": True, "runs": 3, "when": week}


def test_doubt_becomes_a_question_with_its_cell() -> None:
    book = Book(snapshot())
    book.put(1, offers="evt.").put(2, offers="ja", when="ca. uge 37").put(
        3, offers="ja", runs="2-3"
    )
    found = book.settle()
    assert found.questions == 3
    item = item_at(found, book.ref(1, "offers"))
    assert sentence(item.remark) == "Der står »evt.«. Er det et ja eller et nej?"
    assert found.changes == {2: {"offers": True}, 3: {"offers": True}}
    answered = book.settle(**{item.id: {"choice": "o0"}})
    assert answered.questions == 2
    assert answered.changes[1] == {"offers": True}
    skipped = book.settle(**{item.id: {"choice": "ignore"}})
    assert 1 not in skipped.changes


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"offers": "nej", "runs": 2}, "no_but"),
        ({"offers": "nej", "when": "uge 37"}, "no_but"),
        ({"offers": "ja", "runs": 0}, "yes_but_none"),
        ({"offers": "ja", "will_follow": "ja"}, "own_and_follows"),
        ({"offers": "3 hold", "runs": 2}, "said_twice"),
    ],
)
def test_contradictions_are_asked_about(cells: dict, code: str) -> None:
    found = Book(snapshot()).put(1, **cells).settle()
    assert [item.remark.code for item in found.items if item.is_open] == [code]


def test_a_no_with_runs_can_be_answered_either_way() -> None:
    book = Book(snapshot()).put(1, offers="nej", runs=2)
    item = book.settle().items[0]
    assert book.settle(**{item.id: {"choice": "o0"}}).changes[1] == {"offers": True, "runs": 2}
    assert book.settle(**{item.id: {"choice": "o1"}}).changes[1] == {"offers": False}


def test_sorted_rows_moved_columns_and_new_headings() -> None:
    form = snapshot(answers={1: YES})
    order = list(reversed(range(len(COLUMNS))))
    book = Book(form).put(3, offers="ja", note="Ja tak")
    book.shuffle(5).move_columns(order)
    for sheet in (book.book["SOSU"], book.book["Transport"]):
        for cell in sheet[4]:
            cell.value = f"Omdøbt {cell.column}"
    found = book.settle()
    assert found.changes == {3: {"offers": True, "note": "Ja tak"}}
    assert [item for item in found.items if item.is_open] == []


def test_without_the_row_of_codes_headings_are_enough() -> None:
    book = Book(snapshot()).put(3, offers="ja")
    for group in ("SOSU", "Transport"):
        book.book[group].delete_rows(3)
    assert book.settle().changes == {3: {"offers": True}}


def test_deleted_rows_are_one_question() -> None:
    form = snapshot(answers={1: YES, 3: YES})
    book = Book(form)
    book.sheet(1).delete_rows(book.row(1))
    found = book.settle()
    item = one(found.items, lambda i: i.remark.code == "rows_missing")
    assert item.texts == ("90001 Konstrueret mål nummer 1",)
    assert found.changes == {}
    assert book.settle(**{item.id: {"choice": "keep"}}).changes == {}
    assert book.settle(**{item.id: {"choice": "no"}}).changes == {1: {"offers": False}}


def test_a_row_without_key_is_found_by_its_number() -> None:
    book = Book(snapshot()).put(3, key=None, number="90.003 ", offers="ja")
    found = book.settle()
    assert found.changes == {3: {"offers": True}}
    assert [item.remark.code for item in found.items] == ["no_key"]


def test_a_row_that_was_added_is_asked_about() -> None:
    book = Book(snapshot())
    sheet = book.book["SOSU"]
    sheet.append([None, None, "47592", "Et mål, vi også vil holde", None, None, "ja", 2])
    sheet.append([None, None, None, "I alt", None, None, None, 12])
    found = book.settle()
    codes = sorted(item.remark.code for item in found.items)
    assert codes == ["loose_text", "not_in_form"]
    item = one(found.items, lambda i: i.remark.code == "not_in_form")
    assert "ja" in " ".join(item.texts)
    kept = book.settle(**{item.id: {"choice": "keep"}})
    assert kept.kept_texts == ["47592 Et mål, vi også vil holde: ja; 2"]


def test_a_title_typed_over_is_told_and_days_typed_over_are_an_error() -> None:
    book = Book(snapshot()).put(1, title="Nyt navn", days=5, offers="ja")
    found = book.settle()
    assert found.changes == {1: {"offers": True}}
    assert item_at(found, book.ref(1, "title")).kind == "remark"
    error = item_at(found, book.ref(1, "days"))
    assert error.kind == "error"
    assert sentence(error.remark).startswith("Dage er rettet til »5«")


def test_another_courses_number_in_a_row_is_asked_about() -> None:
    book = Book(snapshot()).put(1, number="90003", offers="ja")
    book.sheet(3).delete_rows(
        [r for r in range(5, 9) if book.sheet(3).cell(r, 3).value == "90003"][-1]
    )
    found = book.settle()
    item = one(found.items, lambda i: i.remark.code == "key_and_number")
    assert [choice.course for choice in item.choices if choice.kind == "course"] == [1, 3]
    assert found.changes == {}
    assert book.settle(**{item.id: {"choice": "course-3"}}).changes == {3: {"offers": True}}


def test_a_course_twice_the_same_is_fine_and_different_is_a_question() -> None:
    book = Book(snapshot())
    rows = book.rows_of("SOSU")
    first, twin = list(rows[0]), list(rows[0])
    first[6], twin[6] = "ja", "nej"
    book.put_rows("SOSU", [first, twin, *rows[1:]])
    found = book.settle()
    item = one(found.items, lambda i: i.is_open)
    assert item.remark.code == "two_rows"
    assert [dict(choice.values) for choice in item.choices[:2]] == [
        {"offers": True},
        {"offers": False},
    ]
    twin[6] = "ja"
    book.put_rows("SOSU", [first, twin, *rows[1:]])
    found = book.settle()
    assert (found.questions, found.changes) == (0, {1: {"offers": True}})


def test_a_row_of_another_school_is_asked_about() -> None:
    other = Book(snapshot(organisation_id=8, organisation_key="mercantec")).rows_of("SOSU")
    book = Book(snapshot())
    rows = book.rows_of("SOSU")
    other[0][6] = "ja"
    book.put_rows("SOSU", [other[0], *rows[1:]])
    found = book.settle()
    item = one(found.items, lambda i: i.is_open)
    assert item.remark.code == "foreign_row"
    assert found.changes == {}


def test_an_added_column_and_an_added_sheet_are_asked_about() -> None:
    book = Book(snapshot()).put(1, offers="ja")
    sheet = book.sheet(1)
    column = len(COLUMNS) + 1
    sheet.cell(4, column).value = "Kommentar fra Karin"
    sheet.cell(book.row(1), column).value = "husk lokale"
    extra = book.book.create_sheet("Regnskab")
    for r in range(1, 6):
        extra.cell(r, 1).value = f"linje {r}"
    found = book.settle()
    assert {item.remark.code for item in found.items} == {"loose_column", "loose_sheet"}
    column_item = one(found.items, lambda i: i.remark.code == "loose_column")
    assert column_item.texts[0].endswith("husk lokale")


def test_a_column_that_was_deleted_changes_nothing() -> None:
    form = snapshot(answers={1: YES})
    book = Book(form)
    for group in ("SOSU", "Transport"):
        book.book[group].delete_cols(COLUMNS.index("runs") + 1)
    found = book.settle()
    assert found.changes == {}
    assert [note.code for note in book.read().notes] == ["column_gone", "column_gone"]


# --------------------------------------------------------------------------- three-way merge


@given(
    base=st.integers(0, 3), theirs=st.integers(0, 3), ours=st.integers(0, 3), known=st.booleans()
)
def test_merge_never_overwrites_a_correction(
    base: int, theirs: int, ours: int, known: bool
) -> None:
    outcome = merge_field("runs", base, theirs, ours, base_known=known)
    if outcome == "change":
        assert theirs != ours
        assert ours == base or (not known and ours is None)
    if outcome == "conflict":
        assert len({theirs, ours}) == 2
        if known:
            assert len({base, theirs, ours}) == 3
    if theirs == ours:
        assert outcome == "same"


def test_three_ways() -> None:
    sent = snapshot(answers={1: YES, 2: YES, 3: YES, 4: YES})
    now = snapshot(
        answers={
            1: Answer(offers=True, runs=5, when=WEEK_37),
            2: YES,
            3: Answer(offers=True, runs=4, when=WEEK_37),
            4: Answer(offers=True, runs=7, when=WEEK_37),
        }
    )
    book = Book(sent).put(2, runs=9).put(3, runs=6).put(4, runs=7)
    found = settled(book.read(now), now)
    # 1 was corrected on the screen alone, 2 in the file alone, 4 in both to the same.
    assert found.changes == {2: {"runs": 9}}
    conflict = one(found.items, lambda i: i.kind == "conflict")
    assert (conflict.base, conflict.ours, conflict.raw) == (2, 4, "6")
    assert settled(book.read(now), now, **{conflict.id: {"choice": "theirs"}}).changes[3] == {
        "runs": 6
    }
    assert 3 not in settled(book.read(now), now, **{conflict.id: {"choice": "ours"}}).changes


def test_a_cleared_answer_is_cleared() -> None:
    book = Book(snapshot(answers={1: Answer(offers=True, note="gammel")})).put(
        1, offers=None, note=None
    )
    assert book.settle().changes == {1: {"offers": None, "note": ""}}


def test_without_the_hidden_sheet_differences_are_asked_about() -> None:
    form = snapshot(answers={1: YES})
    book = Book(form).put(1, runs=5).put(2, offers="ja")
    del book.book[META_SHEET]
    reading = book.read()
    assert reading.base is None
    found = settled(reading, form)
    assert found.changes == {2: {"offers": True}}
    assert [item.remark.code for item in found.items if item.is_open] == ["conflict_no_base"]


def test_a_changed_base_is_noticed() -> None:
    book = Book(snapshot(answers={1: YES}))
    sheet = book.book[META_SHEET]
    row = one(list(sheet.iter_rows()), lambda r: r[0].value == "base")
    row[1].value = "e30="
    assert book.read().base is None


# --------------------------------------------------------------------------- the wrong file


def test_an_old_form_waits_for_a_yes() -> None:
    old = snapshot(year=2026, round_id=2)
    book = Book(old).put(1, offers="ja", when="uge 37")
    form = snapshot()
    found = settled(book.read(form), form)
    assert found.is_held
    assert found.changes == {}
    item = one(found.items, lambda i: i.remark.code == "old_form")
    assert "2026" in sentence(item.remark)
    taken = settled(book.read(form), form, **{item.id: {"choice": "yes"}})
    assert taken.changes[1]["when"].starts_on == dt.date(2027, 9, 13)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"organisation_key": "mercantec", "organisation_name": "Mercantec"}, "Mercantec"),
        ({"network_key": "vest"}, "andet samarbejde"),
    ],
)
def test_another_schools_form_is_refused(values: dict, words: str) -> None:
    with pytest.raises(UploadRefused, match=words):
        Book(snapshot(**values)).read(snapshot())


def test_a_file_that_is_no_form_is_refused() -> None:
    book = openpyxl.Workbook()
    book.active.append(["Varer", "Pris"])
    book.active.append(["Kridt", 12])
    buffer = io.BytesIO()
    book.save(buffer)
    with pytest.raises(UploadRefused, match="ikke et koordineringsskema"):
        read_form(buffer.getvalue(), "xlsx", snapshot())


def test_a_form_with_a_huge_sheet_is_refused_at_once() -> None:
    sheets = read_workbook(Book(snapshot()).content(), "xlsx")
    sheets.append(Sheet("Træk", [["x"] * 100] * 3_001))
    with pytest.raises(UploadRefused, match="flere end"):
        read_form_sheets(sheets, snapshot())


def test_a_csv_of_one_sheet_is_read_by_number() -> None:
    text = "Nummer;Titel;Eget udbud;Antal hold;Hvornår\r\n90001;Konstrueret mål nummer 1;ja;2;uge 37\r\n"
    form = snapshot()
    found = settled(read_form(text.encode("cp1252"), "csv", form), form)
    assert found.changes == {1: {"offers": True, "runs": 2, "when": WEEK_37}}


# --------------------------------------------------------------------------- accounting


def accounted(reading: ReadForm) -> int:
    """Cells that ended somewhere. One of a doubled row can stand twice: the row it contradicts
    asks about it too."""
    rows = {cell.ref for row in reading.rows for cell in row.cells}
    return len(rows) + sum(item.cells for item in reading.loose)


junk = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
    st.integers(-5, 60000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1)),
    st.sampled_from(
        [
            "ja",
            "x",
            "2 hold",
            "uge 37",
            "Q3",
            "evt.",
            "nej",
            "følger",
            "I alt",
            "#key",
            "90001",
            "Nummer",
        ]
    ),
)


@settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
    deadline=None,
)
@example(changes=[("Transport", 9, 3, "90001")])
@example(changes=[("SOSU", 8, 6, True)])
@given(
    changes=st.lists(
        st.tuples(
            st.sampled_from(["SOSU", "Transport", "Vejledning"]),
            st.integers(1, 14),
            st.integers(1, 16),
            junk,
        ),
        max_size=25,
    )
)
def test_every_cell_ends_somewhere(changes: list) -> None:
    """Whatever is typed wherever: nothing raises but a refusal, and no content goes missing."""
    form = snapshot(answers={1: YES, 2: Answer(offers=False)})
    book = Book(form)
    for group, row, column, value in changes:
        fill(book.book[group].cell(row, column), value)
    content = book.content()
    sheets = read_workbook(content, "xlsx")
    filled = sum(
        1
        for sheet in sheets
        if sheet.name != META_SHEET
        for row in sheet.rows
        for value in row
        if value is not None and not (isinstance(value, str) and not _visible(value))
    )
    try:
        reading = read_form(content, "xlsx", form)
    except UploadRefused:
        return
    assert reading.cells_seen == filled
    # Cells that we wrote ourselves (headings, the guide) are read without being listed.
    quiet = reading.cells_read - sum(1 for r in reading.rows for c in r.cells if c.state == "read")
    assert accounted(reading) + quiet == filled
    for row in reading.rows:
        for cell in row.cells:
            assert cell.state in ("read", "question", "error")
            if cell.state != "read":
                assert cell.remark is not None
                assert sentence(cell.remark)
    again = ReadForm.from_json(reading.to_json())
    assert settled(again, form).changes == settled(reading, form).changes
    assert set().union(
        *[set(c) for c in settled(reading, form).changes.values()] or [set()]
    ) <= set(FIELDS)


def _visible(text: str) -> str:
    from samspil.coordination.interfaces.values import clean

    return clean(text)
