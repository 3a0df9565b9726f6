"""The seal on an agreement that all have signed: set by the worker, kept once, never set again.

What is sealed is the PDF with every signer's act in it. A later change is an addendum with a seal
of its own; the sealed file stays as it is (R31).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.coordination import rules
from samspil.coordination.domain.agreements import enqueue_seal, may_run_agreement, tell_signed
from samspil.coordination.enums import AgreementStatus, RoundStatus
from samspil.coordination.models import Agreement, SealUpkeep
from samspil.kernel import clock, roles, sealing
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict
from samspil.kernel.files import store
from samspil.kernel.locking import lock_row
from samspil.kernel.models import SealedFile, StoredFile
from samspil.kernel.outbox import enqueue
from samspil.kernel.tasks import Task, task_source

PDF = "application/pdf"
BEFORE: Final = timedelta(days=120)
"""How long before its proof of time runs out a seal is prolonged."""
WARN: Final = timedelta(days=60)
"""How long before it somebody is told that it could not be."""


def seal_of(agreement: Agreement) -> SealedFile | None:
    """The sealed file of an agreement, when it is sealed."""
    return (
        SealedFile.objects.filter(source_id=agreement.signed_pdf_id)
        .select_related("file", "upkeep__file")
        .first()
        if agreement.signed_pdf_id
        else None
    )


def upkeep_of(seal: SealedFile) -> SealUpkeep | None:
    """What was last found and done about a seal's time; nothing before the first night."""
    found: SealUpkeep | None = getattr(seal, "upkeep", None)
    return found


def newest(seal: SealedFile) -> StoredFile:
    """The sealed file as it is handed out: with the archive timestamps that it has got."""
    upkeep = upkeep_of(seal)
    return upkeep.file if upkeep is not None else seal.file


@action("coordination.request_seal", permission=may_run_agreement, on="agreement")
def request_seal(*, actor: Actor, now: datetime, agreement: Agreement) -> None:
    """Have an agreement sealed that was signed before there was a key, or whose sealing failed.

    Raises ``Conflict`` when it is not signed by all, or there is no key.
    """
    if agreement.status != AgreementStatus.SIGNED or agreement.signed_pdf_id is None:
        raise Conflict(_("Aftalen kan først forsegles, når alle har underskrevet."))
    if not sealing.is_on():
        raise Conflict(_("Der er ingen nøgle at forsegle med. Driften kan sætte en op."))
    if seal_of(agreement) is not None:
        return
    enqueue_seal(agreement, now=now)
    record(
        agreement,
        after={"signed_pdf": agreement.signed_pdf_id},
        summary=_("%(title)s bliver forseglet.") % {"title": agreement.content["title"]},
        network_id=agreement.round_fkb.round.network_id,
    )


@action("coordination.keep_seal", permission=rules.is_worker, on="agreement")
def keep_seal(*, actor: Actor, now: datetime, agreement: Agreement, content: bytes) -> SealedFile:
    """Keep the sealed file and mail it to all parties. A second one is not kept."""
    lock_row(Agreement.objects.all(), agreement.pk)
    kept = seal_of(agreement)
    if kept is not None:
        return kept
    source = agreement.signed_pdf
    assert source is not None
    file = store(
        content, source.name.replace("underskrevet", "forseglet"), PDF, actor=actor, now=now
    )
    kept = SealedFile.objects.create(source=source, file=file, sealed_at=now)
    record(
        agreement,
        after={"sealed_pdf": file.sha256, "of": source.sha256},
        summary=_("%(title)s er forseglet.") % {"title": agreement.content["title"]},
        network_id=agreement.round_fkb.round.network_id,
    )
    tell_signed(agreement, file, now=now)
    _pack_again(agreement, now=now)
    return kept


def _pack_again(agreement: Agreement, *, now: datetime) -> None:
    """Have a closed round's archive packed anew, so that it holds the seal as it is now: at the end
    of the hour, once for all seals that changed in it."""
    round = agreement.round_fkb.round
    if round.status == RoundStatus.CLOSED:
        hour = now.replace(minute=0, second=0, microsecond=0)
        enqueue(
            "coordination.archive_round",
            {"round": round.pk},
            now=now,
            run_at=hour + timedelta(hours=1),
            key=f"archive_round:{round.pk}:{hour.isoformat()}",
        )


# ---------------------------------------------------------------- prolonging


def due_for_upkeep(now: datetime, *, within: timedelta = BEFORE) -> list[SealedFile]:
    """Seals to look at: never looked at, or with a proof of time that runs out soon."""
    return list(
        SealedFile.objects.filter(
            Q(upkeep=None) | Q(upkeep__good_until__lt=now + within),
            source__in=Agreement.objects.exclude(signed_pdf=None).values("signed_pdf_id"),
        )
        .select_related("file", "upkeep__file")
        .order_by("pk")
    )


def enqueue_upkeep(now: datetime, *, within: timedelta = BEFORE) -> int:
    """Have the worker look at the seals that are due, a job each. Returns how many."""
    found = due_for_upkeep(now, within=within)
    for seal in found:
        enqueue(
            "coordination.prolong_seal",
            {"sealed": seal.pk, "within_days": within.days},
            now=now,
            key=f"prolong_seal:{newest(seal).pk}:{within.days}:{now.date()}",
        )
    return len(found)


def load_seal(pk: int) -> SealedFile:
    """A sealed file for the worker."""
    return SealedFile.objects.select_related("file", "source", "upkeep__file").get(pk=pk)


def agreement_of(seal: SealedFile) -> Agreement:
    """The agreement that a seal is on."""
    return Agreement.objects.select_related("round_fkb__round__network").get(
        signed_pdf_id=seal.source_id
    )


@action("coordination.keep_prolonged", permission=rules.is_worker, on="agreement")
def keep_prolonged(
    *,
    actor: Actor,
    now: datetime,
    agreement: Agreement,
    content: bytes | None,
    good_until: datetime | None,
) -> SealUpkeep:
    """Keep what was found of a seal's time; ``content``: the file with one archive timestamp more.

    What it was stays stored. Content that is not the file as it stands with something after it is
    not kept: another worker was first.
    """
    lock_row(Agreement.objects.all(), agreement.pk)
    seal = seal_of(agreement)
    assert seal is not None
    before = newest(seal)
    file = before
    if content is not None and content != before.read() and content.startswith(before.read()):
        file = store(content, before.name, PDF, actor=actor, now=now)
    upkeep, _new = SealUpkeep.objects.update_or_create(
        sealed=seal, defaults={"file": file, "good_until": good_until, "looked_at": now}
    )
    record(
        agreement,
        before={"sealed_pdf": before.sha256},
        after={"sealed_pdf": file.sha256, "good_until": good_until},
        summary=_("Seglet på %(title)s er forlænget.") % {"title": agreement.content["title"]}
        if file is not before
        else _("Det er set efter, hvor længe seglet på %(title)s kan kontrolleres.")
        % {"title": agreement.content["title"]},
        network_id=agreement.round_fkb.round.network_id,
    )
    if file is not before:
        _pack_again(agreement, now=now)
    return upkeep


@task_source("coordination.seals")
def seal_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Secretariats: seals that nobody could prolong and that soon cannot be checked any more."""
    found = (
        Agreement.objects.filter(
            round_fkb__round__network_id__in=actor.network_ids(roles.SECRETARIAT),
            signed_pdf__sealed__upkeep__good_until__lt=clock.start_of(today + WARN, 0),
        )
        .select_related("round_fkb__fkb", "round_fkb__round__network", "signed_pdf__sealed__upkeep")
        .order_by("pk")
    )
    for agreement in found:
        assert agreement.signed_pdf is not None
        until = agreement.signed_pdf.sealed.upkeep.good_until
        assert until is not None
        yield Task(
            title=_("Seglet på aftalen for FKB %(fkb)s skal forlænges. Sig det til driften.")
            % {"fkb": agreement.round_fkb.fkb.number},
            url=reverse("coordination:agreement", args=[agreement.pk]),
            context=agreement.round_fkb.round.network.short_name,
            due_on=clock.local_date(until),
            detail=agreement.content["title"],
        )
