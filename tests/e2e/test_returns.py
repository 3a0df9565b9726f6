"""A returned workbook and last year's overview in a browser: uploaded, answered, saved, undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.urls import reverse
from playwright.sync_api import Page, expect

from samspil.coordination.models import Commitment, Form, Intent
from tests.coordination.test_matrix import overview
from tests.coordination.test_returns import filled
from tests.factories.board import make_round


def test_a_workbook_is_handed_in_and_its_questions_answered_by_keyboard(
    page: Page, sign_in: Any, axe: Any, shot: Any, tmp_path: Path
) -> None:
    case = make_round(status="collecting", courses=5)
    form = Form.objects.select_related("round__network", "organisation").get(
        round=case.round, organisation=case.schools[0]
    )
    path = tmp_path / "Skema fra Østby.xlsx"
    path.write_bytes(
        filled(
            form,
            {
                0: {"offers": "x", "runs": "2 hold", "when": "uge 37", "guarantee": "G"},
                1: {"offers": "evt.", "note": "Karin ved mere"},
                2: {"offers": "ja", "runs": "mange", "when": "ca. uge 12"},
                3: {"offers": "nej", "runs": 2, "title": "Nyt navn"},
                4: {"offers": "ja", "days": 9, "take_on_days": -3},
            },
        )
    )
    sign_in(page, case.people[0])
    page.goto(reverse("coordination:return_upload", args=[case.round.pk, case.schools[0].pk]))
    axe(page)
    shot(page, "return-upload")
    page.get_by_label("Det udfyldte skema").set_input_files(path)
    page.get_by_role("button", name="Læs filen").click()
    expect(page.get_by_role("heading", name="Hvad vi læste")).to_be_visible()
    expect(page.get_by_text("Der står »evt.«. Er det et ja eller et nej?")).to_be_visible()
    axe(page)
    shot(page, "return-preview")
    maybe = page.get_by_role("group", name="Der står »evt.«. Er det et ja eller et nej?")
    maybe.get_by_label("Ja", exact=True).focus()
    page.keyboard.press("Space")
    many = page.get_by_role("group", name="Vi kan ikke se et antal hold i »mange«. Hvor mange?")
    many.get_by_role("textbox").focus()
    page.keyboard.type("3 hold")
    expect(many.get_by_label("Andet:", exact=True)).to_be_checked()
    page.get_by_role("button", name="Gem svarene i skemaet").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("spørgsmål venter")).to_be_visible()
    answers = {i.round_course_id: i for i in Intent.objects.all()}
    rows = [row.pk for row in case.rows]
    assert (answers[rows[0]].runs, answers[rows[0]].when_text) == (2, "uge 37")
    assert answers[rows[1]].offers is True
    assert answers[rows[2]].runs == 3
    axe(page)
    shot(page, "return-saved")
    page.get_by_role("button", name="Fortryd: tag svarene fra filen tilbage").click()
    expect(page.get_by_text("Svarene fra filen er taget tilbage.")).to_be_visible()
    assert not Intent.objects.filter(offers=True).exists()


def test_last_years_overview_comes_onto_the_board(
    page: Page, sign_in: Any, axe: Any, shot: Any, tmp_path: Path
) -> None:
    case = make_round(status="draft", courses=4, schools=3)
    numbers = [(row.course.number, row.course.title) for row in case.rows]
    path = tmp_path / "overblik 2026.xlsx"
    path.write_bytes(
        overview(
            case,
            [*numbers[0], "2 hold", "følger", "evt.", "Karin ved mere"],
            [*numbers[1], "x", "x", "følger", None],
            [*numbers[2], None, "G", "uge 37", None],
            [None, "I alt", None, None, None, None],
            ["90999", "Ukendt mål", "x", None, None, None],
        )
    )
    sign_in(page, case.secretariat_person)
    page.goto(reverse("coordination:matrix_upload", args=[case.round.pk]))
    axe(page)
    shot(page, "matrix-upload")
    page.get_by_label("Koordineringsoversigten").set_input_files(path)
    page.get_by_role("button", name="Læs filen").click()
    expect(page.get_by_text("flere skoler udbyder målet")).to_be_visible()
    axe(page)
    shot(page, "matrix-preview")
    page.get_by_role("button", name="Sæt på oversigten").click()
    expect(page.get_by_text("Oversigten er læst ind.")).to_be_visible()
    assert Commitment.objects.exclude(role="none").count() == 6
    page.get_by_role("button", name="Fortryd: tag oversigten tilbage").click()
    expect(page.get_by_text("Oversigten fra filen er taget tilbage.")).to_be_visible()
    assert not Commitment.objects.exclude(role="none").exists()
