"""An impatient hand: double clicks, and the back button after signing out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from samspil.coordination.models import Agreement, CourseComment, Form, Overview, Round
from samspil.kernel.models import AuditEvent, MailMessage
from samspil.network.models import Invitation
from tests.factories.agreements import make_agreement_case
from tests.factories.board import make_round


@pytest.fixture
def posts(page: Page) -> list[str]:
    """The addresses that the browser posts to."""
    found: list[str] = []
    page.on("request", lambda r: found.append(r.url) if r.method == "POST" else None)
    return found


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name).dblclick()
    page.wait_for_load_state("load")


def test_a_double_click_is_one_click(
    page: Page, sign_in: Callable[..., None], posts: list[str]
) -> None:
    full = make_agreement_case()
    case = full.case
    sign_in(page, case.secretariat_person)
    page.goto(reverse("coordination:course", args=[case.round.pk, case.rows[0].pk]))
    page.get_by_label("Ny kommentar").fill("Vi tager holdet i uge 37.")
    press(page, "Skriv kommentar")
    expect(page.get_by_role("region", name="Kommentarer")).to_contain_text(
        "Vi tager holdet i uge 37."
    )
    assert CourseComment.objects.count() == 1
    assert len(posts) == 1

    page.goto(reverse("coordination:overview", args=[case.round.pk, case.fkb.fkb.number]))
    press(page, "Lås oversigten")
    expect(page.get_by_text("Oversigten er låst som version 1.")).to_be_visible()
    press(page, "Dan koordineringsaftale")
    expect(page.get_by_text("Aftalen er lavet")).to_be_visible()
    assert (Overview.objects.count(), Agreement.objects.count()) == (1, 1)
    assert MailMessage.objects.count() == 4  # a leader a school, each once
    press(page, "Mind dem, der mangler")
    expect(page.get_by_text("4 ledere er mindet.")).to_be_visible()
    assert MailMessage.objects.count() == 8
    assert len(posts) == 4

    agreement = Agreement.objects.get()
    for index in range(4):
        full.sign(agreement, index)
    page.goto(reverse("coordination:close_round", args=[case.round.pk]))
    press(page, "Afslut runden")
    expect(page.get_by_text("Runden er afsluttet. Arkivet er klar om lidt.")).to_be_visible()
    assert Round.objects.get().status == "closed"
    assert len(posts) == 5


def test_forms_and_invitations_go_out_once(
    page: Page, sign_in: Callable[..., None], posts: list[str]
) -> None:
    case = make_round(status="draft", schools=3)
    Form.objects.update(status="draft")
    sign_in(page, case.secretariat_person)
    page.goto(reverse("coordination:round", args=[case.round.pk]))
    press(page, "Send 3 skemaer")
    expect(page.get_by_text("3 skemaer er sendt.")).to_be_visible()
    assert MailMessage.objects.count() == 3

    page.goto(reverse("network:invite_to_network", args=[case.network.pk]))
    page.get_by_label("E-mail").fill("ny@example.test")
    page.get_by_label("Navn").fill("Ny Person")
    page.get_by_label("læser").check()
    press(page, "Send invitation")
    expect(page.get_by_text("Invitationen er sendt.")).to_be_visible()
    assert Invitation.objects.count() == 1
    assert len(posts) == 2


def test_after_going_back_the_button_works_again(page: Page, sign_in: Callable[..., None]) -> None:
    case = make_round()
    sign_in(page, case.secretariat_person)
    address = reverse("coordination:course", args=[case.round.pk, case.rows[0].pk])
    page.goto(address)
    for number in (1, 2):
        page.get_by_label("Ny kommentar").fill(f"Kommentar {number}")
        page.get_by_role("button", name="Skriv kommentar").click()
        expect(page.get_by_role("region", name="Kommentarer")).to_contain_text(
            f"Kommentar {number}"
        )
        page.go_back()
    assert CourseComment.objects.count() == 2


def test_the_back_button_shows_nothing_after_signing_out(
    page: Page, sign_in: Callable[..., None]
) -> None:
    case = make_round()
    sign_in(page, case.secretariat_person)
    page.goto(reverse("network:people", args=[case.network.pk]))
    page.goto(reverse("coordination:board", args=[case.round.pk, case.fkb.fkb.number]))
    expect(page.locator("#tavle")).to_be_visible()
    page.get_by_role("button", name="Log af").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log ind")
    for _step in range(2):
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("Log ind")
        assert case.schools[0].short_name not in page.content()


def test_an_old_tab_is_told(page: Page, sign_in: Callable[..., None]) -> None:
    """Two tabs with the same step: the second one says what the first one did."""
    case = make_round(status="collecting")
    sign_in(page, case.secretariat_person)
    address = reverse("coordination:round", args=[case.round.pk])
    old = page.context.new_page()
    for tab in (page, old):
        tab.goto(address)
    page.get_by_role("button", name="Gå til mødet").click()
    expect(page.get_by_role("button", name="Gå til underskrift")).to_be_visible()
    events = AuditEvent.objects.count()
    old.get_by_role("button", name="Gå til mødet").click()
    expect(old.locator("main")).to_contain_text("kan ikke")
    assert AuditEvent.objects.count() == events


def test_a_double_click_in_the_panel_is_no_conflict_with_oneself(
    page: Page, sign_in: Callable[..., None], posts: list[str]
) -> None:
    case = make_round()
    sign_in(page, case.secretariat_person)
    page.goto(reverse("coordination:board", args=[case.round.pk, case.fkb.fkb.number]))
    page.locator("#tavle a.c").first.click()
    panel = page.locator("#felt")
    panel.get_by_label("udbyder selv").check()
    panel.get_by_label("Antal hold").fill("2")
    panel.get_by_role("button", name="Gem").evaluate("b => { b.click(); b.click(); }")
    expect(page.locator("#tavle a.c").first).to_contain_text("2 hold")
    expect(panel).not_to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(panel).not_to_be_visible()
    assert len(posts) == 1
