"""The seal on an agreement that all have signed: set by the worker, kept once, never set again.

What is sealed is the PDF with every signer's act in it. A later change is an addendum with a seal
of its own; the sealed file stays as it is (R31).
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from samspil.coordination import rules
from samspil.coordination.domain.agreements import enqueue_seal, may_run_agreement, tell_signed
from samspil.coordination.enums import AgreementStatus
from samspil.coordination.models import Agreement
from samspil.kernel import sealing
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict
from samspil.kernel.files import store
from samspil.kernel.locking import lock_row
from samspil.kernel.models import SealedFile

PDF = "application/pdf"


def seal_of(agreement: Agreement) -> SealedFile | None:
    """The sealed file of an agreement, when it is sealed."""
    return (
        SealedFile.objects.filter(source_id=agreement.signed_pdf_id).select_related("file").first()
        if agreement.signed_pdf_id
        else None
    )


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
    return kept
