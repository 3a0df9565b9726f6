"""Text that wants to be markup: in every text of the database, seen on every page in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import models
from django.urls import reverse
from playwright.sync_api import Page, expect

from samspil.coordination.domain import board
from samspil.coordination.domain.board import CellChange
from tests.factories.board import NOW
from tests.support import walk

LONG = "'\"></title></textarea></script><img src=x data-evil onerror=evil()>{{7*7}}"
SHORT = "'\"><b data-evil>"
OURS = ("kernel", "network", "catalogue", "coordination")
# What is not free text: keys, hashes, kinds, addresses that must be ones, and the audit chain.
KEYS = {"key", "sha256", "content_type", "email", "to", "password", "language", "stream", "verb"}


def is_free(field: models.Field[Any, Any]) -> bool:
    return (
        isinstance(field, models.CharField | models.TextField)
        and not isinstance(field, models.SlugField | models.EmailField)
        and not field.choices
        and not field.unique
        and field.name not in KEYS
        and not field.name.endswith(("_hash", "_type", "_code", "code"))
        and (field.max_length or 10_000) >= len(SHORT)
    )


def poison() -> int:
    """Put markup into every free text there is, past all actions. Gives the number of columns."""
    columns = 0
    for model in apps.get_models():
        if model._meta.app_label not in OURS or model._meta.model_name in {
            "auditevent", "job", "statuschange"
        }:  # fmt: skip
            continue
        values = {
            field.name: LONG if (field.max_length or 10_000) >= len(LONG) else SHORT
            for field in model._meta.local_fields
            if is_free(field)
        }
        if model._meta.model_name in {"importbatch", "importrow"}:
            values.pop("spec", None)
        if values and model._default_manager.exists():
            model._default_manager.update(**values)
            columns += len(values)
    return columns


def harmless(page: Page) -> None:
    found = page.evaluate(
        """() => [...document.querySelectorAll('[data-evil]')].map(e => e.outerHTML).concat(
            [...document.querySelectorAll('a[href], form[action]')]
              .map(e => e.getAttribute('href') || e.getAttribute('action'))
              .filter(a => /^\\s*(javascript|data|vbscript):/i.test(a)))"""
    )
    assert not found, f"{page.url}: {found[:3]}"


def make_world() -> walk.World:
    world = walk.World()
    case = world.inside
    actor = case.secretariat
    case.intend(case.rows[0], 0, offers=True, runs=1, note="x", when_text="x")
    board.comment(actor=actor, now=NOW, round_course=case.rows[0], text="x")
    board.set_cell(
        actor=actor,
        now=NOW,
        round=case.round,
        change=CellChange(case.rows[0].pk, case.schools[1].pk, "own", runs=1, when_text="x"),
    )
    board.register_external_agreement(
        actor=actor,
        now=NOW,
        round_course=case.rows[2],
        organisation=None,
        school_name="x",
        content=b"%PDF-1.4\n%%EOF\n",
        file_name="x.pdf",
        when_text="x",
        note="x",
    )
    return world


def test_no_text_becomes_markup_on_any_page(
    page: Page, sign_in: Callable[..., None], complaints: list[str]
) -> None:
    world = make_world()
    places = [
        (address.name, reverse(address.name, kwargs=address.kwargs(world)))
        for address in walk.addresses()
        if address.name and not address.name.endswith(":")
    ]
    assert world.people  # everybody is there before their names are changed
    poisoned = poison()
    assert poisoned > 40
    shown = 0
    for who, part in (("secretariat", "/"), ("leader", "/runder/")):
        sign_in(page, world.people[who])
        for name, url in places:
            if not url.startswith(part):
                continue
            if "logout" in name or url.endswith((".pdf", ".xlsx", ".zip", ".jsonl", ".json")):
                continue
            answer = page.request.get(url, max_redirects=0)
            if answer.status == 405 or answer.headers.get("content-disposition"):
                continue  # only for posts, or a download
            if "text/html" not in answer.headers.get("content-type", ""):
                continue  # data for programs, which a browser saves or shows as it is
            page.goto(url)
            harmless(page)
            shown += "data-evil" in page.locator("body").inner_text()
    assert shown > 50  # the text is there, as text
    assert not [c for c in complaints if "Content Security Policy" in c]


def test_what_is_typed_and_handed_in_stays_text(
    page: Page, sign_in: Callable[..., None], complaints: list[str]
) -> None:
    world = walk.World()
    case = world.inside
    sign_in(page, case.secretariat_person)
    page.goto(reverse("coordination:board", args=[case.round.pk, case.fkb.fkb.number]))
    page.locator("#tavle a.c").first.click()
    page.get_by_label("er udbydende skole for de andre").check()
    page.get_by_label("Hvornår").fill(SHORT)
    page.locator("#felt").get_by_role("button", name="Gem").click()
    expect(page.locator("#felt")).to_contain_text("Vi kan ikke læse")
    harmless(page)
    page.get_by_label("Gem det, som det står").check()
    page.locator("#felt").get_by_role("button", name="Gem").click()
    expect(page.locator("#tavle")).to_contain_text(SHORT)
    harmless(page)

    page.goto(reverse("coordination:form", args=[case.round.pk, case.schools[0].pk]))
    when = page.locator("input[name^=when-]").first
    when.fill(SHORT)
    when.press("Tab")
    expect(page.locator(".sheet-form")).to_contain_text("data-evil")
    harmless(page)

    lists = (
        (
            reverse("catalogue:import_new", args=["catalogue.fkbs"]),
            "nummer;titel;branche;" + SHORT.replace(";", "") + "\n9555;" + LONG.replace('"', '""')
            + ";" + SHORT + "\n" + SHORT + ";x;y\n",
        ),
        (
            reverse("coordination:matrix_upload", args=[case.round.pk]),
            f"Mål nr.;Titel;{case.schools[0].short_name};{SHORT}\n"
            f"{case.rows[0].course.number};{LONG};{SHORT};2\n{SHORT};{LONG};x;x\n",
        ),
    )  # fmt: skip
    for address, text in lists:
        page.goto(address)
        page.locator("input[type=file]").set_input_files(
            {"name": SHORT + ".csv", "mimeType": "text/csv", "buffer": text.encode()}
        )
        page.locator("main form").get_by_role("button").last.click()
        harmless(page)
        expect(page.locator("main")).to_contain_text("data-evil")
    assert not [c for c in complaints if "Content Security Policy" in c]
