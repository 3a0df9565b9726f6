"""The whole job by keyboard alone: plan, announce, sign up, hold, lend, put together. No mouse anywhere.

``Keyboard`` goes by Tab to what is wanted, as somebody without a mouse does, and asks of everything
on the way that it is seen to have the focus and stands inside the window.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Locator, Page, expect

from samspil.enrolment.domain import tokens
from samspil.enrolment.models import Enrolment, MovePlan, SignUp
from samspil.kernel import clock, outbox, solving
from samspil.runs.models import CourseRun, RunDay
from tests.factories import enrolments as make
from tests.factories.loans import make_loan_case
from tests.factories.moves import make_case
from tests.factories.runs import Postcode

MOST_TABS = 150
_FOCUSED = """() => {
  const seen = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1
    || style.boxShadow !== "none";
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const label = element.labels && element.labels[0];
  const shown = seen(getComputedStyle(element))
    || (label && (seen(getComputedStyle(label)) || seen(getComputedStyle(label, "::before"))))
    || (label && label.parentElement && seen(getComputedStyle(label.parentElement)));
  const box = (element.type === "radio" || element.type === "checkbox") && label
    ? label.getBoundingClientRect() : element.getBoundingClientRect();
  return {
    html: element.outerHTML.slice(0, 160),
    shown: !!shown,
    inside: box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.height > 0,
  };
}"""


class Keyboard:
    """Somebody at a page who has a keyboard and no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []

    def look(self) -> None:
        """Where the focus is can be seen."""
        found = self.page.evaluate(_FOCUSED)
        if found is None:
            return
        if not found["shown"]:
            self.faults.append(f"no focus to be seen on {self.page.url}: {found['html']}")
        if not found["inside"]:
            self.faults.append(f"focus outside the window on {self.page.url}: {found['html']}")

    def to(self, wanted: Locator) -> Keyboard:
        """Tab until ``wanted`` has the focus; it stands further on in the order of the page."""
        wanted = wanted.first
        expect(wanted).to_be_attached()
        for _ in range(MOST_TABS):
            if wanted.evaluate("element => element === document.activeElement"):
                self.look()
                return self
            self.page.keyboard.press("Tab")
            self.look()
        pytest.fail(f"{wanted} is not reached by Tab on {self.page.url}")

    def write(self, label: str, text: str) -> Keyboard:
        """Go to a field and write in it, over what stands there."""
        self.to(self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}( \(valgfrit\))?\s*$")))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)
        return self

    def tick(self, label: str) -> Keyboard:
        """Go to a box and tick it."""
        field = self.page.get_by_label(label).first
        self.to(field)
        self.page.keyboard.press("Space")
        expect(field).to_be_checked()
        return self

    def press(self, name: str | re.Pattern[str]) -> Keyboard:
        """Go to a button or link and press it."""
        wanted = self.page.get_by_role("button", name=name).or_(
            self.page.get_by_role("link", name=name)
        )
        self.to(wanted)
        self.page.keyboard.press("Enter")
        self.page.wait_for_load_state()
        return self

    def done(self) -> None:
        """Everything on the way could be seen, and no page turns its order around."""
        assert not self.faults, "\n".join(dict.fromkeys(self.faults))


@pytest.fixture
def by_keyboard(page: Page) -> Keyboard:
    # whoever reaches for the mouse fails
    page.add_init_script(
        "addEventListener('mousedown', () => { throw new Error('a mouse was used') }, true)"
    )
    return Keyboard(page)


def said(page: Page, text: str) -> None:
    expect(page.locator(".messages")).to_contain_text(text)


def test_a_run_from_plan_to_held(
    page: Page,
    by_keyboard: Keyboard,
    sign_in: Callable[[Page, Any], None],
    new_context: Callable[..., BrowserContext],
) -> None:
    school, course = make.make_school(), make.make_course()
    Postcode.objects.create(code="8000", city="Aarhus C", lat=56.1567, lon=10.2108)
    person, _actor = make.staff_of(school)
    sign_in(page, person)
    keys = by_keyboard
    first = clock.today() + timedelta(days=60)
    page.goto(reverse("runs:own"))
    keys.press("Planlæg hold")
    keys.write("Fagnummer", course.number)
    keys.to(page.get_by_label("Ugedage mellem to datoer"))
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Enkelte dage")).to_be_checked()
    keys.write("Datoer", f"{first.day}-{first.month}-{first.year}")
    keys.write("Klokken", "8").write("til klokken", "15.24").write("Lokale", "Sal 3")
    keys.write("Adresse", "Skolevej 1")
    keys.write("Postnummer", "8000").write("By", "Aarhus C")
    keys.write("Pladser", "3").write("Mindst", "2")
    keys.tick("Tag imod tilmelding i Samspil")
    keys.press("Planlæg holdet")
    said(page, "Holdet er planlagt")
    expect(page.get_by_text("Skriv tilmeldingsfristen.")).to_be_visible()
    keys.press("Ret holdet")
    due = first - timedelta(days=10)
    keys.write("Tilmeldingsfrist", f"{due:%d-%m-%Y}")
    keys.press("Gem")
    keys.press("Annoncér holdet")
    said(page, "Holdet er annonceret")
    run = CourseRun.objects.get()
    assert (run.status, run.starts_on, run.takes_sign_up) == ("announced", first, True)

    visitor = Keyboard(new_context().new_page())
    for company, heads in (("Plejehjemmet Solsikken", "3"), ("Plejehjemmet Egen", "1")):
        visitor.page.goto(f"/kurser/{course.number}/")
        visitor.press(re.compile("^(Tilmeld dig|Skriv dig på venteliste)"))
        visitor.to(visitor.page.get_by_label("Jeg tilmelder mig selv"))
        visitor.page.keyboard.press("ArrowDown")
        visitor.write("Virksomhed eller kommune", company).write("CVR-nummer", "25313763")
        visitor.write("Dit navn", "Karen Prøve")
        visitor.write("Din mail", f"karen{heads}@example.test")
        visitor.write("Hvor mange pladser?", heads)
        visitor.press("Tilmeld")
        expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("Se i din mail")
        sign_up = SignUp.objects.latest("pk")
        visitor.page.goto(f"/tilmelding/min/{tokens.token_of(sign_up)}/")
        visitor.press("Bekræft")
        said(visitor.page, "Tilmeldingen er bekræftet")
    expect(visitor.page.get_by_text("Nr. 1 i køen")).to_be_visible()
    visitor.done()
    assert make.statuses(run) == ["enrolled"] * 3 + ["waiting"]

    page.goto(reverse("runs:run", args=[run.pk]))
    keys.press("Holdet gennemføres")
    said(page, "Det er besluttet, at holdet gennemføres.")
    # time goes on to the first day
    today = clock.today()
    CourseRun.objects.filter(pk=run.pk).update(starts_on=today, ends_on=today)
    RunDay.objects.filter(run=run).update(on=today)
    page.reload()
    keys.press("Tilmeldte")
    keys.press("Fremmøde")
    rows = list(Enrolment.objects.filter(run=run, status="enrolled").order_by("pk"))
    for row in rows[:2]:
        keys.to(page.locator(f"#her-{row.pk}"))
        page.keyboard.press("Space")
    keys.press("Gem fremmøde")
    page.goto(reverse("runs:run", args=[run.pk]))
    keys.press("Holdet er afholdt")
    expect(page.get_by_label("Hvor mange deltog?")).to_have_value("2")
    keys.press("Gem")
    said(page, "Holdet står som afholdt.")
    run.refresh_from_db()
    assert (run.status, run.taught) == ("held", 2)
    keys.done()


def test_a_loan_is_proposed_accepted_and_signed(
    page: Page, by_keyboard: Keyboard, sign_in: Callable[[Page, Any], None], settings: Any
) -> None:
    settings.EXAMPLE_DOOR = True  # the plain confirmation stands in for a second factor
    case = make_loan_case()
    keys = by_keyboard
    first = clock.today() + timedelta(days=30)
    last = first + timedelta(days=60)
    sign_in(page, case.people["borrower"])
    page.goto(reverse("lending:index"))
    keys.press("Foreslå et udlån")
    keys.to(page.get_by_label("Den anden skole"))
    page.keyboard.type("Bjergby")
    keys.to(page.get_by_label("FKB", exact=True))
    page.keyboard.press("ArrowDown")
    keys.write("Fra og med", f"{first:%d-%m-%Y}").write("Til og med", f"{last:%d-%m-%Y}")
    keys.tick("Særlige geografiske forhold")
    keys.write("Begrundelse", "Værkstedet er fuldt belagt.")
    keys.press("Send forslaget")
    said(page, "Forslaget er sendt")
    loan = case.lender.loans_given.get()
    sign_in(page, case.people["lender"])
    page.goto("/")
    keys.press(re.compile("Svar på et forslag om udlån"))
    keys.press("Sig ja")
    said(page, "Begge skoler skal underskrive")
    for who in ("lender leader", "borrower leader"):
        sign_in(page, case.people[who])
        page.goto("/")
        keys.press(re.compile("Underskriv udlånet"))
        keys.press("Læs og underskriv")
        keys.press("Underskriv")
        said(page, "Du har underskrevet for")
    loan.refresh_from_db()
    assert loan.status == "signed"
    keys.done()


def test_a_plan_is_made_and_approved_by_two_schools(
    page: Page, by_keyboard: Keyboard, sign_in: Callable[[Page, Any], None]
) -> None:
    case = make_case((4, 3, 0))
    course = case.round.rows[0].course
    keys = by_keyboard
    sign_in(page, case.round.people[1])
    page.goto(reverse("enrolment:plans"))
    keys.press(f"Lav en plan {course.number}")
    keys.write("Højst så mange kilometer", "75")
    keys.press("Regn planen")
    expect(page.get_by_role("heading", name="Regner …")).to_be_visible()
    assert solving.run_next()
    outbox.run_due(clock.now())
    expect(page.get_by_role("heading", name="Hvem spørges om hvad")).to_be_visible()
    plan = MovePlan.objects.get()
    for index, text in ((1, "Du har godkendt"), (0, "Nu bliver folk spurgt")):
        sign_in(page, case.round.people[index])
        page.goto(reverse("enrolment:plan", args=[plan.pk]))
        keys.press(re.compile("^Godkend for"))
        said(page, text)
    plan.refresh_from_db()
    assert plan.status == "asking"
    keys.done()


@pytest.mark.parametrize("name", ["runs:new", "runs:calendar", "runs:risks", "enrolment:index"])
def test_nothing_jumps_the_queue_of_tab(
    page: Page, sign_in: Callable[[Page, Any], None], name: str
) -> None:
    school = make.make_school()
    sign_in(page, make.staff_of(school)[0])
    page.goto(reverse(name))
    assert (
        page.evaluate(
            'document.querySelectorAll(\'[tabindex]:not([tabindex="0"]):not([tabindex="-1"])\').length'
        )
        == 0
    )
