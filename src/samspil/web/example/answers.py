"""What the example's schools answer, and how people write it down in the workbook.

`plan_answers` decides what every school wants; `fill_in` writes it into the workbook the school
was sent, in the school's own habits, and with the slips of `SLIPS`. Both are seeded.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

MONTHS = (
    "januar", "februar", "marts", "april", "maj", "juni",
    "juli", "august", "september", "oktober", "november", "december",
)  # fmt: skip
LOW = 12
"""Learners a year below which a course counts as low activity in the example."""


@dataclass(frozen=True)
class Line:
    """A course of a school's form: what the plan looks at."""

    fkb: str
    number: str
    title: str
    days: Decimal | None
    own_learners: int
    all_learners: int
    is_duty: bool


@dataclass(frozen=True)
class Planned:
    """One school's answer to one course. All empty: the school leaves the row alone."""

    offers: bool | None = None
    runs: int | None = None
    when: str = ""
    guarantee: bool = False
    take_on: int | None = None
    follows: bool = False
    note: str = ""


Plan = dict[tuple[str, str, str], Planned]
"""(school key, FKB number, course number) → answer."""

_NO = Planned(offers=False)


def _own(runs: int, when: str = "", *, guarantee: bool = False) -> Planned:
    return Planned(offers=True, runs=runs, when=when, guarantee=guarantee)


_OJ, _RA, _HE, _STV, _FVH = (
    "sosu-ostjylland", "sosu-randers", "sosu-herning", "sosu-stv", "sosu-fvh",
)  # fmt: skip
# The eight courses of the picture in the design, cell by cell. 90131, 90132 and 90138 stay gaps,
# 90137 is covered by an agreement with SOSU Nord, 90135 and 90136 are joint runs in Randers. Four
# more joint runs have no date yet.
FIXED: dict[str, dict[str, Planned]] = {
    "90131": {_OJ: Planned(offers=False, take_on=6), _HE: Planned(offers=False, take_on=2)},
    "90132": {_OJ: Planned(offers=False, take_on=6), _FVH: Planned(offers=False, take_on=2)},
    "90133": {
        _OJ: _own(3, "uge 6, uge 20 og uge 41"),
        _RA: _own(2, "1. og 3. kvartal"),
        _HE: _own(1, "uge 12"),
        _STV: _own(2, "uge 9 og uge 38"),
        _FVH: _own(1, "oktober"),
    },
    "90134": {
        _OJ: _own(2, "uge 10 og uge 43", guarantee=True),
        _RA: _own(1, "uge 17"),
        _STV: _own(1, "september"),
    },
    "90135": {
        _RA: _own(1, "14.-16. september"),
        _OJ: Planned(follows=True),
        _HE: Planned(follows=True),
        _STV: Planned(follows=True),
    },
    "90136": {_RA: _own(1, "uge 46"), _HE: Planned(follows=True)},
    "90112": {_OJ: _own(1), _HE: Planned(follows=True), _STV: Planned(follows=True)},
    "90117": {_HE: _own(1), _RA: Planned(follows=True), _STV: Planned(follows=True)},
    "90137": {},
    "90138": {_RA: Planned(offers=False, take_on=4, note="Vi kan godt, hvis ingen andre vil.")},
    "90141": {_FVH: _own(1), _RA: Planned(follows=True)},
    "90142": {_STV: _own(1), _FVH: Planned(follows=True)},
}
JOINT = {
    "90112": _OJ, "90117": _HE, "90135": _RA, "90136": _RA, "90141": _FVH, "90142": _STV,
}  # fmt: skip
"""Courses that the secretariat turns into a joint run before the meeting, and who holds them."""
EXTERNAL = {"90137": "sosu-nord"}
GAPS_ELSEWHERE = 9
HOPELESS = 2
"""Of the gaps outside FKB 2222, how many nobody has capacity for."""


def plan_answers(forms: Mapping[str, Sequence[Line]], *, seed: int = 2027) -> Plan:
    """Decide what every school answers.

    Parameters
        forms: school key → the lines of its form, for the schools that will answer.
        seed: the same seed gives the same answers.
    Returns a plan that leaves three gaps in FKB 2222 and `GAPS_ELSEWHERE` in other FKBs; all other
    duty courses have at least one school.
    """
    rng = random.Random(seed)  # noqa: S311  (example data, no secrets)
    rows: dict[tuple[str, str], dict[str, Line]] = {}
    for school in sorted(forms):
        for line in forms[school]:
            rows.setdefault((line.fkb, line.number), {})[school] = line
    gaps = _choose_gaps(rows)
    plan: Plan = {}
    for index, ((fkb, number), by_school) in enumerate(sorted(rows.items())):
        if number in FIXED and fkb == "2222":
            answers = FIXED[number]
        elif (fkb, number) in gaps:
            answers = _gap(rng, by_school, hopeless=gaps.index((fkb, number)) < HOPELESS)
        else:
            answers = _usual(rng, by_school, index)
        for school in by_school:
            plan[school, fkb, number] = answers.get(
                school, _NO if rng.random() < 0.4 else Planned()
            )
    return plan


def _choose_gaps(rows: Mapping[tuple[str, str], Mapping[str, Line]]) -> list[tuple[str, str]]:
    """The courses with the fewest learners, one an FKB, where more than one school is approved."""
    chosen: dict[str, tuple[int, str]] = {}
    for (fkb, number), by_school in sorted(rows.items()):
        line = next(iter(by_school.values()))
        # The SOSU schools' spare days are for the gaps of 2222, so that its proposal is the picture's.
        if _OJ in by_school or _RA in by_school or not line.is_duty or len(by_school) < 2:
            continue
        candidate = (line.all_learners, number)
        if fkb not in chosen or candidate < chosen[fkb]:
            chosen[fkb] = candidate
    ranked = sorted((learners, fkb, number) for fkb, (learners, number) in chosen.items())
    return [(fkb, number) for _learners, fkb, number in ranked[:GAPS_ELSEWHERE]]


def _gap(
    rng: random.Random, by_school: Mapping[str, Line], *, hopeless: bool
) -> dict[str, Planned]:
    if hopeless:
        return {}
    days = int(next(iter(by_school.values())).days or 3)
    able = rng.sample(sorted(by_school), min(len(by_school), rng.choice((1, 2, 2))))
    return {school: Planned(offers=False, take_on=days + rng.choice((0, 2, 5))) for school in able}


def _usual(rng: random.Random, by_school: Mapping[str, Line], index: int) -> dict[str, Planned]:
    """Schools that had learners last year offer again; somebody always does."""
    line = next(iter(by_school.values()))
    if not line.is_duty:
        return {}
    offering = [s for s, own in by_school.items() if own.own_learners and rng.random() < 0.9]
    if not offering:
        offering = [sorted(by_school)[index % len(by_school)]]
    answers: dict[str, Planned] = {}
    for school in offering:
        runs = max(1, round(by_school[school].own_learners / 14))
        when = _when(rng, int(line.days or 1), runs) if rng.random() < 0.75 else ""
        answers[school] = _own(runs, when, guarantee=rng.random() < 0.2)
    if line.all_learners < 3 * LOW and len(offering) == 1 and answers[offering[0]].when:
        for school in by_school:
            if school not in answers and rng.random() < 0.35:
                answers[school] = Planned(follows=True)
    for school in by_school:
        if school not in answers and rng.random() < 0.08:
            answers[school] = Planned(offers=False, take_on=rng.choice((3, 5, 8)))
    return answers


def _when(rng: random.Random, days: int, runs: int) -> str:
    weeks = sorted(rng.sample([w for w in range(4, 50) if w not in (12, 13, 28, 29, 30)], 2))
    kind = rng.randrange(5)
    if runs > 1 and kind < 2:
        return f"uge {weeks[0]} og uge {weeks[1]}"
    if kind == 0:
        return f"uge {weeks[0]}"
    if kind == 1 and days <= 5:
        start = date.fromisocalendar(2027, weeks[0], 1)
        end = start + timedelta(days=days - 1)
        if days > 1 and start.month == end.month:
            return f"{start.day}.-{end.day}. {MONTHS[end.month - 1]}"
        return f"{start.day}. {MONTHS[start.month - 1]}"
    if kind == 2:
        return f"{rng.randint(1, 4)}. kvartal"
    if kind == 3:
        return MONTHS[rng.choice((0, 1, 2, 3, 4, 7, 8, 9, 10))]
    return f"uge {weeks[1]}"


# ---------------------------------------------------------------- written down by people


@dataclass(frozen=True)
class Slip:
    """A cell that a person got wrong: which course and column, and what stands there instead."""

    course: str
    column: str
    text: str | int


@dataclass(frozen=True)
class Habit:
    """How a school fills in a form. Spellings are words for yes, no and a number of runs."""

    yes: str = "ja"
    no: str = "nej"
    runs: str = "{n}"
    guarantee: str = "ja"
    sorted_by_title: bool = False
    columns_moved: bool = False
    deletes_untouched: bool = False
    extra_row: tuple[str, str] | None = None
    slips: tuple[Slip, ...] = field(default=())


HABITS: dict[str, Habit] = {
    _OJ: Habit(yes="Ja", no="Nej"),
    _RA: Habit(yes="x", no="", runs="{n} hold"),
    _HE: Habit(
        yes="X",
        sorted_by_title=True,
        slips=(Slip("90111", "offers", "evt."), Slip("90105", "runs", "to-tre")),
    ),
    _STV: Habit(yes="ja ", slips=(Slip("90114", "when", "31. september"),)),
    "aarhus-tech": Habit(slips=(Slip("91203", "take_on_days", "en uges tid"),)),
    "mercantec": Habit(
        yes="x",
        no="-",
        columns_moved=True,
        slips=(
            Slip("91201", "title", "Svejsning af rustfri rør (ny)"),
            Slip("91202", "runs", "-1"),
            Slip("91204", "when", "14.-16. sep. 2026"),
        ),
    ),
    "tradium": Habit(yes="JA", runs="{n} stk.", extra_row=("47592", "Arbejde i koldt lager")),
    "learnmark": Habit(no="", guarantee="x", slips=(Slip("91221", "when", "uge 54"),)),
    "college360": Habit(yes="J", no="N", deletes_untouched=True),
    "djh": Habit(yes="x", slips=(Slip("91141", "offers", "måske"),)),
    "ju": Habit(slips=(Slip("91481", "when", "forår"),)),
    "scu": Habit(yes="ja!", no=""),
    "abc": Habit(sorted_by_title=True, slips=(Slip("91301", "runs", "mange"),)),
}


def fill_in(workbook: bytes, school: str, plan: Plan) -> bytes:
    """The workbook as the school sends it back (xlsx), filled in by its `Habit`.

    Finds columns by the hidden code row, as the form's own reader does, so that it stays right
    when the form gets another column.
    """
    book = load_workbook(io.BytesIO(workbook))
    habit = HABITS.get(school, Habit())
    slips = {(slip.course, slip.column): slip.text for slip in habit.slips}
    for sheet in book.worksheets:
        codes = _codes(sheet)
        if codes is None:
            continue
        code_row, columns = codes
        for row in _rows(sheet, code_row, columns):
            _fill_row(sheet, row, columns, school, plan, habit, slips)
        if habit.deletes_untouched:
            _delete_untouched(sheet, code_row, columns)
        if habit.sorted_by_title:
            _sort(sheet, code_row, columns)
        if habit.columns_moved:
            _swap(sheet, code_row, columns["note"], columns["take_on_days"])
        if habit.extra_row:
            at = sheet.max_row + 1
            sheet.cell(at, columns["number"], habit.extra_row[0])
            sheet.cell(at, columns["title"], habit.extra_row[1])
            sheet.cell(at, columns["offers"], habit.yes)
            habit = _without_extra_row(habit)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _without_extra_row(habit: Habit) -> Habit:
    values = {**habit.__dict__, "extra_row": None}
    return Habit(**values)


def _codes(sheet: Worksheet) -> tuple[int, dict[str, int]] | None:
    for row in range(1, 8):
        found = {
            str(cell.value)[1:]: cell.column
            for cell in sheet[row]
            if isinstance(cell.value, str) and cell.value.startswith("#")
        }
        if {"number", "offers"} <= found.keys():
            return row, found
    return None


def _rows(sheet: Worksheet, code_row: int, columns: Mapping[str, int]) -> Iterable[int]:
    for row in range(code_row + 2, sheet.max_row + 1):
        if sheet.cell(row, columns["number"]).value:
            yield row


def _fill_row(
    sheet: Worksheet,
    row: int,
    columns: Mapping[str, int],
    school: str,
    plan: Plan,
    habit: Habit,
    slips: Mapping[tuple[str, str], str | int],
) -> None:
    number = str(sheet.cell(row, columns["number"]).value)
    fkb = str(sheet.cell(row, columns["fkb"]).value)
    answer = plan.get((school, fkb, number), Planned())
    words: dict[str, str | int] = {}
    if answer.offers is not None:
        words["offers"] = habit.yes if answer.offers else habit.no
    if answer.runs is not None:
        text = habit.runs.format(n=answer.runs)
        words["runs"] = int(text) if text.isdigit() else text
    if answer.when:
        words["when"] = answer.when
    if answer.guarantee:
        words["guarantee"] = habit.guarantee
    if answer.take_on is not None:
        words["take_on_days"] = answer.take_on
    if answer.follows:
        words["will_follow"] = "ja"
    if answer.note:
        words["note"] = answer.note
    for (course, column), slip in slips.items():
        if course == number:
            words[column] = slip
    for column, value in words.items():
        if value != "":
            sheet.cell(row, columns[column]).value = value


def _values(sheet: Worksheet, row: int) -> list[object]:
    return [sheet.cell(row, column).value for column in range(1, sheet.max_column + 1)]


def _write(sheet: Worksheet, row: int, values: Sequence[object]) -> None:
    for column, value in enumerate(values, start=1):
        sheet.cell(row, column).value = value


def _sort(sheet: Worksheet, code_row: int, columns: Mapping[str, int]) -> None:
    rows = list(_rows(sheet, code_row, columns))
    kept = sorted((_values(sheet, row) for row in rows), key=lambda v: str(v[columns["title"] - 1]))
    for row, values in zip(rows, kept, strict=True):
        _write(sheet, row, values)


def _delete_untouched(sheet: Worksheet, code_row: int, columns: Mapping[str, int]) -> None:
    answers = [columns[name] for name in ("offers", "runs", "when", "take_on_days", "will_follow")]
    for row in reversed(list(_rows(sheet, code_row, columns))):
        if all(sheet.cell(row, column).value is None for column in answers):
            sheet.delete_rows(row)


def _swap(sheet: Worksheet, code_row: int, first: int, second: int) -> None:
    for row in range(code_row, sheet.max_row + 1):
        a, b = sheet.cell(row, first), sheet.cell(row, second)
        a.value, b.value = b.value, a.value
