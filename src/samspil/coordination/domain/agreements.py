"""Agreements: made from a frozen overview, signed or declined by the schools' leaders (R31, R140).

A signature binds to the hash of the agreement's content, in which the whole overview stands. A
change after the first signature becomes an addendum that those sign whom it concerns; nothing
that was signed is touched again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.coordination import notifications, rules
from samspil.coordination.domain import agreement_text
from samspil.coordination.domain.overviews import (
    changes_between,
    locked_fkb,
    may_run_fkb,
    parties,
    sha256_of,
)
from samspil.coordination.domain.recipients import secretariat_people
from samspil.coordination.enums import (
    AGREEMENT_TRANSITIONS,
    FKB_TRANSITIONS,
    SIGNATURE_TRANSITIONS,
    AgreementKind,
    AgreementStatus,
    FkbStatus,
    RoundStatus,
    SignatureStatus,
)
from samspil.coordination.models import (
    Agreement,
    Overview,
    Round,
    RoundFkb,
    Signature,
    SignatureProof,
)
from samspil.kernel import roles, sealing
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.identity import Identity
from samspil.kernel.locking import lock_row
from samspil.kernel.mail import send
from samspil.kernel.models import StoredFile
from samspil.kernel.outbox import enqueue
from samspil.kernel.signing import Proof, check_proof
from samspil.kernel.tasks import Task, task_source
from samspil.kernel.transitions import transition
from samspil.network.domain import identities, mandates
from samspil.network.models import Organisation, Person

REMIND_BEFORE: Final = timedelta(days=7)
LATE_DEADLINE: Final = timedelta(days=14)
LIVE: Final = (AgreementStatus.COLLECTING, AgreementStatus.SIGNED, AgreementStatus.DECLINED)


def may_run_agreement(actor: Actor, agreement: Agreement) -> bool:
    """Remind about an agreement: the secretariat."""
    return rules.may_run_round(actor, agreement.round_fkb.round)


def signers_of(agreement: Agreement, organisation: Organisation, *, on: date) -> list[Person]:
    """Who may sign an agreement for a school, and so is asked to."""
    place = agreement.round_fkb
    return mandates.signers(
        organisation, network_id=place.round.network_id, fkb_number=place.fkb.number, on=on
    )


def bound_to(signature: Signature, person_id: int | None) -> tuple[str, ...]:
    """What an outside provider's answer is bound to: the content, the school, the person."""
    return (
        signature.agreement.content_hash,
        signature.organisation.key,
        str(person_id or 0),
    )


# ---------------------------------------------------------------- making


def _live(round_fkb: RoundFkb) -> list[Agreement]:
    return list(
        Agreement.objects.filter(round_fkb=round_fkb, status__in=LIVE)
        .select_related("overview")
        .order_by("number", "pk")
    )


def _due_on(round: Round, today: date) -> date:
    """The round's own deadline; two weeks when it has passed, as for a late addendum."""
    return round.signed_by_on if round.signed_by_on > today else today + LATE_DEADLINE


def agreement_url(agreement: Agreement) -> str:
    """The address of an agreement, for mails."""
    return str(settings.BASE_URL) + reverse("coordination:agreement", args=[agreement.pk])


@action("coordination.make_agreement", permission=may_run_fkb, on="round_fkb")
def make_agreement(*, actor: Actor, now: datetime, round_fkb: RoundFkb) -> Agreement:
    """Make the agreement of the newest frozen overview, and ask the signers to sign (R31).

    The first is signed by all coordinating schools. Later ones are addenda, signed by the schools
    whom the difference concerns. Raises ``Conflict`` when the overview is not frozen. Asking
    again gives the agreement that is there.
    """
    round_fkb = locked_fkb(round_fkb.pk)
    overview = round_fkb.overviews.order_by("-version", "pk").first()
    if overview is None or round_fkb.status == FkbStatus.OPEN:
        raise Conflict(_("Lås oversigten, før aftalen laves."))
    live = _live(round_fkb)
    if live and live[-1].overview_id == overview.pk:
        _settle_fkb(round_fkb, actor=actor, now=now)
        return live[-1]
    content, signer_keys = _content(round_fkb, overview, live)
    number = (
        round_fkb.agreements.order_by("-number").values_list("number", flat=True).first() or 0
    ) + 1
    agreement = Agreement.objects.create(
        round_fkb=round_fkb,
        overview=overview,
        number=number,
        kind=AgreementKind.ADDENDUM if live else AgreementKind.ORIGINAL,
        content=content,
        content_hash=sha256_of(content),
        due_on=_due_on(round_fkb.round, now.date()),
        created_at=now,
    )
    places = [p for p in parties(round_fkb) if p.organisation.key in signer_keys]
    Signature.objects.bulk_create(
        [Signature(agreement=agreement, organisation=place.organisation) for place in places]
    )
    record(
        agreement,
        after={
            "fkb": round_fkb.fkb.number,
            "kind": agreement.kind,
            "overview": overview.version,
            "content_hash": agreement.content_hash,
            "signers": sorted(signer_keys),
        },
        summary=_("%(title)s er lavet. %(count)s skoler skal underskrive.")
        % {"title": content["title"], "count": len(places)},
        network_id=round_fkb.round.network_id,
    )
    _enqueue_pdf(agreement, signed=False, now=now)
    for place in places:
        for person in signers_of(agreement, place.organisation, on=now.date()):
            send(
                notifications.AgreementReady(
                    agreement=agreement,
                    person=person,
                    school=place.organisation,
                    url=agreement_url(agreement),
                ),
                to=person.email,
                now=now,
                subject_of=agreement,
                network_id=round_fkb.round.network_id,
                organisation_id=place.organisation_id,
                language=person.language,
            )
    remind_at = datetime.combine(agreement.due_on - REMIND_BEFORE, time(7), tzinfo=UTC)
    if remind_at > now:
        enqueue(
            "coordination.remind_signers",
            {"agreement": agreement.pk},
            now=now,
            run_at=remind_at,
            key=f"remind_signers:{agreement.pk}",
        )
    return agreement


def _content(
    round_fkb: RoundFkb, overview: Overview, live: list[Agreement]
) -> tuple[dict[str, Any], set[str]]:
    """What is signed, and the keys of those who sign."""
    number, year = round_fkb.fkb.number, round_fkb.round.year
    schools = overview.content["schools"]
    keys = {school["key"] for school in schools}
    if live:
        changes = changes_between(live[-1].overview.content, overview.content)
        signers = {key for change in changes for key in change.schools} & keys or keys
        count = sum(agreement.kind == AgreementKind.ADDENDUM for agreement in live) + 1
        title = f"Tillæg {count} til koordineringsaftalen for FKB {number}, {year}"
        sections = agreement_text.addendum(
            number, year, "koordineringsaftalen", [change.text for change in changes]
        )
    else:
        signers = keys
        title = f"Koordineringsaftale for FKB {number}, {year}"
        sections = agreement_text.original(round_fkb.round.network.name, number, year)
    content = {
        "schema": "samspil.agreement/1",
        "text_version": agreement_text.TEXT_VERSION,
        "title": title,
        "sections": sections,
        "parties": schools,
        "signers": [school for school in schools if school["key"] in signers],
        "changes": live[-1].content_hash if live else None,
        "overview_version": overview.version,
        "overview_sha256": overview.sha256,
        "overview": overview.content,
    }
    return content, signers


def _enqueue_pdf(agreement: Agreement, *, signed: bool, now: datetime) -> None:
    enqueue(
        "coordination.write_agreement",
        {"agreement": agreement.pk, "signed": signed},
        now=now,
        key=f"agreement:{agreement.pk}:{'signed' if signed else 'text'}",
    )


@action("coordination.keep_agreement_file", permission=rules.is_worker, on="agreement")
def keep_agreement_file(
    *, actor: Actor, now: datetime, agreement: Agreement, pdf: StoredFile, signed: bool
) -> None:
    """Tie the written PDF to its agreement, once. The signed one is sealed and then goes to
    everybody by mail; at once where there is no key to seal with."""
    field = "signed_pdf" if signed else "pdf"
    if not Agreement.objects.filter(pk=agreement.pk, **{field: None}).update(**{field: pdf}):
        return
    place = agreement.round_fkb
    record(
        agreement,
        after={field: pdf.sha256},
        summary=(
            _("%(title)s er skrevet med underskrifter.")
            if signed
            else _("%(title)s er skrevet som PDF.")
        )
        % {"title": agreement.content["title"]},
        network_id=place.round.network_id,
    )
    if signed and sealing.is_on():
        enqueue_seal(agreement, now=now)
    elif signed:
        tell_signed(agreement, pdf, now=now)


def enqueue_seal(agreement: Agreement, *, now: datetime) -> None:
    """Have the worker seal an agreement whose signed PDF is written."""
    enqueue("coordination.seal_agreement", {"agreement": agreement.pk}, now=now)


def tell_signed(agreement: Agreement, pdf: StoredFile, *, now: datetime) -> None:
    """Mail the agreement that all have signed to everybody who may sign, and the secretariat."""
    round = agreement.round_fkb.round
    people = {p.pk: p for p in secretariat_people(round, on=now.date())}
    for row in agreement.signatures.select_related("organisation").order_by("pk"):
        people |= {p.pk: p for p in signers_of(agreement, row.organisation, on=now.date())}
    for person in people.values():
        send(
            notifications.AgreementSigned(
                agreement=agreement, person=person, url=agreement_url(agreement)
            ),
            to=person.email,
            now=now,
            subject_of=agreement,
            network_id=round.network_id,
            attachments=[pdf],
            language=person.language,
        )


@action("coordination.reopen_overview", permission=may_run_fkb, on="round_fkb")
def reopen_overview(*, actor: Actor, now: datetime, round_fkb: RoundFkb, reason: str) -> RoundFkb:
    """Let an FKB's board be changed again; the next version becomes an addendum.

    An agreement that nobody has signed is withdrawn. One with a signature stays as it is.
    Raises ``Invalid`` without a reason.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Skriv, hvorfor oversigten åbnes igen."), "reason")
    round_fkb = locked_fkb(round_fkb.pk)
    if round_fkb.round.status == RoundStatus.CLOSED:
        raise Conflict(_("Runden er afsluttet."))
    before = transition(
        round_fkb, "reopen", table=FKB_TRANSITIONS, actor=actor, now=now, reason=reason
    )
    withdrawn = []
    for agreement in _live(round_fkb):
        if not agreement.signatures.filter(status=SignatureStatus.SIGNED).exists():
            transition(
                agreement,
                "withdraw",
                table=AGREEMENT_TRANSITIONS,
                actor=actor,
                now=now,
                reason=reason,
            )
            withdrawn.append(agreement.pk)
    record(
        round_fkb,
        before={"status": before},
        after={"status": round_fkb.status, "withdrawn": withdrawn, "reason": reason},
        summary=_("Oversigten for FKB %(fkb)s er åbnet igen: %(reason)s")
        % {"fkb": round_fkb.fkb.number, "reason": reason},
        network_id=round_fkb.round.network_id,
    )
    return round_fkb


# ---------------------------------------------------------------- signing


def locked_signature(signature: Signature) -> tuple[RoundFkb, Agreement, Signature]:
    """The rows that signing uses, locked in the fixed order FKB, agreement, signature."""
    agreement_pk = signature.agreement_id
    fkb_pk = Agreement.objects.values_list("round_fkb_id", flat=True).get(pk=agreement_pk)
    round_fkb = locked_fkb(fkb_pk)
    agreement = lock_row(Agreement.objects.select_related("overview"), agreement_pk)
    agreement.round_fkb = round_fkb
    row = lock_row(Signature.objects.select_related("organisation"), signature.pk)
    row.agreement = agreement
    return round_fkb, agreement, row


def _check_hash(agreement: Agreement, seen_hash: str) -> None:
    intact = (
        sha256_of(agreement.content) == agreement.content_hash
        and agreement.content["overview_sha256"] == agreement.overview.sha256
        and sha256_of(agreement.overview.content) == agreement.overview.sha256
    )
    if seen_hash != agreement.content_hash or not intact:
        raise Conflict(
            _("Aftalen er ikke den, du så. Hent siden igen, og læs den, før du underskriver.")
        )


@action("coordination.sign", permission=rules.may_sign, on="signature")
def sign(
    *,
    actor: Actor,
    now: datetime,
    signature: Signature,
    content_hash: str,
    factor: Proof | None,
) -> Signature:
    """Sign for a school. ``content_hash`` is that of the agreement the signer has read.

    ``factor``: a second factor younger than ten minutes, or who an outside provider says it is,
    asked about this very content. Raises ``Forbidden`` without it or without the right to sign,
    ``Conflict`` when the content is another than the one read, or the overview has been opened
    again. Signing twice changes nothing. The last signature completes the agreement (R31).
    """
    if actor.person_id is None:  # the system, too: it never signs
        raise Forbidden(_("Kun skolens leder eller en med mandat kan underskrive."))
    round_fkb, agreement, row = locked_signature(signature)
    basis = rules.sign_basis(actor, row, on=now.date(), locked=True)
    if basis is None:
        raise Forbidden(_("Du har ikke længere mandat til at underskrive for skolen."))
    if row.status == SignatureStatus.SIGNED:
        return row
    _check_hash(agreement, content_hash)
    if agreement.status == AgreementStatus.WITHDRAWN:
        raise Conflict(_("Aftalen er trukket tilbage. Der kommer en ny."))
    if round_fkb.status == FkbStatus.OPEN:
        raise Conflict(_("Oversigten er åbnet igen. Vent med at underskrive, til den er låst."))
    proof = check_proof(factor, bound=bound_to(row, actor.person_id), now=now)
    more: dict[str, Any] = {}
    if isinstance(proof, Identity):
        identities.check_school(proof, row.organisation)
        identities.match_identity(actor=actor, now=now, identity=proof)
        SignatureProof.objects.create(signature=row, **proof.proved())
        more = {"provider": proof.issuer, "cvr": proof.cvr, "loa": proof.loa}
    complete_signature(
        round_fkb,
        agreement,
        row,
        person_id=actor.person_id,
        person_name=actor.label.split(" <")[0][:120],
        method=proof.method,
        basis=basis.plain(),
        actor=actor,
        now=now,
        more=more,
    )
    return row


def _write_signature(row: Signature) -> None:
    row.save(
        update_fields=[
            *("person_id", "person_name", "acted_at"),
            *("content_hash", "method", "basis", "reason"),
        ]
    )


def complete_signature(
    round_fkb: RoundFkb,
    agreement: Agreement,
    row: Signature,
    *,
    person_id: int | None,
    person_name: str,
    method: str,
    actor: Actor,
    now: datetime,
    basis: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
) -> None:
    """The part that every kind of signing has in common, inside its action: write the signature on
    a locked place, and complete the agreement when it was the last. ``more`` goes
    into the audit trail.
    """
    before = transition(row, "sign", table=SIGNATURE_TRANSITIONS, actor=actor, now=now)
    row.person_id = person_id
    row.person_name = person_name
    row.acted_at = now
    row.content_hash = agreement.content_hash
    row.method = method
    row.basis = basis or {}
    row.reason = ""
    _write_signature(row)
    record(
        row,
        before={"status": before},
        after={
            "status": row.status,
            "content_hash": row.content_hash,
            "method": row.method,
            "person": row.person_name,
            "basis": row.basis,
            **(more or {}),
        },
        summary=_("%(school)s har underskrevet %(title)s.")
        % {"school": row.organisation.name, "title": agreement.content["title"]},
        network_id=round_fkb.round.network_id,
        organisation_id=row.organisation_id,
    )
    _settle_agreement(agreement, actor=actor, now=now)
    _settle_fkb(round_fkb, actor=actor, now=now)


def _open_signatures(agreement: Agreement) -> QuerySet[Signature]:
    """Places that still lack a signature; a school that has left the round owes none (R62)."""
    present = [place.organisation_id for place in parties(agreement.round_fkb)]
    return agreement.signatures.filter(organisation_id__in=present).exclude(
        status=SignatureStatus.SIGNED
    )


def _settle_agreement(agreement: Agreement, *, actor: Actor, now: datetime) -> None:
    left = list(_open_signatures(agreement))
    if agreement.status == AgreementStatus.DECLINED and not any(
        row.status == SignatureStatus.DECLINED for row in left
    ):
        transition(agreement, "resume", table=AGREEMENT_TRANSITIONS, actor=actor, now=now)
    if left or agreement.status != AgreementStatus.COLLECTING:
        return
    transition(agreement, "complete", table=AGREEMENT_TRANSITIONS, actor=actor, now=now)
    record(
        agreement,
        after={"status": agreement.status, "content_hash": agreement.content_hash},
        summary=_("%(title)s er underskrevet af alle.") % {"title": agreement.content["title"]},
        network_id=agreement.round_fkb.round.network_id,
    )
    _enqueue_pdf(agreement, signed=True, now=now)


def _settle_fkb(round_fkb: RoundFkb, *, actor: Actor, now: datetime) -> None:
    """The FKB is agreed when everything made for it is signed."""
    live = _live(round_fkb)
    for agreement in live:
        agreement.round_fkb = round_fkb
        _settle_agreement(agreement, actor=actor, now=now)
    newest = round_fkb.overviews.order_by("-version", "pk").first()
    if (
        round_fkb.status == FkbStatus.FROZEN
        and live
        and newest is not None
        and live[-1].overview_id == newest.pk
        and all(agreement.status == AgreementStatus.SIGNED for agreement in live)
    ):
        transition(round_fkb, "agree", table=FKB_TRANSITIONS, actor=actor, now=now)
        record(
            round_fkb,
            after={"status": round_fkb.status},
            summary=_("FKB %(fkb)s er aftalt.") % {"fkb": round_fkb.fkb.number},
            network_id=round_fkb.round.network_id,
        )


@action("coordination.decline", permission=rules.may_sign, on="signature")
def decline(*, actor: Actor, now: datetime, signature: Signature, reason: str) -> Signature:
    """Say no for a school, with a reason; the secretariat is told. The leader can sign later.

    Raises ``Invalid`` without a reason, ``Conflict`` when the school has signed already.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Skriv, hvorfor skolen ikke underskriver."), "reason")
    round_fkb, agreement, row = locked_signature(signature)
    if rules.sign_basis(actor, row, on=now.date(), locked=True) is None:  # the system never does
        raise Forbidden(_("Kun skolens leder eller en med mandat kan afvise aftalen."))
    if row.status == SignatureStatus.DECLINED and row.reason == reason[:1000]:
        return row
    if row.status == SignatureStatus.SIGNED:
        raise Conflict(_("Skolen har underskrevet. En underskrift kan ikke tages tilbage."))
    before = transition(
        row, "decline", table=SIGNATURE_TRANSITIONS, actor=actor, now=now, reason=reason
    )
    row.person_id = actor.person_id
    row.person_name = actor.label.split(" <")[0][:120]
    row.acted_at = now
    row.reason = reason[:1000]
    row.save(update_fields=["person_id", "person_name", "acted_at", "reason"])
    transition(
        agreement, "decline", table=AGREEMENT_TRANSITIONS, actor=actor, now=now, reason=reason
    )
    round = round_fkb.round
    record(
        row,
        before={"status": before},
        after={"status": row.status, "reason": row.reason},
        summary=_("%(school)s har afvist %(title)s: %(reason)s")
        % {
            "school": row.organisation.name,
            "title": agreement.content["title"],
            "reason": row.reason,
        },
        network_id=round.network_id,
        organisation_id=row.organisation_id,
    )
    for person in secretariat_people(round, on=now.date()):
        send(
            notifications.AgreementDeclined(
                agreement=agreement,
                signature=row,
                school=row.organisation,
                person=person,
                url=agreement_url(agreement),
            ),
            to=person.email,
            now=now,
            subject_of=agreement,
            network_id=round.network_id,
            organisation_id=row.organisation_id,
            language=person.language,
        )
    return row


@action("coordination.remind_signers", permission=may_run_agreement, on="agreement")
def remind_signers(*, actor: Actor, now: datetime, agreement: Agreement) -> int:
    """Remind the leaders who have not signed; nobody twice on one day. Returns the mails written."""
    agreement = lock_row(
        Agreement.objects.select_related("round_fkb__round__network", "round_fkb__fkb"),
        agreement.pk,
    )
    if agreement.status != AgreementStatus.COLLECTING:
        return 0
    waiting = _open_signatures(agreement).filter(
        Q(reminded_at__isnull=True) | Q(reminded_at__lt=now - timedelta(hours=20)),
        status=SignatureStatus.WAITING,
    )
    round = agreement.round_fkb.round
    mails = 0
    schools = []
    for row in waiting.select_related("organisation").order_by("pk"):
        people = signers_of(agreement, row.organisation, on=now.date())
        for person in people:
            send(
                notifications.AgreementReminder(
                    agreement=agreement,
                    person=person,
                    school=row.organisation,
                    url=agreement_url(agreement),
                    is_late=now.date() > agreement.due_on,
                ),
                to=person.email,
                now=now,
                subject_of=agreement,
                network_id=round.network_id,
                organisation_id=row.organisation_id,
                language=person.language,
            )
        mails += len(people)
        row.reminded_at = now
        row.save(update_fields=["reminded_at"])
        schools.append(row.organisation.label)
    if schools:
        record(
            agreement,
            after={"reminded": schools},
            summary=_("Mindet om underskrift: %(schools)s.") % {"schools": ", ".join(schools)},
            network_id=round.network_id,
        )
    return mails


# ---------------------------------------------------------------- queries


def load_agreement(pk: int) -> Agreement:
    """An agreement for the worker."""
    return Agreement.objects.select_related(
        "overview", "round_fkb__round__network", "round_fkb__fkb"
    ).get(pk=pk)


def get_agreement(actor: Actor, agreement_id: int) -> Agreement:
    """An agreement of a round that the actor sees. Raises ``NotFound``."""
    found = (
        Agreement.objects.select_related(
            "overview", "round_fkb__round__network", "round_fkb__fkb", "pdf", "signed_pdf"
        )
        .filter(pk=agreement_id, round_fkb__round__in=Round.objects.visible_to(actor).values("pk"))
        .first()
    )
    if found is None:
        raise NotFound("")
    return found


def signatures_of(agreement: Agreement) -> list[Signature]:
    """The places on an agreement, by name of the school."""
    rows = list(
        agreement.signatures.select_related("organisation", "proof").order_by(
            "organisation__name", "pk"
        )
    )
    for row in rows:
        row.agreement = agreement
    return rows


def get_signature(actor: Actor, agreement_id: int, organisation_id: int) -> Signature:
    """A school's place on an agreement, for who may sign for it. Raises ``NotFound``."""
    agreement = get_agreement(actor, agreement_id)
    row = (
        agreement.signatures.select_related("organisation")
        .filter(organisation_id=organisation_id)
        .first()
    )
    if row is None:
        raise NotFound("")
    row.agreement = agreement
    if not rules.may_sign(actor, row):
        raise NotFound(_("Du har ikke mandat til at underskrive for skolen."))
    return row


def places_to_sign(actor: Actor, rows: list[Signature], *, on: date) -> list[Signature]:
    """Of an agreement's places those that wait for the actor."""
    schools = mandates.schools_signed_for(actor, on=on)
    return [
        row
        for row in rows
        if row.status != SignatureStatus.SIGNED
        and row.organisation_id in schools
        and rules.sign_basis(actor, row, on=on) is not None
    ]


def agreements_of(round_fkb: RoundFkb) -> QuerySet[Agreement]:
    """The agreements of an FKB, the newest first, with how many have signed."""
    return (
        Agreement.objects.filter(round_fkb=round_fkb)
        .select_related("overview", "pdf", "signed_pdf")
        .annotate(
            signers=Count("signatures"),
            signed=Count("signatures", filter=Q(signatures__status=SignatureStatus.SIGNED)),
        )
        .order_by("-number", "-pk")
    )


def rows_of_school(agreement: Agreement, key: str) -> list[dict[str, Any]]:
    """What one school says yes to: its rows in the overview, with its own cell as ``cell``."""
    return [
        {**row, "cell": row["cells"][key]}
        for row in agreement.content["overview"]["rows"]
        if key in row["cells"]
    ]


# ---------------------------------------------------------------- my tasks


@task_source("coordination.agreements")
def agreement_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Leaders and those with a mandate: what they are asked to sign. Secretariats: whose signature
    is missing."""
    waiting = (
        Signature.objects.filter(
            organisation_id__in=mandates.schools_signed_for(actor, on=today),
            status=SignatureStatus.WAITING,
            agreement__status__in=[AgreementStatus.COLLECTING, AgreementStatus.DECLINED],
            agreement__round_fkb__status=FkbStatus.FROZEN,
        )
        .select_related(
            "agreement__round_fkb__fkb", "agreement__round_fkb__round__network", "organisation"
        )
        .order_by("agreement__due_on", "pk")
    )
    for row in waiting:
        if rules.sign_basis(actor, row, on=today) is None:
            continue  # a mandate for another FKB or network
        agreement = row.agreement
        number = agreement.round_fkb.fkb.number
        yield Task(
            title=(
                _("Underskriv tillægget til aftalen for FKB %(fkb)s")
                if agreement.kind == AgreementKind.ADDENDUM
                else _("Underskriv aftalen for FKB %(fkb)s")
            )
            % {"fkb": number},
            url=reverse("coordination:sign", args=[agreement.pk, row.organisation_id]),
            context=agreement.round_fkb.round.network.short_name,
            due_on=agreement.due_on,
            detail=row.organisation.name,
        )
    collecting = (
        Agreement.objects.filter(
            round_fkb__round__network_id__in=actor.network_ids(roles.SECRETARIAT),
            status__in=[AgreementStatus.COLLECTING, AgreementStatus.DECLINED],
        )
        .select_related("round_fkb__fkb", "round_fkb__round__network")
        .annotate(
            missing=Count("signatures", filter=~Q(signatures__status=SignatureStatus.SIGNED)),
        )
        .order_by("due_on", "pk")
    )
    for agreement in collecting:
        yield Task(
            title=ngettext(
                "%(count)s skole mangler at underskrive FKB %(fkb)s",
                "%(count)s skoler mangler at underskrive FKB %(fkb)s",
                agreement.missing,
            )
            % {"count": agreement.missing, "fkb": agreement.round_fkb.fkb.number},
            url=reverse("coordination:agreement", args=[agreement.pk]),
            context=agreement.round_fkb.round.network.short_name,
            due_on=agreement.due_on,
            detail=_("En skole har afvist.")
            if agreement.status == AgreementStatus.DECLINED
            else "",
        )
