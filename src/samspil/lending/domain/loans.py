"""A loan: proposed, answered, signed by both schools, registered, ended (R48–R62).

One school proposes, the other answers yes, no, or with other terms. Yes freezes the text, which a
leader of each school signs. From then on the borrower may hold the courses in the period, and the
lender registers the agreement (R52).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.kernel import clock
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.audit import canonical
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.files import store
from samspil.kernel.identity import Identity
from samspil.kernel.locking import lock_row
from samspil.kernel.mail import Notification, send
from samspil.kernel.models import StoredFile
from samspil.kernel.outbox import enqueue
from samspil.kernel.signing import Proof, check_proof
from samspil.kernel.transitions import transition
from samspil.lending import notifications, rules
from samspil.lending.domain import loan_text
from samspil.lending.domain.terms import Terms, check, check_document
from samspil.lending.enums import LOAN_TRANSITIONS, LoanStatus
from samspil.lending.models import Loan, LoanProof, LoanSignature
from samspil.network.domain import identities, mandates
from samspil.network.domain.recipients import school_people
from samspil.network.models import Organisation

WARN_BEFORE: Final = timedelta(days=30)
"""How long before its last day both schools are told that a loan runs out."""


def loan_url(loan: Loan) -> str:
    """The address of a loan, for mails."""
    return str(settings.BASE_URL) + reverse("lending:loan", args=[loan.pk])


def parties(loan: Loan) -> list[Organisation]:
    """The approved school and, of a loan, the borrowing one."""
    return [loan.lender] if loan.borrower is None else [loan.lender, loan.borrower]


def _tell(
    message: type[Notification],
    loan: Loan,
    *schools: Organisation | None,
    now: datetime,
    signers: bool = False,
    attachments: tuple[StoredFile, ...] = (),
    **context: Any,
) -> None:
    for school in schools:
        if school is None:
            continue
        people = (
            mandates.signers(
                school,
                network_id=rules.shared_networks(loan, on=now.date()),
                fkb_number=loan.fkb.number,
                on=now.date(),
            )
            if signers
            else school_people(school, on=now.date())
        )
        for person in people:
            send(
                message(loan=loan, person=person, school=school, url=loan_url(loan), **context),
                to=person.email,
                now=now,
                subject_of=loan,
                organisation_id=school.pk,
                attachments=attachments,
                language=person.language,
            )


def _record(loan: Loan, summary: str, **after: Any) -> None:
    record(loan, after=after, summary=summary, organisation_id=loan.lender_id)


def _locked(loan: Loan) -> Loan:
    return lock_row(
        Loan.objects.select_related("lender", "borrower", "fkb", "proposed_by", "document"),
        loan.pk,
    )


def _facts(loan: Loan, terms: Terms) -> dict[str, Any]:
    return {
        "kind": loan.kind,
        "lender": loan.lender.key,
        "other": loan.other_name,
        "fkb": loan.fkb.number,
        "courses": sorted(course.number for course in terms.courses),
        "starts_on": loan.starts_on,
        "ends_on": loan.ends_on,
        "grounds": loan.grounds,
        "document": loan.document.sha256 if loan.document is not None else None,
    }


def _keep_document(terms: Terms, *, actor: Actor, now: datetime) -> StoredFile | None:
    if terms.document is None:
        return None
    info = check_document(terms.document)
    return store(terms.document.content, info.name, info.content_type, actor=actor, now=now)


@action("lending.propose_loan", permission=rules.may_propose, on="by")
def propose_loan(*, actor: Actor, now: datetime, by: Organisation, terms: Terms) -> Loan:
    """Propose a loan to the other school, which is asked to answer.

    ``by`` is one of the two parties. The same proposal sent twice is one. Raises ``Invalid`` with
    the field for what the law or the schools' approvals do not allow.
    """
    if terms.borrower is None or by not in (terms.lender, terms.borrower):
        raise Invalid(_("Din skole skal være den ene af de to parter."), "borrower")
    lock_row(Organisation.objects.all(), terms.lender.pk)  # two windows: the second sees the first
    check(terms, today=now.date())
    loan = Loan.objects.create(
        **terms.values(),
        proposed_by=by,
        created_at=now,
        document=_keep_document(terms, actor=actor, now=now),
    )
    loan.courses.set(terms.courses)
    _record(
        loan,
        _("%(school)s foreslår et udlån af FKB %(fkb)s.")
        % {"school": by.name, "fkb": loan.fkb.number},
        **_facts(loan, terms),
    )
    _tell(notifications.LoanProposed, loan, rules.answers(loan), now=now, by=by)
    return loan


@action("lending.change_loan", permission=rules.is_party, on="loan")
def change_loan(
    *, actor: Actor, now: datetime, loan: Loan, by: Organisation, terms: Terms, version: int
) -> Loan:
    """Propose other terms: the other school is asked again, and signatures so far fall away.

    Raises ``Conflict`` when somebody else has changed it since ``version``, or it is settled.
    """
    loan = _locked(loan)
    if by not in parties(loan) or not rules.acts_for(actor, by):
        raise Forbidden(_("Din skole er ikke en del af aftalen."))
    if loan.version != version:
        raise Conflict(_("Forslaget er ændret, siden du åbnede siden. Hent den igen."))
    if (terms.lender, terms.borrower) != (loan.lender, loan.borrower):
        raise Invalid(_("Parterne kan ikke skiftes ud. Lav et nyt forslag."), "borrower")
    check(terms, today=now.date(), but=loan)
    transition(loan, "propose_again", table=LOAN_TRANSITIONS, actor=actor, now=now)
    document = _keep_document(terms, actor=actor, now=now)
    for name, value in terms.values().items():
        setattr(loan, name, value)
    if document is not None:
        loan.document = document
    loan.proposed_by = by
    loan.version += 1
    loan.content, loan.content_hash, loan.pdf = {}, "", None
    loan.save()
    loan.courses.set(terms.courses)
    loan.signatures.all().delete()
    _record(
        loan,
        _("%(school)s foreslår andre vilkår.") % {"school": by.name},
        **_facts(loan, terms),
    )
    _tell(notifications.LoanProposed, loan, rules.answers(loan), now=now, by=by)
    return loan


@action("lending.accept_loan", permission=rules.may_answer, on="loan")
def accept_loan(*, actor: Actor, now: datetime, loan: Loan, version: int) -> Loan:
    """Say yes to the terms as they stand: the text is frozen, and both leaders are asked to sign.

    Raises ``Conflict`` when the terms are others than those of ``version``, or answered already.
    """
    loan = _locked(loan)
    if loan.version != version:
        raise Conflict(_("Forslaget er ændret, siden du åbnede siden. Hent den igen."))
    if not rules.may_answer(actor, loan):
        raise Forbidden(_("Det er den anden skole, der skal svare."))
    check(_terms_of(loan), today=now.date(), but=loan)
    transition(loan, "accept", table=LOAN_TRANSITIONS, actor=actor, now=now)
    loan.content = loan_text.content_of(loan)
    loan.content_hash = hashlib.sha256(canonical(loan.content).encode()).hexdigest()
    loan.save(update_fields=["content", "content_hash"])
    LoanSignature.objects.bulk_create(
        [LoanSignature(loan=loan, organisation=party) for party in parties(loan)]
    )
    _record(
        loan,
        _("%(school)s har sagt ja. Begge skoler skal underskrive.")
        % {"school": loan.borrower if loan.proposed_by_id == loan.lender_id else loan.lender},
        content_hash=loan.content_hash,
    )
    _tell(notifications.LoanToSign, loan, *parties(loan), now=now, signers=True)
    return loan


def _terms_of(loan: Loan) -> Terms:
    """The terms of a stored loan, to be checked again."""
    return Terms(
        lender=loan.lender,
        borrower=loan.borrower,
        fkb=loan.fkb,
        courses=list(loan.courses.order_by("pk")),
        starts_on=loan.starts_on,
        ends_on=loan.ends_on,
        grounds=loan.grounds,
        reason=loan.reason,
        kind=loan.kind,
        supplier=loan.supplier,
        supplier_cvr=loan.supplier_cvr,
        exception_note=loan.exception_note,
    )


@action("lending.decline_loan", permission=rules.may_answer, on="loan")
def decline_loan(*, actor: Actor, now: datetime, loan: Loan, reason: str) -> Loan:
    """Say no, with a reason that the other school gets. Raises ``Invalid`` without one."""
    return _close(actor, now, loan, "decline", reason)


@action("lending.withdraw_loan", permission=rules.may_withdraw, on="loan")
def withdraw_loan(*, actor: Actor, now: datetime, loan: Loan, reason: str) -> Loan:
    """Take a proposal back before both have signed. Raises ``Invalid`` without a reason."""
    return _close(actor, now, loan, "withdraw", reason)


def _close(actor: Actor, now: datetime, loan: Loan, verb: str, reason: str) -> Loan:
    reason = reason.strip()[:500]
    if not reason:
        raise Invalid(_("Skriv en grund. Den anden skole får den."), "reason")
    loan = _locked(loan)
    by = loan.proposed_by if verb == "withdraw" else rules.answers(loan)
    assert by is not None
    if not rules.acts_for(actor, by):
        raise Forbidden(_("Det er den anden skole, der skal svare."))
    transition(loan, verb, table=LOAN_TRANSITIONS, actor=actor, now=now, reason=reason)
    loan.end_reason = reason
    loan.save(update_fields=["end_reason"])
    text = (
        _("%(school)s har trukket forslaget tilbage: %(reason)s")
        if verb == "withdraw"
        else _("%(school)s har sagt nej: %(reason)s")
    )
    _record(loan, text % {"school": by.name, "reason": reason}, status=loan.status, reason=reason)
    others = [party for party in parties(loan) if party != by]
    _tell(notifications.LoanDeclined, loan, *others, now=now, by=by, reason=reason)
    return loan


@action("lending.sign_loan", permission=rules.may_sign, on="loan")
def sign_loan(
    *,
    actor: Actor,
    now: datetime,
    loan: Loan,
    organisation: Organisation,
    content_hash: str,
    factor: Proof | None,
) -> Loan:
    """Sign for a school. The second signature makes the loan binding.

    ``content_hash`` is that of the text the signer has read; ``factor``: a second factor given just
    now, or who an outside provider says it is, asked about this very text. Signing twice changes
    nothing. Raises ``Forbidden`` for anybody but a leader of that school and those with a mandate,
    ``Conflict`` for another text.
    """
    if actor.person_id is None:  # the system, too: it never signs
        raise Forbidden(_("Kun skolens leder eller en med mandat kan underskrive."))
    loan = _locked(loan)
    basis = rules.sign_basis(actor, loan, organisation.pk, on=clock.local_date(now), locked=True)
    if basis is None:
        raise Forbidden(_("Kun skolens leder eller en med mandat kan underskrive."))
    row = loan.signatures.filter(organisation=organisation).order_by("pk").first()
    if row is None:
        raise Conflict(_("Der er ikke noget at underskrive. Hent siden igen."))
    if row.acted_at is not None:
        return loan
    if loan.status != LoanStatus.SIGNING:
        raise Conflict(_("Der er ikke noget at underskrive. Hent siden igen."))
    intact = hashlib.sha256(canonical(loan.content).encode()).hexdigest() == loan.content_hash
    if content_hash != loan.content_hash or not intact:
        raise Conflict(
            _("Aftalen er ikke den, du så. Hent siden igen, og læs den, før du underskriver.")
        )
    if now.date() > loan.ends_on:
        raise Conflict(_("Perioden er forbi. Lav et nyt forslag."))
    proof = check_proof(factor, bound=bound_to(loan, organisation, actor.person_id), now=now)
    more: dict[str, Any] = {}
    if isinstance(proof, Identity):
        identities.check_school(proof, organisation)
        identities.match_identity(actor=actor, now=now, identity=proof)
        LoanProof.objects.create(signature=row, **proof.proved())
        more = {"provider": proof.issuer, "cvr": proof.cvr, "loa": proof.loa}
    row.person_id = actor.person_id
    row.person_name = actor.label.split(" <")[0][:120]
    row.acted_at = now
    row.content_hash = loan.content_hash
    row.method = proof.method
    row.basis = basis.plain()
    row.save()
    record(
        loan,
        after={
            "signed_for": organisation.key,
            "person": row.person_name,
            "method": row.method,
            "content_hash": row.content_hash,
            "basis": row.basis,
            **more,
        },
        summary=_("Underskrevet for %(school)s.") % {"school": organisation.name},
        organisation_id=organisation.pk,
    )
    if not loan.signatures.filter(acted_at=None).exists():
        _complete(loan, actor=actor, now=now)
    return loan


def bound_to(loan: Loan, organisation: Organisation, person_id: int | None) -> tuple[str, ...]:
    """What an outside provider's answer is bound to: the text, the school, the person."""
    return (loan.content_hash, organisation.key, str(person_id or 0))


def _complete(loan: Loan, *, actor: Actor, now: datetime) -> None:
    transition(loan, "complete", table=LOAN_TRANSITIONS, actor=actor, now=now)
    _record(
        loan,
        _("Udlånet er aftalt: begge skoler har underskrevet."),
        status=loan.status,
        content_hash=loan.content_hash,
    )
    enqueue("lending.write_loan", {"loan": loan.pk}, now=now, key=f"write_loan:{loan.pk}")
    _warn_later(loan, now=now)


def _warn_later(loan: Loan, *, now: datetime) -> None:
    at = datetime.combine(loan.ends_on - WARN_BEFORE, time(6), tzinfo=UTC)
    if at > now:
        enqueue(
            "lending.warn_loan", {"loan": loan.pk}, now=now, run_at=at, key=f"warn_loan:{loan.pk}"
        )


@action("lending.keep_loan_file", permission=rules.is_worker, on="loan")
def keep_loan_file(*, actor: Actor, now: datetime, loan: Loan, pdf: StoredFile) -> None:
    """Keep the PDF with both signatures and mail it to both schools. A second one is not kept."""
    loan = _locked(loan)
    if loan.pdf_id is not None:
        return
    loan.pdf = pdf
    loan.save(update_fields=["pdf"])
    _record(loan, _("Aftalen er skrevet som PDF."), pdf=pdf.sha256)
    for party in parties(loan):
        _tell(
            notifications.LoanSigned,
            loan,
            party,
            now=now,
            attachments=(pdf,),
            registers=party == loan.lender,
        )


@action("lending.warn_of_end", permission=rules.is_worker, on="loan")
def warn_of_end(*, actor: Actor, now: datetime, loan: Loan) -> None:
    """Tell both schools that a loan runs out; nothing when it has ended already."""
    loan = _locked(loan)
    if loan.status != LoanStatus.SIGNED or now.date() > loan.ends_on:
        return
    _record(loan, _("Skolerne er mindet om, at udlånet løber ud."), ends_on=loan.ends_on)
    _tell(notifications.LoanEnds, loan, *parties(loan), now=now)


@action("lending.register_loan", permission=rules.may_register, on="loan")
def register_loan(
    *, actor: Actor, now: datetime, loan: Loan, receipt_number: str, registered_on: date
) -> Loan:
    """Note the receipt of the digital registration, which is the approved school's duty (R52).

    It may be corrected. Raises ``Invalid`` for a day to come or no number.
    """
    receipt_number = " ".join(receipt_number.split())[:60]
    if not receipt_number:
        raise Invalid(_("Skriv kvitteringens nummer."), "receipt_number")
    if registered_on > now.date():
        raise Invalid(_("Datoen ligger i fremtiden."), "registered_on")
    loan = _locked(loan)
    if loan.status != LoanStatus.SIGNED:
        raise Conflict(_("Aftalen er ikke underskrevet endnu."))
    before = {"receipt_number": loan.receipt_number, "registered_on": loan.registered_on}
    loan.receipt_number, loan.registered_on = receipt_number, registered_on
    loan.save(update_fields=["receipt_number", "registered_on"])
    record(
        loan,
        before=before,
        after={"receipt_number": receipt_number, "registered_on": registered_on},
        summary=_("Registreret med kvittering %(number)s.") % {"number": receipt_number},
        organisation_id=loan.lender_id,
    )
    return loan


@action("lending.end_loan", permission=rules.is_party, on="loan")
def end_loan(
    *, actor: Actor, now: datetime, loan: Loan, by: Organisation, last_on: date, reason: str
) -> Loan:
    """End a signed loan early, with its new last day and a reason that the other school gets.

    Raises ``Invalid`` for a day outside the period or before today, and without a reason.
    """
    reason = reason.strip()[:500]
    if not reason:
        raise Invalid(_("Skriv en grund. Den anden skole får den."), "reason")
    loan = _locked(loan)
    if not rules.acts_for(actor, by) or by not in parties(loan):
        raise Forbidden(_("Din skole er ikke en del af aftalen."))
    if not max(loan.starts_on, now.date()) <= last_on < loan.ends_on:
        raise Invalid(
            _("Vælg en dag fra %(first)s til dagen før %(last)s.")
            % {
                "first": f"{max(loan.starts_on, now.date()):%d-%m-%Y}",
                "last": f"{loan.ends_on:%d-%m-%Y}",
            },
            "last_on",
        )
    if loan.status != LoanStatus.SIGNED:
        raise Conflict(_("Aftalen gælder ikke og kan ikke afsluttes. Hent siden igen."))
    before = {"ends_on": loan.ends_on}
    loan.ends_on, loan.end_reason = last_on, reason
    loan.version += 1
    loan.save(update_fields=["ends_on", "end_reason", "version"])
    record(
        loan,
        before=before,
        after={"ends_on": last_on, "reason": reason},
        summary=_("%(school)s afslutter aftalen %(day)s: %(reason)s")
        % {"school": by.name, "day": f"{last_on:%d-%m-%Y}", "reason": reason},
        organisation_id=by.pk,
    )
    others = [party for party in parties(loan) if party != by]
    _tell(notifications.LoanEnded, loan, *others, now=now, by=by, reason=reason)
    return loan


@action("lending.add_contract", permission=rules.may_propose, on="by")
def add_contract(*, actor: Actor, now: datetime, by: Organisation, terms: Terms) -> Loan:
    """Note a contract with a private supplier (udlicitering, R58), which the school made elsewhere.

    It stands on the school's public list. Raises ``Invalid`` with the field.
    """
    if terms.lender != by:
        raise Invalid(_("Din skole skal være den godkendte."), "fkb")
    lock_row(Organisation.objects.all(), by.pk)
    check(terms, today=now.date())
    twin = Loan.objects.filter(
        lender=by,
        fkb=terms.fkb,
        supplier_cvr=terms.supplier_cvr,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        status=LoanStatus.SIGNED,
    ).order_by("pk")
    if twin.exists():
        raise Conflict(_("Kontrakten står der allerede."))
    loan = Loan.objects.create(
        **terms.values(),
        status=LoanStatus.SIGNED,
        proposed_by=by,
        created_at=now,
        document=_keep_document(terms, actor=actor, now=now),
    )
    loan.courses.set(terms.courses)
    _record(
        loan,
        _("%(school)s har noteret en kontrakt med %(supplier)s om FKB %(fkb)s.")
        % {"school": by.name, "supplier": loan.supplier, "fkb": loan.fkb.number},
        **_facts(loan, terms),
    )
    _warn_later(loan, now=now)
    return loan
