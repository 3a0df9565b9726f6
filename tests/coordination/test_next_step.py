"""The page says what comes next: one filled button, and the steps to a signed agreement."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.factories.agreements import make_agreement_case
from tests.factories.board import make_round

pytestmark = pytest.mark.django_db


def _filled(page: str) -> list[str]:
    """The words of the filled buttons and links of the page's head."""
    head = page[page.index("page-actions") : page.index("</main>")]
    head = head[: head.index("<h2")] if "<h2" in head else head
    found = re.findall(
        r'class="button button-primary[^"]*"[^>]*>(.*?)</(?:a|button)>', head, re.DOTALL
    )
    return [" ".join(re.sub(r"<[^>]+>", " ", text).split()) for text in found]


def _page(person, address: str) -> str:
    client = Client()
    client.force_login(person)
    return client.get(address).content.decode()


def test_with_gaps_one_holds_the_meeting_and_without_one_goes_to_signing():
    case = make_round(status="meeting")
    address = f"/runder/{case.round.pk}/"
    assert _filled(_page(case.secretariat_person, address)) == ["Hold mødet"]
    for row in case.rows:
        case.commit(row, 0, "own", runs=1)
    assert _filled(_page(case.secretariat_person, address)) == ["Gå til underskrift"]


def test_the_way_to_a_signed_agreement_is_shown_step_by_step():
    kit = make_agreement_case()
    address = f"/runder/{kit.case.round.pk}/fkb/9222/oversigt/"

    def now() -> str:
        page = _page(kit.case.secretariat_person, address)
        [step] = re.findall(r'<li[^>]*aria-current="step"[^>]*>(.*?)</li>', page, re.DOTALL)
        return " ".join(re.sub(r"<[^>]+>", " ", step).split())

    assert "Lås oversigten" in now()
    kit.freeze()
    assert "Dan aftalen" in now()
    agreement = kit.make()
    assert "Skolerne underskriver" in now()
    for index in range(4):
        kit.sign(agreement, index)
    kit.reopen()
    assert "Lås oversigten" in now()


def test_papers_have_a_place_of_their_own():
    kit = make_agreement_case()
    kit.freeze()
    agreement = kit.make()
    page = _page(kit.case.secretariat_person, f"/runder/aftale/{agreement.pk}/")
    table, rest = page.split("</table>", 1)
    assert "Papir fra" not in table
    assert rest.count("Papir fra") == 4
    own = _page(kit.leaders[0], f"/runder/aftale/{agreement.pk}/")
    assert own.count("Papir fra") == 1


def test_the_board_says_that_escape_closes():
    case = make_round(status="meeting")
    page = _page(case.secretariat_person, f"/runder/{case.round.pk}/fkb/9222/")
    assert "<kbd>Esc</kbd>" in page
