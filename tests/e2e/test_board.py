"""The board in a browser: its look, by mouse, by keyboard alone, and two people at once."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from samspil.coordination.models import Commitment, CourseComment
from tests.factories.board import NOW, RoundCase, make_round


@pytest.fixture
def case() -> RoundCase:
    """A board with every kind of row."""
    case = make_round(schools=5, courses=14)
    rows = case.rows
    case.intend(rows[0], 0, take_on_days="6")
    case.intend(rows[0], 2, take_on_days="2")
    case.intend(rows[4], 3, will_follow=True)
    for index, row in enumerate(rows[5:]):
        for school in range(1 + index % 4):
            case.commit(
                row, (school + index) % 5, runs=1 + (index + school) % 3, guarantee=index == 2
            )
    case.commit(rows[1], 0, runs=3)
    case.commit(rows[2], 1, "holder", when_text="14.-16. september", starts_on=date(2027, 9, 14))
    case.commit(rows[2], 0, "follower")
    case.commit(rows[2], 2, "follower")
    case.commit(rows[3], 4, "holder", runs=2)
    CourseComment.objects.create(
        round_course=rows[0], author_label="Koordinator Østby", text="Vi kan i uge 40.", at=NOW
    )
    return case


def board_url(case: RoundCase) -> str:
    return reverse("coordination:board", args=[case.round.pk, case.fkb.fkb.number])


def href(case: RoundCase, row: int, school: int) -> str:
    return f'a.c[href$="/felt/{case.rows[row].pk}/{case.schools[school].pk}/"]'


def test_the_board_looks_right_and_passes_axe(page, case, sign_in, axe, shot):
    sign_in(page, case.secretariat_person)
    page.goto(board_url(case))
    expect(page.locator("#tavle tbody tr")).to_have_count(14)
    axe(page)
    shot(page, "board")
    page.set_viewport_size({"width": 320, "height": 700})
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator(href(case, 0, 0)).click()
    expect(page.locator("#felt")).to_be_visible()
    axe(page)
    shot(page, "board-cell", full_page=False)
    for name, address in {
        "board-across": reverse("coordination:across", args=[case.round.pk]) + "?visning=alle",
        "board-course": reverse("coordination:course", args=[case.round.pk, case.rows[0].pk]),
        "board-external": reverse("coordination:external", args=[case.round.pk, case.rows[0].pk]),
        "board-cell-page": reverse(
            "coordination:cell", args=[case.round.pk, case.rows[0].pk, case.schools[0].pk]
        ),
    }.items():
        page.goto(address)
        axe(page)
        shot(page, name)


def test_by_keyboard_alone(page, case, sign_in):
    sign_in(page, case.secretariat_person)
    page.goto(board_url(case))
    grid = page.get_by_role("grid")
    expect(grid.locator("a.c[tabindex='0']")).to_have_count(1)
    for _step in range(60):  # the whole grid is one stop on the way through the page
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('a.c')"):
            break
    first = page.locator("#tavle tbody tr").first.locator("a.c")
    expect(first.first).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("summary")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(first.first).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#tavle tbody tr").first.locator(".c-no a")).to_be_focused()
    page.keyboard.press("Home")
    expect(first.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(first.nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(first.last).to_be_focused()
    page.keyboard.press("Control+Home")
    expect(first.first).to_be_focused()

    page.keyboard.press("4")
    page.keyboard.press("ArrowRight")  # not waiting for the answer
    expect(first.first).to_have_text("4 hold")
    expect(first.nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("2")
    cell = page.locator("#tavle tbody tr").first.locator("a.c").first
    expect(cell).to_have_text("2 hold")
    expect(cell).to_be_focused()
    page.keyboard.press("g")
    expect(cell).to_have_text("2 hold ★")
    expect(page.locator("[data-live]")).to_contain_text("Gemt.")
    page.keyboard.press("u")
    expect(cell).to_have_text("udbyder ★2 hold · uden dato")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("f")
    neighbour = page.locator("#tavle tbody tr").first.locator("a.c").nth(1)
    expect(neighbour).to_have_text("følger")
    expect(page.locator("#tavle tbody tr").first).to_contain_text("Fælles hold hos")
    page.keyboard.press("Delete")
    expect(neighbour).to_have_text("–")

    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    panel = page.locator("#felt")
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).not_to_be_visible()
    expect(cell).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("radio", name="er udbydende skole for")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("når vi kan")
    page.keyboard.press("Enter")
    expect(panel).to_contain_text("Fejl:")  # the answer, not the form as it was typed in
    when = panel.get_by_label("Hvornår")
    expect(when).to_be_focused()
    expect(when).to_have_value("når vi kan")
    when.fill("uge 37")
    page.keyboard.press("Enter")
    expect(panel).not_to_be_visible()
    expect(cell).to_contain_text("uge 37")
    expect(cell).to_be_focused()

    page.keyboard.press("Control+z")
    expect(page.locator("[data-live]")).to_contain_text("Fortrudt:")
    expect(cell).to_have_text("udbyder ★2 hold · uden dato")
    expect(cell).to_be_focused()
    page.keyboard.press("Control+z")
    expect(neighbour).to_have_text("følger")


def test_two_people_on_the_same_cell(new_context, case, sign_in):
    here = []
    for person in (case.secretariat_person, case.people[0]):
        page = new_context().new_page()
        sign_in(page, person)
        page.goto(board_url(case))
        here.append(page)
    secretariat, school = here
    school.locator(href(case, 0, 0)).focus()
    school.keyboard.press("2")
    expect(school.locator(href(case, 0, 0))).to_have_text("2 hold")

    secretariat.locator(href(case, 0, 0)).focus()
    secretariat.keyboard.press("5")
    panel = secretariat.locator("#felt")
    expect(panel).to_contain_text("Koordinator Østby ændrede feltet til »2 hold«")
    assert Commitment.objects.get(round_course=case.rows[0]).runs == 2
    secretariat.keyboard.press("Escape")
    expect(secretariat.locator(href(case, 0, 0))).to_have_text("2 hold")

    # The panel too: opened by both, saved by the second.
    secretariat.locator(href(case, 0, 0)).click()
    expect(panel).to_be_visible()
    school.keyboard.press("3")
    expect(school.locator(href(case, 0, 0))).to_have_text("3 hold")
    panel.get_by_label("Antal hold").fill("7")
    panel.get_by_role("button", name="Gem").click()
    expect(panel).to_contain_text("til »3 hold«")
    expect(panel).to_contain_text("Du ville gemme »7 hold«")
    panel.get_by_role("button", name="Gem mit").click()
    expect(secretariat.locator(href(case, 0, 0))).to_have_text("7 hold")


def test_without_script_a_cell_is_a_link_to_its_form(new_context, case, sign_in):
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page, case.secretariat_person)
    page.goto(board_url(case))
    page.locator(href(case, 0, 0)).click()
    page.get_by_label("udbyder selv").check()
    page.get_by_label("Antal hold").fill("2")
    page.get_by_role("button", name="Gem").click()
    expect(page.locator(".messages")).to_contain_text("Gemt. 92200, Østby SOSU: 2 hold")
    expect(page.locator(href(case, 0, 0))).to_have_text("2 hold")


def test_a_school_changes_its_own_column_only(page, case, sign_in):
    sign_in(page, case.people[1])
    page.goto(board_url(case))
    assert page.locator("a.c").count() == 14
    page.locator(href(case, 0, 1)).focus()
    page.keyboard.press("1")
    expect(page.locator(href(case, 0, 1))).to_have_text("1 hold")
