"""The form on the screen: texts in, canonical answers or sentences out.

The same readers as the workbook's, so that ``uge 37`` means the same in both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from samspil.coordination.domain.answers import FIELDS, When, cell_text
from samspil.coordination.domain.forms import FormLine
from samspil.coordination.interfaces import remarks
from samspil.coordination.interfaces.values import (
    Reading,
    is_empty,
    parse_days,
    parse_note,
    parse_runs,
    parse_when,
    parse_yes_no,
)


@dataclass(frozen=True, slots=True)
class LineInput:
    """What was typed into one line: values that can be saved, and sentences for the rest."""

    round_course_id: int
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def read_field(name: str, raw: str, year: int) -> tuple[Any, str]:
    """One typed text as a canonical value and a sentence (empty when all is well).

    A time that cannot be read as dates is kept as words; everything else that is unclear is
    refused with the sentence that the workbook would get.
    """
    match name:
        case "offers" | "guarantee" | "will_follow":
            reading: Reading[Any] = parse_yes_no(raw)
        case "runs":
            reading = parse_runs(raw)
        case "take_on_days":
            reading = parse_days(raw)
        case "when":
            reading = parse_when(raw, year)
        case _:
            reading = parse_note(raw)
    if reading.state == "read":
        value = reading.value
        if value is None and name in ("guarantee", "will_follow"):
            value = False
        return value, ""
    sentence = remarks.sentence(reading.remark) if reading.remark else _("Kan ikke læses.")
    if name == "when" and not is_empty(raw) and reading.state == "question":
        return When(raw.strip()[:200]), sentence
    return None, sentence


def read_line(round_course_id: int, texts: Mapping[str, str], year: int) -> LineInput:
    """The typed fields of one line; unknown names are ignored."""
    found = LineInput(round_course_id)
    for name in FIELDS:
        if name not in texts:
            continue
        value, sentence = read_field(name, texts[name], year)
        if sentence:
            found.errors[name] = sentence
        if not sentence or value is not None:
            found.values[name] = value
    if found.values.get("runs") and "offers" not in found.values and "offers" not in texts:
        found.values["offers"] = True  # who writes '2 hold' means yes
    return found


def texts_of(line: FormLine) -> dict[str, str]:
    """The line's answer as it stands in the fields."""
    return {name: cell_text(name, getattr(line.answer, name)) for name in FIELDS}


def posted_lines(data: Mapping[str, str], lines: Iterable[FormLine]) -> dict[int, dict[str, str]]:
    """Texts of a whole posted page, by course: names are ``<field>-<round course>``.

    A tick box that is not sent was not ticked; the hidden ``seen-<round course>`` tells that
    the line was on the page at all.
    """
    found: dict[int, dict[str, str]] = {}
    for line in lines:
        pk = line.round_course_id
        if f"seen-{pk}" in data:
            found[pk] = {name: data.get(f"{name}-{pk}", "") for name in FIELDS}
    return found
