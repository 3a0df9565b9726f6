"""A week in a browser: chosen, calculated, approved by two schools at once, asked by the school itself, moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page

from samspil.enrolment.models import Enrolment, MoveBundle
from samspil.kernel import clock, solving
from samspil.kernel.outbox import run_due
from tests.factories.bundles import two_courses


def work() -> None:
    for _round in range(4):
        run_due(clock.now())


def test_an_fkb_is_pooled_by_two_schools_and_one_asks_its_own(
    live_server: Any,
    page: Page,
    new_context: Callable[..., BrowserContext],
    sign_in: Callable[..., None],
    axe: Callable[..., None],
    shot: Callable[..., Any],
) -> None:
    case = two_courses((4, 0, 0), (4, 2, 0))
    source = case.runs[1]
    source.enrolled = 3
    source.save(update_fields=["enrolled"])
    sign_in(page, case.round.people[1])
    page.goto(f"{live_server.url}/tilmelding/flytning/")
    page.get_by_role("link", name="Læg hold sammen").click()
    axe(page)
    shot(page, "bundle-propose")
    page.get_by_label("Hvad skal lægges sammen?").select_option("fkb:9222")
    page.get_by_label("Højst så mange kilometer").fill("75")
    page.get_by_role("button", name="Regn forslaget").click()
    page.get_by_role("heading", name="Regner …").wait_for()
    work()
    assert solving.run_next()
    work()
    page.get_by_role("heading", name="Mål for mål").wait_for()
    page.reload()
    axe(page)
    shot(page, "bundle")
    bundle = MoveBundle.objects.get()
    page.get_by_role("button", name="Godkend alle 2 mål for").click()
    page.get_by_text("Du har godkendt 2 mål").wait_for()
    phone = new_context(viewport={"width": 390, "height": 844}).new_page()
    sign_in(phone, case.round.people[0])
    phone.goto(f"{live_server.url}/tilmelding/flytning/samlet/{bundle.pk}/")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    axe(phone)
    phone.get_by_role("button", name="Godkend alle 2 mål for").click()
    phone.get_by_text("Du har godkendt 2 mål").wait_for()
    work()
    assert set(bundle.plans.values_list("status", flat=True)) == {"asking"}
    # one by the link, the others by telephone
    plan = bundle.plans.get(course=source.course)
    page.goto(f"{live_server.url}/tilmelding/flytning/{plan.pk}/egne/")
    axe(page)
    page.locator("tbody").get_by_role("link").click()
    axe(page)
    shot(page, "bundle-own")
    link = page.locator("code").first.inner_text().split("/tilmelding/", 1)[1]
    visitor = new_context(viewport={"width": 390, "height": 844}).new_page()
    visitor.goto(f"{live_server.url}/tilmelding/{link}")
    axe(visitor)
    visitor.get_by_role("button", name="Ja, jeg vil gerne flytte").click()
    visitor.get_by_text("Pladsen er holdt til dig").first.wait_for()
    page.get_by_label("Har sagt ja").fill("2")
    page.get_by_role("button", name="Skriv svarene ind").click()
    page.get_by_text("Der er kommet svar, siden du åbnede siden").first.wait_for()
    page.get_by_role("button", name="Skriv svarene ind").click()
    page.get_by_text("Skrevet ind: 2 ja og 0 nej.").wait_for()
    work()
    plan.refresh_from_db()
    assert plan.status == "carried_out"
    assert Enrolment.objects.filter(run=case.runs[0], status="enrolled").count() == 7
    page.goto(f"{live_server.url}/tilmelding/overfoersler/")
    axe(page)
    page.get_by_role("button", name="har klaret sin del for alle").click()
    page.get_by_text("3 overførsler er klaret.").wait_for()
