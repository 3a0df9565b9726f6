"""Reading lists in: upload, columns, preview, apply, undo (house rule 9)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from samspil.catalogue.interfaces.forms import ColumnsForm, UploadForm, options_of
from samspil.catalogue.views.pages import tabs
from samspil.kernel import clock
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.http import LOGIN, ActorRequest, requires
from samspil.kernel.imports import actions as imports
from samspil.kernel.imports.models import ImportBatch, ImportStatus, RowState
from samspil.kernel.uploads import MAX_BYTES
from samspil.ui.components import Segment

TAGS = {
    "new": "ok",
    "changed": "joint",
    "unchanged": "plain",
    "warning": "wait",
    "error": "gap",
    "skipped": "plain",
}
STATUS_TAGS = {
    "uploaded": "wait",
    "previewed": "wait",
    "applied": "ok",
    "undone": "plain",
    "discarded": "plain",
}


@requires(LOGIN)
def import_list(request: ActorRequest) -> HttpResponse:
    """What can be read in, and what was."""
    specs = imports.specs_for(request.actor)
    if not specs:
        raise Forbidden(_("Du kan ikke læse lister ind."))
    titles = {spec.key: spec.title for spec in specs}
    batches = list(imports.batches_for(request.actor)[:50])
    return render(
        request,
        "catalogue/imports/list.html",
        {
            "specs": specs,
            "lines": [(batch, titles[batch.spec], STATUS_TAGS[batch.status]) for batch in batches],
            "tabs": tabs(request.actor, "imports"),
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def import_new(request: ActorRequest, spec: str) -> HttpResponse:
    """Hand a list in."""
    declared = imports.spec_of(spec)
    if not imports.may_run(request.actor, spec):
        raise Forbidden(_("Du kan ikke læse den slags lister ind."))
    form = UploadForm(request.POST or None, request.FILES or None, spec=declared)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            batch = imports.upload(
                actor=request.actor,
                now=clock.now(),
                spec=spec,
                content=file.read(MAX_BYTES + 1),
                name=file.name or "",
                source=form.cleaned_data["source"].strip(),
                options=options_of(form.cleaned_data),
            )
        except Invalid as error:
            form.add_error("file", error.message)
        else:
            return redirect(
                "catalogue:import_columns"
                if batch.status == ImportStatus.UPLOADED
                else "catalogue:import",
                batch.pk,
            )
    return render(
        request,
        "catalogue/imports/new.html",
        {
            "spec": declared,
            "form": form,
            "sources": imports.sources(spec),
            "columns": declared.columns,
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def import_columns(request: ActorRequest, batch_id: int) -> HttpResponse:
    """Say what each column is read as."""
    batch = imports.get_batch(request.actor, batch_id)
    spec = imports.spec_of(batch.spec)
    if batch.status not in (ImportStatus.UPLOADED, ImportStatus.PREVIEWED):
        return redirect("catalogue:import", batch.pk)
    tables = imports.tables_of(batch)
    form = ColumnsForm(
        request.POST or None,
        spec=spec,
        tables=tables,
        current=batch.options,
        initial={"source": batch.source},
    )
    if request.method == "POST" and form.is_valid():
        try:
            imports.choose_columns(
                actor=request.actor,
                now=clock.now(),
                batch=batch,
                columns=form.columns,
                is_read=form.is_read,
                source=form.cleaned_data["source"],
                options=options_of(form.cleaned_data),
            )
        except (Invalid, Conflict) as error:
            form.add_error(None, error.message)
        else:
            return redirect("catalogue:import", batch.pk)
    return render(
        request,
        "catalogue/imports/columns.html",
        {
            "batch": batch,
            "spec": spec,
            "form": form,
            "tables": _shown_tables(form, tables),
            "options": [form[name] for name in form.fields if name.startswith("option_")],
            "sources": imports.sources(batch.spec),
        },
    )


def _shown_tables(form: ColumnsForm, tables: list[Any]) -> list[dict[str, Any]]:
    """The tables to choose for: those with the same headings stand as one."""
    return [
        {
            "sheet": sheet,
            "row": table.heading_row + 1,
            "more": form.leader.count(number) - 1,
            "read": form[f"read_{number}"],
            "columns": [
                {"heading": heading, "field": form[f"column_{number}_{offset}"]}
                for offset, heading in enumerate(table.headings)
            ],
            "sample": sample,
        }
        for number, (table, sheet, sample) in enumerate(tables)
        if form.leader[number] == number
    ]


@requires(LOGIN)
def import_batch(request: ActorRequest, batch_id: int) -> HttpResponse:
    """The preview: what becomes of every row, and every message with its cell."""
    batch = imports.get_batch(request.actor, batch_id)
    spec = imports.spec_of(batch.spec)
    if batch.status == ImportStatus.UPLOADED:
        return redirect("catalogue:import_columns", batch.pk)
    state = request.GET.get("vis", "")
    state = state if state in RowState.values else ""
    counts = batch.counted
    segments = [Segment(_("Alle"), "?", sum(counts.values()), current=not state)]
    segments += [
        Segment(
            str(item.label), f"?vis={item.value}", counts[item.value], current=state == item.value
        )
        for item in RowState
        if counts[item.value]
    ]
    labels = {column.key: column.label for column in spec.columns}
    page = imports.rows_page(batch, state=state, page=request.GET.get("side", 1))
    used = list(
        dict.fromkeys(
            key for table in batch.mapping if table["is_read"] for key in table["columns"].values()
        )
    )
    shown = [column for column in spec.columns if column.key in used][:6]
    return render(
        request,
        "catalogue/imports/preview.html",
        {
            "batch": batch,
            "who": batch.actor_label.split(" <")[0],
            "spec": spec,
            "page": page,
            "columns": shown,
            "span": len(shown) + 1,
            "lines": [_line(row, shown, labels) for row in page],
            "segments": segments,
            "counts": counts,
            "is_open": batch.status == ImportStatus.PREVIEWED,
            "has_changes": bool(batch.counts.get("changes")),
            "status_tag": STATUS_TAGS[batch.status],
        },
    )


def _line(row: Any, shown: list[Any], labels: dict[str, Any]) -> dict[str, Any]:
    changes = []
    for change in row.changes:
        if not change["is_new"]:
            changes += [
                {
                    "label": labels.get(name, name),
                    "before": change["before"].get(name, ""),
                    "after": after,
                }
                for name, after in change["after"].items()
            ]
    return {
        "row": row,
        "tag": TAGS[row.state],
        "cells": [row.cells.get(column.key, "") for column in shown],
        "changes": changes,
    }


def _step(request: ActorRequest, batch_id: int, action: Any, said: str) -> HttpResponse:
    """One action on a batch; its refusal is told on the batch's page."""
    batch: ImportBatch = imports.get_batch(request.actor, batch_id)
    try:
        action(actor=request.actor, now=clock.now(), batch=batch)
    except (Conflict, Invalid) as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said)
    return redirect("catalogue:import", batch.pk)


@requires(LOGIN)
@require_POST
def import_apply(request: ActorRequest, batch_id: int) -> HttpResponse:
    """Write what the preview shows."""
    return _step(request, batch_id, imports.apply, _("Listen er læst ind."))


@requires(LOGIN)
@require_POST
def import_refresh(request: ActorRequest, batch_id: int) -> HttpResponse:
    """Work the preview out anew."""
    return _step(
        request, batch_id, imports.refresh, _("Listen er sammenlignet med registret igen.")
    )


@requires(LOGIN)
@require_POST
def import_discard(request: ActorRequest, batch_id: int) -> HttpResponse:
    """Drop a list that was not applied."""
    return _step(request, batch_id, imports.discard, _("Filen er kasseret. Intet er læst ind."))


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def import_undo(request: ActorRequest, batch_id: int) -> HttpResponse:
    """Ask, then take an applied list back."""
    batch = imports.get_batch(request.actor, batch_id)
    if request.method == "POST":
        return _step(
            request,
            batch_id,
            imports.undo,
            _("Importen er fortrudt. Registret er, som det var før."),
        )
    return render(
        request,
        "catalogue/imports/undo.html",
        {
            "batch": batch,
            "cancel_url": reverse("catalogue:import", args=[batch.pk]),
        },
    )


@requires(LOGIN)
def import_file(request: ActorRequest, batch_id: int) -> HttpResponse:
    """The file as it was handed in."""
    batch = imports.get_batch(request.actor, batch_id)
    response = HttpResponse(batch.file.read(), content_type=batch.file.content_type)
    response["Content-Disposition"] = (
        content_disposition_header(True, batch.file.name) or "attachment"
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response
