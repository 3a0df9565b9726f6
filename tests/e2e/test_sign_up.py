"""Signing up at the width of a phone: by finger, in a browser, from the course to the receipt."""

from __future__ import annotations

import re

import pytest
from django.core import mail as sent_mail
from playwright.sync_api import Page, expect

from samspil.kernel import clock, outbox
from tests.factories import enrolments as make


@pytest.fixture
def run():
    return make.make_open_run(make.make_school(), make.make_course(), now=clock.now(), capacity=1)


def work() -> None:
    while outbox.run_due(clock.now()):
        pass


def link() -> str:
    work()
    return str(re.findall(r"http\S+/tilmelding/min/[\w-]+/", sent_mail.outbox[-1].body)[-1])


def no_sideways(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_company_signs_two_up_on_a_phone(page: Page, live_server, run) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/kurser/{run.course.number}/")
    page.get_by_role("link", name=re.compile("^Tilmeld dig")).click()
    no_sideways(page)
    expect(page.get_by_label("CVR-nummer")).to_be_hidden()  # when the script has run
    page.get_by_text("En virksomhed tilmelder sine medarbejdere").click()
    page.get_by_label("Virksomhed eller kommune").fill("Plejehjemmet Prøven")
    page.get_by_label("CVR-nummer").fill("12345678")
    page.get_by_label("Dit navn").fill("Karen Prøve")
    page.get_by_label("Din mail").fill("karen@example.test")
    page.get_by_label("Hvor mange pladser?").fill("2")
    page.get_by_role("button", name="Tilmeld").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("CVR-nummer har otte cifre")
    expect(page.get_by_label("Dit navn")).to_have_value("Karen Prøve")
    page.get_by_label("CVR-nummer").fill("25 31 37 63")
    page.get_by_role("button", name="Tilmeld").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Se i din mail"))
    page.goto(link())
    no_sideways(page)
    page.get_by_role("button", name="Bekræft").click()
    expect(page.locator(".messages")).to_contain_text("Tilmeldingen er bekræftet")
    expect(page.get_by_text("Nr. 1 i køen")).to_be_visible()
    page.get_by_label("Navn").first.fill("Anna Prøve")
    page.get_by_role("button", name="Gem navne").click()
    expect(page.locator(".messages")).to_contain_text("Navnene er gemt")
    page.get_by_role("link", name="Frameld …").click()
    expect(page.get_by_text("Gratis").first).to_be_visible()
    no_sideways(page)
    page.get_by_role("button", name="Frameld").click()
    expect(page.locator(".messages")).to_contain_text("2 personer er frameldt")
