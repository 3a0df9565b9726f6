"""The answer of the national search, one page of it, as rows that a list of runs is read from.

The shape is ``{"holdCardDtos": [{…}, …]}``. Fields that we don't know, and their order, do not matter.
Fields that we need must be there with the kind of value that they had: otherwise the search has been
changed, and nothing of it is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from samspil.kernel.spreadsheets.reader import CellValue
from samspil.runs.domain.harvest import Trouble

LIST: Final = "holdCardDtos"
Record = dict[str, CellValue]


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a record: the column it is read into, what it must be, whether it may be empty."""

    column: str
    read: Callable[[Any], CellValue]
    may_be_empty: bool = True
    may_be_missing: bool = False


class _Wrong(ValueError):
    """A value of another kind than the field has."""


def _text(most: int) -> Callable[[Any], CellValue]:
    def read(value: Any) -> CellValue:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise _Wrong
        return " ".join(str(value).split())[:most] or None

    return read


def _number(value: Any) -> CellValue:
    if isinstance(value, bool):
        raise _Wrong
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,9}\s*", value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int):
        return value
    raise _Wrong


def _amount(value: Any) -> CellValue:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _Wrong
    try:
        found = Decimal(str(value).strip().replace(",", "."))
    except ArithmeticError:
        raise _Wrong from None
    if not found.is_finite():
        raise _Wrong
    return str(found).replace(".", ",")


def _yes_no(value: Any) -> CellValue:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise _Wrong


def _day(value: Any) -> CellValue:
    """``2026-08-10``, with or without a time of day after it, or ``10-08-2026``."""
    if isinstance(value, str):
        text = value.strip()
        try:
            if found := re.match(r"\d{4}-\d{2}-\d{2}(?=$|[T ])", text):
                return date.fromisoformat(found[0])
            if found := re.fullmatch(r"(\d{2})[-./](\d{2})[-./](\d{4})", text):
                return date(int(found[3]), int(found[2]), int(found[1]))
        except ValueError:
            pass
    raise _Wrong


FIELDS: Final[Mapping[str, _Field]] = {
    "kviknummer": _Field("kviknummer", _text(40), may_be_empty=False),
    "institution": _Field("school", _text(200), may_be_empty=False),
    "holdTitle": _Field("title", _text(250)),
    "startDate": _Field("starts_on", _day, may_be_empty=False),
    "endDate": _Field("ends_on", _day),
    "tilmeldingsFrist": _Field("deadline_on", _day),
    "duration": _Field("duration_days", _amount),
    "undervisningstidspunkt": _Field("hours", _text(120)),
    "undervisningsform": _Field("teaching_form", _text(60)),
    "lokationGade": _Field("street", _text(120)),
    "lokationPostNr": _Field("postcode", _text(10)),
    "lokationSted": _Field("city", _text(80)),
    "participantCapacity": _Field("capacity", _number, may_be_empty=False),
    "minimumParticipants": _Field("minimum", _number),
    "currentParticipantAmount": _Field("enrolled", _number),
    "garantiKursus": _Field("is_guaranteed", _yes_no, may_be_empty=False),
    "aflyst": _Field("is_cancelled", _yes_no, may_be_empty=False),
    "normpris": _Field("price", _amount, may_be_missing=True),
    "link": _Field("link", _text(400), may_be_missing=True),
    "subject_code": _Field("course", _text(10), may_be_missing=True),
}
"""What is read of a record. Names of people, their addresses and numbers are not."""


def read_page(body: bytes, *, page: int) -> list[Record]:
    """The records of a page. Raises ``Trouble`` with page, place and field when it isn't as it was."""
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Trouble("broken", page=page) from None
    rows = data.get(LIST) if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise Trouble("no_list", page=page, field=LIST)
    return [_record(row, page, place) for place, row in enumerate(rows, start=1)]


def _record(row: Any, page: int, place: int) -> Record:
    if not isinstance(row, dict):
        raise Trouble("no_record", page=page, place=place)
    found: Record = {}
    for name, field in FIELDS.items():
        if name not in row:
            if field.may_be_missing:
                continue
            raise Trouble("no_field", page=page, place=place, field=name)
        value = row[name]
        if value is None or (isinstance(value, str) and not value.strip()):
            if not field.may_be_empty:
                raise Trouble("empty_field", page=page, place=place, field=name)
            continue
        try:
            found[field.column] = field.read(value)
        except _Wrong:
            shown = str(value)[:40]
            raise Trouble("wrong_field", page=page, place=place, field=name, value=shown) from None
    return found
