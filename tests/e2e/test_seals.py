"""A sealed agreement in a browser: its page, the file, and the check that anybody can make."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdf
from playwright.sync_api import Page

from samspil.kernel import clock, outbox, roles
from tests.factories.agreements import make_agreement_case
from tests.factories.board import make_person
from tests.support.sealing import use_key


def test_from_the_last_signature_to_the_check(
    live_server: Any,
    page: Page,
    sign_in: Callable[..., None],
    axe: Callable[..., None],
    shot: Callable[..., Any],
    settings: Any,
    tmp_path: Path,
) -> None:
    use_key(settings, tmp_path / "segl")
    page.set_default_timeout(60_000)  # a check is a process that lets all others go first
    kit = make_agreement_case()
    kit.freeze()
    agreement = kit.make()
    for index in range(4):
        kit.sign(agreement, index)
    sign_in(page, kit.case.secretariat_person)
    page.goto(f"{live_server.url}/runder/aftale/{agreement.pk}/")
    page.get_by_text("Venter på segl").wait_for()
    outbox.run_due(clock.now() + timedelta(minutes=1))
    page.reload()
    page.get_by_text("Forseglet", exact=True).wait_for()
    axe(page)
    shot(page, "sealed-agreement")
    file = page.request.get(f"{live_server.url}/runder/aftale/{agreement.pk}/forseglet.pdf")
    assert file.headers["content-type"] == "application/pdf"
    good, bad = tmp_path / "aftale.pdf", tmp_path / "rettet.pdf"
    good.write_bytes(file.body())
    bad.write_bytes(file.body()[:500] + b"\x00" + file.body()[501:])

    page.context.clear_cookies()  # anybody
    page.goto(f"{live_server.url}/kontrol/")
    axe(page)
    shot(page, "check")
    page.get_by_label("PDF-filen").set_input_files(good)
    page.get_by_role("button", name="Kontrollér filen").click()
    page.get_by_role("heading", name="Seglet holder").wait_for()
    page.get_by_role("cell", name=re.compile(r"^Leder 2\b")).wait_for()
    axe(page)
    shot(page, "check-holds")
    page.get_by_label("PDF-filen").set_input_files(bad)
    page.get_by_role("button", name="Kontrollér filen").click()
    page.get_by_role("heading", name="Filen er ændret").wait_for()
    axe(page)
    shot(page, "check-changed")
    page.get_by_role("button", name="Kontrollér filen").click()
    page.get_by_text("Vælg en fil.").first.wait_for()
    axe(page)


def test_a_signature_on_paper(
    live_server: Any,
    page: Page,
    sign_in: Callable[..., None],
    axe: Callable[..., None],
    shot: Callable[..., Any],
    tmp_path: Path,
) -> None:
    page.set_default_timeout(60_000)
    kit = make_agreement_case()
    kit.freeze()
    agreement = kit.make()
    second = make_person("Nummer To", roles.SECRETARIAT, network=kit.case.network)
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(tmp_path / "scan.pdf")
    sign_in(page, kit.case.secretariat_person)
    page.goto(f"{live_server.url}/runder/aftale/{agreement.pk}/")
    axe(page)
    shot(page, "agreement-with-paper")
    page.get_by_role("link", name="Papir fra Østby").click()
    axe(page)
    shot(page, "paper")
    page.get_by_label("Den scannede side").set_input_files(tmp_path / "scan.pdf")
    page.get_by_label("Hvem har underskrevet?").fill("Leder På Papir")
    page.get_by_label("Dato på papiret").fill("2026-03-01")
    page.get_by_role("button", name="Læg papiret ind").click()
    page.get_by_text("Papiret er lagt ind").wait_for()
    sign_in(page, second)
    page.goto(f"{live_server.url}/")
    page.get_by_role("link", name="Bekræft underskriften på papir").click()
    axe(page)
    shot(page, "paper-confirm")
    page.get_by_label("De første otte tegn").fill(agreement.content_hash[:8])
    page.get_by_role("button", name="Bekræft underskriften").click()
    page.get_by_text("1 af 4 skoler har underskrevet").first.wait_for()
    axe(page)
