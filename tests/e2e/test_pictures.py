"""The pictures of the user guide, taken of the example's played round.

They are written into ``docs/pictures`` with ``SAMSPIL_PICTURES=1``, otherwise beside the other
pictures of a test run: so the guide's way through the pages is walked each time.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import Page, expect

from samspil.coordination.domain import agreements, archive, board, overviews
from samspil.coordination.domain.round_queries import gap_rows
from samspil.coordination.interfaces import meeting_live
from samspil.coordination.models import Agreement, Commitment, Return, Round, RoundCourse, RoundFkb
from samspil.enrolment.models import MovePlan
from samspil.kernel import clock, roles, solving
from samspil.kernel.actor import Actor
from samspil.kernel.outbox import run_due
from samspil.kernel.signing import SecondFactor
from samspil.lending.models import Loan
from samspil.network.domain.actors import actor_for
from samspil.network.models import Organisation, Person
from samspil.runs.models import CourseRun, RunDay
from samspil.settlement.models import Statement
from samspil.web.example.people import FULL
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
    """``picture("board", height=900)``: what the window shows, at a normal screen's width.

    ``whole`` shows the page down to the end of that part; ``only`` shows that part alone.
    """

    def take(
        name: str,
        *,
        height: int = 720,
        width: int = WIDTH,
        whole: str = "",
        only: str = "",
    ) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.set_viewport_size({"width": width, "height": height})
        options: dict[str, Any] = {}
        if whole or only:
            page.evaluate("window.scrollTo(0, 0)")
            box = page.locator(only or whole).first.bounding_box()
            assert box is not None
            top = box["y"] - 16 if only else 0
            bottom = box["y"] + box["height"] + (16 if only else 0)
            right = min(box["x"] + box["width"] + 24, width) if only else width
            options = {
                "full_page": True,
                "clip": {"x": 0, "y": top, "width": right, "height": bottom - top},
            }
        page.screenshot(
            path=PICTURES / f"{name}.png", animations="disabled", caret="hide", **options
        )

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
    picture("opgaver", height=600, whole="main")
    page.goto(reverse("coordination:open_round", args=[played.network_id]))
    picture("ny-runde", whole=".form-part")
    page.goto(reverse("coordination:round", args=[played.pk]))
    picture("runde", whole="#fkb-tabel tbody tr:nth-child(4)")
    picture("skemaer", only="section[aria-labelledby=skemaer]")
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
    picture("taster", only="details.keys")
    page.goto(reverse("coordination:across", args=[played.pk]))
    picture("paa-tvaers", width=1680, whole="#tavle tbody tr:nth-child(4)")
    page.goto(reverse("coordination:round", args=[played.pk]))
    page.get_by_role("link", name="Se begrundelse").click()
    picture("forslag", whole="main table tbody tr:nth-child(4)")

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
    picture("skema", whole="main tr[data-line]:nth-child(9)")

    herning = Return.objects.get(form__organisation__key="sosu-herning")
    enter("koordinator@sosu-herning.example")
    page.goto(reverse("coordination:return", args=[herning.pk]))
    picture("indlaest", whole="main")


def test_the_picture_of_the_meeting(
    page: Page, played: Round, sign_in: Callable[[Page, Any], None], picture: Callable[..., None]
) -> None:
    meeting_live.forget()
    sign_in(page, Person.objects.get(email="sekretariat@eso.example"))
    page.goto(reverse("coordination:meeting", args=[played.pk]))
    page.get_by_role("button", name="Begynd mødet").click()
    expect(page.locator("[data-ready] .meet-title")).to_be_visible()
    page.keyboard.press("1")
    expect(page.locator(".meet-list")).to_contain_text("eget udbud")
    picture("moede", width=1440, height=960)


def _leaders(organisation: Organisation) -> list[Person]:
    return list(
        Person.objects.filter(
            role_assignments__role=roles.SCHOOL_LEADER, role_assignments__organisation=organisation
        ).order_by("pk")
    )


def _sign(agreement: Agreement, *, but: int = 0) -> None:
    """The leaders sign, all ``but`` the last ones."""
    rows = agreements.signatures_of(agreement)
    for row in rows[: len(rows) - but]:
        agreements.sign(
            actor=actor_for(_leaders(row.organisation)[0], today=clock.today()),
            now=clock.now(),
            signature=row,
            content_hash=agreement.content_hash,
            factor=SecondFactor("totp", clock.now()),
        )


def _agree(place: RoundFkb, secretariat: Actor) -> None:
    """Everything about an FKB that has no picture of its own."""
    now = clock.now()
    for row in gap_rows(RoundCourse.objects.filter(round_fkb=place)):
        board.archive_course(
            actor=secretariat, now=now, round_course=row, reason="Ingen søgning i tre år"
        )
    overviews.freeze_overview(actor=secretariat, now=now, round_fkb=place)
    _sign(agreements.make_agreement(actor=secretariat, now=now, round_fkb=place))


def test_the_pictures_of_the_signing(
    page: Page, played: Round, sign_in: Callable[[Page, Any], None], picture: Callable[..., None]
) -> None:
    secretary = Person.objects.get(email="sekretariat@eso.example")
    secretariat = actor_for(secretary, today=clock.today())
    place = played.fkbs.get(fkb__number="9016")
    overview = reverse("coordination:overview", args=[played.pk, "9016"])
    sign_in(page, secretary)
    page.goto(overview)
    picture("laas", whole="section[aria-labelledby=aftaler]")
    page.get_by_role("button", name="Lås oversigten").click()
    page.get_by_role("button", name="Dan koordineringsaftale").click()
    run_due(clock.now())
    agreement = Agreement.objects.get(round_fkb=place)
    _sign(agreement, but=2)
    agreements.remind_signers(actor=secretariat, now=clock.now(), agreement=agreement)
    page.reload()
    picture("underskrifter", whole="section[aria-labelledby=underskrifter]")

    waiting = agreements.signatures_of(agreement)[-2]
    leader = _leaders(waiting.organisation)[0]
    TOTP.activate(leader, "JBSWY3DPEHPK3PXP")
    page.context.clear_cookies()
    sign_in(page, leader)
    page.goto(reverse("coordination:sign", args=[agreement.pk, waiting.organisation_id]))
    picture("underskriv", whole="main")

    page.context.clear_cookies()
    sign_in(page, secretary)
    page.goto(overview)
    page.get_by_role("link", name="Åbn oversigten igen").click()
    page.get_by_role("textbox").fill("Et hold mere")
    page.get_by_role("button", name="Åbn igen").click()
    expect(page.locator("#tavle a.c").first).to_be_visible()
    page.wait_for_load_state("load")  # the board's keys work when its script has run
    cell = page.locator("#tavle a.c", has_text=re.compile("^1 hold")).first
    cell.focus()
    page.keyboard.press("2")
    expect(page.locator("#tavle a.c:focus")).to_contain_text("2 hold")
    page.goto(overview)
    page.get_by_role("button", name="Lås oversigten").click()
    run_due(clock.now())
    page.reload()
    picture("versioner", whole="section[aria-labelledby=versioner]")

    _sign(agreement)
    _sign(agreements.make_agreement(actor=secretariat, now=clock.now(), round_fkb=place))
    for other in played.fkbs.exclude(pk=place.pk).order_by("pk"):
        _agree(other, secretariat)
    page.goto(reverse("coordination:round", args=[played.pk]))
    page.get_by_role("button", name="Gå til underskrift").click()
    page.get_by_role("link", name="Afslut runden").click()
    page.get_by_role("button", name="Afslut runden").click()
    archive.archive_round(
        actor=Actor.system("worker"),
        now=clock.now(),
        round=Round.objects.select_related("network").get(pk=played.pk),
    )
    page.reload()
    picture("arkiv", height=500, whole="main")


def test_the_picture_of_the_runs(
    page: Page, played: Round, sign_in: Callable[[Page, Any], None], picture: Callable[..., None]
) -> None:
    sign_in(page, Person.objects.get(email="sekretariat@eso.example"))
    call_command("play_runs", stdout=io.StringIO())
    page.goto(reverse("runs:ask", args=["22906"]))
    page.get_by_role("button", name="Regn forslaget").click()
    expect(page.get_by_text("Regner …")).to_be_visible()
    assert solving.run_next()
    run_due(clock.now())
    expect(page.get_by_text("Bevist bedst:")).to_be_visible()  # the page follows by itself
    picture("hold", height=1000, whole="main table tbody tr:nth-child(5)")


@pytest.fixture
def lived(settings: Any, tmp_path: Path) -> None:
    """The example with what happens after a round, on the day of today: its people come and go by it."""
    settings.VAR = tmp_path
    settings.EXAMPLE_DOOR = True  # the example's loan is signed as a trial
    for command in (
        "seed_example",
        "play_round",
        "play_runs",
        "play_follow_up",
        "play_kept",
        "play_people",
    ):
        call_command(command, stdout=io.StringIO())
    settings.EXAMPLE_DOOR = False


def test_the_pictures_of_the_year(
    page: Page, lived: None, sign_in: Callable[[Page, Any], None], picture: Callable[..., None]
) -> None:
    """What happens after the round: classes, people, loans, money and follow-up. All people constructed."""

    def enter(email: str) -> None:
        page.context.clear_cookies()
        sign_in(page, Person.objects.get(email=email))

    enter("koordinator@sosu-randers.example")
    busy = RunDay.objects.filter(room__gt="", on__gt=clock.today()).order_by("on").first()
    assert busy is not None
    page.goto(f"{reverse('runs:calendar')}?fra={busy.on.isoformat()}")
    picture("kalender", whole="main table.list")
    page.goto(reverse("runs:risks"))
    expect(page.locator(".risk-list").first).to_be_visible()
    picture("risiko", whole=".risk-list")
    full = CourseRun.objects.filter(course__number=FULL, is_own=True).latest("pk")
    page.goto(reverse("enrolment:run", args=[full.pk]))
    picture("tilmeldte", whole="main tbody tr:nth-child(8)")
    page.goto(reverse("enrolment:plan", args=[MovePlan.objects.latest("pk").pk]))
    expect(page.get_by_role("heading", name="Hvem spørges om hvad")).to_be_visible()
    picture("flytteplan", whole=".tl >> nth=1")
    page.goto(
        reverse(
            "settlement:statement",
            args=[Statement.objects.filter(status="pending").latest("pk").pk],
        )
    )
    picture("opgoerelse", whole="main table tbody")

    enter("sekretariat@eso.example")
    page.goto(reverse("compliance:index"))
    picture("opfoelgning", whole="main table")

    enter("leder@abc.example")
    page.goto(reverse("lending:loan", args=[Loan.objects.filter(status="signed").latest("pk").pk]))
    picture("udlaan", whole="main table")

    page.context.clear_cookies()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(reverse("enrolment:sign_up", args=[full.pk]))
    picture("tilmeld", width=390, whole="main form")
