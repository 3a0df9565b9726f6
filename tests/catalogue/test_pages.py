"""The catalogue's pages: found, filtered, changed; the import from file to undo."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from samspil.catalogue.models import Approval, Course, CourseActivity, CourseRelation, Fkb
from samspil.kernel.imports.models import ImportBatch
from samspil.kernel.spreadsheets.writer import SafeWorkbook
from tests.factories.board import RoundCase, make_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> RoundCase:
    return make_round(fkb="9222")


@pytest.fixture
def keeper(case: RoundCase) -> Client:
    client = Client()
    client.force_login(case.secretariat_person)
    return client


def add_courses(fkb: Fkb, count: int, first: int = 95000) -> None:
    for number in range(first, first + count):
        course = Course.objects.create(
            number=str(number), title=f"Mål {number}", duration_days=Decimal("2.5")
        )
        CourseRelation.objects.create(fkb=fkb, course=course, kind="core")


def test_courses_are_found_by_number_with_dots_and_by_words(
    case: RoundCase, keeper: Client
) -> None:
    Course.objects.create(number="47592", title="Svejsning af rustfrit stål")
    for query in ("47.592", "rustfrit svejsning", "475"):
        page = keeper.get("/katalog/maal/", {"q": query}).content.decode()
        assert "Svejsning af rustfrit stål" in page
    assert "Svejsning" not in keeper.get("/katalog/maal/", {"q": "lodning"}).content.decode()


def test_archived_courses_stand_apart(case: RoundCase, keeper: Client) -> None:
    Course.objects.create(
        number="47592", title="Gammelt mål", is_archived=True, archived_reason="Udgået 2024"
    )
    assert "Gammelt mål" not in keeper.get("/katalog/maal/").content.decode()
    page = keeper.get("/katalog/maal/", {"vis": "archived"}).content.decode()
    assert "Udgået 2024" in page


@pytest.mark.parametrize("url", ["/katalog/maal/", "/katalog/", "/katalog/fkb/9222/"])
def test_queries_do_not_grow_with_the_rows(case: RoundCase, keeper: Client, url: str) -> None:
    counted = []
    keeper.get(url)  # the first visit notes the session
    for first in (95000, 95100):
        add_courses(case.fkb.fkb, 1 if first == 95000 else 30, first)
        with CaptureQueriesContext(connection) as queries:
            assert keeper.get(url).status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_a_course_page_shows_the_network_its_activity_and_others_not(
    case: RoundCase, keeper: Client
) -> None:
    course = case.rows[0].course
    CourseActivity.objects.create(
        course=course, organisation=case.schools[0], year=2025, learners=777, runs=9
    )
    assert "777" in keeper.get(f"/katalog/maal/{course.number}/").content.decode()
    other = Client()
    other.force_login(make_round(fkb="9333").people[0])
    assert "777" not in other.get(f"/katalog/maal/{course.number}/").content.decode()


def test_a_course_is_archived_with_a_reason_and_a_successor(
    case: RoundCase, keeper: Client
) -> None:
    new = Course.objects.create(number="47593", title="Nyt")
    old = Course.objects.create(number="47592", title="Gammelt")
    page = keeper.post(
        "/katalog/maal/47592/arkiver/", {"reason": "", "successor": "99998"}
    ).content.decode()
    assert "findes ikke i kataloget" in page
    keeper.post("/katalog/maal/47592/arkiver/", {"reason": "Udgået", "successor": "47593"})
    old.refresh_from_db()
    assert (old.is_archived, old.successor, old.version) == (True, new, 2)
    keeper.post("/katalog/maal/47592/i-brug/")
    old.refresh_from_db()
    assert (old.is_archived, old.successor) == (False, None)


def test_two_people_edit_the_same_course(case: RoundCase, keeper: Client) -> None:
    course = Course.objects.create(number="47592", title="Gammelt", version=3)
    form = {"title": "Mit", "duration_days": "2,5", "version": "2"}
    page = keeper.post("/katalog/maal/47592/ret/", form).content.decode()
    assert "Nogen har rettet" in page
    keeper.post("/katalog/maal/47592/ret/", {**form, "version": "3"})
    course.refresh_from_db()
    assert (course.title, course.duration_days, course.version) == ("Mit", Decimal("2.5"), 4)


def test_approvals_do_not_overlap_and_end(case: RoundCase, keeper: Client) -> None:
    fkb = Fkb.objects.create(number="9999", title="Ny")
    school = case.schools[0]
    form = {"organisation": school.pk, "valid_from": "1/10 2019", "evidence": "granted"}
    keeper.post("/katalog/fkb/9999/godkendelse/", form)
    approval = Approval.objects.get(fkb=fkb)
    assert approval.valid_from == date(2019, 10, 1)
    assert (
        "allerede godkendt" in keeper.post("/katalog/fkb/9999/godkendelse/", form).content.decode()
    )
    keeper.post(f"/katalog/godkendelse/{approval.pk}/ophoer/", {"on": "31-12-2025"})
    approval.refresh_from_db()
    assert approval.valid_to == date(2025, 12, 31)
    keeper.post("/katalog/fkb/9999/godkendelse/", {**form, "valid_from": "1/1 2026"})
    assert Approval.objects.filter(fkb=fkb).count() == 2


def hand_in(
    client: Client,
    content: bytes,
    name: str = "liste.xlsx",
    spec: str = "catalogue.courses",
    **data: Any,
) -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(
        f"/katalog/import/ny/{spec}/",
        {"file": file, "option_default_kind": "core", "option_sections": "archive", **data},
    )


def test_from_file_to_undo_by_plain_posts(case: RoundCase, keeper: Client) -> None:
    book = SafeWorkbook()
    book.add_sheet("A").table(
        0,
        ["Nr.", "Hvad", "Dage", "FKB"],
        [["95.001", "Ny", "1 uge", "9222"], ["95002", "Ny", "x", "9222"]],
    )
    answer = hand_in(keeper, book.close(), source="Udvalget")
    batch = ImportBatch.objects.get()
    assert answer["Location"] == f"/katalog/import/{batch.pk}/"
    page = keeper.get(f"/katalog/import/{batch.pk}/kolonner/").content.decode()
    assert "95.001" in page
    keeper.post(f"/katalog/import/{batch.pk}/kolonner/", {
        "source": "Udvalget", "read_0": "on", "column_0_0": "number", "column_0_1": "title", "column_0_2": "duration_days",
        "column_0_3": "fkb", "option_default_kind": "linked", "option_sections": "archive",
    })  # fmt: skip
    page = keeper.get(f"/katalog/import/{batch.pk}/").content.decode()
    assert "C3" in page
    assert "er ikke en varighed" in page
    assert not Course.objects.filter(number="95001").exists()
    keeper.post(f"/katalog/import/{batch.pk}/laes-ind/")
    assert Course.objects.get(number="95001").duration_days == 5
    assert CourseRelation.objects.get(course__number="95001").kind == "linked"
    assert "Læst ind" in keeper.get(f"/katalog/import/{batch.pk}/").content.decode()
    keeper.post(f"/katalog/import/{batch.pk}/fortryd/")
    assert not Course.objects.filter(number="95001").exists()
    assert keeper.get(f"/katalog/import/{batch.pk}/fil/")["Content-Disposition"].startswith(
        "attachment"
    )


@pytest.mark.parametrize(("content", "words"), [
    (b"", "Filen er tom"), (b"MZ\x90\x00\x03", "program"), (b"PK\x03\x04 ikke en zip", "beskadiget"),
    ("Kære alle\nHusk mødet\n".encode(), "kan ikke finde en tabel"),
])  # fmt: skip
def test_a_refused_file_says_why_at_its_field(
    case: RoundCase, keeper: Client, content: bytes, words: str
) -> None:
    page = hand_in(keeper, content)
    assert page.status_code == 200
    assert words in page.content.decode()
    assert not ImportBatch.objects.exists()


def test_a_school_cannot_import(case: RoundCase) -> None:
    client = Client()
    client.force_login(case.people[0])
    assert hand_in(client, b"Fagnr;Titel\n90101;a\n").status_code == 403
    # What it may read in are its own runs, and no register.
    page = client.get("/katalog/import/").content.decode()
    assert "runs.school_runs" in page
    assert "catalogue.courses" not in page
    assert "Import" not in client.get("/katalog/").content.decode()
