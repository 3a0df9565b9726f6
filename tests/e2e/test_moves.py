"""Two schools approve, people answer on a phone, all are moved at once, and the schools settle: in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page

from samspil.enrolment.domain import tokens
from samspil.enrolment.models import MovePlan, Transfer
from samspil.kernel import clock, roles, solving
from samspil.kernel.outbox import run_due
from tests.factories.board import make_person
from tests.factories.moves import lines, make_case
from tests.factories.settlement import AFTER, drawn_up, set_rates, transferred


def test_two_schools_approve_and_people_answer_on_a_phone(
    live_server: Any,
    page: Page,
    new_context: Callable[..., BrowserContext],
    sign_in: Callable[..., None],
    axe: Callable[..., None],
    shot: Callable[..., Any],
) -> None:
    case = make_case((4, 3, 0))
    course = case.round.rows[0].course
    home = f"{live_server.url}/tilmelding/flytning/"
    sign_in(page, case.round.people[1])
    page.goto(home)
    axe(page)
    shot(page, "moves-plans")
    page.get_by_role("link", name=f"Lav en plan {course.number}").click()
    axe(page)
    shot(page, "moves-propose")
    page.get_by_label("Højst så mange kilometer").fill("75")
    page.get_by_role("button", name="Regn planen").click()
    page.get_by_role("heading", name="Regner …").wait_for()
    assert solving.run_next()
    run_due(clock.now())
    page.get_by_role("heading", name="Hvem spørges om hvad").wait_for()
    page.reload()
    axe(page)
    shot(page, "moves-plan")
    plan = MovePlan.objects.get()
    page.get_by_role("button", name="Godkend for").click()
    page.get_by_text("Du har godkendt").wait_for()
    other = new_context().new_page()
    sign_in(other, case.round.people[0])
    other.goto(f"{home}{plan.pk}/")
    other.get_by_role("button", name="Godkend for").click()
    other.get_by_text("Nu bliver folk spurgt").wait_for()
    axe(other)
    shot(other, "moves-asking")
    phone = new_context(viewport={"width": 390, "height": 844}).new_page()
    for number, line in enumerate(lines(plan)):
        token = tokens.token_of(line.sign_up)
        phone.goto(f"{live_server.url}/tilmelding/min/{token}/")
        phone.get_by_role("link", name="Se det andet hold, og svar").click()
        if number == 0:
            axe(phone)
            shot(phone, "moves-answer")
            phone.get_by_label("Er der noget, den nye skole skal vide?").fill("Ordblind")
            phone.get_by_role("button", name="Ja, jeg vil gerne flytte").click()
            phone.get_by_role("link", name="Sæt kryds").first.wait_for()
            phone.get_by_text("Ja, det må sendes til den nye skole", exact=True).click()
        phone.get_by_role("button", name="Ja, jeg vil gerne flytte").click()
        phone.get_by_text("Pladsen er holdt til dig").wait_for()
    run_due(clock.now())
    other.reload()
    other.get_by_text("er flyttet på én gang").wait_for()
    axe(other)
    transfer = Transfer.objects.exclude(special_needs="").get()
    other.goto(f"{live_server.url}/tilmelding/overfoersler/")
    axe(other)
    shot(other, "transfers")
    other.goto(f"{live_server.url}/tilmelding/overfoersler/{transfer.pk}/")
    other.get_by_text("Ordblind").wait_for()
    axe(other)
    shot(other, "transfer")
    other.get_by_role("button", name="har klaret sin del").click()
    other.get_by_text("Det er noteret").wait_for()
    other.goto(f"{live_server.url}/tilmelding/venteliste/maal/{course.number}/")
    axe(other)
    shot(other, "waiting-course")


def test_a_quarter_is_approved_by_both_schools(
    live_server: Any,
    page: Page,
    sign_in: Callable[..., None],
    axe: Callable[..., None],
    shot: Callable[..., Any],
) -> None:
    from tests.factories.board import make_round

    case = make_round(fkb="9222")
    set_rates(case)
    fact = transferred(case)
    leaders = [
        make_person(f"Leder {i}", roles.SCHOOL_LEADER, organisation=school)
        for i, school in enumerate(case.schools[:2])
    ]
    sign_in(page, case.people[0])
    page.goto(f"{live_server.url}/afregning/overfoersel/{fact.pk}/")
    axe(page)
    page.get_by_role("link", name="Vi har modtaget penge").click()
    axe(page)
    page.get_by_label("Deltagerbetaling, som jeres skole har modtaget").fill("1.248,00")
    page.get_by_role("button", name="Før i regnskabet").click()
    page.get_by_text("1.248,00 kr.").first.wait_for()
    shot(page, "settlement-transfer")
    statement = drawn_up(case, AFTER)
    for i, said in ((0, "Nu mangler den anden skole"), (1, "godkendt af begge skoler")):
        sign_in(page, leaders[i])
        page.goto(f"{live_server.url}/afregning/")
        axe(page)
        page.get_by_role("link", name="3. kvartal 2026").click()
        if i == 0:
            axe(page)
            shot(page, "settlement-statement")
        page.get_by_role("button", name="Godkend for").click()
        page.get_by_text(said).first.wait_for()
    shot(page, "settlement-closed")
    statement.refresh_from_db()
    assert statement.status == "closed"
    page.goto(f"{live_server.url}/afregning/takster/")
    axe(page)
    shot(page, "settlement-rates")
