"""A whole round in the browser: the secretariat and two schools, one of them by keyboard alone.

Mail goes to a real SMTP server on this machine; everybody comes in by the link in their mail.
Each page passes axe and fits a phone (house rule 11).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openpyxl
import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from samspil.catalogue.models import (
    Approval,
    BranchGroup,
    Course,
    CourseActivity,
    CourseRelation,
    Fkb,
)
from samspil.coordination.interfaces.form_workbook import COLUMNS, FIRST_ROW
from samspil.coordination.models import Commitment, Form, Intent, Round, RoundCourse
from samspil.kernel import clock, roles
from samspil.kernel.outbox import run_due
from samspil.network.enums import OrganisationKind
from samspil.network.models import Membership, Network, Organisation, Person
from tests.factories.board import TITLES, make_person

pytestmark = pytest.mark.slow
FKB = "9222"
NUMBERS = [str(92201 + i) for i in range(6)]
OWN_A, JOINT, OWN_B, ONLY_B, GAP_A, GAP_HAND = NUMBERS


@dataclass
class Cast:
    """The network before its round, and its people. All constructed."""

    network: Network
    a: Organisation
    b: Organisation
    secretary: Person
    coordinator_a: Person
    coordinator_b: Person
    leader_a: Person
    leader_b: Person
    year: int

    @property
    def round(self) -> Round:
        return Round.objects.get(network=self.network)

    def row(self, number: str) -> RoundCourse:
        return RoundCourse.objects.get(round_fkb__round=self.round, course__number=number)


def _school(network: Network, name: str) -> Organisation:
    school = Organisation.objects.create(
        key=name.lower().replace("ø", "oe").replace(" ", "-"),
        name=f"{name} Social- og Sundhedsskole",
        short_name=f"{name} SOSU",
        kind=OrganisationKind.SCHOOL,
        is_constructed=True,
    )
    Membership.objects.create(network=network, organisation=school)
    return school


@pytest.fixture
def cast() -> Cast:
    today = clock.today()
    network = Network.objects.create(
        key="proeven", name="Samarbejdet i prøven", short_name="Prøven", is_constructed=True
    )
    a, b = _school(network, "Østby"), _school(network, "Vestby")
    group = BranchGroup.objects.create(key="sosu", name="Social og sundhed", position=1)
    fkb = Fkb.objects.create(
        number=FKB, title="Pleje og omsorg", branch_group=group, is_constructed=True
    )
    for school in (a, b):
        Approval.objects.create(organisation=school, fkb=fkb, valid_from=date(2020, 1, 1))
    for index, number in enumerate(NUMBERS):
        course = Course.objects.create(
            number=number,
            title=[*TITLES, "Kommunikation med borgere og pårørende"][index],
            duration_days=Decimal(3),
            is_constructed=True,
        )
        CourseRelation.objects.create(fkb=fkb, course=course, kind="core")
        CourseActivity.objects.create(
            course=course, organisation=a, year=today.year, learners=9 * index
        )
    return Cast(
        network=network,
        a=a,
        b=b,
        secretary=make_person("Sekretær Sørensen", roles.SECRETARIAT, network=network),
        coordinator_a=make_person("Koordinator Østby", roles.SCHOOL_COORDINATOR, organisation=a),
        coordinator_b=make_person("Koordinator Vestby", roles.SCHOOL_COORDINATOR, organisation=b),
        leader_a=make_person("Leder Østby", roles.SCHOOL_LEADER, organisation=a),
        leader_b=make_person("Leder Vestby", roles.SCHOOL_LEADER, organisation=b),
        # Two years ahead: every date of the round lies in the future, whenever this test runs.
        year=today.year + 2,
    )


@pytest.fixture
def look(axe: Callable[[Page], None]) -> Callable[[Page], None]:
    """``look(page)``: passes axe, and nothing sticks out sideways at 390 px."""

    def check(page: Page) -> None:
        axe(page)
        before = page.viewport_size
        assert before is not None
        page.set_viewport_size({"width": 390, "height": 844})
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        page.set_viewport_size(before)
        assert wide <= 1, f"{page.url} is {wide} px wider than 390 px"

    return check


@dataclass
class Post:
    """What the worker has sent, by person."""

    server: Any

    def work(self) -> None:
        """The worker does what is due."""
        run_due(clock.now())

    def newest(self, person: Person) -> Any:
        """The last mail that reached the person."""
        mine = [m for m in self.server.inbox.received if person.email in m.recipients]
        assert mine, f"no mail to {person.email}"
        return mine[-1].message

    def link(self, person: Person) -> str:
        """The address in the last mail, without the host."""
        text = self.newest(person).get_body(("plain",)).get_content()
        found = re.search(r"https?://\S+", text)
        assert found, text
        return urlsplit(found[0]).path


@pytest.fixture
def post(smtp_server: Any) -> Post:
    return Post(smtp_server)


def tab_to(page: Page, target: Locator, *, back: bool = False, limit: int = 90) -> None:
    """Press Tab until ``target`` has the focus."""
    for _step in range(limit):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if target.evaluate("e => e === document.activeElement"):
            return
    raise AssertionError(f"{target} is not reached by {limit} tabs on {page.url}")


def heading(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(text)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def test_a_whole_round(
    page: Page,
    new_context: Callable[..., Any],
    cast: Cast,
    sign_in: Callable[[Page, Any], None],
    look: Callable[[Page], None],
    post: Post,
    tmp_path: Path,
) -> None:
    secretariat, school_a, school_b = page, new_context().new_page(), new_context().new_page()
    for who, person in (
        (secretariat, cast.secretary),
        (school_a, cast.coordinator_a),
        (school_b, cast.coordinator_b),
    ):
        sign_in(who, person)

    open_and_send(secretariat, cast, look, post)
    fill_in_by_keyboard(school_a, cast, look, post)
    hand_in_a_workbook(school_b, cast, look, post, tmp_path)
    close_the_gaps(secretariat, cast, look, post)


def open_and_send(page: Page, cast: Cast, look: Callable[[Page], None], post: Post) -> None:
    """The secretariat opens the round two years ahead and sends two forms."""
    page.goto("/")
    look(page)
    page.get_by_role("navigation", name="Hovedmenu").get_by_role(
        "link", name="Koordinering"
    ).click()
    heading(page, "Koordinering")
    look(page)
    page.get_by_role("link", name="Ny runde i Prøven").click()
    page.get_by_role("link", name=str(cast.year)).click()
    heading(page, f"Ny runde for {cast.year}")
    expect(page.get_by_label("Østby Social- og Sundhedsskole")).to_be_checked()
    expect(page.get_by_role("checkbox", name=FKB)).to_be_checked()
    look(page)
    button(page, "Opret runden").click()
    heading(page, f"Runde {cast.year}")
    expect(page.get_by_text("Runden er oprettet.")).to_be_visible()
    look(page)
    button(page, "Send 2 skemaer").click()
    expect(page.get_by_text("2 skemaer er sendt.")).to_be_visible()
    post.work()
    for person in (cast.coordinator_a, cast.coordinator_b):
        mail = post.newest(person)
        assert "jeres skema er klar" in mail["subject"]
        (workbook,) = mail.iter_attachments()
        assert workbook.get_filename().endswith(".xlsx")


def fill_in_by_keyboard(page: Page, cast: Cast, look: Callable[[Page], None], post: Post) -> None:
    """School A answers on the screen. From here on the mouse is not touched."""
    page.goto("/")
    keys = page.keyboard
    tab_to(page, page.get_by_role("link", name=f"Indsend skemaet for {cast.year}"))
    keys.press("Enter")
    heading(page, f"Koordineringsskema {cast.year}")

    def field(name: str, number: str) -> Locator:
        return page.locator(f"[name={name}-{cast.row(number).pk}]")

    tab_to(page, field("offers", OWN_A))
    for number in NUMBERS:
        expect(field("offers", number)).to_be_focused()
        keys.press("j" if number in (OWN_A, JOINT) else "n")
        keys.press("Enter")  # down, as in a spreadsheet
    tab_to(page, field("runs", OWN_A), back=True)
    keys.type("2 hold")
    keys.press("ArrowRight")
    keys.type("uge 37")
    keys.press("ArrowDown")
    keys.press("ArrowLeft")
    expect(field("runs", JOINT)).to_be_focused()
    keys.type("1")
    keys.press("ArrowRight")
    keys.type("14.-16. september")
    keys.press("ArrowRight")
    keys.press("Space")  # the guarantee
    tab_to(page, field("take_on_days", GAP_A))
    keys.type("6")
    expect(page.locator("[data-state]")).to_have_text("Gemt")
    expect(page.locator("[data-progress]")).to_contain_text("6 af 6")
    expect(field("runs", OWN_A)).to_have_value("2")
    look(page)
    tab_to(page, button(page, "Indsend skemaet"))
    keys.press("Enter")
    expect(page.get_by_text("Tak. Skemaet er indsendt")).to_be_visible()
    look(page)

    answer = Intent.objects.get(form__organisation=cast.a, round_course__course__number=JOINT)
    assert (answer.runs, answer.guarantee, answer.starts_on) == (
        1,
        True,
        date(cast.year, 9, 14),
    )
    assert Commitment.objects.get(round_course=cast.row(OWN_A)).when_text == "uge 37"
    post.work()
    assert "har indsendt skemaet" in post.newest(cast.secretary)["subject"]


def hand_in_a_workbook(
    page: Page, cast: Cast, look: Callable[[Page], None], post: Post, tmp_path: Path
) -> None:
    """School B fills in its workbook, answers a question, saves and hands in."""
    page.goto(post.link(cast.coordinator_b))
    heading(page, f"Koordineringsskema {cast.year}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Hent som regneark").click()
    content = Path(download.value.path()).read_bytes()
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book["Social og sundhed"]
    answers: dict[str, dict[str, Any]] = {
        JOINT: {"offers": "nej", "will_follow": "ja"},
        OWN_B: {"offers": "x", "runs": "2 hold", "when": "3. kvartal"},
        ONLY_B: {"offers": "ja", "runs": "et par", "when": "uge 12"},
        GAP_HAND: {"offers": "nej", "note": "Vi kan, hvis I mangler en"},
    }
    rows = {
        str(sheet.cell(row, COLUMNS.index("number") + 1).value): row
        for row in range(FIRST_ROW + 1, sheet.max_row + 1)
    }
    for number, values in answers.items():
        for name, value in values.items():
            sheet.cell(rows[number], COLUMNS.index(name) + 1).value = value
    path = tmp_path / "Skema fra Vestby.xlsx"
    book.save(path)

    page.get_by_role("link", name="Indlæs regneark").click()
    look(page)
    page.get_by_label("Det udfyldte skema").set_input_files(path)
    button(page, "Læs filen").click()
    heading(page, "Hvad vi læste")
    look(page)
    ask = page.get_by_role("group", name="»et par«")
    ask.get_by_role("textbox").fill("2")
    button(page, "Gem svarene i skemaet").click()
    expect(page.get_by_text("Svarene er gemt i skemaet")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Gå til skemaet").click()
    expect(page.locator(f"[name=runs-{cast.row(ONLY_B).pk}]")).to_have_value("2")
    button(page, "Indsend skemaet").click()
    expect(page.get_by_text("Tak. Skemaet er indsendt")).to_be_visible()
    assert set(Form.objects.values_list("status", flat=True)) == {"returned"}
    post.work()
    assert "Vestby" in post.newest(cast.secretary)["subject"]


def close_the_gaps(page: Page, cast: Cast, look: Callable[[Page], None], post: Post) -> None:
    """At the meeting: two gaps on the board, one closed by the proposal, one by hand."""
    page.goto(post.link(cast.secretary))
    heading(page, f"Runde {cast.year}")
    button(page, "Gå til mødet").click()
    expect(page.get_by_text("2 mål mangler en udbyder.")).to_be_visible()
    look(page)
    page.get_by_role("link", name=FKB, exact=True).click()
    heading(page, "Pleje og omsorg")
    gaps = page.locator("#tavle tr.gap th a")
    expect(gaps).to_have_text([GAP_A, GAP_HAND])
    look(page)
    button(page, "Foreslå").click()
    heading(page, "Forslag og begrundelse")
    expect(page.get_by_role("heading", name="Forslag: 1 af 2 huller kan lukkes")).to_be_visible()
    look(page)
    button(page, "Brug forslaget").click()
    holder = Commitment.objects.get(round_course=cast.row(GAP_A))
    assert (holder.organisation, holder.role, holder.origin) == (cast.a, "holder", "proposal")

    page.goto(reverse("coordination:board", args=[cast.round.pk, FKB]))
    expect(gaps).to_have_text([GAP_HAND])
    keys = page.keyboard
    cell = page.locator(f'a.c[href$="/felt/{cast.row(GAP_HAND).pk}/{cast.b.pk}/"]')
    tab_to(page, page.locator("a.c[tabindex='0']"))
    for _step in range(6):  # through the grid to the gap's cell
        if cell.evaluate("e => e === document.activeElement"):
            break
        keys.press("ArrowRight")
    expect(cell).to_be_focused()
    keys.press("1")
    expect(cell).to_have_text("1 hold")
    expect(page.locator("#lede")).not_to_contain_text("mangler")
    expect(page.locator("#tavle tr.gap")).to_have_count(0)
    look(page)
    page.goto(reverse("coordination:across", args=[cast.round.pk]))
    expect(page.get_by_text("Alle mål har en udbyder.")).to_be_visible()
    look(page)
