"""A school's own words about its offer (R42): who writes them, and that nothing is overwritten."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from samspil.catalogue.domain import statements
from samspil.catalogue.models import OfferStatement
from samspil.kernel.errors import Conflict, Forbidden
from samspil.kernel.models import AuditEvent
from tests.factories.loans import NOW, LoanCase, make_loan_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> LoanCase:
    return make_loan_case()


def write(case: LoanCase, who: str = "lender", version: int = 0, **values: str) -> OfferStatement:
    return statements.state_offer(
        actor=case.actor(who), now=NOW, organisation=case.lender, version=version, values=values
    )


def test_words_are_kept_with_their_history(case: LoanCase) -> None:
    first = write(case, policy="Vi udbyder svejsning.")
    assert first.version == 1
    second = write(case, version=1, policy="Vi udbyder svejsning og lodning.", fees="Se prislisten")
    assert (second.version, second.pk) == (2, first.pk)
    same = write(case, version=2, fees="Se prislisten")
    assert same.version == 2
    event = AuditEvent.objects.filter(verb="catalogue.state_offer").latest("pk")
    assert event.before["policy"] == "Vi udbyder svejsning."
    assert [s.heading for s in statements.sections(second) if s.text] == [
        "Udbudspolitik",
        "Deltagerbetaling",
    ]


def test_an_old_page_overwrites_nothing(case: LoanCase) -> None:
    write(case, policy="Først")
    for version in (0, 7):
        with pytest.raises(Conflict):
            write(case, version=version, policy="Oven i")
    assert OfferStatement.objects.get().policy == "Først"


def test_only_the_school_writes(case: LoanCase) -> None:
    for who in ("borrower leader", "secretariat"):
        with pytest.raises(Forbidden):
            write(case, who=who, policy="Nej")
    assert not OfferStatement.objects.exists()


def test_on_the_screen(case: LoanCase) -> None:
    client = Client()
    client.force_login(case.people["lender"])
    address = reverse("catalogue:statement", args=[case.lender.pk])
    assert "I mangler at skrive: udbudspolitik" in client.get(address).content.decode()
    sent = {"version": "0", "policy": "Vi udbyder svejsning.", "quality_url": "ikke et link"}
    kept = client.post(address, sent)
    assert "Vi udbyder svejsning." in kept.content.decode()
    assert not OfferStatement.objects.exists()
    client.post(address, {**sent, "quality_url": "https://www.viskvalitet.dk/skole/1"})
    assert OfferStatement.objects.get().quality_url == "https://www.viskvalitet.dk/skole/1"
    client.force_login(case.people["borrower"])
    assert client.get(address).status_code == 403
