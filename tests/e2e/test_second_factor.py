"""The second factor in a browser: set up when it is required, used at the next sign-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from samspil.kernel import roles
from samspil.network.models import Organisation, Person, RoleAssignment
from tests.support.second_factor import give_passkey, totp_code

PASSWORD = "en lang adgangskode 7"


@pytest.fixture(autouse=True)
def _second_factor_required(settings: Any) -> None:
    settings.SAMSPIL_REQUIRE_SECOND_FACTOR = True


@pytest.fixture
def person() -> Person:
    from django.core.cache import cache

    cache.clear()  # attempts of other tests
    person = Person.objects.create_user("inge@example.test", PASSWORD, name="Inge Prøve")
    RoleAssignment.objects.create(
        person=person,
        role=roles.SCHOOL_LEADER,
        organisation=Organisation.objects.create(key="oestby", name="Østby"),
    )
    return person


def type_password(page: Page) -> None:
    page.goto("/konto/login/")
    page.get_by_label("E-mail").fill("inge@example.test")
    page.get_by_label("Adgangskode").fill(PASSWORD)
    page.get_by_role("button", name="Log ind", exact=True).click()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_an_app_is_set_up_and_then_asked_for(
    page: Page, person: Person, axe: Any, shot: Callable[..., Any]
) -> None:
    type_password(page)
    heading(page, "To-trins-login")
    page.goto("/runder/")
    heading(page, "To-trins-login")  # nowhere else without one
    page.get_by_role("link", name="Sæt app op").click()
    secret = page.locator("#totp-secret").inner_text()
    page.get_by_label("Kode fra appen").fill("000000")
    page.get_by_role("button", name="Slå til").click()
    expect(page.get_by_role("alert")).to_be_focused()
    axe(page)
    secret = page.locator("#totp-secret").inner_text()
    page.get_by_label("Kode fra appen").fill(totp_code(secret))
    page.get_by_role("button", name="Slå til").click()
    heading(page, "Nødkoder")
    codes = page.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    axe(page)
    shot(page, "recovery-codes")
    page.goto("/")
    heading(page, "Mine opgaver")
    page.goto("/min-konto/")
    expect(page.get_by_text("slået til")).to_be_visible()
    page.goto("/konto/2fa/")
    axe(page)
    for address in ("/konto/2fa/recovery-codes/generate/", "/konto/2fa/totp/deactivate/"):
        page.goto(address)
        axe(page)
    page.get_by_role("button", name="Log af").click()

    type_password(page)
    heading(page, "Skriv koden")
    axe(page)
    shot(page, "second-factor-code")
    page.get_by_label("Kode").fill(codes[0])
    page.get_by_role("button", name="Log ind", exact=True).click()
    heading(page, "Mine opgaver")


def test_a_passkey_is_added_and_signs_in_alone(
    page: Page, person: Person, axe: Any, shot: Callable[..., Any]
) -> None:
    give_passkey(page)
    type_password(page)
    page.get_by_role("link", name="Tilføj nøgle").click()
    heading(page, "Tilføj adgangsnøgle")
    page.get_by_label("Navn").fill("Min telefon")
    page.get_by_label("Log ind med nøglen alene").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(lambda url: "/add/" not in url)
    page.goto("/konto/2fa/webauthn/")
    expect(page.get_by_role("rowheader")).to_contain_text("Min telefon")
    axe(page)
    shot(page, "passkeys")
    page.get_by_role("button", name="Log af").click()

    page.goto("/konto/login/")
    page.get_by_role("button", name="Log ind med adgangsnøgle").click()
    heading(page, "Mine opgaver")
