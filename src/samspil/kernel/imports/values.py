"""From a cell as somebody typed it to a value, or a Danish sentence that says what is wrong.

Pure functions: a ``CellValue`` in; the value out, ``None`` for an empty cell. ``ValueProblem``
carries the sentence. Nothing is guessed silently: what can be read in two ways is a problem.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspil.kernel.spreadsheets.reader import CellValue

DAYS_PER_WEEK: Final = 5
"""School days in a week of a course."""
HOURS_PER_DAY: Final = Decimal("7.4")
"""Hours of a school day (R10)."""
MAX_DAYS: Final = 400
MIN_YEAR: Final = 1980
MAX_YEAR: Final = 2100


class ValueProblem(ValueError):
    """A cell that cannot be read. ``message`` is one Danish sentence without the cell's place."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def shown(value: CellValue) -> str:
    """A cell as people would write it: ``2,5``, ``01-07-2025``, ``ja``; empty text for nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("ja") if value else _("nej")
    if isinstance(value, (float, Decimal)):
        return f"{Decimal(str(value)).normalize():f}".replace(".", ",")
    if isinstance(value, date):
        return value.strftime("%d-%m-%Y")
    return " ".join(str(value).split())


def _quoted(value: CellValue) -> str:
    text = shown(value)
    return text if len(text) <= 40 else text[:39] + "…"


def text(value: CellValue) -> str | None:
    """Text with single blanks. Numbers and dates become what people would write."""
    return shown(value) or None


def long_text(value: CellValue) -> str | None:
    """Text that keeps its line breaks."""
    return value.strip() or None if isinstance(value, str) else text(value)


def max_text(length: int) -> Callable[[CellValue], str | None]:
    """Text of at most ``length`` characters; longer is a problem, never cut."""

    def parse(value: CellValue) -> str | None:
        found = text(value)
        if found and len(found) > length:
            raise ValueProblem(
                _("Teksten er på %(found)s tegn. Der er plads til %(max)s.")
                % {"found": len(found), "max": length}
            )
        return found

    return parse


def code(value: CellValue) -> str | None:
    """A code without blanks and dots (``47.592`` -> ``47592``); a float's ``.0`` is not there."""
    if isinstance(value, (bool, date, timedelta)):
        raise ValueProblem(_("»%(value)s« er ikke et nummer.") % {"value": _quoted(value)})
    if isinstance(value, float):
        # '47.592' that a Danish or English Excel took for the number 47,592.
        digits = f"{value:.3f}".replace(".", "")
        if round(value, 3) == value and len(digits) == 5:
            return digits
    return re.sub(r"[\s.\u00a0'’]", "", shown(value)) or None


def digits(count: int, label: Any) -> Callable[[CellValue], str | None]:
    """A code of exactly ``count`` digits. Excel drops leading zeros: a shorter *number* gets them
    back, a shorter *text* is a problem."""

    def parse(value: CellValue) -> str | None:
        found = code(value)
        if found is None:
            return None
        if isinstance(value, int) and found.isdigit():
            found = found.zfill(count)
        if not (found.isascii() and found.isdigit() and len(found) == count):
            raise ValueProblem(
                _("»%(value)s« er ikke et %(label)s. Det skal have %(count)s cifre.")
                % {"value": _quoted(value), "label": label, "count": count}
            )
        return found

    return parse


def course_number(value: CellValue) -> str | None:
    """An AMU course number: five digits, dots and blanks taken away (R8).

    Four digits are a single subject of vocational education, not an AMU course: its own sentence.
    """
    found = code(value)
    if found is None:
        return None
    if found.isascii() and found.isdigit() and len(found) == 5:
        return found
    if found.isascii() and found.isdigit() and len(found) == 4:
        raise NotACourse(
            _(
                "»%(value)s« har fire cifre og er et EUD-enkeltfag eller en FKB, ikke et AMU-mål. Rækken springes over."
            )
            % {"value": _quoted(value)}
        )
    raise ValueProblem(
        _("»%(value)s« er ikke et fagnummer. Et fagnummer har fem cifre.")
        % {"value": _quoted(value)}
    )


class NotACourse(ValueProblem):
    """A number that is something else than an AMU course: the row is left out, not wrong."""


_fkb_digits = digits(4, gettext_lazy("FKB-nummer"))


def fkb_number(value: CellValue) -> str | None:
    """An FKB number: four digits (R7), also as ``FKB 2222``."""
    if isinstance(value, str):
        value = re.sub(r"^\s*fkb\s*:?\s*", "", value, flags=re.IGNORECASE)
    return _fkb_digits(value)


def fkb_numbers(value: CellValue) -> tuple[str, ...] | None:
    """One or several FKB numbers in one cell, separated by comma, semicolon, slash, 'og' or a line."""
    if not isinstance(value, str):
        one = fkb_number(value)
        return (one,) if one else None
    parts = [part for part in re.split(r"[,;/\n+&]|\bog\b", value) if part.strip()]
    found = [number for part in parts if (number := fkb_number(part))]
    return tuple(dict.fromkeys(found)) or None


# ---------------------------------------------------------------- numbers

_FRACTIONS: Final = {"½": Decimal("0.5"), "¼": Decimal("0.25"), "¾": Decimal("0.75")}
_NUMBER: Final = r"(?:\d{1,6}(?:[.,]\d{1,6})?)"


def decimal(value: CellValue) -> Decimal | None:
    """A number with Danish or English decimal sign, ``2½`` too. Thousands' dots are refused as
    ambiguous unless the number has both signs (``1.234,5``)."""
    if value is None:
        return None
    if isinstance(value, (bool, date, timedelta)):
        raise ValueProblem(_not_a_number(value))
    if isinstance(value, (int, float)):
        return Decimal(str(value))
    written = re.sub(r"\s", "", str(value)).replace("−", "-").replace("–", "-")
    half = Decimal(0)
    if written and written[-1] in _FRACTIONS:
        half = _FRACTIONS[written[-1]]
        written = written[:-1] or "0"
    if re.fullmatch(r"-?\d{1,3}(\.\d{3})+,\d+", written):
        written = written.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"-?\d{1,3}(\.\d{3})+", written):
        raise ValueProblem(
            _("»%(value)s« kan både være et tusindtal og et decimaltal. Skriv tallet uden punktum.")
            % {"value": _quoted(value)}
        )
    else:
        written = written.replace(",", ".")
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,9})?", written, re.ASCII):
        raise ValueProblem(_not_a_number(value))
    try:
        number = Decimal(written)
    except InvalidOperation:  # pragma: no cover - the pattern above lets nothing else through
        raise ValueProblem(_not_a_number(value)) from None
    return number + half


def _not_a_number(value: CellValue) -> str:
    if isinstance(value, date):
        return _(
            "Her står datoen %(value)s. Excel har måske lavet et tal om til en dato. Skriv tallet igen."
        ) % {"value": _quoted(value)}
    return _("»%(value)s« er ikke et tal.") % {"value": _quoted(value)}


def whole(low: int = 0, high: int = 1_000_000) -> Callable[[CellValue], int | None]:
    """A whole number from ``low`` to ``high``; ``1.200`` counts as a thousand here."""

    def parse(value: CellValue) -> int | None:
        if isinstance(value, str) and re.fullmatch(r"\s*\d{1,3}(\.\d{3})+\s*", value, re.ASCII):
            value = value.replace(".", "")
        found = decimal(value)
        if found is None:
            return None
        if found != found.to_integral_value():
            raise ValueProblem(_("»%(value)s« er ikke et helt tal.") % {"value": _quoted(value)})
        if not low <= found <= high:
            raise ValueProblem(
                _("%(value)s ligger uden for %(low)s–%(high)s.")
                % {"value": _quoted(value), "low": low, "high": high}
            )
        return int(found)

    return parse


def coordinate(low: float, high: float) -> Callable[[CellValue], float | None]:
    """Degrees within ``low``–``high``; no coordinate has thousands, so a dot is the decimal sign."""

    def parse(value: CellValue) -> float | None:
        if isinstance(value, str):
            value = value.replace(".", ",") if value.count(".") == 1 else value
        found = decimal(value)
        if found is None:
            return None
        if not low <= found <= high:
            raise ValueProblem(
                _("»%(value)s« er ikke en koordinat i Danmark.") % {"value": _quoted(value)}
            )
        return float(found)

    return parse


def year(value: CellValue) -> int | None:
    """A calendar year of four digits."""
    if isinstance(value, str) and not re.fullmatch(r"\s*\d{4}\s*", value, re.ASCII):
        raise ValueProblem(_("»%(value)s« er ikke et årstal.") % {"value": _quoted(value)})
    return whole(MIN_YEAR, MAX_YEAR)(value)


# ---------------------------------------------------------------- duration

_UNITS: Final = (
    (re.compile(r"u(?:ge(?:r)?)?\.?"), Decimal(DAYS_PER_WEEK)),
    (re.compile(r"(?:skole|kursus|undervisnings)?d(?:ag(?:e)?)?\.?"), Decimal(1)),
    (re.compile(r"(?:t(?:ime(?:r)?)?|h|hrs?)\.?"), 1 / HOURS_PER_DAY),
)
_PART: Final = re.compile(
    rf"({_NUMBER}\s*[½¼¾]?|[½¼¾]|en|et|én|ét|to|tre|fire|fem)\s*([a-zæøå]+\.?)?", re.IGNORECASE
)
_WORDS: Final = {
    "en": "1",
    "et": "1",
    "én": "1",
    "ét": "1",
    "to": "2",
    "tre": "3",
    "fire": "4",
    "fem": "5",
}


def duration_days(value: CellValue) -> Decimal | None:
    """A course's length in school days, at most one decimal (R10).

    Reads ``3``, ``2,5``, ``2½``, ``3 dage``, ``1 uge`` (5 days), ``1 uge og 2 dage`` and
    ``37 timer`` (7.4 hours a day). ``2-3 dage`` and dates are problems.
    """
    if value is None:
        return None
    if isinstance(value, date):
        raise ValueProblem(
            _(
                "Her står datoen %(value)s. Excel har lavet varigheden om til en dato. Skriv antal dage igen, fx 2,5."
            )
            % {"value": _quoted(value)}
        )
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _days(Decimal(str(value)), value)
    if not isinstance(value, str):
        raise ValueProblem(_("»%(value)s« er ikke en varighed.") % {"value": _quoted(value)})
    written = " ".join(value.lower().replace("ca.", "").split())
    total = Decimal(0)
    at = 0
    parts = 0
    while at < len(written):
        joint = re.compile(r"\s*(?:og|\+|,)?\s*").match(written, at) if parts else None
        if joint:
            at = joint.end()
        match = _PART.match(written, at)
        if not match or not match[0].strip():
            raise _not_a_duration(value)
        number = decimal(_WORDS.get(match[1].lower(), match[1]))
        unit = _unit(match[2])
        if number is None or unit is None or (parts and match[2] is None):
            raise _not_a_duration(value)
        total += number * unit
        at = match.end()
        parts += 1
    return _days(total, value)


def _unit(word: str | None) -> Decimal | None:
    if word is None:
        return Decimal(1)
    return next((days for pattern, days in _UNITS if pattern.fullmatch(word)), None)


def _days(total: Decimal, value: CellValue) -> Decimal:
    if not 0 < total <= MAX_DAYS:
        raise ValueProblem(
            _("»%(value)s« er ikke en varighed. Den skal være mere end 0 og højst %(max)s dage.")
            % {"value": _quoted(value), "max": MAX_DAYS}
        )
    rounded = total.quantize(Decimal("0.1"))
    if abs(rounded - total) > Decimal("0.04") or (rounded != total and not isinstance(value, str)):
        raise ValueProblem(
            _("»%(value)s« har mere end én decimal. Skriv varigheden i dage med højst én decimal.")
            % {"value": _quoted(value)}
        )
    return rounded


def _not_a_duration(value: CellValue) -> ValueProblem:
    return ValueProblem(
        _("»%(value)s« er ikke en varighed. Skriv fx 3 dage, 2,5 eller 1 uge.")
        % {"value": _quoted(value)}
    )


# ---------------------------------------------------------------- dates

MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "januar jan",
            "februar feb",
            "marts mar",
            "april apr",
            "maj",
            "juni jun",
            "juli jul",
            "august aug",
            "september sep sept",
            "oktober okt",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_DAY_MONTH: Final = re.compile(r"(\d{1,2})\s*[./-]\s*(\d{1,2})\s*[./ -]\s*(\d{4}|\d{2})", re.ASCII)
_ISO: Final = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]00:00(?::00)?(?:\.0+)?Z?)?", re.ASCII
)
_NAMED: Final = re.compile(
    r"(?:d(?:en)?\.?\s*)?(\d{1,2})\.?\s*([a-zæøå]+)\.?,?\s+(\d{4}|\d{2})", re.IGNORECASE | re.ASCII
)


def danish_date(value: CellValue) -> date | None:
    """A date as Danes write it; the day comes before the month.

    Reads real date cells, ``2025-01-01``, ``01-01-2026``, ``1/7 2025``, ``1.7.25``,
    ``1. juli 2025``, ``20260101``, and Excel's day numbers (when the cell is a number).
    Two-digit years are 2000–2079. Text in another order, or 31/2, is a problem.
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return _sane(value, value)
    if isinstance(value, int) and not isinstance(value, bool):
        if MIN_YEAR * 10_000 <= value <= MAX_YEAR * 10_000:
            return _date(value // 10_000, value // 100 % 100, value % 100, value)
        if 29_000 <= value <= 75_000:  # days since 30 December 1899, 1979 to 2105
            return _sane(date(1899, 12, 30) + timedelta(days=value), value)
    if not isinstance(value, str):
        raise _not_a_date(value)
    written = " ".join(value.split()).strip(" .")
    if match := _ISO.fullmatch(written):
        return _date(int(match[1]), int(match[2]), int(match[3]), value)
    if match := _DAY_MONTH.fullmatch(written):
        return _date(_century(match[3]), int(match[2]), int(match[1]), value)
    if match := _NAMED.fullmatch(written):
        month = MONTHS.get(match[2].lower())
        if month:
            return _date(_century(match[3]), month, int(match[1]), value)
    if re.fullmatch(r"(19|20)\d{6}", written, re.ASCII):
        return _date(int(written[:4]), int(written[4:6]), int(written[6:]), value)
    raise _not_a_date(value)


def _century(written: str) -> int:
    return (
        int(written)
        if len(written) == 4
        else 2000 + int(written) % 80
        if int(written) < 80
        else 1900 + int(written)
    )


def _date(year_: int, month: int, day: int, value: CellValue) -> date:
    try:
        return _sane(date(year_, month, day), value)
    except ValueError as error:
        if isinstance(error, ValueProblem):
            raise
        raise ValueProblem(
            _("»%(value)s« er ikke en dato, der findes.") % {"value": _quoted(value)}
        ) from None


def _sane(found: date, value: CellValue) -> date:
    if not MIN_YEAR <= found.year <= MAX_YEAR:
        raise ValueProblem(
            _("Året i »%(value)s« ligger uden for %(low)s–%(high)s.")
            % {"value": _quoted(value), "low": MIN_YEAR, "high": MAX_YEAR}
        )
    return found


def _not_a_date(value: CellValue) -> ValueProblem:
    return ValueProblem(
        _("»%(value)s« er ikke en dato. Skriv dag, måned og år, fx 01-07-2026.")
        % {"value": _quoted(value)}
    )


# ---------------------------------------------------------------- yes and no, choices

_YES: Final = frozenset(
    ["ja", "j", "yes", "y", "x", "(x)", "1", "true", "sand", "sandt", "✓", "✔", "v", "ok"]
)
_NO: Final = frozenset(["nej", "n", "no", "0", "false", "falsk", "falskt", "-", "–", "—", "÷", "✗"])


def yes_no(value: CellValue) -> bool | None:
    """Yes, no, or ``None`` for an empty cell. Anything else is a problem."""
    if value is None:
        return None
    if isinstance(value, bool):
        return value
    word = shown(value).lower().rstrip(".!")
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueProblem(
        _("»%(value)s« kan ikke læses som ja eller nej.") % {"value": _quoted(value)}
    )


def choice(words: Mapping[str, tuple[str, ...]], label: Any) -> Callable[[CellValue], str | None]:
    """One of several values, each known by a few words (compared by ``folded``)."""
    known = {folded(word): key for key, spellings in words.items() for word in (key, *spellings)}

    def parse(value: CellValue) -> str | None:
        found = text(value)
        if found is None:
            return None
        key = known.get(folded(found))
        if key is None:
            raise ValueProblem(
                _("»%(value)s« er ikke en %(label)s, vi kender. Skriv en af disse: %(known)s.")
                % {
                    "value": _quoted(value),
                    "label": label,
                    "known": ", ".join(
                        (spellings or (key,))[0] for key, spellings in words.items()
                    ),
                }
            )
        return key

    return parse


def folded(written: str) -> str:
    """``written`` for comparing: lower case, only letters and digits, å as aa, ø as oe, æ as ae.

    ``Mål nr.`` and ``maal-nr`` fold to the same.
    """
    low = unicodedata.normalize("NFC", written).lower()
    low = (
        low.replace("å", "aa")
        .replace("ø", "oe")
        .replace("æ", "ae")
        .replace("ö", "oe")
        .replace("ä", "ae")
    )
    low = unicodedata.normalize("NFKD", low)
    return "".join(char for char in low if char.isalnum())
