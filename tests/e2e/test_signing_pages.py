"""Mandates, signing at an outside provider and addenda side by side, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Page

from samspil.coordination.models import Commitment
from samspil.kernel import clock, roles
from samspil.network.models import Organisation
from tests.e2e.test_every_page import faults
from tests.factories.agreements import make_agreement_case
from tests.factories.board import make_person, make_round
from tests.support import openid_provider


def test_from_a_mandate_to_a_signature_at_the_provider(
    live_server: Any,
    page: Page,
    sign_in: Callable[..., None],
    axe: Callable[..., None],
    shot: Callable[..., Any],
    settings: Any,
    tmp_path: Path,
) -> None:
    page.set_default_timeout(60_000)
    kit = make_agreement_case()
    kit.freeze()
    kit.make()
    school = kit.case.schools[0]
    Organisation.objects.filter(pk=school.pk).update(cvr=openid_provider.CVR)
    deputy = make_person("Vicky Vikar", roles.SCHOOL_COORDINATOR, organisation=school)
    sign_in(page, kit.leaders[0])
    page.goto(f"{live_server.url}/netvaerk/organisation/{school.pk}/")
    page.get_by_role("link", name="Hvem underskriver").click()
    axe(page)
    page.get_by_role("link", name="Giv mandat").click()
    axe(page)
    page.get_by_label("Hvem").select_option("Vicky Vikar")
    page.get_by_label("Hvad bygger det på?").fill("Uddannelseschef, vedtægtens § 12")
    shot(page, "mandate-give")
    page.get_by_role("button", name="Giv mandat").click()
    page.get_by_text("Gælder nu").wait_for()
    axe(page)
    shot(page, "mandates")

    back = f"{live_server.url}/runder/underskriv/retur/"
    with openid_provider.running(tmp_path / "openid", back) as there:
        there.configure(settings)
        there.knows("vicky", name="Vicky Vikar")
        sign_in(page, deputy)
        page.goto(f"{live_server.url}/")
        page.get_by_role("link", name="Underskriv aftalen for FKB 9222").click()
        page.get_by_text("mandat fra Leder 0").wait_for()
        axe(page)
        shot(page, "sign-two-ways")
        page.get_by_role("button", name="Underskriv med Prøve-ID").click()
        page.get_by_label("Bruger").fill("vicky")
        page.get_by_role("button", name="Log ind").click()
        page.get_by_role("button", name="Godkend").click()
        page.get_by_text("Du har underskrevet for").wait_for()
        page.get_by_role("cell", name="Prøve-ID (Substantial)").wait_for()
        axe(page)
        shot(page, "signed-elsewhere")


def test_an_addendum_side_by_side(
    live_server: Any,
    page: Page,
    sign_in: Callable[..., None],
    axe: Callable[..., None],
    shot: Callable[..., Any],
) -> None:
    kit = make_agreement_case()
    kit.freeze()
    agreement = kit.make()
    for index in range(4):
        kit.sign(agreement, index)
    kit.reopen("Læreren er rejst")
    Commitment.objects.filter(
        round_course=kit.case.rows[0], organisation=kit.case.schools[0]
    ).delete()
    kit.case.commit(kit.case.rows[0], 3, "own", runs=1, when_text="uge 45")
    kit.freeze()
    addendum = kit.make()
    sign_in(page, kit.leaders[3])
    page.goto(f"{live_server.url}/runder/aftale/{addendum.pk}/")
    page.get_by_role("link", name="Se de to versioner side om side").click()
    page.get_by_role("heading", name="Versionerne side om side").wait_for()
    axe(page)
    shot(page, "addendum-side-by-side")
    told = faults(page, "da")  # 320 px and text twice as large among them
    assert not told, told
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{live_server.url}/runder/aftale/{addendum.pk}/aendringer/")
    page.get_by_role("link", name="Vis alle mål").click()
    page.get_by_text("Som før").first.wait_for()
    axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    # before and after stand under each other with their names, in the order of the columns
    cells = page.locator("td[data-label]")
    assert cells.nth(0).bounding_box()["y"] < cells.nth(1).bounding_box()["y"]
    page.set_viewport_size({"width": 1440, "height": 900})
    assert cells.nth(0).bounding_box()["y"] == cells.nth(1).bounding_box()["y"]
    page.emulate_media(media="print")
    assert page.get_by_text("Vis kun det, der er ændret").is_hidden()
    page.emulate_media(media="screen")
    page.goto(f"{live_server.url}/runder/aftale/{addendum.pk}/underskriv/{kit.case.schools[3].pk}/")
    page.get_by_role("heading", name="Det ændrer tillægget").wait_for()
    axe(page)
    shot(page, "addendum-sign")


def test_a_lost_second_factor_is_reset(
    live_server: Any,
    page: Page,
    sign_in: Callable[..., None],
    axe: Callable[..., None],
    shot: Callable[..., Any],
) -> None:
    page.set_default_timeout(60_000)
    case = make_round()
    admin = make_person("Admin", roles.PLATFORM_ADMIN)
    for person in (admin, case.people[0]):
        Authenticator.objects.create(
            user=person, type=Authenticator.Type.TOTP, data={"secret": "konstrueret"}
        )
    sign_in(page, admin)
    page.goto(f"{live_server.url}/netvaerk/{case.network.pk}/personer/")
    axe(page)
    links = page.get_by_role("link", name="Nulstil anden faktor")
    links.filter(has_text=case.people[0].name).click()
    page.get_by_role("heading", name="Bekræft først, at det er dig").wait_for()
    axe(page)
    shot(page, "reset-prove")
    [cookie] = [c for c in page.context.cookies() if c["name"] == settings.SESSION_COOKIE_NAME]
    session = SessionStore(cookie["value"])
    session["account_authentication_methods_user"] = str(admin.pk)
    session["account_authentication_methods"] = [
        {"method": "mfa", "type": "totp", "at": clock.now().timestamp()}
    ]
    session.save()
    page.reload()
    page.get_by_role("button", name="Nulstil").click()
    page.get_by_text("Skriv, hvordan du ved det.").first.wait_for()
    axe(page)
    page.get_by_label("Hvordan ved du").fill("Mødte op med pas")
    shot(page, "reset-factor")
    page.get_by_role("button", name="Nulstil").click()
    page.get_by_text("Den anden faktor er nulstillet.").wait_for()
    assert not Authenticator.objects.filter(user=case.people[0]).exists()
