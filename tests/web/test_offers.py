"""A school's offer as the law wants it shown (R42): everything in its place, for everybody."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from samspil.catalogue.domain import statements
from samspil.kernel import clock
from samspil.lending.domain import loans
from samspil.lending.domain.terms import Upload
from tests.factories.loans import NOW, LoanCase, make_loan_case
from tests.lending.test_loans import PDF

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: NOW.date())


@pytest.fixture
def case() -> LoanCase:
    case = make_loan_case()
    statements.state_offer(
        actor=case.actor("lender"),
        now=NOW,
        organisation=case.lender,
        version=0,
        values={"policy": "Vi udbyder <b>svejsning</b>.\n\nHele året.", "sign_up": "Ring til os"},
    )
    return case


def page(client: Client, case: LoanCase, name: str = "offer", school: Any = None) -> str:
    key = (school or case.lender).key
    return client.get(reverse(f"web:{name}", kwargs={"school_key": key})).content.decode()


def test_what_the_law_wants_stands_there(client: Client, case: LoanCase) -> None:
    case.signed(courses=case.courses[:1])
    loans.add_contract(
        actor=case.actor("lender"),
        now=NOW,
        by=case.lender,
        terms=case.terms(
            kind="contract",
            borrower=None,
            grounds=[],
            supplier="Svejseteknik ApS",
            supplier_cvr="12345678",
            ends_on=date(2029, 3, 31),
            document=Upload("kontrakt.pdf", PDF),
        ),
    )
    text = page(client, case)
    for expected in (
        "<b>9310</b> Svejsning",
        "Udbudspolitik",
        "Vi udbyder &lt;b&gt;svejsning&lt;/b&gt;.",
        "Ring til os",
        "Dalby Erhvervsskole holder kurser i FKB 9310 på skolens vegne",
        "(93101)",
        "Svejseteknik ApS underviser i FKB 9310 for skolen",
        "https://www.viskvalitet.dk",
    ):
        assert expected in text, expected
    assert "Deltagerbetaling" not in text  # not written yet: no empty heading
    assert "12345678" not in text
    borrowed = page(client, case, school=case.borrower)
    assert "Skolen holder kurser i FKB 9310 på vegne af Bjergby Erhvervsskole" in borrowed


def test_what_does_not_bind_is_not_public(client: Client, case: LoanCase) -> None:
    case.accept(case.propose())
    assert "Dalby" not in page(client, case)


def test_english_frame_and_list(client: Client, case: LoanCase) -> None:
    case.signed()
    english = page(client, case, "en_offer")
    assert "Planned activities" in english
    listed = client.get(reverse("web:offers")).content.decode()
    assert reverse("web:offer", kwargs={"school_key": case.lender.key}) in listed
    assert "Dalby Erhvervsskole" in listed


def test_the_frame_for_the_school_s_own_site(client: Client, case: LoanCase) -> None:
    answer = client.get(
        reverse("web:offer_embed", kwargs={"school_key": case.lender.key}), {"farve": "#1f6b3a"}
    )
    assert "frame-ancestors *" in answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer
    assert "Set-Cookie" not in answer
    assert "Udbudspolitik" in answer.content.decode()
    guide = client.get(reverse("web:embed_guide"), {"skole": case.lender.key, "vis": "udbud"})
    assert "data-vis=&quot;udbud&quot;" in guide.content.decode()


def test_it_is_told_anew_when_something_changes(client: Client, case: LoanCase) -> None:
    address = reverse("web:offer", kwargs={"school_key": case.lender.key})
    first = client.get(address)
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    case.signed()
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_an_unknown_school(client: Client, case: LoanCase) -> None:
    answer = client.get(reverse("web:offer", kwargs={"school_key": "findes-ikke"}))
    assert answer.status_code == 404
    assert "Skolen findes ikke." in answer.content.decode()
