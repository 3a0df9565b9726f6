"""The school's form in a browser, filled in by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from playwright.sync_api import Page, expect

from samspil.coordination.enums import FormStatus
from samspil.coordination.models import Commitment, Form, Intent
from tests.factories.board import make_round


def _open(page: Page, sign_in: Callable[[Page, Any], None]) -> Any:
    case = make_round(status="collecting", courses=5)
    Form.objects.filter(round=case.round).update(status=FormStatus.SENT)
    sign_in(page, case.people[0])
    page.goto(reverse("coordination:form", args=[case.round.pk, case.schools[0].pk]))
    return case


def test_filled_in_by_keyboard_saved_as_one_types_and_handed_in(
    page: Page, sign_in: Any, axe: Any, shot: Any
) -> None:
    case = _open(page, sign_in)
    first, second = case.rows[0].pk, case.rows[1].pk
    page.locator(f"[name=offers-{first}]").focus()
    page.keyboard.press("j")
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"[name=runs-{first}]")).to_be_focused()
    page.keyboard.type("2 hold")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("uge 37")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator(f"[name=when-{second}]")).to_be_focused()
    expect(page.locator("[data-state]")).to_have_text("Gemt")
    expect(page.locator(f"[name=runs-{first}]")).to_have_value("2")
    expect(page.locator("[data-progress]")).to_contain_text("1 af 5")
    axe(page)
    shot(page, "form")
    page.reload()
    expect(page.locator(f"[name=when-{first}]")).to_have_value("uge 37")
    expect(page.locator(f"[name=guarantee-{first}]")).to_be_checked()
    page.get_by_role("button", name="Indsend skemaet").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Tak. Skemaet er indsendt")).to_be_visible()
    cell = Commitment.objects.get()
    assert (cell.runs, cell.when_text, cell.guarantee) == (2, "uge 37", True)


def test_a_range_from_excel_lands_in_rows_and_columns(page: Page, sign_in: Any) -> None:
    case = _open(page, sign_in)
    rows = [row.pk for row in case.rows]
    page.locator(f"[name=offers-{rows[0]}]").focus()
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text/plain", "ja\\t2\\tuge 12\\tx\\r\\nnej\\t\\t\\t\\r\\nx\\t1\\t3. kvartal\\t\\r\\n");
          document.activeElement.dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }"""
    )
    expect(page.locator("[data-state]")).to_have_text("Gemt")
    answers = {i.round_course_id: i for i in Intent.objects.all()}
    assert (answers[rows[0]].runs, answers[rows[0]].guarantee) == (2, True)
    assert answers[rows[1]].offers is False
    assert (answers[rows[2]].offers, answers[rows[2]].when_text) == (True, "3. kvartal")


def test_a_lost_connection_loses_nothing(page: Page, sign_in: Any) -> None:
    case = _open(page, sign_in)
    pk = case.rows[0].pk
    page.context.set_offline(True)
    page.locator(f"[name=runs-{pk}]").fill("4")
    expect(page.locator("[data-state]")).to_contain_text("Forbindelsen er væk")
    page.context.set_offline(False)
    expect(page.locator("[data-state]")).to_have_text("Gemt", timeout=8000)
    assert Intent.objects.get().runs == 4


def test_what_cannot_be_read_stands_in_red_with_a_sentence(
    page: Page, sign_in: Any, axe: Any
) -> None:
    case = _open(page, sign_in)
    pk = case.rows[0].pk
    page.locator(f"[name=runs-{pk}]").fill("mange")
    expect(page.locator(f"[name=runs-{pk}]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(f"tr[data-line='{pk}'] [data-problem]")).not_to_be_empty()
    axe(page)
    page.locator(f"[name=runs-{pk}]").fill("3")
    expect(page.locator(f"[name=runs-{pk}]")).not_to_have_attribute("aria-invalid", "true")
