"""The design system and the pages around the work, in a real browser: axe, keyboard, widths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from samspil.kernel import roles
from samspil.network.models import Membership, Network, Organisation, Person, RoleAssignment

OPEN = {
    "gallery": "/_ui/",
    "gallery-board": "/_ui/tavle/",
    "gallery-confirm": "/_ui/bekraeft/",
    "login": "/konto/login/",
    "password-reset": "/konto/password/reset/",
    "password-reset-done": "/konto/password/reset/done/",
    "accessibility": "/tilgaengelighed/",
    "not-found": "/findes-ikke/",
}
OWN = {
    "front": "/",
    "switch": "/skift/",
    "account": "/min-konto/",
    "second-factor": "/konto/2fa/",
    "totp": "/konto/2fa/totp/activate/",
    "passkey": "/konto/2fa/webauthn/add/",
    "password": "/konto/password/change/",
    "sessions": "/konto/sessions/",
    "logout": "/konto/logout/",
}


@pytest.fixture
def person() -> Person:
    network = Network.objects.create(key="proeve", name="Prøvekredsen", short_name="PK")
    person = Person.objects.create_user(
        "inge@example.test", "en lang adgangskode 7", name="Inge Prøve"
    )
    for name in ("Østby", "Vestby"):
        organisation = Organisation.objects.create(key=name.lower(), name=name)
        Membership.objects.create(network=network, organisation=organisation)
        RoleAssignment.objects.create(
            person=person, role=roles.SCHOOL_COORDINATOR, organisation=organisation
        )
    return person


def test_open_pages_pass_axe_and_fit(
    page: Page, axe: Any, shot: Any, complaints: list[str]
) -> None:
    for name, address in OPEN.items():
        page.goto(address)
        axe(page)
        shot(page, name)


def test_own_pages_pass_axe_and_fit(
    page: Page, person: Person, sign_in: Callable[..., None], axe: Any, shot: Any
) -> None:
    page.goto("/konto/login/")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Adgangskode").fill("en lang adgangskode 7")
    page.get_by_role("button", name="Log ind", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mine opgaver")
    for name, address in OWN.items():
        page.goto(address)
        axe(page)
        shot(page, name)


@pytest.mark.parametrize("width", [320, 768, 2560])
def test_nothing_sticks_out_at_any_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for address in ("/_ui/", "/_ui/tavle/", "/konto/login/"):
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 1, f"{address} at {width}"


def test_errors_are_announced_linked_and_focused(page: Page, axe: Any) -> None:
    page.goto("/_ui/")
    page.get_by_role("button", name="Gem").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    axe(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Navn")).to_be_focused()
    summary.get_by_role("link", name="Udfyld »Udbyder I målet?«.").click()
    expect(page.get_by_label("Ja")).to_be_focused()


def test_the_keyboard_reaches_the_content_first(page: Page) -> None:
    page.goto("/_ui/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Gå til indhold")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_typing_filters_the_table_and_says_how_many(page: Page) -> None:
    page.goto("/_ui/")
    page.get_by_label("Find mål").press_sequentially("demens")
    expect(page.locator("#demo tbody tr:visible")).to_have_count(1)
    expect(page.locator("[data-live]")).to_have_text("1 rækker vises")
    page.get_by_label("Find mål").press("Enter")
    expect(page).to_have_url(page.url.split("?")[0])


def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(
    page: Page, person: Person, sign_in: Callable[..., None], axe: Any
) -> None:
    sign_in(page, person)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    menu = page.get_by_role("navigation", name="Hovedmenu")
    expect(menu).to_be_hidden()
    toggle = page.get_by_role("button", name="Menu")
    toggle.focus()
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(toggle).to_be_focused()


def test_a_button_that_is_off_stays_off(page: Page) -> None:
    page.goto("/_ui/tavle/")
    button = page.get_by_role("button", name="Dan koordineringsaftale")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    expect(page).to_have_url(page.url)
    expect(button).to_have_accessible_description("Kan først dannes, når alle mål har en udbyder.")


def test_the_page_reads_without_script(
    new_context: Callable[..., Any], person: Person, sign_in: Any
) -> None:
    context = new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    sign_in(page, person)
    page.goto("/")
    expect(page.get_by_role("navigation", name="Hovedmenu")).to_be_visible()
    expect(page.get_by_role("button", name="Log af")).to_be_visible()


def test_colours_of_the_reader_keep_the_meaning(new_context: Callable[..., Any], axe: Any) -> None:
    page = new_context(forced_colors="active", reduced_motion="reduce").new_page()
    page.goto("/_ui/tavle/")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('td.lead')).outlineStyle") == "solid"
    )
    axe(page)


def test_paper_shows_the_board_and_nothing_else(page: Page) -> None:
    page.goto("/_ui/tavle/")
    page.emulate_media(media="print")
    expect(page.locator(".header")).to_be_hidden()
    expect(page.locator(".board-tools")).to_be_hidden()
    expect(page.locator(".board")).to_be_visible()


def test_a_first_visit_is_light(page: Page) -> None:
    """Bytes of the first visit as the test server sends them, uncompressed text included."""
    sizes: dict[str, int] = {}
    page.on("response", lambda r: sizes.__setitem__(r.url, len(r.body()) if r.ok else 0))
    page.goto("/_ui/tavle/", wait_until="networkidle")
    fonts = sum(size for url, size in sizes.items() if url.endswith(".woff2"))
    assert 0 < fonts < 100_000
    assert sum(sizes.values()) < 500_000, sizes
