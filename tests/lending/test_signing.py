"""Who signs a loan, and how: leaders, those with a mandate, and an outside provider's word (R31, R140)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from samspil.kernel import clock, outbox, roles
from samspil.kernel.errors import Forbidden
from samspil.kernel.models import AuditEvent
from samspil.kernel.signing import SecondFactor
from samspil.kernel.tasks import tasks_for
from samspil.lending.domain import loans
from samspil.lending.domain.terms import Terms
from samspil.lending.interfaces.loan_pdf import loan_pdf
from samspil.lending.models import Loan, LoanProof
from samspil.network.domain.actors import actor_for
from samspil.network.domain.mandates import end_mandate, give_mandate
from samspil.network.models import Mandate, Membership, Network, Organisation, Person
from tests.factories.board import make_person
from tests.factories.loans import NOW, LoanCase, make_loan_case
from tests.support import openid_provider
from tests.support.openid_provider import CVR

pytestmark = pytest.mark.django_db
REAL_NOW, REAL_TODAY = clock.now, clock.today


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: NOW.date())


@pytest.fixture
def case() -> LoanCase:
    return make_loan_case()


@pytest.fixture
def deputy(case: LoanCase) -> Person:
    return make_person("Dorte Vikar", roles.SCHOOL_COORDINATOR, organisation=case.lender)


def _mandate(case: LoanCase, person: Person, **values: Any) -> Mandate:
    return give_mandate(
        actor=case.actor("lender leader"),
        now=NOW,
        organisation=case.lender,
        person=person,
        reason="Uddannelseschef",
        **{"valid_from": date(2027, 1, 1), **values},
    )


def _sign(case: LoanCase, person: Person, loan: Loan) -> Loan:
    return loans.sign_loan(
        actor=actor_for(person, today=NOW.date()),
        now=NOW,
        loan=loan,
        organisation=case.lender,
        content_hash=loan.content_hash,
        factor=SecondFactor("totp", NOW),
    )


def _client(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_whom_the_leader_gave_a_mandate_is_asked_and_signs(
    case: LoanCase, deputy: Person, settings: Any
) -> None:
    _mandate(case, deputy, fkb_numbers=["9310"], network=case.network)
    loan = case.accept(case.propose())
    outbox.run_due(NOW)
    asked = {address for message in mail.outbox for address in message.to}
    assert {deputy.email, case.people["lender leader"].email} <= asked
    titles = [task.title for task in tasks_for(actor_for(deputy, today=NOW.date()), NOW.date())]
    assert any("Underskriv udlånet" in title for title in titles)
    settings.EXAMPLE_DOOR = True
    client = _client(deputy)
    page = client.get(reverse("lending:sign", args=[loan.pk])).content.decode()
    assert "mandat fra L lender" in page
    client.post(
        reverse("lending:sign", args=[loan.pk]),
        {"content_hash": loan.content_hash, "example": "1"},
    )
    row = loan.signatures.get(organisation=case.lender)
    assert (row.person_id, row.basis["kind"], row.basis["reason"]) == (
        deputy.pk,
        "mandate",
        "Uddannelseschef",
    )
    loan = case.sign(loan, "borrower")
    assert loan.status == "signed"
    assert "Uddannelseschef" in client.get(reverse("lending:loan", args=[loan.pk])).content.decode()
    assert loan_pdf(loan).startswith(b"%PDF")


@pytest.mark.parametrize("limit", ["fkb", "network", "other school", "ended", "none"])
def test_a_mandate_for_something_else_does_not_sign(
    case: LoanCase, deputy: Person, limit: str
) -> None:
    if limit == "fkb":
        _mandate(case, deputy, fkb_numbers=["9999"])
    elif limit == "network":  # one that the borrower is not in
        other = Network.objects.create(key="anden", name="En anden kreds", short_name="AK")
        Membership.objects.create(network=other, organisation=case.lender)
        _mandate(case, deputy, network=other)
    elif limit == "other school":
        deputy = make_person("Thea Tredje", roles.SCHOOL_LEADER, organisation=case.third)
    elif limit == "ended":
        mandate = _mandate(case, deputy)
        end_mandate(
            actor=case.actor("lender leader"),
            now=NOW,
            mandate=mandate,
            reason="Stillingen er nedlagt",
        )
    loan = case.accept(case.propose())
    with pytest.raises(Forbidden):
        _sign(case, deputy, loan)
    assert not loan.signatures.exclude(acted_at=None).exists()
    expected = 404 if limit == "other school" else 403
    client = _client(deputy)
    assert client.get(reverse("lending:sign", args=[loan.pk])).status_code == expected
    assert client.post(reverse("lending:sign_elsewhere", args=[loan.pk])).status_code == expected


BACK = "http://testserver/udlaan/underskriv/retur/"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with openid_provider.running(tmp_path_factory.mktemp("openid"), BACK) as found:
        yield found


@pytest.fixture
def elsewhere(case: LoanCase, settings: Any, there: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    # The provider lives in the real time, so we do too.
    monkeypatch.setattr(clock, "now", REAL_NOW)
    monkeypatch.setattr(clock, "today", REAL_TODAY)
    there.configure(settings)
    there.fails_with("")
    leader = case.people["lender leader"]
    there.knows(leader.email, name="L Mellemnavn lender", sub=leader.email)
    Organisation.objects.filter(pk=case.lender.pk).update(cvr=CVR)
    return there


def _terms(case: LoanCase, **values: Any) -> Terms:
    today = clock.today()
    return case.terms(
        starts_on=today + timedelta(days=30), ends_on=today + timedelta(days=60), **values
    )


def _accept(case: LoanCase, loan: Loan) -> Loan:
    return loans.accept_loan(
        actor=case.actor("lender"), now=clock.now(), loan=loan, version=loan.version
    )


def _agreed(case: LoanCase) -> Loan:
    """A loan of days to come that both have said yes to."""
    made = loans.propose_loan(
        actor=case.actor("borrower"), now=clock.now(), by=case.borrower, terms=_terms(case)
    )
    return _accept(case, made)


def _begin(client: Client, loan: Loan, **values: str) -> Any:
    response = client.post(
        reverse("lending:sign_elsewhere", args=[loan.pk]),
        {"content_hash": loan.content_hash, **values},
    )
    found = re.search(r'data-go href="([^"]+)"', response.content.decode())
    return unescape(found.group(1)) if found else response


def _come_back(client: Client, address: str) -> Any:
    page = client.get(address)
    if page.status_code != 200:
        return page
    fields = dict(re.findall(r'name="(code|state|iss)" value="([^"]+)"', page.content.decode()))
    return client.post(BACK, {key: unescape(value) for key, value in fields.items()})


def test_a_leader_signs_at_an_outside_provider_and_what_was_proved_is_kept(
    case: LoanCase, elsewhere: Any
) -> None:
    loan = _agreed(case)
    leader = case.people["lender leader"]
    client = _client(leader)
    assert "Underskriv med" in client.get(reverse("lending:sign", args=[loan.pk])).content.decode()
    address = elsewhere.visit(_begin(client, loan), leader.email)
    assert client.get(address).status_code == 200  # a GET signs nothing
    assert not loan.signatures.exclude(acted_at=None).exists()
    response = _come_back(client, address)
    assert response.url == reverse("lending:loan", args=[loan.pk])
    row = loan.signatures.get(organisation=case.lender)
    assert (row.method, row.person_id, row.basis) == ("openid", leader.pk, {"kind": "leader"})
    assert (row.proof.cvr, row.proof.issuer) == (CVR, elsewhere.issuer)
    event = AuditEvent.objects.get(verb="lending.sign_loan")
    assert event.after["provider"] == elsewhere.issuer
    assert "Prøve-ID" in client.get(response.url).content.decode()
    again = _come_back(client, address)  # the same answer once more
    assert again.status_code == 302
    assert LoanProof.objects.count() == 1


def test_what_was_begun_for_other_terms_signs_nothing(case: LoanCase, elsewhere: Any) -> None:
    loan = _agreed(case)
    leader = case.people["lender leader"]
    client = _client(leader)
    address = elsewhere.visit(_begin(client, loan), leader.email)
    loans.change_loan(
        actor=case.actor("borrower"),
        now=clock.now(),
        loan=loan,
        by=case.borrower,
        terms=_terms(case, place="Et andet sted"),
        version=loan.version,
    )
    loan.refresh_from_db()
    _accept(case, loan)
    _come_back(client, address)
    loan.refresh_from_db()
    assert not loan.signatures.exclude(acted_at=None).exists()


def test_other_terms_take_a_proved_signature_away(case: LoanCase, elsewhere: Any) -> None:
    loan = _agreed(case)
    leader = case.people["lender leader"]
    client = _client(leader)
    _come_back(client, elsewhere.visit(_begin(client, loan), leader.email))
    assert LoanProof.objects.exists()
    loan.refresh_from_db()
    loans.change_loan(
        actor=case.actor("borrower"),
        now=clock.now(),
        loan=loan,
        by=case.borrower,
        terms=_terms(case, place="Et andet sted"),
        version=loan.version,
    )
    assert not LoanProof.objects.exists()
    assert AuditEvent.objects.filter(verb="lending.sign_loan").exists()


def test_a_text_that_was_not_read_is_not_begun(case: LoanCase, elsewhere: Any) -> None:
    loan = _agreed(case)
    client = _client(case.people["lender leader"])
    response = _begin(client, loan, content_hash="0" * 64)
    assert response.url == reverse("lending:sign", args=[loan.pk])
