"""A signature on paper: the scanned page is handed in by one person and confirmed by another (R31).

Whoever confirms has the paper (or the scan) at hand and copies the beginning of the checksum that
is printed on it: so the paper is one of this very text. The scan becomes part of the sealed file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.coordination import notifications, rules
from samspil.coordination.domain.agreements import (
    agreement_url,
    complete_signature,
    get_agreement,
    locked_signature,
    signers_of,
)
from samspil.coordination.domain.recipients import secretariat_people
from samspil.coordination.enums import AgreementStatus, FkbStatus, SignatureStatus
from samspil.coordination.models import PaperSignature, Signature
from samspil.kernel import roles, uploads
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound, UploadRefused
from samspil.kernel.files import store
from samspil.kernel.mail import Notification, send
from samspil.kernel.tasks import Task, task_source
from samspil.network.domain import mandates
from samspil.network.domain.mandates import Basis
from samspil.network.domain.recipients import school_people
from samspil.network.models import Person

METHOD: Final = "paper"
MAX_BYTES: Final = 5 * 1024 * 1024
"""The largest scan, in bytes: it goes into the file that everybody gets by mail."""
CHECKSUM: Final = 8
"""How many characters of the checksum are copied from the paper."""


def may_submit_paper(actor: Actor, signature: Signature) -> bool:
    """Hand in a scan: the secretariat, and the school's own people."""
    return (
        rules.may_run_round(actor, signature.agreement.round_fkb.round)
        or signature.organisation_id in rules.own_columns(actor)
    ) and actor.person_id is not None


def may_settle_paper(actor: Actor, paper: PaperSignature) -> bool:
    """Confirm or refuse a scan: the secretariat, and never the one who handed it in."""
    return (
        actor.person_id is not None
        and actor.person_id != paper.submitted_by_id
        and rules.may_run_round(actor, paper.signature.agreement.round_fkb.round)
    )


def paper_place(actor: Actor, agreement_id: int, organisation_id: int) -> Signature:
    """A school's place on an agreement, for who may hand in its paper.

    Raises ``NotFound`` outside one's scope, ``Forbidden`` inside it without the right.
    """
    agreement = get_agreement(actor, agreement_id)
    row = (
        agreement.signatures.select_related("organisation")
        .filter(organisation_id=organisation_id)
        .first()
    )
    if row is None:
        raise NotFound("")
    row.agreement = agreement
    if not may_submit_paper(actor, row) and not actor.is_platform_admin:
        raise Forbidden(_("Kun sekretariatet og skolen selv kan se skolens papir."))
    return row


def paper_of(signature: Signature) -> PaperSignature | None:
    """The newest scan of a place that is not refused."""
    found = (
        signature.papers.filter(refused_at=None)
        .select_related("document")
        .order_by("-submitted_at", "-pk")
        .first()
    )
    if found is not None:
        found.signature = signature
    return found


def known_signers(signature: Signature, *, on: date) -> list[tuple[Person, Basis]]:
    """Who may sign for the school on the day on the paper, as far as Samspil knows."""
    place = signature.agreement.round_fkb
    return mandates.signers_by(
        signature.organisation,
        network_id=place.round.network_id,
        fkb_number=place.fkb.number,
        on=on,
    )


def basis_on_paper(paper: PaperSignature) -> Basis | None:
    """By what the one named on the paper signs; ``None`` when Samspil knows nobody of that name
    who may. Then the secretariat judges by the paper: a leader need not have an account here."""
    name = paper.person_name.casefold().split()
    for person, basis in known_signers(paper.signature, on=paper.signed_on):
        if person.name.casefold().split() == name:
            return basis
    return None


def _check_open(signature: Signature) -> None:
    agreement = signature.agreement
    if signature.status == SignatureStatus.SIGNED:
        raise Conflict(_("Skolen har underskrevet."))
    if (
        agreement.status == AgreementStatus.WITHDRAWN
        or agreement.round_fkb.status == FkbStatus.OPEN
    ):
        raise Conflict(_("Der kan ikke underskrives, før oversigten er låst, og aftalen gælder."))


@action("coordination.submit_paper", permission=may_submit_paper, on="signature")
def submit_paper(
    *,
    actor: Actor,
    now: datetime,
    signature: Signature,
    person_name: str,
    signed_on: date,
    content: bytes,
    file_name: str,
) -> PaperSignature:
    """Hand in the scanned page with the leader's signature, as PDF.

    Raises ``Invalid`` for another kind of file or a day to come, ``Conflict`` when the school has
    signed or its paper waits already.
    """
    if actor.person_id is None:
        raise Forbidden(_("Kun en person kan lægge et papir ind."))
    _fkb, agreement, row = locked_signature(signature)
    _check_open(row)
    if paper_of(row) is not None:
        raise Conflict(_("Skolens papir venter allerede på at blive bekræftet."))
    if signed_on > now.date():
        raise Invalid(_("Datoen ligger i fremtiden."), "signed_on")
    try:
        info = uploads.inspect(content, file_name, kinds=("pdf",), max_bytes=MAX_BYTES)
    except UploadRefused as refused:
        raise Invalid(refused.message, "document") from refused
    document = store(content, info.name, info.content_type, actor=actor, now=now)
    paper = PaperSignature.objects.create(
        signature=row,
        document=document,
        person_name=" ".join(person_name.split())[:120],
        signed_on=signed_on,
        submitted_by_id=actor.person_id,
        submitted_by_name=actor.label.split(" <")[0][:120],
        submitted_at=now,
    )
    record(
        row,
        after={
            "person": paper.person_name,
            "signed_on": signed_on,
            "document": document.sha256,
            "submitted_by": paper.submitted_by_name,
        },
        summary=_(
            "Underskriften på papir fra %(school)s er lagt ind og venter på at blive bekræftet."
        )
        % {"school": row.organisation.name},
        network_id=agreement.round_fkb.round.network_id,
        organisation_id=row.organisation_id,
    )
    others = [
        person
        for person in secretariat_people(agreement.round_fkb.round, on=now.date())
        if person.pk != actor.person_id
    ]
    _tell(
        notifications.PaperWaiting,
        paper,
        row,
        others,
        now=now,
        url=str(settings.BASE_URL)
        + reverse("coordination:paper", args=[agreement.pk, row.organisation_id]),
    )
    return paper


def _tell(
    message: type[Notification],
    paper: PaperSignature,
    row: Signature,
    people: Iterable[Person],
    *,
    now: datetime,
    url: str,
    **more: Any,
) -> None:
    """Write one mail to each of ``people`` about a school's paper."""
    agreement = row.agreement
    for person in {person.pk: person for person in people}.values():
        send(
            message(
                paper=paper,
                school=row.organisation,
                agreement=agreement,
                person=person,
                url=url,
                **more,
            ),
            to=person.email,
            now=now,
            subject_of=agreement,
            network_id=agreement.round_fkb.round.network_id,
            organisation_id=row.organisation_id,
            language=person.language,
        )


def _tell_settled(
    paper: PaperSignature, row: Signature, actor: Actor, *, now: datetime, reason: str
) -> None:
    """Tell the school, and who handed it in, that its paper is confirmed or refused."""
    on = now.date()
    people = [
        *signers_of(row.agreement, row.organisation, on=on),
        *school_people(row.organisation, on=on),
        *Person.objects.filter(pk=paper.submitted_by_id, is_active=True),
    ]
    _tell(
        notifications.PaperSettled,
        paper,
        row,
        [person for person in people if person.pk != actor.person_id],
        now=now,
        url=agreement_url(row.agreement),
        confirmed=not reason,
        reason=reason,
    )


@action("coordination.confirm_paper", permission=may_settle_paper, on="paper")
def confirm_paper(
    *, actor: Actor, now: datetime, paper: PaperSignature, checksum: str
) -> Signature:
    """Confirm that the paper is of this agreement: the school has signed with it.

    ``checksum``: the first eight characters, copied from the paper. Raises ``Invalid`` when they
    are others, ``Forbidden`` for the one who handed it in, ``Conflict`` when it is settled.
    """
    if not may_settle_paper(actor, paper):  # the system, too: it never signs
        raise Forbidden(_("Papiret skal bekræftes af en anden end den, der lagde det ind."))
    round_fkb, agreement, row = locked_signature(paper.signature)
    _check_open(row)
    if checksum.strip().lower()[:CHECKSUM] != agreement.content_hash[:CHECKSUM]:
        raise Invalid(
            _("Kontrolsummen på papiret er en anden. Så er det ikke denne aftale."), "checksum"
        )
    name = actor.label.split(" <")[0][:120]
    if not PaperSignature.objects.filter(pk=paper.pk, confirmed_at=None, refused_at=None).update(
        confirmed_at=now, confirmed_by_id=actor.person_id, confirmed_by_name=name
    ):
        raise Conflict(_("Papiret er behandlet."))
    paper.signature = row
    basis = basis_on_paper(paper)
    complete_signature(
        round_fkb,
        agreement,
        row,
        person_id=None,
        person_name=paper.person_name,
        method=METHOD,
        basis=basis.plain() if basis else {},
        actor=actor,
        now=now,
        more={
            "signed_on": paper.signed_on,
            "document": paper.document.sha256,
            "submitted_by": paper.submitted_by_name,
            "confirmed_by": name,
        },
    )
    _tell_settled(paper, row, actor, now=now, reason="")
    return row


@action("coordination.refuse_paper", permission=may_settle_paper, on="paper")
def refuse_paper(*, actor: Actor, now: datetime, paper: PaperSignature, reason: str) -> None:
    """Refuse a scan with a reason; another can be handed in. Raises ``Invalid``, ``Conflict``."""
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Skriv, hvorfor papiret ikke kan bruges."), "reason")
    if not may_settle_paper(actor, paper):
        raise Forbidden(_("Papiret skal behandles af en anden end den, der lagde det ind."))
    _fkb, agreement, row = locked_signature(paper.signature)
    if not PaperSignature.objects.filter(pk=paper.pk, confirmed_at=None, refused_at=None).update(
        refused_at=now, reason=reason[:500]
    ):
        raise Conflict(_("Papiret er behandlet."))
    record(
        row,
        after={"document": paper.document.sha256, "refused": reason[:500]},
        summary=_("Underskriften på papir fra %(school)s er afvist: %(reason)s")
        % {"school": row.organisation.name, "reason": reason[:500]},
        network_id=agreement.round_fkb.round.network_id,
        organisation_id=row.organisation_id,
    )
    _tell_settled(paper, row, actor, now=now, reason=reason[:500])


# ---------------------------------------------------------------- my tasks


@task_source("coordination.papers")
def paper_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Secretariats: papers that somebody else has handed in."""
    waiting = (
        PaperSignature.objects.filter(
            signature__agreement__round_fkb__round__network_id__in=actor.network_ids(
                roles.SECRETARIAT
            ),
            signature__agreement__round_fkb__status=FkbStatus.FROZEN,
            confirmed_at=None,
            refused_at=None,
        )
        .exclude(submitted_by_id=actor.person_id or 0)
        .exclude(signature__status=SignatureStatus.SIGNED)
        .exclude(signature__agreement__status=AgreementStatus.WITHDRAWN)
        .select_related(
            "signature__organisation",
            "signature__agreement__round_fkb__fkb",
            "signature__agreement__round_fkb__round__network",
        )
        .order_by("submitted_at", "pk")
    )
    for paper in waiting:
        row = paper.signature
        yield Task(
            title=_("Bekræft underskriften på papir for FKB %(fkb)s")
            % {"fkb": row.agreement.round_fkb.fkb.number},
            url=reverse("coordination:paper", args=[row.agreement_id, row.organisation_id]),
            context=row.agreement.round_fkb.round.network.short_name,
            due_on=row.agreement.due_on,
            detail=row.organisation.name,
        )
