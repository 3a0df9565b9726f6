"""The public site in a real browser: found, read and kept, without script, and on a foreign page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from samspil.catalogue.models import CourseRelation
from samspil.kernel import clock
from samspil.network.models import Municipality, Postcode
from tests.factories.agreements import AgreementCase, make_agreement_case
from tests.factories.public import make_open_run

WIDTHS = (1440, 390, 320)


@pytest.fixture
def kit() -> AgreementCase:
    kit = make_agreement_case()
    kit.case.round.year = clock.today().year + 1
    kit.case.round.save(update_fields=["year"])
    aarhus = Municipality.objects.create(
        code="0751",
        name="Aarhus",
        region_code="1082",
        region="Region Midtjylland",
        lat=56.1,
        lon=10.2,
    )
    Postcode.objects.create(code="8000", city="Aarhus C", lat=56.15, lon=10.2, municipality=aarhus)
    for row in kit.case.rows:
        CourseRelation.objects.create(course=row.course, fkb=kit.case.fkb.fkb)
    kit.freeze()
    for days in range(10, 40, 4):
        make_open_run(
            kit.case.rows[1].course, kit.case.schools[0], days=days, is_guaranteed=days % 3 == 0
        )
    make_open_run(kit.case.rows[-2].course, kit.case.schools[2], days=200)
    return kit


@pytest.mark.parametrize("language", ["da", "en"])
def test_pages_are_accessible_at_every_width(
    kit: AgreementCase, page: Page, axe: Callable[[Page], None], language: str
) -> None:
    search = "/kurser/" if language == "da" else "/en/courses/"
    key = kit.case.schools[0].key
    guide = "/indlejr/" if language == "da" else "/en/embed/"
    for url in (
        search,
        f"{search}?q=demns",
        f"{search}?q=xqzw",
        f"{search}{kit.case.rows[1].course.number}/",
        f"{search}{kit.case.rows[-2].course.number}/",
        f"{search}99999/",
        f"/indlejr/{key}/?farve=ffee00&sprog={language}",
        f"{guide}?skole={key}",
    ):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(url)
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"{url} is {wide} px wider than {width} px"
        axe(page)
        page.set_viewport_size({"width": 1440, "height": 900})
        axe(page)
        assert page.evaluate("document.documentElement.lang") == language
    assert page.context.cookies() == []


def test_a_course_is_found_and_read_without_script(
    kit: AgreementCase, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/kurser/")
    page.get_by_label("Emne, målnummer eller FKB").fill("demns")
    page.get_by_label("Hvor").select_option("Aarhus")
    page.get_by_label("Garanteret").check()
    page.get_by_role("button", name="Søg").click()
    expect(page.get_by_text("har søgt på demens")).to_be_visible()
    expect(page.get_by_label("Garanteret")).to_be_checked()
    page.get_by_role("link", name="Omsorg for personer med demens").click()
    expect(page.get_by_role("img", name="Kort over Danmark")).to_be_visible()
    expect(page.locator(".course-map circle")).not_to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="Alle hold til kalender").click()
    assert download.value.suggested_filename.endswith(".ics")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="8 announced classes")).to_be_visible()
    assert page.context.cookies() == []


def test_pictures_of_the_public_site(
    kit: AgreementCase, page: Page, shot: Callable[..., Any]
) -> None:
    page.goto("/kurser/")
    shot(page, "offentlig-soegning")
    page.goto(f"/kurser/{kit.case.rows[-2].course.number}/")
    expect(page.get_by_text("Holdet gennemføres hos").first).to_be_visible()
    shot(page, "offentlig-kursus")


# ---------------------------------------------------------------- on a foreign page


@pytest.fixture
def foreign_site(live_server: Any, kit: AgreementCase) -> Iterator[str]:
    """A school's own site on another origin, with a policy that lets in our script and frame alone."""
    key = kit.case.schools[0].key
    html = f"""<!doctype html><html lang="da"><head><meta charset="utf-8"><title>Skolen</title></head>
<body><h1>Vores kurser</h1>
<script src="{live_server.url}/indlejr/{key}.js" data-farve="#1f6b3a" async></script>
<p id="after">Efter listen</p></body></html>""".encode()
    policy = (
        f"default-src 'none'; script-src {live_server.url}; frame-src {live_server.url};"
        " require-trusted-types-for 'script'; base-uri 'none'; form-action 'none'"
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            if self.path == "/":
                self.wfile.write(html)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_schools_list_on_its_own_site(
    kit: AgreementCase, page: Page, foreign_site: str, complaints: list[str]
) -> None:
    page.goto(foreign_site)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("link", name="Omsorg for personer med demens").first).to_be_visible()

    def fits() -> bool:
        inside = page.frames[1].evaluate(
            "Math.ceil(document.querySelector('main').getBoundingClientRect().height)"
        )
        return bool(page.evaluate("Number(document.querySelector('iframe').height)") == inside)

    page.wait_for_timeout(300)
    assert fits()
    wide = page.evaluate("Number(document.querySelector('iframe').height)")
    page.set_viewport_size({"width": 360, "height": 800})
    page.wait_for_timeout(300)
    assert fits()
    assert page.evaluate("Number(document.querySelector('iframe').height)") > wide
    colour = frame.get_by_role("link").first.evaluate("a => getComputedStyle(a).color")
    assert colour == "rgb(31, 107, 58)"
    assert page.context.cookies() == []
    assert complaints == []


def test_a_foreign_message_does_not_move_the_frame(
    kit: AgreementCase, page: Page, foreign_site: str
) -> None:
    page.goto(foreign_site)
    page.frame_locator("iframe").get_by_role("link").first.wait_for()
    page.wait_for_timeout(300)
    before = page.evaluate("document.querySelector('iframe').height")
    page.evaluate("window.postMessage({samspil: 'height', height: 9999}, '*')")
    page.evaluate(
        "window.dispatchEvent(new MessageEvent('message', {data: {samspil: 'height', height: 9999},"
        " origin: 'https://evil.example'}))"
    )
    page.wait_for_timeout(200)
    assert page.evaluate("document.querySelector('iframe').height") == before


def test_no_other_page_lets_itself_be_framed(
    kit: AgreementCase, page: Page, live_server: Any, complaints: list[str]
) -> None:
    page.set_content(f'<iframe src="{live_server.url}/kurser/"></iframe>')
    page.wait_for_timeout(500)
    assert page.frames[1].url.startswith("chrome-error:")
    assert any("frame-ancestors" in text for text in complaints)
    complaints.clear()
