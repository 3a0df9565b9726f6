"""A whole round in the browser, from its opening to its archive: the secretariat and two schools.

The secretariat and one school use the mouse. The other school is one person, who coordinates and
leads it, by keyboard alone from the first sign-in to the last signature. A second factor is
required, as in service: the leaders set theirs up on the pages, and give it again to sign.
Mail goes to a real SMTP server on this machine; everybody comes in by the link in their mail.
Each page passes axe and fits a phone (house rule 11).
"""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openpyxl
import pytest
from allauth.mfa.totp.internal.auth import TOTP
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
from samspil.coordination.models import (
    Agreement,
    Commitment,
    Form,
    Intent,
    Round,
    RoundCourse,
    Signature,
)
from samspil.kernel import clock, roles
from samspil.kernel.outbox import run_due
from samspil.kernel.solving import run_due as run_calculations
from samspil.network.enums import OrganisationKind
from samspil.network.models import Membership, Network, Organisation, Person, RoleAssignment
from tests.factories.board import TITLES, make_person
from tests.support.second_factor import give_passkey, totp_code

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "prøve"
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
    head_a: Person
    """Coordinates and leads school A; never touches a mouse."""
    coordinator_b: Person
    leader_b: Person
    year: int
    secret_a: str = ""
    """What head_a's app makes its codes of, once it is set up."""

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
    head_a = make_person("Leder Østby", roles.SCHOOL_LEADER, organisation=a)
    RoleAssignment.objects.create(person=head_a, role=roles.SCHOOL_COORDINATOR, organisation=a)
    secretary = make_person("Sekretær Sørensen", roles.SECRETARIAT, network=network)
    coordinator_b = make_person("Koordinator Vestby", roles.SCHOOL_COORDINATOR, organisation=b)
    for person in (secretary, coordinator_b):  # have had their app since last year
        TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    return Cast(
        network=network,
        a=a,
        b=b,
        secretary=secretary,
        head_a=head_a,
        coordinator_b=coordinator_b,
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
        """The worker does what is due, and what comes of it."""
        while run_due(clock.now()):
            pass

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


def follow(page: Page, name: str) -> None:
    """Go to a link or a button by Tab and press Enter on it."""
    tab_to(
        page,
        page.get_by_role("link", name=name, exact=True).or_(
            page.get_by_role("button", name=name, exact=True)
        ),
    )
    page.keyboard.press("Enter")


def heading(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(text)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


@pytest.fixture
def _second_factor_required(settings: Any) -> None:
    from django.core.cache import cache

    cache.clear()  # sign-ins that other tests tried
    settings.SAMSPIL_REQUIRE_SECOND_FACTOR = True


@pytest.mark.usefixtures("_second_factor_required")
def test_a_whole_round(
    page: Page,
    new_context: Callable[..., Any],
    cast: Cast,
    sign_in: Callable[[Page, Any], None],
    look: Callable[[Page], None],
    post: Post,
    tmp_path: Path,
) -> None:
    secretariat = page
    school_a, school_b, leader_b = (new_context().new_page() for _person in range(3))
    sign_in(secretariat, cast.secretary)
    sign_in(school_b, cast.coordinator_b)

    open_and_send(secretariat, cast, look, post)
    come_in_by_keyboard(school_a, cast, look, post)
    fill_in_by_keyboard(school_a, cast, look, post)
    hand_in_a_workbook(school_b, cast, look, post, tmp_path)
    close_the_gaps(secretariat, cast, look, post)

    lock_and_make_the_agreement(secretariat, cast, look, post)
    sign_with_a_passkey(leader_b, cast, look, post)
    change_after_signing(secretariat, cast, look, post)
    sign_by_keyboard(school_a, cast, look, post)
    sign_the_addendum(leader_b, cast, post)
    close_and_fetch_the_archive(secretariat, cast, look, post, tmp_path)


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
    for person in (cast.head_a, cast.coordinator_b):
        mail = post.newest(person)
        assert "jeres skema er klar" in mail["subject"]
        (workbook,) = mail.iter_attachments()
        assert workbook.get_filename().endswith(".xlsx")


def come_in_by_keyboard(page: Page, cast: Cast, look: Callable[[Page], None], post: Post) -> None:
    """School A follows the mail, signs in, and sets up the app. The mouse is never touched."""
    page.goto(post.link(cast.head_a))
    heading(page, "Log ind")
    keys = page.keyboard
    tab_to(page, page.get_by_label("E-mail"))
    keys.type(cast.head_a.email)
    tab_to(page, page.get_by_label("Adgangskode"))
    keys.type(PASSWORD)
    keys.press("Enter")
    heading(page, "To-trins-login")
    follow(page, "Sæt app op")
    heading(page, "Sæt app op")
    look(page)
    cast.secret_a = page.locator("#totp-secret").inner_text()
    tab_to(page, page.get_by_label("Kode fra appen"))
    keys.type(totp_code(cast.secret_a))
    keys.press("Enter")
    heading(page, "Nødkoder")
    look(page)
    follow(page, "Videre")  # to what the mail was about


def fill_in_by_keyboard(page: Page, cast: Cast, look: Callable[[Page], None], post: Post) -> None:
    """School A answers on the screen."""
    keys = page.keyboard
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
    assert run_calculations()
    post.work()
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


def lock_and_make_the_agreement(
    page: Page, cast: Cast, look: Callable[[Page], None], post: Post
) -> None:
    """The overview is locked, the agreement made of it, and the leaders are asked to sign."""
    page.goto(reverse("coordination:board", args=[cast.round.pk, FKB]))
    page.get_by_role("link", name="Dan koordineringsaftale").click()
    heading(page, "Oversigt og aftale")
    expect(page.get_by_text("Alle mål under pligten har en udbyder.")).to_be_visible()
    look(page)
    button(page, "Lås oversigten").click()
    expect(page.get_by_text("Oversigten er låst som version 1.")).to_be_visible()
    button(page, "Dan koordineringsaftale").click()
    heading(page, f"Koordineringsaftale for FKB {FKB}, {cast.year}")
    expect(page.get_by_text("0 af 2 skoler har underskrevet").first).to_be_visible()
    post.work()
    for person in (cast.head_a, cast.leader_b):
        assert (
            f"Til underskrift: Koordineringsaftale for FKB {FKB}" in post.newest(person)["subject"]
        )
    page.reload()
    expect(page.get_by_role("link", name="Hent aftalen (PDF)")).to_be_visible()
    look(page)
    page.get_by_role("link", name=f"Runde {cast.year}").click()
    button(page, "Gå til underskrift").click()
    expect(page.get_by_role("link", name="0 af 2 har underskrevet")).to_be_visible()
    look(page)


def sign_with_a_passkey(page: Page, cast: Cast, look: Callable[[Page], None], post: Post) -> None:
    """The leader of school B follows the mail, adds a passkey, and signs with it."""
    give_passkey(page)
    page.goto(post.link(cast.leader_b))
    heading(page, "Log ind")
    page.get_by_label("E-mail").fill(cast.leader_b.email)
    page.get_by_label("Adgangskode").fill(PASSWORD)
    button(page, "Log ind").click()
    heading(page, "To-trins-login")
    page.get_by_role("link", name="Tilføj nøgle").click()
    page.get_by_label("Navn").fill("Min telefon")
    button(page, "Tilføj nøgle").click()
    heading(page, "Nødkoder")
    page.get_by_role("link", name="Videre").click()
    heading(page, f"Koordineringsaftale for FKB {FKB}")
    look(page)
    page.get_by_role("link", name="Underskriv for Vestby SOSU").click()
    heading(page, "Underskriv for Vestby Social- og Sundhedsskole")
    said = page.get_by_role("region", name="Skolens mål i oversigten").locator("tbody th")
    expect(said).to_have_text([JOINT, OWN_B, ONLY_B, GAP_HAND])
    expect(button(page, "Underskriv")).to_have_count(0)
    look(page)
    page.get_by_role("link", name="Bekræft med anden faktor").click()
    look(page)
    button(page, "Brug adgangsnøgle").click()
    expect(button(page, "Underskriv")).to_be_visible()  # the key answers in its own time
    look(page)
    button(page, "Underskriv").click()
    expect(page.get_by_text("Du har underskrevet for Vestby")).to_be_visible()
    expect(page.get_by_text("1 af 2 skoler har underskrevet").first).to_be_visible()
    assert Signature.objects.get(organisation=cast.b).method == "webauthn"


def change_after_signing(page: Page, cast: Cast, look: Callable[[Page], None], post: Post) -> None:
    """A run is added after the first signature: version 2, and an addendum for whom it concerns."""
    page.goto(reverse("coordination:overview", args=[cast.round.pk, FKB]))
    page.get_by_role("link", name="Åbn oversigten igen").click()
    heading(page, "Åbn oversigten igen")
    look(page)
    page.get_by_role("textbox").fill("Vestby kan holde et hold mere")
    button(page, "Åbn igen").click()
    heading(page, "Pleje og omsorg")
    page.wait_for_load_state("load")  # the board's keys work when its script has run
    cell = page.locator(f'a.c[href$="/felt/{cast.row(GAP_HAND).pk}/{cast.b.pk}/"]')
    cell.focus()
    page.keyboard.press("2")
    expect(cell).to_have_text("2 hold")
    page.get_by_role("link", name="Dan koordineringsaftale").click()
    button(page, "Lås oversigten").click()
    expect(page.get_by_text("Oversigten er låst som version 2.")).to_be_visible()
    expect(page.get_by_role("article").filter(has_text="Version 2").locator("li")).to_contain_text(
        ["2 hold"]
    )
    look(page)
    button(page, "Lav tillæg og send til underskrift").click()
    heading(page, f"Tillæg 1 til koordineringsaftalen for FKB {FKB}")
    look(page)
    addendum = Agreement.objects.get(kind="addendum")
    assert [row.organisation for row in addendum.signatures.all()] == [cast.b]
    post.work()
    assert "Tillæg 1" in post.newest(cast.leader_b)["subject"]
    assert "Tillæg" not in post.newest(cast.head_a)["subject"]


def sign_by_keyboard(page: Page, cast: Cast, look: Callable[[Page], None], post: Post) -> None:
    """The head of school A goes from the mail to the signature, the code typed in between."""
    page.goto(post.link(cast.head_a))
    heading(page, f"Koordineringsaftale for FKB {FKB}")
    follow(page, "Underskriv for Østby SOSU")
    heading(page, "Underskriv for Østby Social- og Sundhedsskole")
    follow(page, "Bekræft med anden faktor")
    heading(page, "Bekræft, at det er dig")
    look(page)
    tab_to(page, page.get_by_label("Kode fra appen"))
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    tab_to(page, page.get_by_label("Kode fra appen"))
    page.keyboard.press("Control+a")
    page.keyboard.type(totp_code(cast.secret_a, ahead=1))
    page.keyboard.press("Enter")
    heading(page, "Underskriv for Østby Social- og Sundhedsskole")
    follow(page, "Underskriv")
    expect(page.get_by_text("Du har underskrevet for Østby")).to_be_visible()
    expect(page.get_by_text("2 af 2 skoler har underskrevet").first).to_be_visible()
    assert Signature.objects.get(organisation=cast.a).method == "totp"


def sign_the_addendum(page: Page, cast: Cast, post: Post) -> None:
    """The leader of school B finds the addendum among the tasks; the passkey is still fresh."""
    page.goto("/")
    page.get_by_role("link", name=f"Underskriv tillægget til aftalen for FKB {FKB}").click()
    button(page, "Underskriv").click()
    expect(page.get_by_text("1 af 1 skole har underskrevet").first).to_be_visible()
    post.work()
    mail = post.newest(cast.leader_b)
    (pdf,) = mail.iter_attachments()
    assert pdf.get_content().startswith(b"%PDF-")


def close_and_fetch_the_archive(
    page: Page, cast: Cast, look: Callable[[Page], None], post: Post, tmp_path: Path
) -> None:
    """The round is closed; its archive is fetched, and holds against its own checker."""
    page.goto(reverse("coordination:round", args=[cast.round.pk]))
    look(page)
    page.get_by_role("link", name="Afslut runden").click()
    heading(page, "Afslutning og arkiv")
    look(page)
    button(page, "Afslut runden").click()
    expect(page.get_by_text("Arkivet er klar om lidt.")).to_be_visible()
    post.work()
    page.reload()
    look(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Hent arkivet (zip)").click()
    assert download.value.suggested_filename == f"arkiv-proeven-{cast.year}.zip"
    archive = tmp_path / download.value.suggested_filename
    download.value.save_as(archive)
    checked = subprocess.run(
        [sys.executable, ROOT / "tools" / "verify_archive.py", archive],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with zipfile.ZipFile(archive) as bundle:
        names = bundle.namelist()
        table = bundle.read("data/underskrifter.csv").decode("utf-8-sig")
    assert sum(name.endswith("-underskrevet.pdf") for name in names) == 2
    signed = csv.DictReader(io.StringIO(table), delimiter=";")
    assert {(row["aftale"], row["skole"], row["sikret_med"]) for row in signed} == {
        ("1", cast.a.name, "totp"),
        ("1", cast.b.name, "webauthn"),
        ("2", cast.b.name, "webauthn"),
    }
    page.goto("/runder/")
    expect(page.get_by_role("row").filter(has_text=str(cast.year))).to_contain_text("Afsluttet")
