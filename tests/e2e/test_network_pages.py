"""A network's settings, a school's municipalities, and what waits on the round, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from samspil.network.models import Municipality
from tests.factories.board import make_round


def test_settings_and_municipalities(
    live_server: Any,
    page: Page,
    sign_in: Callable[..., None],
    axe: Callable[..., None],
    shot: Callable[..., Any],
) -> None:
    case = make_round(fkb="9222")
    for code, name in (("0751", "Aarhus"), ("0730", "Randers"), ("0740", "Silkeborg")):
        Municipality.objects.create(
            code=code, name=name, region="Region Midtjylland", lat=56.0, lon=10.0
        )
    sign_in(page, case.secretariat_person)
    home = f"{live_server.url}/netvaerk/{case.network.pk}/"
    page.goto(home)
    page.get_by_role("link", name="Indstillinger").click()
    axe(page)
    shot(page, "network-settings")
    page.get_by_label("Tilkoblede mål").check()
    page.get_by_role("button", name="Gem").click()
    page.get_by_text("Indstillingerne er gemt.").wait_for()
    case.network.refresh_from_db()
    assert case.network.duty_relations == ["core", "linked"]

    page.get_by_role("link", name=case.schools[0].name, exact=True).click()
    page.get_by_role("link", name="Ret kommuner").click()
    axe(page)
    shot(page, "territory")
    page.get_by_label("Randers").check()
    page.get_by_label("Aarhus").check()
    page.get_by_role("button", name="Gem").click()
    page.get_by_text("Aarhus, Randers").wait_for()
    axe(page)
    page.goto(home)
    page.get_by_text("Skolerne dækker 2 af 3 kommuner.").wait_for()
    page.get_by_text("Se, hvem der dækker hvad").click()
    axe(page)
    shot(page, "network")
