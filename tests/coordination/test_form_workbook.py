"""The workbook that is sent: what it holds, and that it comes back as it went."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from samspil.coordination.domain.answers import EMPTY, FIELDS, Answer
from samspil.coordination.interfaces import values
from samspil.coordination.interfaces.form_keys import RowKey, parse_key
from samspil.coordination.interfaces.form_reader import read_form
from samspil.coordination.interfaces.form_workbook import COLUMNS, FIRST_ROW, META_SHEET, write_form
from samspil.kernel.uploads import inspect
from tests.factories.returned_forms import WEEK_37, Book, settled, snapshot

# Each example writes and reads whole workbooks, so a failure is shown as it was found.
QUICK = settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
    deadline=None,
)
FULL = Answer(True, 2, WEEK_37, True, Decimal("2.5"), False, "=1+1 er ikke en formel")


def test_a_sheet_per_branch_group_and_a_guide_first() -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_form(snapshot(answers={1: FULL}))))
    assert book.sheetnames == ["Vejledning", "Transport", "SOSU", META_SHEET]
    assert book[META_SHEET].sheet_state == "veryHidden"
    sheet = book["SOSU"]
    assert sheet.column_dimensions["A"].hidden
    assert sheet.row_dimensions[3].hidden
    assert sheet.protection.sheet
    row = [cell.value for cell in sheet[FIRST_ROW + 1]]
    assert row[1:] == [
        "2222", "90001", "Konstrueret mål nummer 1", 2.5, 3,
        "ja", 2, "uge 37", "ja", 2.5, None, "=1+1 er ikke en formel",
    ]  # fmt: skip
    assert sheet.cell(FIRST_ROW + 1, COLUMNS.index("note") + 1).data_type == "s"
    locked = [cell.protection.locked for cell in sheet[FIRST_ROW + 1]]
    assert locked == [True] * 6 + [False] * len(FIELDS)
    lists = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert '"ja,nej"' in lists.values()


def test_the_same_form_gives_the_same_bytes() -> None:
    assert write_form(snapshot()) == write_form(snapshot())


def test_the_workbook_passes_our_own_gate() -> None:
    assert inspect(write_form(snapshot()), "skema.xlsx").kind == "xlsx"


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(1, 10**9), st.data())
def test_a_key_notices_a_changed_letter(a: int, b: int, c: int, data: st.DataObject) -> None:
    text = str(RowKey(a, b, c))
    assert parse_key(text) == RowKey(a, b, c)
    at = data.draw(st.integers(1, len(text) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
    changed = text[:at] + letter + text[at + 1 :]
    if changed != text and (found := parse_key(changed)) is not None:
        # Four letters: about one change in a million slips through, and then it isn't this row.
        assert found != RowKey(a, b, c)


times = st.sampled_from(
    [
        "uge 37",
        "uge 7, 12 og 40",
        "3. kvartal",
        "september",
        "14.-16. september",
        "1. halvår",
        "hele året",
    ]
).map(lambda text: values.parse_when(text, 2027).value)
notes = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn"]),
    max_size=60,
).map(lambda text: values.parse_note(text).value)
answers = st.builds(
    Answer,
    offers=st.sampled_from([None, True, False]),
    runs=st.none() | st.integers(0, 200),
    when=st.none() | times,
    guarantee=st.booleans(),
    take_on_days=st.none() | st.integers(0, 3660).map(lambda n: Decimal(n) / 10),
    will_follow=st.booleans(),
    note=notes,
)
forms = st.lists(answers, min_size=2, max_size=8).map(
    lambda given: snapshot(len(given), {i: a for i, a in enumerate(given, 1) if a != EMPTY})
)


def assert_unchanged(reading, form) -> None:
    assert reading.base is not None
    assert reading.cells_seen == reading.cells_read
    assert [cell for row in reading.rows for cell in row.cells if not cell.is_same] == []
    found = settled(reading, form)
    assert (found.items, found.changes) == ([], {})


@QUICK
@given(form=forms, seed=st.integers(), order=st.permutations(range(len(COLUMNS))))
def test_what_is_not_touched_comes_back_as_it_was_sent(form, seed: int, order: list[int]) -> None:
    """After a round trip, and also when rows are shuffled and columns moved."""
    assert_unchanged(read_form(write_form(form), "xlsx", form), form)
    assert_unchanged(Book(form).shuffle(seed).move_columns(order).read(), form)


@QUICK
@given(form=forms, given_answers=st.data())
def test_answers_written_into_an_empty_form_are_read_as_written(form, given_answers) -> None:
    """The same answers, typed into a form that was sent empty, are what is saved."""
    empty = snapshot(len(form.lines))
    book = Book(empty)
    for line in form.lines:
        answer = line.answer
        book.put(
            line.round_course_id,
            runs=answer.runs,
            when=answer.when.text if answer.when else None,
            take_on_days=float(answer.take_on_days) if answer.take_on_days is not None else None,
            guarantee="x" if answer.guarantee else None,
            note=answer.note or None,
            offers="ja",
        )
    found = book.settle()
    for line in form.lines:
        answer, change = line.answer, found.changes.get(line.round_course_id, {})
        if answer.runs == 0:
            continue
        assert change["offers"] is True
        assert change.get("runs") == answer.runs
        assert change.get("when") == answer.when
        assert change.get("guarantee", False) == answer.guarantee
        assert change.get("take_on_days") == answer.take_on_days
        assert change.get("note", "") == answer.note


@pytest.mark.slow
def test_through_libreoffice_and_back(tmp_path: Path) -> None:
    """xlsx → ods → xlsx by LibreOffice itself: nothing is changed, keys and base survive."""
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice is not installed")
    form = snapshot(
        12, {1: FULL, 4: Answer(offers=False, note="linje 1\nlinje 2"), 5: Answer(will_follow=True)}
    )
    path = tmp_path / "skema.xlsx"
    path.write_bytes(write_form(form))
    environment = {**os.environ, "HOME": str(tmp_path)}
    for source, target in (("skema.xlsx", "ods"), ("skema.ods", "xlsx")):
        subprocess.run(
            [soffice, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
             "--convert-to", target, "--outdir", str(tmp_path), str(tmp_path / source)],
            check=True, capture_output=True, timeout=120, env=environment,
        )  # fmt: skip
        content = (tmp_path / f"skema.{target}").read_bytes()
        assert inspect(content, f"skema.{target}").kind == target
        assert_unchanged(read_form(content, target, form), form)
