"""The pictures of the user guide, taken of the example's played round.

They are written into ``docs/pictures`` with ``SAMSPIL_PICTURES=1``, otherwise beside the other
pictures of a test run: so the guide's way through the pages is walked each time.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import Page, expect

from samspil.coordination.models import Commitment, Return, Round, RoundCourse
from samspil.network.models import Organisation, Person
from tests.e2e.conftest import OUTPUT

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures" if os.environ.get("SAMSPIL_PICTURES") else OUTPUT / "guide"
WIDTH = 1280


@pytest.fixture
def played(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Round:
    """The example's round, on the day of its meeting."""
    settings.VAR = tmp_path
    at = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
    monkeypatch.setattr("samspil.kernel.clock.now", lambda: at)
    call_command("seed_example", stdout=io.StringIO())
    call_command("play_round", stdout=io.StringIO())
    return Round.objects.get(network__key="eso", year=2027)


@pytest.fixture
def picture(page: Page) -> Callable[..., None]:
    """``picture("board", height=900)``: what the window shows, at a normal screen's width."""

    def take(name: str, *, height: int = 720, width: int = WIDTH, top: str = "") -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.set_viewport_size({"width": width, "height": height})
        if top:  # begin at this part of the page
            page.locator(top).first.evaluate(
                "e => window.scrollTo(0, e.getBoundingClientRect().top + window.scrollY - 16)"
            )
        page.screenshot(path=PICTURES / f"{name}.png", animations="disabled", caret="hide")

    return take


def test_the_pictures_of_the_guide(
    page: Page, played: Round, sign_in: Callable[[Page, Any], None], picture: Callable[..., None]
) -> None:
    def enter(email: str) -> None:
        page.context.clear_cookies()
        sign_in(page, Person.objects.get(email=email))

    board = reverse("coordination:board", args=[played.pk, "2222"])
    enter("sekretariat@eso.example")
    page.goto("/")
    picture("opgaver", height=420)
    page.goto(reverse("coordination:open_round", args=[played.network_id]))
    picture("ny-runde", height=860)
    page.goto(reverse("coordination:round", args=[played.pk]))
    picture("runde", height=760)
    picture("skemaer", height=560, top="#skemaer")
    page.goto(board)
    expect(page.locator("#tavle tbody tr").first).to_be_visible()
    picture("board-1440", width=1440, height=900)
    row = RoundCourse.objects.get(round_fkb__round=played, course__number="90135")
    held = Commitment.objects.get(round_course=row, role="holder")
    page.locator(f'a.c[href$="/felt/{row.pk}/{held.organisation_id}/"]').click()
    expect(page.locator("#felt")).to_be_visible()
    picture("felt", height=760)
    page.goto(board)
    page.locator("details.keys summary").click()
    picture("taster", height=480, top="details.keys")
    page.goto(reverse("coordination:across", args=[played.pk]))
    picture("paa-tvaers", height=640)
    page.goto(reverse("coordination:round", args=[played.pk]))
    page.get_by_role("link", name="Se begrundelse").click()
    picture("forslag", height=760)

    school = Organisation.objects.get(key="handelsfagskolen")
    enter("koordinator@handelsfagskolen.example")
    page.goto(reverse("coordination:form", args=[played.pk, school.pk]))
    page.locator("[name^=offers-]").first.select_option("ja")
    page.locator("[name^=runs-]").first.fill("2")
    page.locator("[name^=when-]").first.fill("uge 37")
    page.locator("[name^=offers-]").nth(1).select_option("nej")
    page.locator("[name^=will_follow-]").nth(1).check()
    page.locator("[name^=take_on_days-]").nth(2).fill("5")
    expect(page.locator("[data-state]")).to_have_text("Gemt")
    picture("skema", height=760)

    herning = Return.objects.get(form__organisation__key="sosu-herning")
    enter("koordinator@sosu-herning.example")
    page.goto(reverse("coordination:return", args=[herning.pk]))
    picture("indlaest", height=860)
