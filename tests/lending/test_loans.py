"""A loan from proposal to signature, registration and end, and what the law refuses (R48–R59)."""

from __future__ import annotations

import hashlib
import io
from datetime import date, timedelta
from typing import Any

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samspil.catalogue.models import Approval, Course, Fkb
from samspil.kernel.audit import canonical
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.models import AuditEvent, MailMessage, StatusChange
from samspil.kernel.outbox import run_due
from samspil.kernel.signing import SecondFactor
from samspil.kernel.tasks import tasks_for
from samspil.lending.domain import loans, queries
from samspil.lending.domain.terms import Upload, earlier, last_day
from samspil.lending.models import Loan
from tests.factories.loans import NOW, LoanCase, make_loan_case

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def case() -> LoanCase:
    return make_loan_case()


def titles(case: LoanCase, who: str) -> list[str]:
    return [task.title for task in tasks_for(case.actor(who), TODAY) if task.context == "Udlån"]


# ---------------------------------------------------------------- the way of a loan


def test_from_proposal_to_registration(case: LoanCase) -> None:
    loan = case.propose()
    assert loan.status == "proposed"
    assert titles(case, "lender") == ["Svar på et forslag om udlån af FKB 9310"]
    assert titles(case, "borrower") == []
    assert MailMessage.objects.get(category="lending.proposed").to == case.people["lender"].email

    case.accept(loan)
    assert titles(case, "lender leader") == ["Underskriv udlånet af FKB 9310"]
    assert titles(case, "lender") == []  # a coordinator signs nothing
    loan.refresh_from_db()
    case.sign(loan, "lender")
    assert titles(case, "lender leader") == []
    assert queries.right_to_hold(
        case.borrower, case.courses[0], date(2027, 4, 1), date(2027, 4, 5)
    ).why_not
    case.sign(loan, "borrower")
    loan.refresh_from_db()
    assert loan.status == "signed"
    assert titles(case, "lender") == ["Registrér udlånet af FKB 9310"]

    run_due(NOW)
    loan.refresh_from_db()
    assert loan.pdf is not None
    mails = MailMessage.objects.filter(category="lending.signed")
    assert {mail.attachments.get().sha256 for mail in mails} == {loan.pdf.sha256}
    told = {mail.to: mail.text for mail in mails}
    assert "Registrér aftalen" in told[case.people["lender"].email]
    assert "Registrér aftalen" not in told[case.people["borrower"].email]

    loans.register_loan(
        actor=case.actor("lender"),
        now=NOW,
        loan=loan,
        receipt_number=" UVM-2027-41 ",
        registered_on=TODAY,
    )
    loan.refresh_from_db()
    assert loan.receipt_number == "UVM-2027-41"
    assert titles(case, "lender") == []
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {
        "lending.propose_loan",
        "lending.accept_loan",
        "lending.sign_loan",
        "lending.keep_loan_file",
        "lending.register_loan",
    } <= verbs


def test_the_pdf_holds_what_was_signed_byte_for_byte(case: LoanCase) -> None:
    loan = case.signed(courses=case.courses[:1])
    run_due(NOW)
    loan.refresh_from_db()
    assert loan.pdf is not None
    reader = pypdf.PdfReader(io.BytesIO(loan.pdf.read()))
    text = "\n".join(page.extract_text() for page in reader.pages)
    for expected in (
        "Aftale om udlån, FKB 9310",
        "93101 Lysbuesvejsning",
        "1. april 2027",
        "L lender",
        "L borrower",
    ):
        assert expected in text
    content = reader.attachments["aftale.json"][0]
    assert hashlib.sha256(content).hexdigest() == loan.content_hash
    assert content == canonical(loan.content).encode()


def test_other_terms_go_back_and_take_signatures_along(case: LoanCase) -> None:
    loan = case.accept(case.propose())
    case.sign(loan, "lender")
    changed = loans.change_loan(
        actor=case.actor("borrower"),
        now=NOW,
        loan=loan,
        by=case.borrower,
        terms=case.terms(ends_on=date(2027, 6, 30)),
        version=loan.version,
    )
    assert (changed.status, changed.ends_on) == ("proposed", date(2027, 6, 30))
    assert not changed.signatures.exists()
    assert changed.content_hash == ""
    with pytest.raises(Conflict):  # the page that was open before
        loans.accept_loan(actor=case.actor("lender"), now=NOW, loan=loan, version=loan.version)


def test_no_and_withdrawal_need_a_reason_and_are_told(case: LoanCase) -> None:
    loan = case.propose()
    with pytest.raises(Invalid):
        loans.decline_loan(actor=case.actor("lender"), now=NOW, loan=loan, reason="  ")
    loans.decline_loan(actor=case.actor("lender"), now=NOW, loan=loan, reason="Vi har selv plads")
    loan.refresh_from_db()
    assert loan.status == "declined"
    mail = MailMessage.objects.get(category="lending.declined")
    assert mail.to == case.people["borrower"].email
    assert "Vi har selv plads" in mail.text
    with pytest.raises(Conflict):  # said in two windows
        loans.decline_loan(actor=case.actor("lender"), now=NOW, loan=loan, reason="Igen")
    again = case.propose()
    loans.withdraw_loan(actor=case.actor("borrower"), now=NOW, loan=again, reason="Ikke nødvendigt")
    again.refresh_from_db()
    assert again.status == "withdrawn"


def test_ending_early_moves_the_last_day_and_tells_the_other(case: LoanCase) -> None:
    loan = case.signed()
    later = NOW + timedelta(days=60)
    for day in (date(2027, 4, 1), date(2027, 9, 30)):
        with pytest.raises(Invalid):
            loans.end_loan(
                actor=case.actor("borrower"),
                now=later,
                loan=loan,
                by=case.borrower,
                last_on=day,
                reason="Læreren er rejst",
            )
    loans.end_loan(
        actor=case.actor("borrower"),
        now=later,
        loan=loan,
        by=case.borrower,
        last_on=date(2027, 6, 30),
        reason="Læreren er rejst",
    )
    course = case.courses[0]
    assert queries.right_to_hold(case.borrower, course, date(2027, 6, 28), date(2027, 6, 30)).holds
    assert not queries.right_to_hold(
        case.borrower, course, date(2027, 6, 28), date(2027, 7, 1)
    ).holds
    assert MailMessage.objects.get(category="lending.ended").to == case.people["lender"].email


def test_both_are_told_a_month_before_it_runs_out(case: LoanCase) -> None:
    loan = case.signed()
    run_due(NOW)
    assert not MailMessage.objects.filter(category="lending.ends").exists()
    at = NOW.replace(month=8, day=31, hour=8)
    run_due(at)
    assert {m.to for m in MailMessage.objects.filter(category="lending.ends")} == {
        case.people["lender"].email,
        case.people["borrower"].email,
    }
    shown = [t.title for t in tasks_for(case.actor("borrower"), at.date())]
    assert "Udlånet af FKB 9310 løber ud" in shown
    run_due(at + timedelta(days=1))
    assert MailMessage.objects.filter(category="lending.ends").count() == 2
    assert loan.state_on(date(2027, 10, 1)) == "over"


# ---------------------------------------------------------------- what is refused


def refused(case: LoanCase, field: str, **values: Any) -> str:
    with pytest.raises(Invalid) as error:
        case.propose(**values)
    assert error.value.field == field
    assert not Loan.objects.exists()
    return error.value.message


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("ends_on", {"ends_on": date(2027, 3, 31)}),
        ("ends_on", {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 2, 1)}),
        ("ends_on", {"ends_on": date(2027, 10, 1)}),  # a day more than six months
        ("grounds", {"grounds": []}),
        ("grounds", {"grounds": ["fordi"]}),
        ("reason", {"reason": " \n"}),
    ],
)
def test_what_the_law_refuses(case: LoanCase, field: str, values: dict[str, Any]) -> None:
    refused(case, field, **values)


def test_more_than_six_months_needs_a_documented_approval(case: LoanCase) -> None:
    longer = {"ends_on": date(2028, 3, 31), "exception_note": "Godkendelse af 1.2.2027, nr. 17"}
    assert refused(case, "document", **longer) == "Læg godkendelsen ved som PDF."
    refused(case, "document", **longer, document=Upload("x.pdf", b"MZ\x90 no pdf"))
    loan = case.propose(**longer, document=Upload("godkendelse.pdf", PDF))
    assert loan.document is not None
    assert loan.document.read() == PDF
    assert case.accept(loan).content["document_sha256"] == loan.document.sha256


def test_only_an_approved_school_lends_and_only_to_one_that_is_not(case: LoanCase) -> None:
    Approval.objects.filter(organisation=case.lender).update(valid_to=date(2027, 8, 31))
    assert "ikke godkendt" in refused(case, "fkb")
    Approval.objects.filter(organisation=case.lender).update(valid_to=None)
    Approval.objects.create(organisation=case.borrower, fkb=case.fkb, valid_from=date(2020, 1, 1))
    assert "flyt deltagerne" in refused(case, "borrower")  # R59: that is a transfer


def test_a_course_of_another_fkb_cannot_be_lent(case: LoanCase) -> None:
    stranger = Course.objects.create(number="93999", title="Andet", is_constructed=True)
    assert "93999" in refused(case, "courses", courses=[stranger])


def test_the_same_is_lent_once(case: LoanCase) -> None:
    case.propose(courses=case.courses[:1])
    case.propose(courses=case.courses[1:])
    with pytest.raises(Invalid) as error:
        case.propose()  # all courses of the FKB
    assert error.value.field == "starts_on"
    assert Loan.objects.count() == 2


def test_a_loan_after_a_loan_is_pointed_out(case: LoanCase) -> None:
    first = case.signed()
    second = case.propose(starts_on=date(2027, 10, 1), ends_on=date(2028, 2, 28))
    assert earlier(second) == first
    third = case.propose(starts_on=date(2028, 5, 1), ends_on=date(2028, 6, 30))
    assert earlier(third) is None


def test_an_approval_lost_before_the_yes_stops_it(case: LoanCase) -> None:
    loan = case.propose()
    Approval.objects.filter(organisation=case.lender).update(valid_to=TODAY)
    with pytest.raises(Invalid):
        case.accept(loan)
    loan.refresh_from_db()
    assert loan.status == "proposed"


@given(st.dates(date(2020, 1, 1), date(2060, 1, 1)))
def test_six_months_end_where_a_calendar_says(first: date) -> None:
    last = last_day(first)
    months = last.year * 12 + last.month - (first.year * 12 + first.month)
    assert months in (5, 6)
    if months == 6:
        after = last + timedelta(days=1)
        assert last.day == first.day - 1 or after.day == 1
    else:
        assert first.day == 1
        assert (last + timedelta(days=1)).day == 1


# ---------------------------------------------------------------- who


def test_only_the_asked_school_answers_and_only_leaders_sign(case: LoanCase) -> None:
    loan = case.propose()
    for who in ("borrower", "third", "secretariat"):
        with pytest.raises(Forbidden):
            loans.accept_loan(actor=case.actor(who), now=NOW, loan=loan, version=loan.version)
    case.accept(loan)
    loan.refresh_from_db()
    for who in ("lender", "third leader", "borrower leader", "secretariat"):
        with pytest.raises(Forbidden):
            loans.sign_loan(
                actor=case.actor(who),
                now=NOW,
                loan=loan,
                organisation=case.lender,
                content_hash=loan.content_hash,
                factor=SecondFactor("totp", NOW),
            )
    assert not loan.signatures.exclude(acted_at=None).exists()


def test_a_signature_needs_a_fresh_factor_and_the_text_that_was_read(case: LoanCase) -> None:
    loan = case.accept(case.propose())
    sign = {"actor": case.actor("lender leader"), "now": NOW, "loan": loan}
    for factor in (None, SecondFactor("totp", NOW - timedelta(minutes=12)), SecondFactor("x", NOW)):
        with pytest.raises(Forbidden):
            loans.sign_loan(
                **sign,
                organisation=case.lender,
                content_hash=loan.content_hash,
                factor=factor,
            )
    with pytest.raises(Conflict):
        loans.sign_loan(
            **sign,
            organisation=case.lender,
            content_hash="0" * 64,
            factor=SecondFactor("totp", NOW),
        )
    case.sign(loan, "lender")
    case.sign(loan, "lender")  # twice is once
    assert AuditEvent.objects.filter(verb="lending.sign_loan").count() == 1


def test_who_sees_what(case: LoanCase) -> None:
    loan = case.propose()
    seen = {
        who: Loan.objects.visible_to(case.actor(who)).filter(pk=loan.pk).exists()
        for who in ("lender", "borrower", "third", "secretariat")
    }
    assert seen == {"lender": True, "borrower": True, "third": False, "secretariat": True}


# ---------------------------------------------------------------- what it gives


def test_the_right_to_hold(case: LoanCase) -> None:
    course, other = case.courses
    days = (date(2027, 5, 3), date(2027, 5, 7))
    assert queries.right_to_hold(case.lender, course, *days).approved
    assert "ikke godkendt" in queries.right_to_hold(case.borrower, course, *days).why_not
    loan = case.signed(courses=[course])
    assert queries.right_to_hold(case.borrower, course, *days).loan == loan
    assert not queries.right_to_hold(case.borrower, other, *days).holds
    assert not queries.right_to_hold(case.third, course, *days).holds
    beyond = queries.right_to_hold(case.borrower, course, date(2027, 9, 28), date(2027, 10, 2))
    assert "fra 01-04-2027 til 30-09-2027" in beyond.why_not
    Loan.objects.filter(pk=loan.pk).update(grounds=[])  # lacks a ground: gives nothing
    assert not queries.right_to_hold(case.borrower, course, *days).holds


def test_the_public_list_shows_what_binds(case: LoanCase) -> None:
    case.propose(courses=case.courses[1:])
    signed = case.signed(courses=case.courses[:1])
    assert queries.public_loans(case.lender, today=TODAY) == [signed]
    assert queries.public_loans(case.borrower, today=TODAY) == [signed]
    assert queries.public_loans(case.third, today=TODAY) == []
    assert queries.public_loans(case.lender, today=date(2027, 10, 1)) == []


def test_a_contract_is_noted_with_its_paper(case: LoanCase) -> None:
    values: dict[str, Any] = {
        "kind": "contract",
        "borrower": None,
        "grounds": [],
        "supplier": "Svejseteknik ApS",
        "supplier_cvr": "12345678",
        "ends_on": date(2029, 3, 31),
    }
    note = {"actor": case.actor("lender"), "now": NOW, "by": case.lender}
    for field, wrong in (
        ("document", values),
        ("supplier_cvr", {**values, "supplier_cvr": "1234567"}),
        ("supplier", {**values, "supplier": " "}),
    ):
        with pytest.raises(Invalid) as error:
            loans.add_contract(**note, terms=case.terms(**wrong))
        assert error.value.field == field
    terms = case.terms(**values, document=Upload("kontrakt.pdf", PDF))
    made = loans.add_contract(**note, terms=terms)
    assert queries.public_loans(case.lender, today=TODAY) == [made]
    with pytest.raises(Conflict):
        loans.add_contract(**note, terms=terms)
    assert not queries.right_to_hold(
        case.borrower, case.courses[0], date(2027, 5, 3), date(2027, 5, 7)
    ).holds


def test_a_loan_needs_an_fkb_of_the_lender(case: LoanCase) -> None:
    other = Fkb.objects.create(number="9311", title="Andet", is_constructed=True)
    assert "9311" in refused(case, "fkb", fkb=other)
    assert not StatusChange.objects.exists()
