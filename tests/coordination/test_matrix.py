"""Last year's overview as the matrix workbook that people have."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from samspil.catalogue.models import Course
from samspil.coordination.domain import overview_import
from samspil.coordination.domain.overview_import import (
    BoardState,
    ReadMatrix,
    School,
    settle_matrix,
)
from samspil.coordination.interfaces import matrix as interface
from samspil.coordination.interfaces.remarks import sentence
from samspil.coordination.models import Commitment, CourseComment, MatrixImport, RoundCourse
from samspil.kernel.errors import Conflict, Forbidden, NotFound, UploadRefused
from samspil.kernel.spreadsheets.reader import read_workbook
from samspil.network.models import Organisation
from tests.factories.board import NOW, RoundCase, make_round

MESSY = Path(__file__).resolve().parents[2] / "data" / "messy" / "overblik_2026.xlsx"
NAMES = [
    "SOSU ØJ",
    "Randers SOSU",
    "Herning",
    "STV",
    "FVH",
    "Tradium",
    "AARHUS TECH",
    "Viden Djurs",
]


def board(numbers: list[str], names: list[str] = NAMES, year: int = 2027) -> BoardState:
    """A board with every school approved for everything, and nothing on it."""
    return BoardState(
        year=year,
        schools={i: School(i, name, (name,)) for i, name in enumerate(names, 1)},
        courses={i: (number, f"Mål {number}", "2222") for i, number in enumerate(numbers, 1)},
        approved=frozenset(
            (c, s) for c in range(1, len(numbers) + 1) for s in range(1, len(names) + 1)
        ),
        cells={},
        comments=frozenset(),
    )


def workbook(*rows: list) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


HEAD = ["Mål nr.", "Titel", "Dage", "A-skolen", "B-skolen", "C-skolen", "Bemærkninger"]
SMALL = ["A-skolen", "B-skolen", "C-skolen"]


def small(*rows: list, answers: dict | None = None):
    state = board(["90101", "90102"], SMALL)
    reading = interface.read_matrix(workbook(HEAD, *rows), "xlsx", state)
    return settle_matrix(reading, state, answers or {})


def as_words(found) -> dict[tuple[int, int], str]:
    return {
        (c.round_course_id, c.organisation_id): overview_import.change_words(c)
        for c in found.changes
    }


def test_the_untidy_overview_is_read_to_the_last_cell() -> None:
    numbers = [str(90100 + i) for i in range(1, 31)]
    state = board(numbers)
    content = MESSY.read_bytes()
    reading = interface.read_matrix(content, "xlsx", state)
    assert reading.year == 2026
    assert [column.heading for column in reading.columns] == NAMES
    assert all(column.organisation for column in reading.columns)
    assert [row.number for row in reading.rows] == numbers
    assert all(row.courses for row in reading.rows)
    filled = sum(
        1
        for sheet in read_workbook(content, "xlsx")
        for row in sheet.rows
        for v in row
        if v is not None
    )
    assert reading.cells_seen == filled
    texts = [text for _ref, text in reading.texts]
    assert "Husk: Jordbrugets UC er ikke med i 2026" in texts
    assert "I alt" in texts
    notes = {row.number: row.notes for row in reading.rows if row.notes}
    assert notes == {"90108": ("SOSU Nord tager den jf. mail",), "90120": ("ny FKB fra 2027",)}
    assert [cell.comment for cell in reading.cells if cell.comment] == [
        "Tages kun hvis Randers også er med"
    ] * 2
    by_ref = {cell.ref.split("!")[1]: cell for cell in reading.cells}
    assert by_ref["D6"].values == {"offers": True, "runs": 2}
    assert by_ref["G7"].values["when"].text == "3. kvartal"
    assert str(by_ref["J12"].values["when"].starts_on) == "2027-09-14"
    assert by_ref["F9"].values == {"offers": True, "guarantee": True}
    assert {cell.raw for cell in reading.cells if cell.state == "question"} == {
        "evt.",
        "(x)",
        "?",
        "se note",
    }
    assert not [cell for cell in reading.cells if cell.state == "error"]
    found = settle_matrix(reading, state, {})
    assert found.questions > 20
    assert len(found.changes) > 40
    assert (
        settle_matrix(ReadMatrix.from_json(reading.to_json()), state, {}).changes == found.changes
    )
    assert all(sentence(item.remark) for item in found.items)


def test_marks_become_cells() -> None:
    found = small([90101, "Mål 90101", 2, "x", "2 G", "uge 37"])
    assert as_words(found) == {
        (1, 1): "eget udbud",
        (1, 2): "2 hold, garanti",
        (1, 3): "eget udbud, uge 37",
    }


def test_a_follower_makes_the_only_offer_the_holder() -> None:
    found = small(["90.101", "Mål 90101", None, "2", "følger", None])
    assert as_words(found) == {(1, 1): "udbyder, 2 hold", (1, 2): "følger"}


def test_a_follower_of_several_is_asked_about() -> None:
    rows = (["90101", "Mål 90101", None, "x", "x", "følger"],)
    found = small(*rows)
    (item,) = found.items
    assert [choice.course for choice in item.choices if choice.course] == [1, 2]
    assert (1, 3) not in as_words(found)
    chosen = small(*rows, answers={item.id: {"choice": "holder-2"}})
    assert as_words(chosen) == {(1, 1): "eget udbud", (1, 2): "udbyder", (1, 3): "følger"}


def test_a_follower_of_nobody_is_asked_about() -> None:
    rows = (["90101", "Mål 90101", None, None, None, "følger"],)
    (item,) = small(*rows).items
    assert item.remark.code == "follows_nobody"
    assert as_words(small(*rows, answers={item.id: {"choice": "own"}})) == {(1, 3): "eget udbud"}


def test_an_unknown_school_is_asked_about_and_an_unknown_course_is_an_error() -> None:
    state = board(["90101"], SMALL)
    head = ["Mål nr.", "Titel", "A skolen", "Ny skole"]
    content = workbook(head, ["90101", "Mål 90101", "x", "x"], ["90999", "Andet", "x", None])
    reading = interface.read_matrix(content, "xlsx", state)
    found = settle_matrix(reading, state, {})
    assert as_words(found) == {(1, 1): "eget udbud"}
    assert [(item.kind, item.remark.code) for item in found.items] == [
        ("question", "column_unknown"),
        ("error", "course_not_in_round"),
    ]
    answered = settle_matrix(reading, state, {found.items[0].id: {"choice": "school-2"}})
    assert as_words(answered) == {(1, 1): "eget udbud", (1, 2): "eget udbud"}


def test_a_school_outside_the_round_is_named(case: RoundCase) -> None:
    Organisation.objects.create(key="herning", name="Herning SOSU", aliases=["Herning"])
    content = workbook(
        ["Mål nr.", "Titel", case.schools[0].short_name, "Herning"],
        [case.rows[0].course.number, "", "x", "x"],
    )
    state = overview_import.board_state(case.round)
    found = settle_matrix(interface.read_matrix(content, "xlsx", state), state, {})
    assert len(found.changes) == 1
    (item,) = found.items
    assert sentence(item.remark) == "Herning SOSU er ikke med i runden. Kolonnen bliver ikke brugt."


def test_a_school_without_approval_is_an_error() -> None:
    state = board(["90101"], SMALL)
    state = BoardState(**{f: getattr(state, f) for f in ("year", "schools", "courses", "cells", "comments")},
                       approved=frozenset({(1, 2)}))  # fmt: skip
    reading = interface.read_matrix(
        workbook(HEAD, ["90101", "Mål 90101", None, "x", "x"]), "xlsx", state
    )
    found = settle_matrix(reading, state, {})
    assert as_words(found) == {(1, 2): "eget udbud"}
    assert [item.remark.code for item in found.items] == ["not_approved"]


def test_a_course_that_stands_twice_is_read_once() -> None:
    """Two rows of one course must not give it two holders."""
    state = board(["90101"], SMALL)
    content = workbook(
        HEAD,
        ["90101", "Mål 90101", None, "x", "følger"],
        ["90.101", "Mål 90101", None, "følger", "x"],
    )
    found = settle_matrix(interface.read_matrix(content, "xlsx", state), state, {})
    assert [c.role for c in found.changes].count("holder") == 1
    assert "course_again" in [item.remark.code for item in found.items]


def test_a_file_without_an_overview_is_refused() -> None:
    with pytest.raises(UploadRefused, match="finde en oversigt"):
        interface.read_matrix(workbook(["a", "b"], [1, 2]), "xlsx", board(["90101"], SMALL))


@settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
    deadline=None,
)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["90101", 90102, "90.101 ", "I alt", None, "x"]),
            st.none() | st.text(max_size=5),
            st.none(),
            *[
                st.sampled_from(
                    [None, "x", 2, "følger", "evt.", "G", "uge 53", "!!", "Mål nr.", True]
                )
            ]
            * 3,
            st.none() | st.sampled_from(["note", 5]),
        ),
        max_size=6,
    )
)
def test_every_cell_of_a_matrix_ends_somewhere(rows: list) -> None:
    content = workbook(HEAD, ["90101", "Mål 90101", None, "x"])
    book = openpyxl.load_workbook(io.BytesIO(content))
    for r, row in enumerate(rows, start=4):
        for c, value in enumerate(row, start=1):
            if isinstance(value, str) and not value.isprintable():
                continue
            book.active.cell(r, c).value = value
            if isinstance(value, str):
                book.active.cell(r, c).data_type = "s"
    buffer = io.BytesIO()
    book.save(buffer)
    state = board(["90101", "90102"], SMALL)
    reading = interface.read_matrix(buffer.getvalue(), "xlsx", state)
    sheets = read_workbook(buffer.getvalue(), "xlsx")
    assert reading.cells_seen == sum(
        1 for s in sheets for row in s.rows for v in row if v is not None
    )
    found = settle_matrix(reading, state, {})
    for course in (1, 2):
        roles = [c.role for c in found.changes if c.round_course_id == course]
        assert "follower" not in roles or roles.count("holder") == 1


# --------------------------------------------------------------------------- with the board


@pytest.fixture
def case(db: None) -> RoundCase:
    return make_round(status="draft", courses=3, schools=3)


def overview(case: RoundCase, *rows: list) -> bytes:
    return workbook(
        ["Koordineringsoversigt 2026"],
        ["Mål nr.", "Titel", *[school.short_name for school in case.schools], "Bemærkninger"],
        *rows,
    )


def receive(case: RoundCase, *rows: list) -> MatrixImport:
    return interface.receive(
        actor=case.secretariat,
        now=NOW,
        round=case.round,
        name="overblik.xlsx",
        content=overview(case, *rows),
    )


def apply(case: RoundCase, matrix: MatrixImport, **answers) -> MatrixImport:
    return overview_import.apply_matrix(
        actor=case.secretariat,
        now=NOW,
        matrix=matrix,
        answers=answers,
        expected_version=matrix.version,
    )


def on_board() -> dict[tuple[str, str], tuple]:
    return {
        (c.round_course.course.number, c.organisation.short_name): (
            c.role,
            c.runs,
            c.when_text,
            c.origin,
        )
        for c in Commitment.objects.exclude(role="none").select_related(
            "round_course__course", "organisation"
        )
    }


def test_from_file_to_board_and_back(case: RoundCase) -> None:
    number, title = case.rows[0].course.number, case.rows[0].course.title
    a, b, c = (school.short_name for school in case.schools)
    matrix = receive(case, [number, title, "2 hold", "følger", "evt.", "Karin ved mere"])
    assert on_board() == {}
    assert (matrix.changed, matrix.questions) == (2, 1)
    matrix = apply(case, matrix)
    assert on_board() == {
        (number, a): ("holder", 2, "", "import"),
        (number, b): ("follower", None, "", "import"),
    }
    assert CourseComment.objects.get().text == "Fra oversigten 2026: Karin ved mere"
    with pytest.raises(Conflict):
        apply(case, matrix)
    matrix = overview_import.undo_matrix(
        actor=case.secretariat, now=NOW, matrix=MatrixImport.objects.get(), expected_version=2
    )
    assert on_board() == {}
    assert not CourseComment.objects.exists()
    item = next(i for i in overview_import.preview_matrix(matrix).settled.items if i.is_open)
    apply(case, matrix, **{item.id: {"choice": "o0"}})
    assert on_board()[number, c][0] == "own"


def test_what_stands_on_the_board_is_not_overwritten(case: RoundCase) -> None:
    number, title = case.rows[0].course.number, case.rows[0].course.title
    case.commit(case.rows[0], 0, runs=5)
    matrix = receive(case, [number, title, "2 hold", None, None])
    item = overview_import.preview_matrix(matrix).settled.items[0]
    assert item.remark.code == "stands_already"
    apply(case, matrix)
    assert on_board()[number, case.schools[0].short_name][1] == 5


def test_a_course_of_two_fkbs_goes_where_the_school_is_approved(case: RoundCase) -> None:
    second = case.add_fkb("2650", courses=0, approved=1)
    course = Course.objects.get(pk=case.rows[0].course_id)
    RoundCourse.objects.create(round_fkb=second, course=course, relation="linked", is_duty=False)
    matrix = receive(case, [course.number, course.title, "x", "x", None])
    apply(case, matrix)
    found = Commitment.objects.values_list(
        "round_course__round_fkb__fkb__number", "organisation__short_name"
    )
    a, b = (school.short_name for school in case.schools[:2])
    assert set(found) == {(case.fkb.fkb.number, a), (case.fkb.fkb.number, b), ("2650", a)}


def test_only_the_secretariat(case: RoundCase) -> None:
    matrix = receive(case, [case.rows[0].course.number, "", "x", None, None])
    with pytest.raises(NotFound):
        overview_import.get_matrix(case.coordinator(), matrix.pk)
    with pytest.raises(Forbidden):
        overview_import.apply_matrix(
            actor=case.coordinator(), now=NOW, matrix=matrix, answers={}, expected_version=1
        )


def test_the_pages(case: RoundCase) -> None:
    client = Client()
    client.force_login(case.secretariat_person)
    url = reverse("coordination:matrix_upload", args=[case.round.pk])
    assert client.get(url).status_code == 200
    number, title = case.rows[0].course.number, case.rows[0].course.title
    content = overview(case, [number, title, "2 hold", "evt.", None])
    answer = client.post(url, {"file": SimpleUploadedFile("overblik.xlsx", content)})
    matrix = MatrixImport.objects.get()
    page = client.get(answer.url).content.decode()
    assert "Der står »evt.«" in page
    item = next(i.id for i in overview_import.preview_matrix(matrix).settled.items if i.is_open)
    client.post(answer.url, {"version": "1", f"q-{item}": "o0"})
    assert {runs for _role, runs, _when, _origin in on_board().values()} == {2, None}
    assert client.get(answer.url).status_code == 200
    client.post(reverse("coordination:undo_matrix", args=[matrix.pk]), {"version": "2"})
    assert on_board() == {}
    client.post(reverse("coordination:discard_matrix", args=[matrix.pk]), {"version": "3"})
    assert MatrixImport.objects.get().status == "discarded"
    assert client.get(url).status_code == 200
    bad = client.post(url, {"file": SimpleUploadedFile("overblik.xlsx", b"%PDF-1.7 x")})
    assert bad.status_code == 400
