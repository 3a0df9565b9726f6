"""The overview, the agreement and the signature in a browser: axe on each, both widths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from samspil.coordination.models import Signature
from samspil.kernel import clock, outbox
from tests.factories.agreements import make_agreement_case


def test_from_the_board_to_the_signature(
    live_server: Any,
    page: Page,
    sign_in: Callable[..., None],
    axe: Callable[..., None],
    shot: Callable[..., Any],
    settings: Any,
) -> None:
    settings.EXAMPLE_DOOR = True
    kit = make_agreement_case()
    case = kit.case
    sign_in(page, case.secretariat_person)
    page.goto(f"{live_server.url}/runder/{case.round.pk}/fkb/9222/")
    page.get_by_role("link", name="Dan koordineringsaftale").click()
    axe(page)
    page.get_by_role("button", name="Lås oversigten").click()
    page.get_by_role("button", name="Dan koordineringsaftale").click()
    outbox.run_due(clock.now())
    page.reload()
    axe(page)
    shot(page, "agreement")
    page.goto(f"{live_server.url}/runder/{case.round.pk}/fkb/9222/oversigt/")
    axe(page)
    shot(page, "overview")
    page.goto(f"{live_server.url}/netvaerk/{case.network.pk}/historik/")
    axe(page)
    shot(page, "history")
    page.goto(f"{live_server.url}/runder/{case.round.pk}/afslut/")
    axe(page)
    place = Signature.objects.get(organisation=case.schools[0])
    sign_in(page, kit.leaders[0])
    page.goto(f"{live_server.url}/runder/aftale/{place.agreement_id}/")
    page.get_by_role("link", name="Underskriv for").click()
    axe(page)
    shot(page, "sign")
    page.get_by_role("button", name="Underskriv").click()
    page.get_by_text("1 af 4 skoler har underskrevet").first.wait_for()
    place.refresh_from_db()
    assert place.status == "signed"
