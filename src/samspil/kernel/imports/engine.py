"""From a file to a plan, from a plan to rows, and back again. No permissions, no audit here.

The plan is worked out from the stored file each time, so that applying can compare what it is
about to do with what the preview showed. Queries do not grow with the rows, only their size
does (in pieces of ``CHUNK`` keys).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError, models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict
from samspil.kernel.imports.declare import (
    Change,
    ImportSpec,
    PlanContext,
    Ref,
    Row,
    field_of,
    for_the_eye,
    model_of,
    plain_value,
    plain_values,
)
from samspil.kernel.imports.models import ImportRow, RowState
from samspil.kernel.imports.tables import Table
from samspil.kernel.imports.values import folded, shown
from samspil.kernel.locking import lock_rows
from samspil.kernel.spreadsheets.reader import Sheet

CHUNK: Final = 10_000
_SUMS: Final = ("ialt", "total", "sum", "subtotal", "isum", "samlet")


@dataclass(slots=True)
class Plan:
    """What an import would do: every row with its state, and the changes in order of creation."""

    rows: list[Row]
    changes: list[Change]
    notes: list[str]
    digest: str

    @property
    def counts(self) -> dict[str, int]:
        found = {state.value: 0 for state in RowState}
        for row in self.rows:
            found[row.state] += 1
        return found


def make_plan(
    spec: ImportSpec,
    sheets: Sequence[Sheet],
    tables: Sequence[Table],
    *,
    actor: Actor,
    today: date,
    source: str,
    options: Mapping[str, Any],
) -> Plan:
    """Read every table that is to be read and ask ``spec`` what its rows want.

    Two plans with the same digest would write the same.
    """
    context = PlanContext(actor=actor, today=today, source=source, options=dict(options))
    rows = [row for table in tables if table.is_read for row in _rows(spec, sheets, table, context)]
    rows.sort(key=lambda row: ([sheet.name for sheet in sheets].index(row.sheet), row.row))
    _tell_what_is_left_out(sheets, tables, context)
    spec.plan(rows, context)
    wrong = {id(change) for row in rows if not row.is_usable for change in row.changes}
    right = {id(change) for row in rows if row.is_usable for change in row.changes}
    order = {label: place for place, label in enumerate(spec.models)}
    changes = sorted(
        (
            change
            for change in context.changes.values()
            if id(change) in right or id(change) not in wrong
        ),
        key=lambda change: order[change.model],
    )
    return Plan(rows=rows, changes=changes, notes=context.notes, digest=_digest(changes, rows))


def _tell_what_is_left_out(
    sheets: Sequence[Sheet], tables: Sequence[Table], context: PlanContext
) -> None:
    """Nothing is left out in silence: sheets without a table, hidden ones, unread columns."""
    read = {table.sheet for table in tables if table.is_read}
    for index, sheet in enumerate(sheets):
        if index in read or not sheet.rows:
            continue
        text = (
            _("Arket »%(name)s« er skjult og er ikke læst.")
            if sheet.is_hidden
            else _("I arket »%(name)s« er der ingen tabel, der læses.")
        )
        context.note(text % {"name": sheet.name})
    unread = [
        heading
        for table in tables
        if table.is_read
        for offset, heading in enumerate(table.headings)
        if heading and table.first_column + offset not in table.columns
    ]
    if unread:
        context.note(
            _("Disse kolonner læses ikke: %(names)s.") % {"names": ", ".join(dict.fromkeys(unread))}
        )


def _rows(
    spec: ImportSpec, sheets: Sequence[Sheet], table: Table, context: PlanContext
) -> Iterator[Row]:
    sheet = sheets[table.sheet]
    places = {key: place for place, key in table.columns.items()}
    notes = dict(sheet.notes)
    section = ""
    if 0 in notes and table.heading_row != 0:
        context.note(notes.pop(0))
    for at in range(table.heading_row + 1, min(table.last_row + 1, len(sheet.rows))):
        cells = sheet.rows[at][table.first_column : table.last_column + 1]
        filled = [cell for cell in cells if cell is not None]
        if not filled:
            continue
        row = Row(
            sheet=sheet.name,
            row=at,
            section=section,
            values={},
            columns=places,
            cells={key: shown(sheet.cell(at, place)) for key, place in places.items()},
        )
        if at in notes:
            row.warn(None, notes[at])
        if (
            len(filled) == 1
            and len(places) > 1
            and isinstance(filled[0], str)
            and not _is_key(spec, places, sheet, at)
        ):
            section = shown(filled[0])
            row.label = section
            row.skip(_("Overskrift eller bemærkning: »%(text)s«") % {"text": section})
            yield row
            continue
        first = folded(shown(filled[0]))
        if first in _SUMS:
            row.label = shown(filled[0])
            row.skip(_("Sumlinje."))
            yield row
            continue
        spec.parse(row, {key: sheet.cell(at, place) for key, place in places.items()})
        for column in spec.columns:
            if column.required and column.key not in places:
                row.error(
                    None,
                    _("Filen har ingen kolonne, der er læst som »%(label)s«.")
                    % {"label": column.label},
                )
        yield row


def _is_key(spec: ImportSpec, places: Mapping[str, int], sheet: Sheet, at: int) -> bool:
    """Whether a row's only cell is a key that can be read (then it is a row, not a heading)."""
    for column in spec.columns:
        if column.is_key and column.key in places:
            value = sheet.cell(at, places[column.key])
            if (
                value is not None
                and any(char.isdigit() for char in shown(value))
                and len(shown(value)) <= 12
            ):
                return True
    return False


def _digest(changes: Iterable[Change], rows: Iterable[Row]) -> str:
    told = [
        [
            change.model,
            change.key,
            change.pk,
            plain_values(change.before),
            plain_values(change.after),
        ]
        for change in changes
    ]
    states = [[row.sheet, row.row, row.state] for row in rows]
    return hashlib.sha256(
        json.dumps([told, states], sort_keys=True, ensure_ascii=False, default=str).encode()
    ).hexdigest()


def preview_rows(batch_id: int, plan: Plan) -> list[ImportRow]:
    """The rows of the preview, not saved yet."""
    return [
        ImportRow(
            batch_id=batch_id,
            position=position,
            sheet=row.sheet[:120],
            row_number=row.row + 1,
            state=row.state,
            label=row.label[:300],
            cells=row.cells,
            messages=row.messages,
            changes=[_shown_change(change) for change in row.changes],
        )
        for position, row in enumerate(plan.rows)
    ]


def _shown_change(change: Change) -> dict[str, Any]:
    """A change for the eye; of a new row the file's own cells tell enough."""
    if change.pk is None:
        return {"label": change.label, "is_new": True}
    return {
        "label": change.label,
        "is_new": False,
        "before": for_the_eye(change.before),
        "after": for_the_eye(change.after),
    }


# ---------------------------------------------------------------- apply


def write(plan: Plan) -> dict[str, list[list[Any]]]:
    """Write the plan's changes; return the undo log. Call inside a transaction.

    Raises ``Conflict`` when a row is not as the plan found it, or has been created meanwhile.
    """
    refs: dict[tuple[str, str], int] = {}
    log: dict[str, list[list[Any]]] = {}
    by_model: dict[str, list[Change]] = {}
    for change in plan.changes:
        by_model.setdefault(change.model, []).append(change)
    try:
        for label, changes in by_model.items():
            model = model_of(label)
            entries = log.setdefault(label, [])
            creates = [change for change in changes if change.pk is None]
            updates = [change for change in changes if change.pk is not None]
            for wave in _waves(label, creates, refs):
                made = [model(**_fields(model, change.after, refs)) for change in wave]
                _as_stored(model, made)
                model._default_manager.bulk_create(made)
                for change, obj in zip(wave, made, strict=True):
                    refs[(label, change.key)] = obj.pk
                    entries.append([obj.pk, None, _whole(obj), change.label])
            entries += _update(model, updates, refs)
    except IntegrityError as error:
        raise Conflict(
            _("Nogen har ændret i registret, siden du så listen. Se den igen, og læs den så ind.")
        ) from error
    return log


def _waves(
    label: str, creates: Sequence[Change], refs: Mapping[tuple[str, str], int]
) -> Iterator[list[Change]]:
    """The new rows of one table in an order in which each points only to rows that are there."""
    waiting = list(creates)
    while waiting:
        ready = [
            change
            for change in waiting
            if not any(
                isinstance(value, Ref) and value.model == label and (label, value.key) not in refs
                for value in change.after.values()
            )
        ]
        if not ready:
            raise Conflict(_("Listens rækker peger på hinanden i ring. Ret listen."))
        yield ready
        done = {id(change) for change in ready}
        waiting = [change for change in waiting if id(change) not in done]


def _update(
    model: type[models.Model], updates: Sequence[Change], refs: Mapping[tuple[str, str], int]
) -> list[list[Any]]:
    if not updates:
        return []
    rows = _locked(model, [change.pk for change in updates if change.pk is not None])
    entries: list[list[Any]] = []
    touched: set[str] = set()
    for change in updates:
        obj = rows.get(change.pk or 0)
        before = change.before or {}
        if obj is None or any(
            plain_value(getattr(obj, field_of(model, name).attname)) != plain_value(value)
            for name, value in before.items()
        ):
            raise Conflict(
                _("%(label)s er ændret, siden du så listen. Se den igen, og læs den så ind.")
                % {"label": change.label}
            )
        old = _stored(obj, before)
        for name, value in _fields(model, change.after, refs).items():
            setattr(obj, name, value)
            touched.add(name)
        _bump(obj, touched)
        _as_stored(model, [obj])
        entries.append([obj.pk, old, _whole(obj), change.label])
    _save(model, [rows[change.pk] for change in updates if change.pk is not None], touched)
    return entries


def _save(
    model: type[models.Model], objects: Sequence[models.Model], attnames: Iterable[str]
) -> None:
    """Save some fields of many rows in few statements: an upsert that always finds its row.

    ``bulk_update`` builds one CASE per row and field and is ten times slower at 10,000 rows.
    """
    names = sorted({model._meta.get_field(name).name for name in attnames})
    model._default_manager.bulk_create(
        list(objects), update_conflicts=True, update_fields=names, unique_fields=["pk"]
    )


def _bump(obj: models.Model, touched: set[str]) -> None:
    if _has_version(type(obj)):
        obj.version += 1  # type: ignore[attr-defined]
        touched.add("version")


def _has_version(model: type[models.Model]) -> bool:
    try:
        model._meta.get_field("version")
    except FieldDoesNotExist:
        return False
    return True


def _stored(obj: models.Model, names: Iterable[str]) -> dict[str, Any]:
    """The named columns of ``obj`` as JSON."""
    return {name: plain_value(getattr(obj, field_of(type(obj), name).attname)) for name in names}


def _whole(obj: models.Model) -> dict[str, Any]:
    """Every column of ``obj`` as JSON but its key and its version, which only ever grows."""
    return {
        field.attname: plain_value(getattr(obj, field.attname))
        for field in obj._meta.concrete_fields
        if not field.primary_key and field.name != "version"
    }


def _as_stored(model: type[models.Model], objects: Iterable[models.Model]) -> None:
    """Make fresh objects' values what the database would give back (``1.5``, not ``1.50``)."""
    fields = [field for field in model._meta.concrete_fields if not field.is_relation]
    for obj in objects:
        for field in fields:
            value = field.to_python(getattr(obj, field.attname))
            if isinstance(value, Decimal):
                places = getattr(field, "decimal_places", 0)
                value = value.quantize(Decimal(1).scaleb(-places))
            setattr(obj, field.attname, value)


def _fields(
    model: type[models.Model], values: Mapping[str, Any], refs: Mapping[tuple[str, str], int]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        attname = field_of(model, name).attname
        if isinstance(value, Ref):
            found[attname] = refs[(value.model, value.key)]
        else:
            found[attname] = value.pk if isinstance(value, models.Model) else value
    return found


def _locked(model: type[models.Model], pks: Sequence[int]) -> dict[int, models.Model]:
    found: dict[int, models.Model] = {}
    ordered = sorted(pks)
    for at in range(0, len(ordered), CHUNK):
        found |= {
            obj.pk: obj
            for obj in lock_rows(model._default_manager.filter(pk__in=ordered[at : at + CHUNK]))
        }
    return found


# ---------------------------------------------------------------- undo


def unwrite(log: Mapping[str, list[list[Any]]], order: Sequence[str]) -> None:
    """Take everything in ``log`` back, or nothing. Call inside a transaction.

    Raises ``Conflict`` with the reason when a row was changed since, is gone, or is in use by
    rows that came later.
    """
    labels = [label for label in reversed(order) if log.get(label)]
    rows = {label: _locked(model_of(label), [entry[0] for entry in log[label]]) for label in labels}
    problems: list[str] = []
    for label in labels:
        for pk, _before, after, shown_as in log[label]:
            obj = rows[label].get(pk)
            if obj is None:
                problems.append(_("%(label)s findes ikke mere") % {"label": shown_as})
            elif _whole(obj) != after:
                problems.append(_("%(label)s er ændret siden") % {"label": shown_as})
    created = {label: [entry[0] for entry in log[label] if entry[1] is None] for label in labels}
    if not problems:
        problems = _in_use(created, log)
    if problems:
        shown_problems = "; ".join(problems[:5])
        more = len(problems) - 5
        if more > 0:
            shown_problems += " " + ngettext("og %(count)s mere", "og %(count)s mere", more) % {
                "count": more
            }
        raise Conflict(
            _("Importen kan ikke fortrydes: %(problems)s.") % {"problems": shown_problems}
        )
    for label in labels:
        model = model_of(label)
        touched: set[str] = set()
        restored: list[models.Model] = []
        for pk, before, _after, _label in log[label]:
            if before is None:
                continue
            obj = rows[label][pk]
            for name, value in before.items():
                field = field_of(model, name)
                target = getattr(field, "target_field", field)
                setattr(obj, field.attname, target.to_python(value))
                touched.add(name)
            _bump(obj, touched)
            restored.append(obj)
        if restored:
            _save(model, restored, touched)
    for label in labels:
        pks = created[label]
        for at in range(0, len(pks), CHUNK):
            # Nothing else points at these rows (checked above), so no cascade is needed.
            queryset = model_of(label)._default_manager.filter(pk__in=pks[at : at + CHUNK])
            queryset._raw_delete(queryset.db)


def _in_use(created: Mapping[str, list[int]], log: Mapping[str, list[list[Any]]]) -> list[str]:
    """What refers to the created rows without being part of the same import."""
    problems: list[str] = []
    for label, pks in created.items():
        if not pks:
            continue
        names = {entry[0]: entry[3] for entry in log[label]}
        for relation in model_of(label)._meta.get_fields(include_hidden=True):
            if not (relation.auto_created and (relation.one_to_many or relation.one_to_one)):
                continue
            other = relation.related_model
            if other is None or isinstance(other, str):
                continue
            own = set(created.get(other._meta.label, ()))
            attname = relation.field.attname  # type: ignore[union-attr]
            for at in range(0, len(pks), CHUNK):
                found = other._default_manager.filter(**{f"{attname}__in": pks[at : at + CHUNK]})
                for pk, target in found.order_by("pk").values_list("pk", attname):
                    # A row of ours that was only changed by the import counts as in use.
                    if pk not in own:
                        problems.append(
                            _("%(label)s er i brug (%(where)s)")
                            % {"label": names[target], "where": other._meta.verbose_name}
                        )
    return list(dict.fromkeys(problems))
