"""The actions of an import: hand in, choose columns, apply, undo, discard (house rule 9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from samspil.kernel import files, uploads
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid, NotFound
from samspil.kernel.imports import engine
from samspil.kernel.imports.declare import SPECS, ImportSpec
from samspil.kernel.imports.models import (
    ColumnMapping,
    ImportBatch,
    ImportRow,
    ImportStatus,
)
from samspil.kernel.imports.tables import MAX_TABLES, Table, find_tables
from samspil.kernel.imports.values import folded
from samspil.kernel.locking import lock_row
from samspil.kernel.spreadsheets.reader import Sheet, read_workbook

KINDS = ("xlsx", "ods", "csv")


def spec_of(key: str) -> ImportSpec:
    """The kind of list called ``key``. Raises ``NotFound``."""
    if key not in SPECS:
        raise NotFound(_("Den slags liste kender vi ikke."))
    return SPECS[key]


def may_run(actor: Actor, spec: str) -> bool:
    """Permission of handing in: asked of the kind of list."""
    return spec in SPECS and SPECS[spec].may_run(actor)


def may_handle(actor: Actor, batch: ImportBatch) -> bool:
    """Permission of everything that happens to a batch afterwards."""
    if not may_run(actor, batch.spec):
        return False
    return not SPECS[batch.spec].is_private or batch.person_id == actor.person_id


def specs_for(actor: Actor) -> list[ImportSpec]:
    """The kinds of list that the actor may hand in, in the order they were registered."""
    return [spec for spec in SPECS.values() if actor.is_system or spec.may_run(actor)]


def batches_for(actor: Actor) -> QuerySet[ImportBatch]:
    """The imports that the actor may see, newest first, without their undo logs."""
    specs = specs_for(actor)
    common = [spec.key for spec in specs if not spec.is_private or actor.is_system]
    private = [spec.key for spec in specs if spec.is_private]
    return (
        ImportBatch.objects.filter(
            Q(spec__in=common)
            | Q(spec__in=private, person_id=actor.person_id, person_id__isnull=False)
        )
        .select_related("file")
        .defer("undo_log")
        .order_by("-created_at", "-pk")
    )


def get_batch(actor: Actor, pk: int) -> ImportBatch:
    """One import. Raises ``NotFound`` when the actor may not see it."""
    batch = batches_for(actor).filter(pk=pk).first()
    if batch is None:
        raise NotFound(_("Importen findes ikke."))
    return batch


def rows_page(
    batch: ImportBatch, *, state: str, page: str | int, size: int = 100
) -> Page[ImportRow]:
    """A page of the preview's rows, of one state or (``""``) of all."""
    rows = ImportRow.objects.filter(batch=batch)
    if state:
        rows = rows.filter(state=state)
    return Paginator(rows.order_by("position", "pk"), size).get_page(page)


def sources(spec: str) -> list[str]:
    """The sources whose columns are remembered for a kind of list."""
    return list(
        ColumnMapping.objects.filter(spec=spec)
        .order_by("source", "pk")
        .values_list("source", flat=True)
    )


def tables_of(batch: ImportBatch) -> list[tuple[Table, str, list[list[str]]]]:
    """The tables that were found, each with its sheet's name and its first rows as text."""
    from samspil.kernel.imports.values import shown

    sheets = _sheets(batch)
    found = []
    for data in batch.mapping:
        table = Table.from_json(data)
        sheet = sheets[table.sheet]
        sample: list[list[str]] = []
        for at in range(table.heading_row + 1, min(table.last_row + 1, len(sheet.rows))):
            cells = [
                shown(sheet.cell(at, place))
                for place in range(table.first_column, table.last_column + 1)
            ]
            if any(cells):
                sample.append(cells)
            if len(sample) == 4:
                break
        found.append((table, sheet.name, sample))
    return found


def _sheets(batch: ImportBatch) -> list[Sheet]:
    return read_workbook(batch.file.read(), batch.file_kind)


@action("imports.upload", permission=may_run, on="spec")
def upload(
    *,
    actor: Actor,
    now: datetime,
    spec: str,
    content: bytes,
    name: str,
    source: str = "",
    options: Mapping[str, Any] | None = None,
) -> ImportBatch:
    """Take a list in: judge the file, find its tables, guess the columns, make the preview.

    Nothing but the preview is written. When the required columns were found, the batch is
    ready; otherwise it waits for somebody to choose them. Raises ``UploadRefused`` for a file
    we do not take and ``Invalid`` for one without a table.
    """
    info = uploads.inspect(content, name, kinds=KINDS)
    sheets = read_workbook(content, info.kind)
    declared = spec_of(spec)
    remembered: dict[str, str] = {}
    if source:
        known = ColumnMapping.objects.filter(spec=spec, source=source).first()
        remembered = dict(known.columns) if known else {}
    tables = find_tables(sheets, declared.columns, remembered)
    if not tables:
        raise Invalid(
            _(
                "Vi kan ikke finde en tabel i filen. Den skal have en række med overskrifter, fx »%(example)s«."
            )
            % {"example": "«, »".join(str(column.label) for column in declared.columns[:3])}
        )
    if len(tables) > MAX_TABLES:
        raise Invalid(
            _("Filen har flere end %(max)s tabeller. Del den i flere filer.") % {"max": MAX_TABLES}
        )
    batch = ImportBatch.objects.create(
        spec=spec,
        file=files.store(content, info.name, info.content_type, actor=actor, now=now),
        file_kind=info.kind,
        source=source[:120],
        options={option.key: option.default for option in declared.options} | dict(options or {}),
        mapping=[table.as_json() for table in tables],
        person_id=actor.person_id,
        actor_label=actor.label[:200],
        created_at=now,
    )
    record(
        batch, after={"file": info.name, "sha256": info.sha256}, summary=_("Filen er afleveret.")
    )
    if _is_complete(declared, tables):
        _preview(batch, declared, sheets, tables, actor=actor, now=now)
    return batch


def _is_complete(spec: ImportSpec, tables: Sequence[Table]) -> bool:
    needed = {column.key for column in spec.columns if column.required}
    read = [table for table in tables if table.is_read]
    return bool(read) and all(needed <= set(table.columns.values()) for table in read)


def _preview(
    batch: ImportBatch,
    spec: ImportSpec,
    sheets: Sequence[Sheet],
    tables: Sequence[Table],
    *,
    actor: Actor,
    now: datetime,
) -> engine.Plan:
    plan = _plan(batch, spec, sheets, tables, actor=actor, now=now)
    rows = ImportRow.objects.filter(batch=batch)
    rows._raw_delete(rows.db)
    ImportRow.objects.bulk_create(engine.preview_rows(batch.pk, plan))
    batch.status = ImportStatus.PREVIEWED
    batch.counts = plan.counts | {"changes": len(plan.changes)}
    batch.notes = plan.notes
    batch.plan_digest = plan.digest
    batch.save(update_fields=["status", "counts", "notes", "plan_digest"])
    return plan


def _plan(
    batch: ImportBatch,
    spec: ImportSpec,
    sheets: Sequence[Sheet],
    tables: Sequence[Table],
    *,
    actor: Actor,
    now: datetime,
) -> engine.Plan:
    return engine.make_plan(
        spec,
        sheets,
        tables,
        actor=actor,
        today=timezone.localdate(now),
        source=batch.source,
        options=batch.options,
    )


@action("imports.choose_columns", permission=may_handle, on="batch")
def choose_columns(
    *,
    actor: Actor,
    now: datetime,
    batch: ImportBatch,
    columns: Sequence[Mapping[int, str]],
    is_read: Sequence[bool],
    source: str,
    options: Mapping[str, Any],
) -> ImportBatch:
    """Say how each table's columns are read, and make the preview anew.

    ``columns`` and ``is_read`` have one entry per table found. The choice is remembered for
    ``source``. Raises ``Invalid`` when a required column is missing or chosen twice.
    """
    batch = _open(batch)
    spec = spec_of(batch.spec)
    tables = [Table.from_json(data) for data in batch.mapping]
    known = {column.key: column for column in spec.columns}
    if len(columns) != len(tables) or len(is_read) != len(tables):
        raise Conflict(_("Siden er for gammel. Hent den igen."))
    for number, (table, chosen, reads) in enumerate(
        zip(tables, columns, is_read, strict=True), start=1
    ):
        table.columns = {place: key for place, key in chosen.items() if key in known}
        table.is_read = reads
        if not reads:
            continue
        used = list(table.columns.values())
        for key in used:
            if used.count(key) > 1:
                raise Invalid(
                    _("Tabel %(number)s: »%(label)s« er valgt til flere kolonner.")
                    % {"number": number, "label": known[key].label},
                    field=f"table{number}",
                )
        for column in spec.columns:
            if column.required and column.key not in used:
                raise Invalid(
                    _("Tabel %(number)s: Vælg den kolonne, der er »%(label)s«.")
                    % {"number": number, "label": column.label},
                    field=f"table{number}",
                )
    if not any(is_read):
        raise Invalid(_("Vælg mindst én tabel, der skal læses."))
    batch.mapping = [table.as_json() for table in tables]
    batch.source = source.strip()[:120]
    batch.options = {option.key: options.get(option.key, option.default) for option in spec.options}
    batch.version += 1
    batch.save(update_fields=["mapping", "source", "options", "version"])
    if batch.source:
        _remember(batch.spec, batch.source, tables, now)
    record(
        batch,
        after={"mapping": batch.mapping, "source": batch.source},
        summary=_("Kolonnerne er valgt."),
    )
    _preview(batch, spec, _sheets(batch), tables, actor=actor, now=now)
    return batch


def _remember(spec: str, source: str, tables: Sequence[Table], now: datetime) -> None:
    chosen: dict[str, str] = {}
    for table in tables:
        if not table.is_read:
            continue
        for offset, heading in enumerate(table.headings):
            if folded(heading):
                chosen[folded(heading)] = table.columns.get(table.first_column + offset, "")
    known, _created = ColumnMapping.objects.get_or_create(
        spec=spec, source=source, defaults={"updated_at": now}
    )
    known.columns = {**known.columns, **chosen}
    known.updated_at = now
    known.save(update_fields=["columns", "updated_at"])


def _open(batch: ImportBatch) -> ImportBatch:
    """The batch, locked, while it can still be changed. Raises ``Conflict``."""
    locked = lock_row(ImportBatch.objects.all(), batch.pk)
    if locked.status not in (ImportStatus.UPLOADED, ImportStatus.PREVIEWED):
        raise Conflict(_("Importen er afsluttet og kan ikke ændres."))
    return locked


@action("imports.refresh", permission=may_handle, on="batch")
def refresh(*, actor: Actor, now: datetime, batch: ImportBatch) -> ImportBatch:
    """Make the preview anew from the same file, after something else was changed."""
    batch = _open(batch)
    tables = [Table.from_json(data) for data in batch.mapping]
    _preview(batch, spec_of(batch.spec), _sheets(batch), tables, actor=actor, now=now)
    return batch


@action("imports.apply", permission=may_handle, on="batch")
def apply(*, actor: Actor, now: datetime, batch: ImportBatch) -> ImportBatch:
    """Write what the preview showed, all of it or nothing. Rows with errors are left out.

    The plan is worked out anew; ``Conflict`` when it is not the one that was shown.
    """
    batch = lock_row(ImportBatch.objects.all(), batch.pk)
    if batch.status != ImportStatus.PREVIEWED:
        raise Conflict(_("Importen er ikke klar til at blive læst ind."))
    tables = [Table.from_json(data) for data in batch.mapping]
    plan = _plan(batch, spec_of(batch.spec), _sheets(batch), tables, actor=actor, now=now)
    if plan.digest != batch.plan_digest:
        raise Conflict(
            _("Registret er ændret, siden du så listen. Hent den på ny, og se, hvad der nu sker.")
        )
    if not plan.changes:
        raise Invalid(_("Der er intet at læse ind: registret har det hele i forvejen."))
    batch.undo_log = engine.write(plan)
    batch.status = ImportStatus.APPLIED
    batch.applied_at = now
    batch.save(update_fields=["undo_log", "status", "applied_at"])
    record(
        batch,
        after={"counts": batch.counts, "plan": plan.digest, "file": batch.file.sha256},
        summary=_("%(name)s er læst ind: %(new)s nye, %(changed)s ændrede.")
        % {
            "name": batch.file.name,
            "new": sum(change.pk is None for change in plan.changes),
            "changed": sum(change.pk is not None for change in plan.changes),
        },
    )
    return batch


@action("imports.undo", permission=may_handle, on="batch")
def undo(*, actor: Actor, now: datetime, batch: ImportBatch) -> ImportBatch:
    """Take an applied import back as one step.

    Raises ``Conflict`` with the reason when a row was changed since or is in use.
    """
    batch = lock_row(ImportBatch.objects.all(), batch.pk)
    if batch.status != ImportStatus.APPLIED:
        raise Conflict(_("Importen er ikke læst ind og kan derfor ikke fortrydes."))
    engine.unwrite(batch.undo_log, spec_of(batch.spec).models)
    batch.status = ImportStatus.UNDONE
    batch.undone_at = now
    batch.save(update_fields=["status", "undone_at"])
    record(
        batch,
        before={"status": "applied"},
        after={"status": "undone"},
        summary=_("Importen af %(name)s er fortrudt.") % {"name": batch.file.name},
    )
    return batch


@action("imports.discard", permission=may_handle, on="batch")
def discard(*, actor: Actor, now: datetime, batch: ImportBatch) -> ImportBatch:
    """Drop an import that was not applied; the file and the preview stay to be seen."""
    batch = _open(batch)
    batch.status = ImportStatus.DISCARDED
    batch.save(update_fields=["status"])
    record(batch, after={"status": "discarded"}, summary=_("Filen er kasseret."))
    return batch
