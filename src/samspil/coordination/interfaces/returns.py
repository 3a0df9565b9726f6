"""Returned workbooks between the browser and the domain: taking a file, wording the preview."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.coordination.domain import returns
from samspil.coordination.domain.answers import FIELDS, When, cell_text
from samspil.coordination.domain.forms import form_snapshot
from samspil.coordination.domain.merge import Choice, Item
from samspil.coordination.domain.reading import Values, values_to_json
from samspil.coordination.interfaces.form_columns import column_names
from samspil.coordination.interfaces.form_reader import read_form, read_value
from samspil.coordination.interfaces.remarks import sentence
from samspil.coordination.models import Form, Return
from samspil.kernel.actor import Actor
from samspil.kernel.uploads import inspect


def receive(*, actor: Actor, now: dt.datetime, form: Form, name: str, content: bytes) -> Return:
    """Judge an uploaded file, read it, and keep it with its preview.

    Raises ``UploadRefused`` when the file is dangerous, damaged or no form of this school.
    """
    info = inspect(content, name, kinds=("xlsx", "ods", "csv"))
    snapshot = form_snapshot(form)
    reading = read_form(content, info.kind, snapshot)
    return returns.receive_workbook(
        actor=actor,
        now=now,
        form=form,
        name=info.name,
        content=content,
        content_type=info.content_type,
        reading=reading,
        snapshot=snapshot,
    )


# --------------------------------------------------------------------------- in words


def value_text(name: str, value: Any) -> str:
    """One field's value as a choice reads it."""
    if name in ("offers", "guarantee", "will_follow"):
        if value is None:
            return _("ikke besvaret")
        return _("ja") if value else _("nej")
    if name == "runs" and value is not None:
        return ngettext("%(count)s hold", "%(count)s hold", value) % {"count": value}
    if name == "take_on_days" and value is not None:
        return ngettext("%(count)s dag", "%(count)s dage", 1 if value == 1 else 2) % {
            "count": cell_text(name, value)
        }
    if isinstance(value, When) and value.starts_on is None:
        return _("teksten »%(text)s«") % {"text": value.text}
    text = cell_text(name, value)
    return f"»{text}«" if name == "note" and text else text or _("tomt")


def values_text(values: Values, own: str = "") -> str:
    """Several fields as one choice: 'ja, 2 hold, uge 37'."""
    if set(values) == {own} or len(values) == 1:
        name, value = next(iter(values.items()))
        if name == own or name == "offers":
            return _capital(value_text(name, value))
    parts = []
    for name in (known for known in FIELDS if known in values):
        value = values[name]
        if name == "offers":
            parts.append(_("intet eget udbud") if value is None else value_text(name, value))
        elif name == "guarantee":
            parts.extend([_("garanti")] if value else [])
        elif name == "will_follow":
            parts.append(_("følger en anden skole") if value else _("følger ikke"))
        elif name == "take_on_days" and value is not None:
            parts.append(_("%(days)s for andre") % {"days": value_text(name, value)})
        elif name == "note":
            parts.append(_("bemærkningen »%(text)s«") % {"text": value})
        elif value is not None:
            parts.append(value_text(name, value))
    return _capital(", ".join(parts) or _("tomt"))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class ShownChoice:
    """One answer to a question, as a radio button."""

    id: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One line of the preview that needs attention."""

    id: str
    kind: str
    kind_label: str
    tag: str
    ref: str
    label: str
    column: str
    raw: str
    sentence: str
    choices: tuple[ShownChoice, ...]
    may_type: bool
    typed: str
    typed_error: str
    is_typed: bool
    is_open: bool
    texts: tuple[str, ...]
    details: str = ""


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One field that saving changes, before and after."""

    ref: str
    label: str
    column: str
    before: str
    after: str


@dataclass(slots=True)
class ShownSheet:
    """What one sheet of the workbook came to; the file as a whole has no name."""

    name: str
    items: list[ShownItem] = field(default_factory=list)
    remarks: list[ShownItem] = field(default_factory=list)
    changes: list[ShownChange] = field(default_factory=list)

    @property
    def open(self) -> int:
        return sum(item.is_open for item in self.items)


@dataclass(frozen=True, slots=True)
class ShownPreview:
    """The whole preview: a part per sheet, and its figures."""

    sheets: list[ShownSheet]
    notes: list[str]
    messages: list[str]
    read: int
    questions: int
    errors: int
    changed: int
    is_held: bool


_ORDER = {"question": 0, "conflict": 0, "error": 1, "remark": 2}


def _choice_label(item: Item, choice: Choice, year: int) -> str:
    if choice.kind == "yes":
        return _("Ja, læs det som svar for %(year)s") % {"year": year}
    if choice.kind == "theirs":
        return _("Filen: %(value)s") % {"value": value_text(item.field, choice.values[item.field])}
    if choice.kind == "ours":
        if not choice.values:
            return _("Lad svarene stå, som de er")
        return _("Skærmen: %(value)s") % {
            "value": value_text(item.field, choice.values[item.field])
        }
    if choice.kind == "both":
        return _("Begge dele")
    if choice.kind == "no":
        return _("Sæt dem til nej")
    if choice.kind == "keep":
        return _("Send det med som besked")
    if choice.kind == "ignore":
        return _("Spring over") if not item.field else _("Spring feltet over")
    return values_text(choice.values, item.field)


def _kind(item: Item) -> tuple[str, str]:
    if item.kind == "error" and not item.is_answered:
        return _("Fejl"), "gap"
    if item.kind == "remark":
        return _("Bemærk"), "plain"
    if not item.is_open:
        return _("Besvaret"), "ok"
    return (_("Konflikt"), "wait") if item.kind == "conflict" else (_("Spørgsmål"), "wait")


def show(shown: returns.Preview) -> ShownPreview:
    """The preview in words, a part per sheet, what is open first."""
    year = shown.form.year
    names = column_names(shown.form.activity_year)
    lines = shown.form.by_id()
    sheets: dict[str, ShownSheet] = {"": ShownSheet("")}
    for item in sorted(shown.settled.items, key=lambda i: (not i.is_open, _ORDER[i.kind])):
        label, tag = _kind(item)
        typed_error = ""
        if item.typed and item.is_open and item.may_type:
            parsed = read_value(item.field, item.typed, year)
            typed_error = sentence(parsed.remark) if parsed.remark else ""
        choices = tuple(
            ShownChoice(
                choice.id,
                _("Svaret gælder %(course)s")
                % {
                    "course": f"{lines[choice.course].number} {lines[choice.course].title}"
                    f" (FKB {lines[choice.course].fkb_number})"
                }
                if choice.course is not None
                else _choice_label(item, choice, year),
                choice.id == item.chosen,
            )
            for choice in item.choices
        )
        details = ""
        if item.kind == "conflict" and shown.reading.base is not None:
            details = _("Da skemaet blev sendt: %(value)s") % {
                "value": value_text(item.field, item.base)
            }
        line = ShownItem(
            id=item.id,
            kind=item.kind,
            kind_label=label,
            tag=tag,
            ref=item.ref,
            label=item.label,
            column=names.get(item.field, ""),
            raw=item.raw,
            sentence=sentence(item.remark),
            choices=choices,
            may_type=item.may_type,
            typed=item.typed,
            typed_error=typed_error,
            is_typed=item.chosen == "typed",
            is_open=item.is_open,
            texts=item.texts,
            details=details,
        )
        sheet = sheets.setdefault(item.sheet, ShownSheet(item.sheet))
        (sheet.remarks if item.kind == "remark" else sheet.items).append(line)
    for row, _course, name, before, after in shown.settled.shown:
        ref = next((cell.ref for cell in row.cells if cell.field == name), "")
        sheets.setdefault(row.sheet, ShownSheet(row.sheet)).changes.append(
            ShownChange(
                ref, row.label, names[name], value_text(name, before), value_text(name, after)
            )
        )
    return ShownPreview(
        sheets=[s for s in sheets.values() if s.items or s.remarks or s.changes],
        notes=[sentence(note) for note in shown.reading.notes],
        messages=shown.settled.kept_texts,
        read=shown.reading.cells_read,
        questions=shown.settled.questions,
        errors=shown.settled.errors,
        changed=shown.changed,
        is_held=shown.settled.is_held,
    )


def posted_answers(
    post: Mapping[str, str], shown: returns.Preview
) -> dict[str, dict[str, Any] | None]:
    """The answers of the preview's form: ``q-<item>`` is the choice, ``t-<item>`` what was typed.

    What was typed is read as if it stood in the cell; unreadable text is kept and stays open.
    """
    answers: dict[str, dict[str, Any] | None] = {}
    for item in shown.settled.items:
        if f"q-{item.id}" not in post and f"t-{item.id}" not in post:
            continue
        choice = post.get(f"q-{item.id}", "")
        text = post.get(f"t-{item.id}", "").strip()[:600]
        # What was typed just now counts, also where a button was left as it stood.
        if item.may_type and text and (choice in ("", "typed") or text != item.typed):
            answer: dict[str, Any] = {"choice": "typed", "text": text}
            parsed = read_value(item.field, text, shown.form.year)
            if parsed.state == "read":
                answer["values"] = values_to_json({item.field: parsed.value})
            answers[item.id] = answer
        elif any(c.id == choice for c in item.choices):
            answers[item.id] = {"choice": choice}
        else:
            answers[item.id] = None
    return answers
