"""Loans on the screen: proposed, answered and signed by two people, and what strangers see."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from samspil.kernel import clock
from samspil.lending.models import Loan
from tests.factories.loans import NOW, LoanCase, make_loan_case
from tests.lending.test_loans import PDF

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: NOW.date())


@pytest.fixture
def case() -> LoanCase:
    return make_loan_case()


def client_of(case: LoanCase, who: str) -> Client:
    client = Client()
    client.force_login(case.people[who])
    return client


def filled(case: LoanCase, **values: Any) -> dict[str, Any]:
    return {
        "side": "borrower",
        "other": case.lender.pk,
        "fkb": case.fkb.pk,
        "courses": "93101 93102",
        "starts_on": "1-4-2027",
        "ends_on": "30.9.2027",
        "grounds": ["capacity", "geography"],
        "reason": "Værkstedet er fuldt belagt",
        **values,
    }


def test_two_schools_agree_on_the_screen(case: LoanCase, settings: Any) -> None:
    settings.EXAMPLE_DOOR = True  # the plain confirmation stands in for a second factor
    borrower, lender = client_of(case, "borrower"), client_of(case, "lender")
    said = borrower.post(reverse("lending:propose", args=[case.borrower.pk]), filled(case))
    loan = Loan.objects.get()
    page = reverse("lending:loan", args=[loan.pk])
    assert said["Location"] == page
    text = lender.get(page).content.decode()
    assert "I skal svare" in text
    assert "93101 Lysbuesvejsning" in text
    assert "Sig ja" not in borrower.get(page).content.decode()
    lender.post(reverse("lending:accept", args=[loan.pk]), {"version": "1"})
    for who in ("lender leader", "borrower leader"):
        client = client_of(case, who)
        sign = reverse("lending:sign", args=[loan.pk])
        assert "Prøveunderskrift" in client.get(sign).content.decode()
        loan.refresh_from_db()
        client.post(sign, {"content_hash": loan.content_hash, "example": "1"})
    loan.refresh_from_db()
    assert loan.status == "signed"
    lender.post(
        reverse("lending:register", args=[loan.pk]),
        {"receipt_number": "K-1", "registered_on": "1-3-2027"},
    )
    assert "kvittering K-1" in lender.get(page).content.decode()
    assert "Registreret" in lender.get(reverse("lending:index")).content.decode()


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(case: LoanCase) -> None:
    client = client_of(case, "borrower")
    answer = client.post(
        reverse("lending:propose", args=[case.borrower.pk]),
        filled(case, ends_on="1-10-2027", reason="Et særligt ord"),
    )
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "højst vare seks måneder, her til 30-09-2027" in text
    assert "Et særligt ord" in text
    answer = client.post(
        reverse("lending:propose", args=[case.borrower.pk]), filled(case, courses="93101, 00000")
    )
    assert "Kataloget har ikke målet 00000." in answer.content.decode()
    assert not Loan.objects.exists()


def test_an_approval_as_pdf_goes_along(case: LoanCase) -> None:
    client = client_of(case, "borrower")
    file = SimpleUploadedFile("godkendelse.pdf", PDF, "application/pdf")
    client.post(
        reverse("lending:propose", args=[case.borrower.pk]),
        filled(case, ends_on="1-10-2028", exception_note="Nr. 17 af 1.2.2027", document=file),
    )
    loan = Loan.objects.get()
    got = client_of(case, "lender").get(reverse("lending:document", args=[loan.pk]))
    assert got.content == PDF


def test_a_contract_s_paper_is_for_the_school_itself(case: LoanCase) -> None:
    file = SimpleUploadedFile("kontrakt.pdf", PDF, "application/pdf")
    client_of(case, "lender").post(
        reverse("lending:contract", args=[case.lender.pk]),
        {
            "supplier": "Svejseteknik ApS",
            "supplier_cvr": "12 34 56 78",
            "fkb": case.fkb.pk,
            "starts_on": "1-4-2027",
            "ends_on": "31-3-2029",
            "reason": "Undervisning i weekender",
            "document": file,
        },
    )
    loan = Loan.objects.get()
    assert loan.supplier_cvr == "12345678"
    address = reverse("lending:document", args=[loan.pk])
    assert client_of(case, "lender").get(address).status_code == 200
    assert client_of(case, "secretariat").get(address).status_code == 403
    assert client_of(case, "third").get(address).status_code == 404


def test_a_stranger_finds_nothing(case: LoanCase) -> None:
    loan = case.propose()
    client = client_of(case, "third")
    assert client.get(reverse("lending:loan", args=[loan.pk])).status_code == 404
    assert client.get(reverse("lending:propose", args=[case.borrower.pk])).status_code == 404
    assert "Ingen udlån endnu" in client.get(reverse("lending:index")).content.decode()


def test_a_stale_yes_says_so(case: LoanCase) -> None:
    loan = case.propose()
    client = client_of(case, "lender")
    answer = client.post(reverse("lending:accept", args=[loan.pk]), {"version": "7"}, follow=True)
    assert "Forslaget er ændret" in answer.content.decode()
    loan.refresh_from_db()
    assert loan.status == "proposed"


def test_the_list_asks_the_same_however_long(
    case: LoanCase, django_assert_max_num_queries: Any
) -> None:
    case.propose(courses=case.courses[:1])
    client = client_of(case, "lender")
    client.get(reverse("lending:index"))
    with django_assert_max_num_queries(30) as one:
        client.get(reverse("lending:index"))
    case.propose(courses=case.courses[1:])
    case.propose(starts_on=NOW.date().replace(year=2028), ends_on=NOW.date().replace(year=2028))
    client.get(reverse("lending:index"))  # the header counts the tasks anew after what has happened
    with django_assert_max_num_queries(30) as three:
        client.get(reverse("lending:index"))
    assert len(three) == len(one)
