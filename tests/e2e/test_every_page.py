"""Second eyes on every page: axe, one h1, headings in order, language, narrow, large text, colours.

The pages are those of the permission walk, so that a new page is looked at from its first day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from tests.e2e.conftest import _violations as axe_violations
from tests.e2e.test_hostile_text import make_world
from tests.support import walk

SHAPE = """() => {
  const seen = [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].filter(h => h.offsetParent);
  const levels = seen.map(h => Number(h.tagName[1]));
  return {
    title: document.title,
    lang: document.documentElement.lang,
    h1: levels.filter(l => l === 1).length,
    jump: levels.findIndex((l, i) => i > 0 && l > levels[i - 1] + 1),
    main: document.querySelectorAll('main').length,
    ids: [...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i),
    unnamed: [...document.querySelectorAll('input:not([type=hidden]),select,textarea')]
      .filter(f => !f.labels.length && !f.getAttribute('aria-label') && !f.getAttribute('aria-labelledby')).length,
  };
}"""
TOO_WIDE = "document.documentElement.scrollWidth - window.innerWidth"
LARGE_TEXT = (
    "(root => root.style.fontSize = 2 * parseFloat(getComputedStyle(root).fontSize) + 'px')"
    "(document.documentElement)"
)


def pages_of(world: walk.World) -> Iterator[tuple[str, str]]:
    for address in walk.addresses():
        if address.name and not address.name.endswith(":") and "logout" not in address.name:
            yield address.name, reverse(address.name, kwargs=address.kwargs(world))


def faults(page: Page, language: str) -> list[str]:
    found = []
    shape = page.evaluate(SHAPE)
    if shape["h1"] != 1 or shape["main"] != 1:
        found.append(f"{shape['h1']} h1, {shape['main']} main")
    if shape["jump"] >= 0:
        found.append("a heading jumps a level")
    if shape["lang"] != language:
        found.append(f"lang is {shape['lang']}")
    if len(shape["title"]) < 10 or "Samspil" not in shape["title"]:
        found.append(f"title {shape['title']!r}")
    if shape["ids"]:
        found.append(f"ids twice: {shape['ids']}")
    if shape["unnamed"]:
        found.append(f"{shape['unnamed']} fields without a name")
    found += axe_violations(page)
    page.set_viewport_size({"width": 320, "height": 640})
    if page.evaluate(TOO_WIDE) > 1:
        found.append(f"{page.evaluate(TOO_WIDE)} px too wide at 320 px")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate(LARGE_TEXT)
    if page.evaluate(TOO_WIDE) > 1:
        found.append(f"{page.evaluate(TOO_WIDE)} px too wide with text twice as large")
    return found


def _named_by(url: str) -> str:
    """The language that the address itself names, whatever the reader has chosen; else empty."""
    if url.startswith(("/en/", "/tilmelding/en/")):
        return "en"
    if re.match(r"/tilmelding/\d", url):
        return "da"
    return "da" if url.startswith(("/kurser/", "/indlejr/", "/udbud/")) else ""


@pytest.mark.parametrize(("who", "part"), [("secretariat", ""), ("leader", "/runder/aftale/")])
def test_every_page(page: Page, sign_in: Callable[..., None], who: str, part: str) -> None:
    """In Danish, with everything there is to see in a small round. The pages of one's own account
    and the gallery have tests of their own."""
    world = make_world()
    places = [
        place
        for place in pages_of(world)
        if place[1].startswith(part) and not place[1].startswith(("/konto/", "/_ui/"))
    ]
    sign_in(page, world.people[who])
    told = {}
    for name, url in places:
        answer = page.request.get(url, max_redirects=0)
        if answer.status in {302, 404, 405} or answer.headers.get("content-disposition"):
            continue
        if "text/html" not in answer.headers.get("content-type", ""):
            continue  # what a script asks for
        page.goto(url)
        if found := faults(page, _named_by(url) or "da"):
            told[f"{name} ({url})"] = found
    assert not told, "\n".join(f"{name}\n  " + "\n  ".join(found) for name, found in told.items())


def test_english_pages_say_so(client: Client) -> None:
    """A screen reader reads a page in the language that the page names."""
    world = make_world()
    person = world.people["secretariat"]
    client.force_login(person)
    client.post("/sprog/", {"language": "en"})
    for name, url in pages_of(world):
        answer = client.get(url)
        if answer.status_code in {302, 405} or not answer["Content-Type"].startswith("text/html"):
            continue
        if "<html" in answer.text:
            language = _named_by(url) or "en"
            assert f'<html lang="{language}"' in answer.text, name
            assert answer["Content-Language"] == language, name
