"""A proposal in a browser: asked for on the board, read with its reasons, used in part, undone."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from samspil.coordination.models import Commitment, Proposal
from samspil.kernel import calculations, clock, outbox
from tests.factories.board import RoundCase, make_round
from tests.factories.proposals import answer, request, solve


@pytest.fixture
def case() -> RoundCase:
    """Four gaps: two can be closed, one by a school that would follow otherwise, two cannot."""
    case = make_round(schools=4, courses=5)
    case.intend(case.rows[0], 0, take_on_days=Decimal(6), when_text="uge 37", guarantee=True)
    case.intend(case.rows[0], 1, will_follow=True)
    case.intend(case.rows[1], 1, take_on_days=Decimal(3))
    case.intend(case.rows[2], 1, take_on_days=Decimal(2))
    case.commit(case.rows[4], 2, runs=2)
    return case


def board_url(case: RoundCase) -> str:
    return reverse("coordination:board", args=[case.round.pk, case.fkb.fkb.number])


def test_from_the_gap_to_the_board_and_back(page, case, sign_in, axe, shot, calculate):
    sign_in(page, case.secretariat_person)
    page.goto(board_url(case))
    page.get_by_role("button", name="Foreslå").click()
    expect(page.get_by_role("heading", name="Regner …")).to_be_visible()
    axe(page)
    calculate()
    expect(page.get_by_role("heading", name="Forslag: 2 af 4 huller kan lukkes")).to_be_visible()
    axe(page)
    shot(page, "proposal")

    # By keyboard: the first line is taken out, the rest is used.
    box = page.get_by_role("checkbox", name="92201, Vestby SOSU")
    expect(box).to_be_checked()
    box.focus()
    page.keyboard.press("Space")
    expect(box).not_to_be_checked()
    use = page.get_by_role("button", name="Brug de valgte")
    use.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 felter på oversigten er udfyldt.")).to_be_visible()
    assert set(Commitment.objects.filter(origin="proposal").values_list("role", flat=True)) == {
        "holder",
        "follower",
    }
    expect(page.get_by_text("Brugt", exact=True)).to_have_count(2)

    page.goto(board_url(case))
    strip = page.get_by_role("region", name="Forslag:")
    expect(strip).to_contain_text("Vestby SOSU tager 92201")
    shot(page, "board-proposal")
    strip.get_by_role("button", name="Brug forslaget").click()
    expect(page.get_by_text("1 felt på oversigten er udfyldt.")).to_be_visible()


def test_a_no_is_remembered(page, case, sign_in, calculate):
    sign_in(page, case.secretariat_person)
    page.goto(board_url(case))
    page.get_by_role("button", name="Foreslå").click()
    calculate()
    expect(page.get_by_role("heading", name="Forslag: 2 af 4 huller kan lukkes")).to_be_visible()
    for box in page.get_by_role("checkbox").all():
        box.uncheck(force=True)
    page.get_by_role("checkbox", name="92201, Vestby SOSU").check(force=True)
    page.get_by_role("button", name="Sig nej til de valgte").click()
    expect(page.get_by_text("Du har sagt nej til 1 linje.")).to_be_visible()
    page.get_by_role("button", name="Forkast").click()
    page.get_by_role("button", name="Foreslå").click()
    calculate()
    expect(
        page.get_by_text("Det er besluttet, at Vestby SOSU ikke skal tage målet.")
    ).to_be_visible()


def test_a_long_calculation_is_followed_left_and_stopped(page, case, sign_in, axe, shot):
    """The page tells the best so far, can be left, and the button gets what there is."""
    sign_in(page, case.secretariat_person)
    page.goto(board_url(case))
    page.get_by_role("button", name="Foreslå").click()
    expect(page.get_by_text("Beregningen begynder om et øjeblik.")).to_be_visible()
    claimed = calculations.claim(clock.now())
    assert claimed is not None
    bounds = [{"term": "covered", "value": 2, "best_possible": 4}]
    calculations.keep(claimed, now=clock.now(), progress={"seconds": 64.0, "bounds": bounds})
    expect(page.get_by_text("Det bedste forslag indtil nu lukker 2 af 4 huller.")).to_be_visible()
    expect(page.get_by_text("Det er bevist, at højst 4 kan lukkes.")).to_be_visible()
    expect(page.get_by_text("Har regnet i 64 sekunder.")).to_be_visible()
    axe(page)
    shot(page, "proposal-running")

    page.goto(board_url(case))
    page.get_by_role("link", name="Følg med").click()
    # Asking again by itself takes nothing from who is about to press.
    stop = page.get_by_role("button", name="Stop og brug det bedste indtil nu")
    stop.focus()
    with page.expect_response(lambda response: "/forslag/" in response.url):
        pass
    expect(stop).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Stopper. Det bedste forslag indtil nu er klar")).to_be_visible()
    assert calculations.is_asked_to_stop(claimed)
    result = {**solve(claimed), "status": "stopped"}
    assert calculations.finish(claimed, now=clock.now(), result=result)
    outbox.run_due(clock.now())
    expect(page.get_by_role("heading", name="Forslag: 2 af 4 huller kan lukkes")).to_be_visible()
    expect(page.get_by_text("Stoppet, før alt var regnet igennem.")).to_be_visible()
    shot(page, "proposal-stopped")


def test_without_script_a_link_looks_again(new_context, case, sign_in):
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page, case.secretariat_person)
    page.goto(board_url(case))
    page.get_by_role("button", name="Foreslå").click()
    expect(page.get_by_text("Beregningen begynder om et øjeblik.")).to_be_visible()
    answer(Proposal.objects.get())
    page.get_by_role("link", name="Se, om forslaget er klar").click()
    heading = page.get_by_role("heading", name="Forslag: 2 af 4 huller kan lukkes")
    expect(heading).to_be_visible()


def test_what_if_is_answered_beside_the_proposal(page, case, sign_in, axe, shot):
    answer(request(case, case.fkb))
    sign_in(page, case.secretariat_person)
    page.goto(board_url(case))
    page.get_by_role("link", name="Se begrundelse").click()
    page.get_by_role("link", name="Hvad nu hvis …").click()
    axe(page)
    page.get_by_label("Skole", exact=True).select_option(label="Østby SOSU")
    page.get_by_role("button", name="Regn det ud").click()
    expect(page.get_by_role("heading", name="Hvad nu hvis Østby SOSU forlader")).to_be_visible()
    claimed = calculations.claim(clock.now())
    assert claimed is not None
    calculations.finish(claimed, now=clock.now(), result=solve(claimed))
    expect(page.get_by_role("heading", name="Mål, som ingen ville have")).to_be_visible()
    expect(page.get_by_text("1 mål mere ville mangle en udbyder.")).to_be_visible()
    axe(page)
    shot(page, "what-if")
    assert Commitment.objects.count() == 1
