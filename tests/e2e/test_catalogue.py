"""The catalogue, the import and the network's pages in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from samspil.catalogue.models import Course, CourseActivity, Fkb
from tests.factories.board import RoundCase, make_round

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture
def case() -> RoundCase:
    return make_round(fkb="9222")


def test_a_list_is_read_in_and_taken_back(
    page: Page, case: RoundCase, sign_in: Any, axe: Any, shot: Any
) -> None:
    for number in ("2222", "2728"):
        Fkb.objects.create(number=number, title=f"Prøve {number}")
    sign_in(page, case.secretariat_person)
    page.goto("/katalog/import/")
    axe(page)
    page.get_by_role("link", name="Mål (AMU-uddannelser)").click()
    axe(page)
    shot(page, "import-upload")
    page.get_by_label("Fil", exact=True).set_input_files(DATA / "messy" / "fagliste.csv")
    page.get_by_label("Hvor kommer listen fra?").fill("Efteruddannelsesudvalget")
    page.get_by_role("button", name="Se, hvad der sker").click()
    expect(page.get_by_role("heading", name="fagliste.csv")).to_be_visible()
    expect(page.get_by_text("EUD-enkeltfag")).to_be_visible()
    axe(page)
    shot(page, "import-preview")
    page.get_by_role("link", name="Kolonner").click()
    axe(page)
    shot(page, "import-columns")
    page.get_by_role("button", name="Se, hvad der sker").click()
    page.get_by_role("button", name="Læs ind").click()
    expect(page.get_by_text("Listen er læst ind.")).to_be_visible()
    assert Course.objects.filter(source="Efteruddannelsesudvalget").count() == 30
    page.get_by_role("link", name="Fortryd importen").click()
    axe(page)
    page.get_by_role("button", name="Fortryd importen").click()
    expect(page.get_by_text("Importen er fortrudt.")).to_be_visible()
    assert not Course.objects.filter(source="Efteruddannelsesudvalget").exists()


def test_a_refused_file_is_told_and_focused(
    page: Page, case: RoundCase, sign_in: Any, axe: Any, tmp_path: Path
) -> None:
    sign_in(page, case.secretariat_person)
    page.goto("/katalog/import/ny/catalogue.courses/")
    bad = tmp_path / "liste.xlsx"
    bad.write_bytes(b"PK\x03\x04 ikke en zip")
    page.get_by_label("Fil", exact=True).set_input_files(bad)
    page.get_by_role("button", name="Se, hvad der sker").click()
    expect(page.get_by_text("Filen er beskadiget").first).to_be_visible()
    axe(page)


def test_the_catalogues_pages(
    page: Page, case: RoundCase, sign_in: Any, axe: Any, shot: Any
) -> None:
    course = case.rows[0].course
    for year, learners in ((2024, 31), (2025, 18)):
        CourseActivity.objects.create(
            course=course, organisation=case.schools[0], year=year, learners=learners, runs=2
        )
    sign_in(page, case.secretariat_person)
    for name, url in (
        ("katalog", "/katalog/"), ("katalog-maal", "/katalog/maal/"), ("katalog-fkb", "/katalog/fkb/9222/"),
        ("katalog-et-maal", f"/katalog/maal/{course.number}/"), ("katalog-ret", f"/katalog/maal/{course.number}/ret/"),
        ("katalog-godkendelse", "/katalog/fkb/9222/godkendelse/"), ("katalog-fkb-ret", "/katalog/fkb/9222/ret/"),
        ("katalog-skole", f"/katalog/skole/{case.schools[0].pk}/"),
        ("katalog-relation", f"/katalog/maal/{course.number}/fkb/"),
    ):  # fmt: skip
        page.goto(url)
        axe(page)
        shot(page, name)


def test_the_networks_pages(page: Page, case: RoundCase, sign_in: Any, axe: Any, shot: Any) -> None:
    sign_in(page, case.secretariat_person)
    school = case.schools[0]
    for name, url in (
        ("netvaerk", f"/netvaerk/{case.network.pk}/"), ("netvaerk-personer", f"/netvaerk/{case.network.pk}/personer/"),
        ("netvaerk-skole", f"/netvaerk/organisation/{school.pk}/"), ("netvaerk-inviter", f"/netvaerk/organisation/{school.pk}/inviter/"),
        ("netvaerk-sammenlaeg", f"/netvaerk/organisation/{school.pk}/sammenlaeg/"),
        ("netvaerk-ret", f"/netvaerk/organisation/{school.pk}/ret/"),
    ):  # fmt: skip
        page.goto(url)
        axe(page)
        shot(page, name)
