"""What a school answers for one course: the values themselves, without database or files.

The form on the screen, the workbook, the merge and the board all speak of these eight fields.
A value here is always canonical: two spellings of one answer are equal.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Final

FIELDS: Final = (
    "offers",
    "runs",
    "when",
    "guarantee",
    "take_on_days",
    "will_follow",
    "note",
)
"""The answer's fields in the order of the form's columns (R32, R35)."""

MAX_RUNS: Final = 200
MAX_TAKE_ON_DAYS: Final = Decimal(366)
MAX_NOTE: Final = 500
MAX_WHEN: Final = 200


@dataclass(frozen=True, slots=True)
class When:
    """A time for a course: the canonical Danish text and what it means.

    ``starts_on`` and ``ends_on`` enclose everything the text names; both ``None`` when the
    text is kept as words only.
    """

    text: str
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "starts_on": self.starts_on.isoformat() if self.starts_on else None,
            "ends_on": self.ends_on.isoformat() if self.ends_on else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> When:
        def day(name: str) -> dt.date | None:
            return dt.date.fromisoformat(data[name]) if data.get(name) else None

        return cls(
            text=str(data["text"]),
            starts_on=day("starts_on"),
            ends_on=day("ends_on"),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """One school's answer for one course. ``None`` means not answered."""

    offers: bool | None = None
    runs: int | None = None
    when: When | None = None
    guarantee: bool = False
    take_on_days: Decimal | None = None
    will_follow: bool = False
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        return {name: value_to_json(name, getattr(self, name)) for name in FIELDS}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Answer:
        return cls(**{name: value_from_json(name, data.get(name)) for name in FIELDS})


EMPTY: Final = Answer()


def empty_value(name: str) -> Any:
    """What the field ``name`` holds when the cell is empty."""
    return getattr(EMPTY, name)


def value_to_json(name: str, value: Any) -> Any:
    """A field's value as JSON: dates as ISO text, days of capacity as text."""
    if isinstance(value, When):
        return value.to_json()
    if isinstance(value, Decimal):
        return decimal_text(value, point=".")
    return value


def value_from_json(name: str, data: Any) -> Any:
    """The inverse of :func:`value_to_json`."""
    if data is None:
        return empty_value(name)
    if name == "when":
        return When.from_json(data)
    if name == "take_on_days":
        return Decimal(str(data))
    return data


def decimal_text(value: Decimal, point: str = ",") -> str:
    """``2.50`` as ``2,5``: no trailing zeros, Danish comma."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(".", point)


def cell_text(name: str, value: Any) -> str:
    """The field's value as it stands in the workbook's cell and on the preview."""
    if value is None:
        return ""
    if name in ("offers", "guarantee", "will_follow"):
        if value is True:
            return "ja"
        return "nej" if name == "offers" else ""
    if isinstance(value, When):
        return value.text
    if isinstance(value, Decimal):
        return decimal_text(value)
    return str(value)


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence for the user, as code and values, so that it can be shown in two languages.

    The sentences stand in ``samspil.coordination.interfaces.remarks``.
    """

    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "values": dict(self.values)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Remark:
        return cls(code=str(data["code"]), values=dict(data.get("values") or {}))


def week_range(year: int, week: int) -> tuple[dt.date, dt.date]:
    """Monday and Sunday of an ISO week. Raises ``ValueError`` for week 53 in a short year."""
    monday = dt.date.fromisocalendar(year, week, 1)
    return monday, monday + dt.timedelta(days=6)


def weeks_in(year: int) -> int:
    """52 or 53: the number of ISO weeks in ``year``."""
    return dt.date(year, 12, 28).isocalendar().week


def months_range(year: int, first: int, last: int) -> tuple[dt.date, dt.date]:
    """The first day of month ``first`` and the last day of month ``last``."""
    return dt.date(year, first, 1), dt.date(year, last, calendar.monthrange(year, last)[1])


assert tuple(item.name for item in fields(Answer)) == FIELDS
