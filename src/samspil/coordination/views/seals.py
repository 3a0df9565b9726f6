"""Sealed agreements: the file, sealing again, and the page where anybody checks one."""

from __future__ import annotations

import threading
from typing import Any, Final

from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspil.coordination.domain import agreements, seals
from samspil.coordination.domain.sealed_record import verdict
from samspil.coordination.interfaces.seal_forms import CheckForm
from samspil.coordination.interfaces.seal_words import act_words, answer
from samspil.kernel import clock, sealing, uploads
from samspil.kernel.downloads import stored
from samspil.kernel.errors import Conflict, UploadRefused
from samspil.kernel.http import LOGIN, PUBLIC, ActorRequest, requires
from samspil.network.interfaces.signed import basis_words

AT_ONCE: Final = threading.BoundedSemaphore(2)
"""Checks at the same time in one process: each is a process of its own that reads a strange file."""
WAIT: Final = 8


@requires(LOGIN)
@require_GET
def sealed_pdf(request: ActorRequest, agreement_id: int) -> HttpResponse:
    """The sealed agreement as PDF."""
    kept = seals.seal_of(agreements.get_agreement(request.actor, agreement_id))
    return stored(seals.newest(kept) if kept else None)


@requires(LOGIN)
@require_POST
def seal(request: ActorRequest, agreement_id: int) -> HttpResponse:
    """Have an agreement sealed that was signed without."""
    agreement = agreements.get_agreement(request.actor, agreement_id)
    try:
        seals.request_seal(actor=request.actor, now=clock.now(), agreement=agreement)
    except Conflict as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Aftalen bliver forseglet. Det tager et øjeblik."))
    return redirect("coordination:agreement", agreement_id)


@requires(PUBLIC)
@require_http_methods(["GET", "POST"])
def check(request: ActorRequest) -> HttpResponse:
    """Check a sealed agreement: who signed for which school, when, and is it unchanged."""
    form = CheckForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "found": None}
    status = 200
    if request.method == "POST" and not ratelimit.consume(request, action="check_seal"):
        form.add_error(None, _("Du har kontrolleret mange filer. Vent et minut, og prøv igen."))
        status = 429
    elif request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        content = file.read(uploads.MAX_BYTES + 1)
        try:
            # A PDF goes on to the check, whatever it holds: it is neither shown nor kept.
            if len(content) > uploads.MAX_BYTES or b"%PDF-" not in content[:1024]:
                uploads.inspect(content, file.name, kinds=("pdf",))
        except UploadRefused as refused:
            form.add_error("file", refused.message)
        else:
            if AT_ONCE.acquire(timeout=WAIT):
                try:
                    checked = sealing.check(content)
                finally:
                    AT_ONCE.release()
                found = verdict(checked.findings, checked.unreadable)
                context |= {
                    "found": found,
                    "name": uploads.safe_name(file.name),
                    "answer": answer(found),
                    "acts": [(act, act_words(act), basis_words(act.basis)) for act in found.acts],
                }
            else:
                form.add_error(None, _("Mange kontrollerer filer lige nu. Prøv igen om lidt."))
                status = 503
    if form.errors and status == 200:
        status = 400
    return render(request, "coordination/seals/check.html", context, status=status)
