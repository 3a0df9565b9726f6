"""Browser tests: one Chromium a run, a context a test, a real server on this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

# Playwright keeps an event loop in this thread, where Django would refuse its ORM.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

HERE = Path(__file__).resolve().parent
OUTPUT = HERE / "output"
AXE = HERE.parent / "support" / "vendor" / "axe.min.js"
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = {"1440": (1440, 900), "390": (390, 844)}


def _chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.fail("Chromium is not installed: run `make test`, which installs it.")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=_chromium(),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture(autouse=True)
def _address_in_mails(live_server: Any, settings: Any) -> None:
    settings.BASE_URL = live_server.url


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of. A test that expects complaints reads and clears it."""
    return []


@pytest.fixture
def new_context(
    browser: Browser, live_server: Any, complaints: list[str]
) -> Iterator[Callable[..., BrowserContext]]:
    """A fresh browser profile per call (one per person); errors in the console fail the test."""
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        options.setdefault("viewport", {"width": 1440, "height": 900})
        context = browser.new_context(
            base_url=live_server.url, locale="da-DK", timezone_id="Europe/Copenhagen", **options
        )
        context.set_default_timeout(10_000)
        context.on("weberror", lambda e: complaints.append(f"script error: {e.error}"))
        context.on(
            "console",
            lambda m: (
                complaints.append(f"console: {m.text}")
                if m.type == "error" and "Failed to load resource" not in m.text
                else None
            ),
        )
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    return new_context().new_page()


@pytest.fixture
def sign_in(live_server: Any) -> Callable[[Page, Any], None]:
    """``sign_in(page, person)``: a session as after a full sign-in, without the forms."""

    def do(page: Page, person: Any) -> None:
        from django.conf import settings
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
        from django.contrib.sessions.backends.db import SessionStore

        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.save()
        page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": session.session_key or "",
                    "url": live_server.url,
                }
            ]
        )

    return do


@pytest.fixture
def calculate() -> Callable[[], None]:
    """``calculate()``: what the worker does about proposals that were asked for."""
    from samspil.kernel import clock, outbox, solving

    def do() -> None:
        assert solving.run_due()
        outbox.run_due(clock.now())

    return do


def _violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})",
        _WCAG,
    )
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}\n    "
        + "\n    ".join(node["html"][:200] for node in violation["nodes"][:5])
        for violation in result["violations"]
    ]


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """``axe(page)``: no violation of WCAG 2.2 AA on the page as it stands."""

    def check(page: Page) -> None:
        found = _violations(page)
        assert not found, f"axe on {page.url}:\n" + "\n".join(found)

    return check


@pytest.fixture
def shot() -> Callable[..., list[Path]]:
    """``shot(page, "board")``: pictures at 1440 and 390 px; nothing sticks out sideways at 390."""

    def take(page: Page, name: str, *, full_page: bool = True) -> list[Path]:
        assert re.fullmatch(r"[a-z0-9-]+", name)
        OUTPUT.mkdir(exist_ok=True)
        before = page.viewport_size
        made = []
        for label, (width, height) in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            path = OUTPUT / f"{name}-{label}.png"
            page.screenshot(path=path, full_page=full_page, animations="disabled")
            made.append(path)
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 1, f"{page.url} is {wide} px wider than {width} px"
        if before:
            page.set_viewport_size(before)
        return made

    return take


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    """Keep a picture and the HTML of the page that a test failed on."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and page is not None and not page.is_closed():
        OUTPUT.mkdir(exist_ok=True)
        stem = re.sub(r"\W+", "-", item.name)
        try:
            page.screenshot(path=OUTPUT / f"failed-{stem}.png", full_page=True)
            (OUTPUT / f"failed-{stem}.html").write_text(page.content(), encoding="utf-8")
        except Exception as error:  # the page may be gone; the test's own error matters
            report.sections.append(("no picture", json.dumps(str(error))))
    return report
