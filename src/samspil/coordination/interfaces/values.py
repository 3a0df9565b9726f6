"""Cell values as people write them, read as answers.

Every function here takes whatever a spreadsheet cell can hold (``None``, text, a number, a
truth value, a date) and returns a :class:`Reading`; none of them raises. A value that can be
taken two ways becomes a question with options, never a guess; a value that can't be used
becomes an error with a sentence.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Generic, Literal, TypeVar

from samspil.coordination.domain.answers import (
    MAX_NOTE,
    MAX_RUNS,
    MAX_TAKE_ON_DAYS,
    MAX_WHEN,
    Remark,
    When,
    decimal_text,
    months_range,
    week_range,
    weeks_in,
)

T = TypeVar("T")
CellValue = Any
State = Literal["read", "question", "error"]

READ: Final = "read"
QUESTION: Final = "question"
ERROR: Final = "error"


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What a cell was taken for.

    ``read``: ``value`` holds (``remark`` may say what was assumed). ``question``: one of
    ``options`` must be chosen, or an answer typed. ``error``: ``remark`` says why nothing
    could be read.
    """

    state: State
    value: T | None = None
    remark: Remark | None = None
    options: tuple[T, ...] = ()


def read(value: T | None, code: str = "", **values: str | int) -> Reading[T]:
    """A reading that holds, perhaps with a remark on what was assumed."""
    return Reading(READ, value, Remark(code, values) if code else None)


def question(code: str, options: tuple[T, ...] = (), **values: str | int) -> Reading[T]:
    """A reading that somebody must choose."""
    return Reading(QUESTION, None, Remark(code, values), options)


def error(code: str, **values: str | int) -> Reading[Any]:
    """A reading that came to nothing, and why."""
    return Reading(ERROR, None, Remark(code, values))


# --------------------------------------------------------------------------- plain text

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\u200b-\u200f\u2028-\u202e\ufffe\uffff\ud800-\udfff]"
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))


def clean(raw: CellValue) -> str:
    """The cell as one line of text: no control characters, single blanks, no ends."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "ja" if raw else "nej"
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e15:
        return str(int(raw))
    if isinstance(raw, dt.datetime):
        if raw.time() == dt.time():
            return danish_date(raw.date())
        return f"{danish_date(raw.date())} {raw:%H:%M}"
    if isinstance(raw, dt.date):
        return danish_date(raw)
    text = _CONTROL.sub("", unicodedata.normalize("NFC", str(raw)))
    return " ".join(text.split())


def is_empty(raw: CellValue) -> bool:
    """Whether the cell holds nothing but blanks."""
    return raw is None or (isinstance(raw, str) and not clean(raw))


def folded(raw: CellValue) -> str:
    """:func:`clean` in lower case with plain dashes: what the patterns look at."""
    text = unicodedata.normalize("NFKC", clean(raw))
    return " ".join(text.translate(_DASHES).casefold().split())


def danish_date(day: dt.date) -> str:
    """``14.9.2027``."""
    return f"{day.day}.{day.month}.{day.year}"


def parse_note(raw: CellValue) -> Reading[str]:
    """Free text. Too long a text is an error, nothing is cut off."""
    lines = _CONTROL.sub("", unicodedata.normalize("NFC", str(raw))) if isinstance(raw, str) else ""
    text = "\n".join(" ".join(line.split()) for line in lines.splitlines()).strip()
    text = text or clean(raw)
    if len(text) > MAX_NOTE:
        return error("note_too_long", most=MAX_NOTE, length=len(text))
    return read(text)


# --------------------------------------------------------------------------- yes and no

_YES = frozenset(
    "ja j jo jep x xx yes y true sand ok oki okay ✓ ✔ √ ☑ ☒ v ja! jaja 'x 'ja * 1".split()
) | {"ja tak", "udbydes", "udbyder", "ja ja"}
_NO = frozenset("nej n no ne false falsk - -- 0 nope ikke ingen ☐ nix".split()) | {
    "nej tak",
    "udbydes ikke",
    "udbyder ikke",
    "ikke i år",
}
_MAYBE = frozenset(
    "? ?? ??? (x) (ja) (j) evt evt. eventuelt måske mske muligvis x? ja? nej? (nej) (?) "
    "ved-ikke tbd afventer".split()
) | {
    "se note",
    "se bemærkning",
    "se bem.",
    "ved ikke",
    "ved det ikke",
    "måske ja",
    "måske nej",
    "evt. ja",
    "evt ja",
    "afventer svar",
    "jf. note",
}


def parse_yes_no(raw: CellValue) -> Reading[bool]:
    """``ja``/``x``/``✓``/true → yes, ``nej``/``-``/0 → no, ``evt.``/``?``/``(x)`` → question."""
    if is_empty(raw):
        return read(None)
    if isinstance(raw, bool):
        return read(raw)
    if isinstance(raw, int | float) and raw in (0, 1):
        return read(bool(raw))
    text = folded(raw)
    bare = text.strip(" .!")
    if text in _YES or bare in _YES:
        return read(True)
    if text in _NO or bare in _NO:
        return read(False)
    if text in _MAYBE or bare in _MAYBE:
        return question("maybe", (True, False), text=clean(raw)[:80])
    return question("yes_or_no", (True, False), text=clean(raw)[:80])


# --------------------------------------------------------------------------- numbers

_WORDS: Final = {
    "nul": 0,
    "en": 1,
    "én": 1,
    "et": 1,
    "ét": 1,
    "to": 2,
    "tre": 3,
    "fire": 4,
    "fem": 5,
    "seks": 6,
    "syv": 7,
    "otte": 8,
    "ni": 9,
    "ti": 10,
    "elleve": 11,
    "tolv": 12,
}
_NUMBER = r"(?:\d{1,6}|" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")"
_RUN_WORDS = r"(?:hold|holds|stk\.?|gange?|kurser|kursus|afholdelser?|x)"
_RUNS = re.compile(rf"({_NUMBER})\s*{_RUN_WORDS}?\.?")
_RUNS_RANGE = re.compile(
    rf"({_NUMBER})\s*{_RUN_WORDS}?\s*(?:-|til|eller|/)\s*({_NUMBER})\s*{_RUN_WORDS}?"
)
_RUNS_SUM = re.compile(rf"({_NUMBER})((?:\s*\+\s*{_NUMBER})+)\s*{_RUN_WORDS}?")
_SOFT_AROUND = re.compile(
    r"^(?:ca\.?|cirka|evt\.?|eventuelt|måske|mindst|min\.?|højst|max\.?|op til|omkring|\()\s*|\s*[?)]+$"
)


def _integer(text: str) -> int:
    return _WORDS[text] if text in _WORDS else int(text)


def _runs(number: int, raw: CellValue) -> Reading[int]:
    if 0 <= number <= MAX_RUNS:
        return read(number)
    return question("many_runs", text=clean(raw)[:80], most=MAX_RUNS)


def parse_runs(raw: CellValue) -> Reading[int]:
    """A number of runs (hold): ``2``, ``2 hold``, ``to hold``; ``x`` means one."""
    if is_empty(raw):
        return read(None)
    if isinstance(raw, bool):
        return read(1, "x_is_one", text="ja") if raw else read(0)
    if isinstance(raw, dt.date | dt.datetime):
        return question(
            "runs_became_date",
            tuple(sorted({raw.day, raw.month})),
            text=clean(raw),
        )
    if isinstance(raw, int | float):
        if raw != raw or raw in (float("inf"), float("-inf")):
            return error("not_a_number", text=clean(raw)[:80])
        if raw < 0:
            return error("runs_negative", text=clean(raw)[:80])
        if not float(raw).is_integer():
            options = (int(raw), int(raw) + 1) if raw < MAX_RUNS else ()
            return question("runs_not_whole", options, text=clean(raw)[:80].replace(".", ","))
        return _runs(int(raw), raw)
    if len(clean(raw)) > MAX_WHEN:
        return error("text_too_long", most=MAX_WHEN)
    text = folded(raw)
    if text in _NO:
        return read(0)
    if text in _YES:
        return read(1, "x_is_one", text=clean(raw)[:80])
    if match := _RUNS.fullmatch(text):
        return _runs(_integer(match[1]), raw)
    if match := re.fullmatch(rf"(\d{{1,4}})[.,]0+\s*{_RUN_WORDS}?", text):
        return _runs(int(match[1]), raw)
    if re.fullmatch(r"-\s*\d+.*", text):
        return error("runs_negative", text=clean(raw)[:80])
    if match := _RUNS_RANGE.fullmatch(text):
        low, high = _integer(match[1]), _integer(match[2])
        if low < high <= MAX_RUNS:
            between = tuple(range(low, high + 1)) if high - low < 6 else (low, high)
            return question("runs_range", between, text=clean(raw)[:80])
    if match := _RUNS_SUM.fullmatch(text):
        total = _integer(match[1]) + sum(_integer(n) for n in re.findall(_NUMBER, match[2]))
        if total <= MAX_RUNS:
            return question("runs_sum", (total,), text=clean(raw)[:80])
    core = text
    for _turn in range(3):
        core = _SOFT_AROUND.sub("", core)
    if core != text and (match := _RUNS.fullmatch(core)):
        number = _integer(match[1])
        return question(
            "runs_unsure", (number,) if number <= MAX_RUNS else (), text=clean(raw)[:80]
        )
    if text in _MAYBE:
        return question("maybe_runs", (1, 0), text=clean(raw)[:80])
    found = re.findall(r"\d{1,3}", text)
    seen = sorted({int(n) for n in found if int(n) <= MAX_RUNS})
    return question("runs_unclear", tuple(seen[:4]), text=clean(raw)[:80])


_DAYS = re.compile(rf"(\d{{1,4}}(?:[.,]\d{{1,3}})?|½|{'|'.join(_WORDS)})\s*(dages?|dg\.?|d\.?)?")
_HALF_DAYS = re.compile(r"(\d{1,3})\s*½\s*(?:dages?|dg\.?)?")
_WEEKS_LONG = re.compile(rf"(\d{{1,2}}(?:[.,]\d)?|{'|'.join(_WORDS)})\s*uger?")
_DAYS_RANGE = re.compile(r"(\d{1,3})\s*(?:-|til|eller)\s*(\d{1,3})\s*(?:dages?|dg\.?)?")


def _decimal(text: str) -> Decimal | None:
    if text in _WORDS:
        return Decimal(_WORDS[text])
    if text == "½":
        return Decimal("0.5")
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None


def _day_count(value: Decimal, raw: CellValue, code: str = "") -> Reading[Decimal]:
    tenths = value.quantize(Decimal("0.1"))
    if tenths != value:
        return question("days_tenths", (tenths,), text=clean(raw)[:80].replace(".", ","))
    if not 0 <= value <= MAX_TAKE_ON_DAYS:
        return question("many_days", text=clean(raw)[:80], most=int(MAX_TAKE_ON_DAYS))
    value = Decimal(decimal_text(value, point="."))
    return (
        read(value, code, text=clean(raw)[:80], days=decimal_text(value)) if code else read(value)
    )


def parse_days(raw: CellValue) -> Reading[Decimal]:
    """Days of capacity for others: ``5``, ``2,5 dage``, ``1 uge`` (five days)."""
    if is_empty(raw):
        return read(None)
    if isinstance(raw, bool):
        return question("days_how_many", text="ja") if raw else read(Decimal(0))
    if isinstance(raw, dt.date | dt.datetime):
        return question(
            "days_became_date",
            (Decimal(f"{raw.day}.{raw.month}"),) if raw.month < 10 else (),
            text=clean(raw),
        )
    if isinstance(raw, int | float):
        if raw != raw or abs(raw) > 1e6:
            return error("not_a_number", text=clean(raw)[:80])
        if raw < 0:
            return error("days_negative", text=clean(raw)[:80])
        return _day_count(Decimal(str(raw)), raw)
    if len(clean(raw)) > MAX_WHEN:
        return error("text_too_long", most=MAX_WHEN)
    text = folded(raw)
    half = clean(raw).casefold()
    if text in _NO:
        return read(Decimal(0))
    if text in _YES - {"1"} or text in _MAYBE:
        return question("days_how_many", text=clean(raw)[:80])
    if match := _HALF_DAYS.fullmatch(half):
        return _day_count(Decimal(match[1]) + Decimal("0.5"), raw)
    for candidate in (text, half):
        if (match := _DAYS.fullmatch(candidate)) and (value := _decimal(match[1])) is not None:
            return _day_count(value, raw)
    if (match := _WEEKS_LONG.fullmatch(text)) and (value := _decimal(match[1])) is not None:
        return _day_count(value * 5, raw, "weeks_to_days")
    if re.fullmatch(r"-\s*\d+.*", text):
        return error("days_negative", text=clean(raw)[:80])
    if match := _DAYS_RANGE.fullmatch(text):
        low, high = Decimal(match[1]), Decimal(match[2])
        if low < high <= MAX_TAKE_ON_DAYS:
            return question("days_range", (low, high), text=clean(raw)[:80])
    if match := re.search(r"\d{1,3}(?:[.,]\d)?", text):
        value = _decimal(match[0])
        if value is not None and value <= MAX_TAKE_ON_DAYS:
            return question("days_unclear", (value,), text=clean(raw)[:80])
    return question("days_unclear", text=clean(raw)[:80])


# --------------------------------------------------------------------------- when

MONTHS: Final = (
    "januar februar marts april maj juni juli august september oktober november december"
).split()
_MONTH_WORDS: Final[dict[str, int]] = {
    **{name: n for n, name in enumerate(MONTHS, 1)},
    **{name[:3]: n for n, name in enumerate(MONTHS, 1)},
    "mar": 3,
    "sept": 9,
    "may": 5,
    "oct": 10,
    "january": 1,
    "february": 2,
    "march": 3,
    "june": 6,
    "july": 7,
    "october": 10,
    "mrt": 3,
    "agu": 8,
}
_ORDINALS: Final = {
    "første": 1,
    "anden": 2,
    "andet": 2,
    "tredje": 3,
    "fjerde": 4,
}
_M = "(" + "|".join(sorted(_MONTH_WORDS, key=len, reverse=True)) + r")\.?"
_Y = r"(?:\s*[-/.,]?\s*((?:20)?\d\d))?"
_D = r"(\d{1,2})\.?"
_DM = r"(\d{1,2})\s*[./]\s*(\d{1,2})"
_FULL_Y = r"(?:(?:\s*[./-]\s*|\s+)((?:20)?\d\d))?\.?"
_TO = r"\s*(?:-|til|t\.?o\.?m\.?|–)\s*"
_ORD = r"([1-4]|" + "|".join(_ORDINALS) + r")\.?"
_KV = r"(?:kvartal(?:er)?|kvart\.?|kvt\.?|kv\.?|k\.?|q)"
_U = r"(?:uger?nr\.?|uge nr\.?|uger?|week|w|u)\.?\s*"

_PATTERNS: Final = {
    name: re.compile(pattern)
    for name, pattern in {
        "week": rf"{_U}(\d{{1,2}})(?:{_TO}(?:{_U})?(\d{{1,2}}))?(?:[ /]*(20\d\d))?",
        "quarter": rf"{_ORD}(?:{_TO}{_ORD})?\s*{_KV}{_Y}",
        "quarter_first": rf"(?:q|kvartal|kvt\.?|kv\.?|k)\s*([1-4])(?:{_TO}(?:q|kvartal|k)?\s*([1-4]))?{_Y}",
        "half": rf"{_ORD}\s*(?:halvår|halvdel|halvaar){_Y}",
        "half_first": rf"h\s*([12]){_Y}",
        "month": rf"{_M}(?:{_TO}{_M})?(?:\s*[-/.,]?\s*(20\d\d|'\d\d))?",
        "month_slash": rf"{_M}\s*/\s*{_M}",
        "third": rf"(primo|medio|ultimo)\s+{_M}{_Y}",
        "year": r"(?:hele\s+)?(20\d\d)|hele\s+året|hele\s+aaret|året\s+rundt",
        "iso": r"(20\d\d)-(\d{1,2})-(\d{1,2})",
        "iso_range": rf"(20\d\d)-(\d{{1,2}})-(\d{{1,2}}){_TO}(20\d\d)-(\d{{1,2}})-(\d{{1,2}})",
        "day_month": rf"{_D}\s*{_M}{_Y}",
        "days_month": rf"{_D}{_TO}{_D}\s*{_M}{_Y}",
        "day_month_to": rf"{_D}\s*{_M}{_TO}{_D}\s*{_M}{_Y}",
        "numeric": rf"{_DM}{_FULL_Y}",
        "numeric_dash": r"(\d{1,2})-(\d{1,2})-((?:20)?\d\d)",
        "numeric_days": rf"(\d{{1,2}})\.?{_TO}{_DM}{_FULL_Y}",
        "numeric_to": rf"{_DM}{_FULL_Y}{_TO}{_DM}{_FULL_Y}",
        "bare": rf"{_D}(?:{_TO}{_D})?",
    }.items()
}
_HARMLESS = re.compile(
    r"\b(?:i|d\.|den|dato(?:er)?:?|kl\.? \d+|mandag|tirsdag|onsdag|torsdag|fredag|lørdag|søndag|"
    r"(?:man|tirs?|ons|tors?|fre|lør|søn)\.?)(?=\s|$|\d)\s*"
)
_SOFT = re.compile(
    r"(?:\b(?:ca\.?|cirka|evt\.?|eventuelt|måske|start(?:er)?|fra|omkring|forventet|gerne|senest|"
    r"før|efter|tidligst|planlagt|midt i|slutningen af|begyndelsen af|sidst i|først i|hold i|hold)"
    r"(?=\s|$|\d)|[?()!])\s*"
)
_SPLIT = re.compile(r"\s*(?:,|;|\+|&|\bog\b|\bsamt\b|\beller\b)\s*|\s*\n\s*")


@dataclass(frozen=True, slots=True)
class _Part:
    """One piece of a time: its unit, its number or numbers, and what it encloses."""

    unit: str
    first: int
    last: int
    starts_on: dt.date
    ends_on: dt.date
    label: str
    month: int = 0


class _Unclear(Exception):
    """A piece of a time that can't be read as it stands; ``option`` is the nearest reading."""

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


def _year(text: str | None, year: int) -> int:
    if not text:
        return year
    number = int(text.strip("'"))
    number = number if number > 100 else 2000 + number
    if number != year:
        raise _Unclear("other_year", found=number, year=year)
    return number


def _weeks(first: int, last: int, year: int) -> _Part:
    for week in (first, last):
        if week == 53 and weeks_in(year) == 52:
            raise _Unclear("no_week_53", year=year)
        if not 1 <= week <= 53:
            raise _Unclear("no_such_week", week=week)
    if last < first:
        raise _Unclear("ends_before_start")
    label = f"uge {first}" if first == last else f"uge {first}-{last}"
    return _Part("week", first, last, week_range(year, first)[0], week_range(year, last)[1], label)


def _quarters(first: int, last: int, year: int) -> _Part:
    if last < first:
        raise _Unclear("ends_before_start")
    start, end = months_range(year, 3 * first - 2, 3 * last)
    label = f"{first}. kvartal" if first == last else f"{first}.-{last}. kvartal"
    return _Part("quarter", first, last, start, end, label)


def _months(first: int, last: int, year: int) -> _Part:
    if last < first:
        raise _Unclear("ends_before_start")
    start, end = months_range(year, first, last)
    label = MONTHS[first - 1] if first == last else f"{MONTHS[first - 1]}-{MONTHS[last - 1]}"
    return _Part("month", first, last, start, end, label)


def _day(year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise _Unclear("no_such_date", day=day, month=month) from None


def _dates(start: dt.date, end: dt.date) -> _Part:
    if end < start:
        raise _Unclear("ends_before_start")
    if start == end:
        label = f"{start.day}. {MONTHS[start.month - 1]}"
    elif start.month == end.month:
        label = f"{start.day}.-{end.day}. {MONTHS[start.month - 1]}"
    else:
        label = f"{start.day}. {MONTHS[start.month - 1]}-{end.day}. {MONTHS[end.month - 1]}"
    return _Part("date", start.day, end.day, start, end, label, month=end.month)


def _ordinal(text: str) -> int:
    return _ORDINALS.get(text) or int(text)


def _part(text: str, year: int) -> _Part | tuple[int, int] | None:
    """One piece of a time; a pair of bare numbers when its unit stands elsewhere."""

    def match(name: str) -> re.Match[str] | None:
        return _PATTERNS[name].fullmatch(text)

    if m := match("week"):
        _year(m[3], year)
        return _weeks(int(m[1]), int(m[2] or m[1]), year)
    if m := match("quarter") or match("quarter_first"):
        _year(m[3], year)
        return _quarters(_ordinal(m[1]), _ordinal(m[2] or m[1]), year)
    if m := match("half") or match("half_first"):
        half = _ordinal(m[1])
        _year(m[2], year)
        if half > 2:
            raise _Unclear("no_such_half", half=half)
        start, end = months_range(year, 6 * half - 5, 6 * half)
        return _Part("half", half, half, start, end, f"{half}. halvår")
    if m := match("month"):
        _year(m[3], year)
        return _months(_MONTH_WORDS[m[1]], _MONTH_WORDS[m[2] or m[1]], year)
    if m := match("month_slash"):
        return _months(_MONTH_WORDS[m[1]], _MONTH_WORDS[m[2]], year)
    if m := match("third"):
        _year(m[3], year)
        month = _MONTH_WORDS[m[2]]
        last = months_range(year, month, month)[1].day
        first, final = {"primo": (1, 10), "medio": (11, 20), "ultimo": (21, last)}[m[1]]
        label = f"{m[1]} {MONTHS[month - 1]}"
        return _Part(
            "third", month, month, _day(year, month, first), _day(year, month, final), label
        )
    if m := match("year"):
        _year(m[1], year)
        return _Part("year", year, year, dt.date(year, 1, 1), dt.date(year, 12, 31), "hele året")
    if m := match("iso_range"):
        start = _day(_year(m[1], year), int(m[2]), int(m[3]))
        return _dates(start, _day(_year(m[4], year), int(m[5]), int(m[6])))
    if m := match("iso"):
        day = _day(_year(m[1], year), int(m[2]), int(m[3]))
        return _dates(day, day)
    if m := match("day_month"):
        _year(m[3], year)
        day = _day(year, _MONTH_WORDS[m[2]], int(m[1]))
        return _dates(day, day)
    if m := match("days_month"):
        _year(m[4], year)
        month = _MONTH_WORDS[m[3]]
        return _dates(_day(year, month, int(m[1])), _day(year, month, int(m[2])))
    if m := match("day_month_to"):
        _year(m[5], year)
        start = _day(year, _MONTH_WORDS[m[2]], int(m[1]))
        return _dates(start, _day(year, _MONTH_WORDS[m[4]], int(m[3])))
    if m := match("numeric") or match("numeric_dash"):
        day = _day(_year(m[3], year), int(m[2]), int(m[1]))
        return _dates(day, day)
    if m := match("numeric_days"):
        _year(m[4], year)
        return _dates(_day(year, int(m[3]), int(m[1])), _day(year, int(m[3]), int(m[2])))
    if m := match("numeric_to"):
        start = _day(_year(m[3], year), int(m[2]), int(m[1]))
        return _dates(start, _day(_year(m[6], year), int(m[5]), int(m[4])))
    if m := match("bare"):
        return int(m[1]), int(m[2] or m[1])
    return None


def _resolve(pair: tuple[int, int], unit: str, month: int, year: int) -> _Part:
    first, last = pair
    if unit == "week":
        return _weeks(first, last, year)
    if unit == "quarter" and first <= 4 and last <= 4 and first >= 1:
        return _quarters(first, last, year)
    if unit == "date":
        return _dates(_day(year, month, first), _day(year, month, last))
    if unit == "half" and first == last and first in (1, 2):
        start, end = months_range(year, 6 * first - 5, 6 * first)
        return _Part("half", first, first, start, end, f"{first}. halvår")
    raise _Unclear("when_number")


def _parts(text: str, year: int) -> list[_Part] | None:
    """Every piece of a time in order; ``None`` when some piece isn't one."""
    pieces = [piece for piece in _SPLIT.split(text) if piece.strip(" .")]
    if not pieces or len(pieces) > 60:
        return None
    found: list[_Part | tuple[int, int]] = []
    for piece in pieces:
        part = _part(piece.strip(), year)
        if part is None and "/" in piece:
            # 'uge 7/12/40' lists weeks; a date with slashes has been read above.
            slashes = [_part(item.strip(), year) for item in piece.split("/")]
            if all(item is not None for item in slashes) and isinstance(slashes[0], _Part):
                found.extend(item for item in slashes if item is not None)
                continue
        if part is None:
            return None
        found.append(part)
    result: list[_Part] = []
    for index, item in enumerate(found):
        if isinstance(item, _Part):
            result.append(item)
            continue
        before = next((p for p in reversed(result) if p.unit in ("week", "quarter")), None)
        after = next((p for p in found[index + 1 :] if isinstance(p, _Part)), None)
        source = before or after
        if source is None or source.unit not in ("week", "quarter", "date", "half"):
            raise _Unclear("when_number")
        month = source.starts_on.month if source.unit == "date" else 0
        result.append(_resolve(item, source.unit, month, year))
    return result


def _joined(labels: list[str]) -> str:
    return labels[0] if len(labels) == 1 else ", ".join(labels[:-1]) + " og " + labels[-1]


def _when(parts: list[_Part]) -> When:
    """The canonical When: sorted, without repetitions, one unit named once."""
    if any(part.unit != "year" for part in parts):
        # 'uge 37, 2027': the year has been checked and adds nothing.
        parts = [part for part in parts if part.unit != "year"]
    parts = sorted(
        {part.label: part for part in parts}.values(),
        key=lambda part: (part.starts_on, part.ends_on, part.label),
    )
    starts_on, ends_on = parts[0].starts_on, max(part.ends_on for part in parts)
    units = {part.unit for part in parts}
    if units == {"week"}:
        text = "uge " + _joined([part.label.removeprefix("uge ") for part in parts])
    elif units == {"quarter"} and len(parts) > 1:
        text = _joined([part.label.removesuffix(" kvartal") for part in parts]) + " kvartal"
    elif units == {"date"} and len({d.month for p in parts for d in (p.starts_on, p.ends_on)}) == 1:
        days = [part.label.partition(" ")[0] for part in parts]
        text = f"{_joined(days)} {MONTHS[starts_on.month - 1]}"
    else:
        text = _joined([part.label for part in parts])
    return When(text, starts_on, ends_on)


_SEASONS: Final = {
    "forår": ("1. halvår",),
    "foråret": ("1. halvår",),
    "efterår": ("2. halvår",),
    "efteråret": ("2. halvår",),
    "sommer": ("juni-august",),
    "sommeren": ("juni-august",),
    "vinter": ("1. kvartal", "4. kvartal"),
    "løbende": ("hele året",),
    "løbende optag": ("hele året",),
    "hele tiden": ("hele året",),
    "hver måned": ("hele året",),
    "månedligt": ("hele året",),
    "hvert kvartal": ("1.-4. kvartal",),
    "efter behov": ("hele året",),
    "efter aftale": ("hele året",),
}


def _from_text(text: str, year: int) -> When | None:
    try:
        parts = _parts(text, year)
    except _Unclear:
        return None
    return _when(parts) if parts else None


def _from_date(day: dt.date, year: int, raw: CellValue) -> Reading[When]:
    if day.year == year:
        return read(_when([_dates(day, day)]))
    # Excel makes a date of '7-12', in the year it was typed in; it may have been weeks.
    low, high = sorted((day.day, day.month))
    texts = [f"{day.day}. {MONTHS[day.month - 1]}"]
    if low < high <= 12 or (day.month == low and high <= 53):
        texts.append(f"uge {low}-{high}")
    options = tuple(when for text in texts if (when := _from_text(text, year)))
    return question("other_year", options, text=clean(raw), found=day.year, year=year)


def parse_when(raw: CellValue, year: int) -> Reading[When]:
    """A time in the round's ``year``: dates, weeks, months, quarters, half-years, lists of them.

    A year that isn't the round's, a bare number, week 53 where there is none and words that
    soften a date are questions; their options are the nearest readings.
    """
    if is_empty(raw):
        return read(None)
    if isinstance(raw, bool):
        return question("when_unclear", text=clean(raw))
    if isinstance(raw, dt.datetime):
        return _from_date(raw.date(), year, raw)
    if isinstance(raw, dt.date):
        return _from_date(raw, year, raw)
    if isinstance(raw, dt.time | dt.timedelta):
        return question("when_unclear", text=clean(raw)[:80])
    if isinstance(raw, int | float):
        return _when_number(raw, year)
    if len(clean(raw)) > MAX_WHEN:
        return error("text_too_long", most=MAX_WHEN)
    return _when_text(raw, year)


def _when_number(raw: float, year: int) -> Reading[When]:
    text = clean(raw)[:80]
    if raw != raw or not float(raw).is_integer():
        if raw == raw and (match := re.fullmatch(r"(\d{1,2})\.(\d{1,2})", text)):
            # 14.9 typed as a date in an English Excel is the number 14,9.
            when = _from_text(f"{match[1]}/{match[2]}", year)
            return question("when_number", (when,) if when else (), text=text.replace(".", ","))
        return question("when_number", text=text.replace(".", ","))
    number = int(raw)
    # Excel's day numbers: 36526 is 1 January 2000, 73050 is 31 December 2099.
    if 36526 <= number <= 73050:
        return _from_date(dt.date(1899, 12, 30) + dt.timedelta(days=number), year, raw)
    if number == year:
        return read(_from_text("hele året", year))
    options = [_from_text(f"uge {number}", year)] if 1 <= number <= 53 else []
    if 1 <= number <= 4:
        options.append(_from_text(f"{number}. kvartal", year))
    return question("when_number", tuple(o for o in options if o), text=text)


def _when_text(raw: str, year: int) -> Reading[When]:
    shown = clean(raw)[:80]
    text = "\n".join(folded(line) for line in str(raw).splitlines()).strip()
    text = re.sub(r"^['\"]+|['\"]+$", "", text).strip()
    text = _HARMLESS.sub("", text).strip(" :")
    if not text:
        return question("when_unclear", text=shown)
    try:
        parts = _parts(text, year)
        if parts:
            return read(_when(parts))
    except _Unclear as unclear:
        return question(
            unclear.code, _nearest(unclear, text, year), **{"text": shown, **unclear.values}
        )
    if text.strip(" .") in _SEASONS:
        options = [_from_text(name, year) for name in _SEASONS[text.strip(" .")]]
        return question("when_season", tuple(o for o in options if o), text=shown)
    if re.fullmatch(r"\d{5}", text):
        return _when_number(int(text), year)
    core = " ".join(_SOFT.sub(" ", text).split())
    as_words = When(text=clean(raw))
    when = _from_text(core, year) or _from_text(_SOFT.sub(", ", text), year)
    if core != text and when:
        return question("when_soft", (when, as_words), text=shown)
    return question("when_unclear", (as_words,), text=shown)


def _nearest(unclear: _Unclear, text: str, year: int) -> tuple[When, ...]:
    """Readings to offer for a piece that couldn't be taken as it stands."""
    found: list[When | None] = []
    if unclear.code == "other_year":
        found.append(_from_text(re.sub(r"(20)?\d\d$", str(year), text), year))
        found.append(_from_text(re.sub(r"20\d\d", str(year), text), year))
    elif unclear.code == "no_week_53":
        found.append(_from_text(re.sub(r"\b53\b", "52", text), year))
    elif unclear.code == "when_number":
        if re.fullmatch(r"[1-4]\.?(?:-[1-4]\.?)?", text):
            found.append(_from_text(f"{text} kvartal", year))
        found.append(_from_text(f"uge {text.rstrip('.')}", year))
    elif unclear.code == "ends_before_start":
        ends = re.split(r"\s*-\s*", text)
        if len(ends) == 2:
            found.append(_from_text(ends[0], year))
    unique = {when.text: when for when in found if when}
    return tuple(unique.values())


# --------------------------------------------------------------------------- marks


@dataclass(frozen=True, slots=True)
class Mark:
    """What one cell of a matrix, or of the column 'Vi udbyder', says all at once."""

    offers: bool | None = None
    runs: int | None = None
    when: When | None = None
    guarantee: bool = False
    will_follow: bool = False
    note: str = ""


_MARK_GUARANTEE = re.compile(r"\b(?:garanti(?:kursus|kurser|hold)?|gar\.?|g)(?=$|[\s/,;+.])")
_MARK_FOLLOWS = re.compile(r"\b(?:følger(?: med)?|følge|f)(?=$|[\s/,;+.])")
_MARK_RUNS = re.compile(rf"(?<![\w.])({_NUMBER})\s*(?:hold|stk\.?|gange?|kurser)\b")
_MARK_YES = re.compile(r"(?:^|(?<=[\s/,;+]))(?:ja|j|x|✓|✔|√|yes|v)(?=$|[\s/,;+.!:])")
_MARK_NO = re.compile(r"(?:^|(?<=[\s/,;+]))(?:nej|no|udbydes ikke)(?=$|[\s/,;+.!:])")


def parse_mark(raw: CellValue, year: int) -> Reading[Mark]:
    """A whole answer in one cell: ``x``, ``2``, ``G``, ``x/G``, ``ja, 2 hold i uge 37``."""
    if is_empty(raw):
        return read(None)
    yes = Mark(offers=True)
    if isinstance(raw, bool):
        return read(Mark(offers=raw))
    if isinstance(raw, dt.date | dt.datetime):
        when = parse_when(raw, year)
        if when.state == READ:
            return read(replace(yes, when=when.value))
        return Reading(
            QUESTION, None, when.remark, tuple(replace(yes, when=option) for option in when.options)
        )
    if isinstance(raw, int | float):
        runs = parse_runs(raw)
        if runs.state != READ:
            return Reading(
                runs.state, None, runs.remark, tuple(_with_runs(n) for n in runs.options)
            )
        return read(_with_runs(runs.value or 0))
    if len(clean(raw)) > MAX_WHEN:
        return error("text_too_long", most=MAX_WHEN)
    text = folded(raw)
    if text in _MAYBE:
        options = (yes, Mark(offers=False))
        return question("maybe", options, text=clean(raw)[:80])
    if text.strip(" .!") in _NO:
        return read(Mark(offers=False))
    soft = bool(re.search(r"[?()]|\b(?:evt|måske|eventuelt)\b", text))
    rest = re.sub(r"[?()!]|\b(?:evt|måske|eventuelt)\b\.?", " ", text)
    mark, rest = _take_marks(rest)
    if mark is None:
        return question("contradiction", (yes, Mark(offers=False)), text=clean(raw)[:80])
    rest = " ".join(rest.strip(" /,;+.:-").split())
    if rest:
        counted = parse_runs(rest)
        if counted.state == READ and re.fullmatch(_NUMBER, rest):
            mark = replace(mark, runs=counted.value)
        else:
            when = parse_when(rest, year)
            if when.state != READ:
                known = replace(mark, offers=None if mark.will_follow else mark.offers is not False)
                timed = [replace(known, when=o) for o in when.options if o.starts_on]
                nearest = (*timed, replace(known, note=clean(raw)), Mark(note=clean(raw)))
                return question("mark_unclear", nearest, text=clean(raw)[:80])
            mark = replace(mark, when=when.value)
    if mark.offers is None and not mark.will_follow:
        mark = replace(mark, offers=mark.runs != 0)
    if mark.offers is False and (mark.runs or mark.guarantee or mark.when):
        return question(
            "contradiction", (replace(mark, offers=True), Mark(offers=False)), text=clean(raw)[:80]
        )
    if soft:
        return question("maybe", (mark, Mark(offers=False)), text=clean(raw)[:80])
    if mark == Mark(offers=True) and text.strip(" .!") not in _YES:
        return read(mark, "mark_read", text=clean(raw)[:80])
    return read(mark)


def _with_runs(number: int) -> Mark:
    return Mark(offers=True, runs=number) if number else Mark(offers=False)


def _take_marks(text: str) -> tuple[Mark | None, str]:
    """Pick the known marks out of ``text``; ``None`` when they contradict each other."""
    mark = Mark()
    if _MARK_GUARANTEE.search(text):
        mark, text = replace(mark, guarantee=True), _MARK_GUARANTEE.sub(" ", text)
    if _MARK_FOLLOWS.search(text):
        mark, text = replace(mark, will_follow=True), _MARK_FOLLOWS.sub(" ", text)
    counts = {_integer(match[1]) for match in _MARK_RUNS.finditer(text)}
    if len(counts) == 1 and max(counts) <= MAX_RUNS:
        mark, text = replace(mark, runs=counts.pop()), _MARK_RUNS.sub(" ", text)
    said_no, said_yes = bool(_MARK_NO.search(text)), bool(_MARK_YES.search(text))
    if said_no and said_yes:
        return None, text
    if said_no or said_yes:
        mark = replace(mark, offers=said_yes)
        text = (_MARK_NO if said_no else _MARK_YES).sub(" ", text)
    return mark, text


# --------------------------------------------------------------------------- course numbers

_COURSE_NUMBER = re.compile(r"\d{4,6}")


def course_number(raw: CellValue) -> str:
    """A course number without dots, blanks and decimals: ``47.592`` → ``47592``. Else ''."""
    if isinstance(raw, bool) or raw is None:
        return ""
    if isinstance(raw, float):
        # Google Sheets turns 47.592 into a number: the dot is a thousands separator.
        raw = int(raw) if raw.is_integer() else f"{raw:.3f}"
    text = re.sub(r"[\s.\u00a0'’]", "", clean(raw))
    return text if _COURSE_NUMBER.fullmatch(text) else ""
