"""Three-way merge of a returned form: as sent, as returned, as it stands now.

Pure: the same reading, answers and present state always give the same items and changes. The
preview shows the items, applying uses the changes, and both come from :func:`settle`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from samspil.coordination.domain.answers import (
    EMPTY,
    FIELDS,
    MAX_NOTE,
    Answer,
    Remark,
    empty_value,
)
from samspil.coordination.domain.reading import (
    CellRead,
    Loose,
    ReadForm,
    RowRead,
    Values,
    values_from_json,
)

Outcome = Literal["same", "change", "kept", "conflict"]
IGNORE: Final = "ignore"
KEEP: Final = "keep"


def merge_field(name: str, base: Any, theirs: Any, ours: Any, *, base_known: bool) -> Outcome:
    """What becomes of one field: ``change`` takes theirs, ``kept`` and ``same`` keep ours.

    Without a known base a blank cell means nothing, and a difference to an answer that we
    already have is a conflict.
    """
    if theirs == ours:
        return "same"
    if not base_known:
        if theirs == empty_value(name):
            return "kept"
        return "change" if ours == empty_value(name) else "conflict"
    if theirs == base:
        return "kept"
    return "change" if ours == base else "conflict"


@dataclass(slots=True)
class Choice:
    """One answer to a question: ``id`` goes into the form, ``values`` are what it sets."""

    id: str
    kind: Literal["values", "ours", "theirs", "both", "ignore", "keep", "course", "no", "yes"]
    values: Values = field(default_factory=dict)
    course: int | None = None


@dataclass(slots=True)
class Item:
    """Something the user must see: a question, a conflict, an error, or a remark.

    ``is_open``: it waits for an answer. ``may_type``: the user may type the value of ``field``.
    """

    id: str
    kind: Literal["question", "conflict", "error", "remark"]
    ref: str
    label: str
    field: str
    raw: str
    remark: Remark
    choices: tuple[Choice, ...] = ()
    chosen: str = ""
    typed: str = ""
    may_type: bool = False
    is_open: bool = False
    is_answered: bool = False
    sheet: str = ""
    ours: Any = None
    base: Any = None
    texts: tuple[str, ...] = ()


@dataclass(slots=True)
class Settled:
    """What a reading comes to: items to show, and changes per course that are ready."""

    items: list[Item]
    changes: dict[int, dict[str, Any]]
    shown: list[tuple[RowRead, int, str, Any, Any]]
    """Changes as (row, course, field, ours, theirs), in the order of the workbook."""
    kept_texts: list[str]
    is_held: bool = False
    """The form is of another year, and nobody has said yet that it may be used."""

    @property
    def questions(self) -> int:
        return sum(item.is_open for item in self.items)

    @property
    def errors(self) -> int:
        return sum(item.kind == "error" and not item.is_answered for item in self.items)


@dataclass(slots=True)
class _Settling:
    reading: ReadForm
    ours: Mapping[int, Answer]
    labels: Mapping[int, str]
    answers: Mapping[str, Mapping[str, Any]]
    result: Settled

    def base(self, course: int) -> Answer:
        return (self.reading.base or {}).get(course, EMPTY)

    def add(self, item: Item) -> Choice | None:
        """Add a question; return the choice that was made, if one was."""
        answer = self.answers.get(item.id) or {}
        item.chosen = str(answer.get("choice") or "")
        item.typed = str(answer.get("text") or "")
        choice = next((c for c in item.choices if c.id == item.chosen), None)
        if item.chosen == "typed" and item.may_type and "values" in answer:
            choice = Choice("typed", "values", values_from_json(answer["values"]))
        item.is_answered = choice is not None
        item.is_open = choice is None and bool(item.choices or item.may_type)
        if item.kind == "error":
            item.is_open = False
        self.result.items.append(item)
        return choice


def settle(
    reading: ReadForm,
    *,
    ours: Mapping[int, Answer],
    labels: Mapping[int, str],
    answers: Mapping[str, Mapping[str, Any]],
) -> Settled:
    """Items and changes of a reading.

    ``ours`` are the answers that stand now, per round course; ``labels`` name the courses;
    ``answers`` are what the user has chosen, per item id: ``{"choice": …, "values": …}``.
    """
    work = _Settling(reading, ours, labels, answers, Settled([], {}, [], []))
    for loose in reading.loose:
        _settle_loose(work, loose)
    for row in reading.rows:
        _settle_row(work, row)
    if work.result.is_held:
        work.result.changes.clear()
    return work.result


def _settle_loose(work: _Settling, loose: Loose) -> None:
    choices: tuple[Choice, ...]
    if loose.kind == "old_form":
        choices = (Choice("yes", "yes"),)
    elif loose.kind == "missing":
        choices = (Choice(KEEP, "ours"), Choice("no", "no"))
    else:
        choices = (Choice(KEEP, "keep"), Choice(IGNORE, "ignore"))
    item = Item(
        id=loose.id,
        kind="question",
        ref=loose.ref,
        label=", ".join(work.labels.get(course, "") for course in loose.courses[:6]),
        field="",
        raw="",
        remark=loose.remark,
        choices=choices,
        texts=loose.texts,
    )
    choice = work.add(item)
    if loose.kind == "old_form":
        work.result.is_held = choice is None
    elif loose.kind == "missing" and choice and choice.kind == "no":
        for course in loose.courses:
            ours = work.ours.get(course, EMPTY)
            if ours.offers is not False:
                work.result.changes[course] = {"offers": False}
                row = RowRead(loose.id, "", 0, work.labels.get(course, ""), course)
                work.result.shown.append((row, course, "offers", ours.offers, False))
    elif choice and choice.kind == "keep":
        work.result.kept_texts.extend(loose.texts)


def _course_of(work: _Settling, row: RowRead) -> int | None:
    if row.course is not None or row.double_of:
        return row.course
    choices = [
        Choice(f"course-{course}", "course", course=course)
        for course in row.candidates
        if course in work.labels
    ]
    remark = row.remark or Remark("row_unknown", {"label": row.label})
    choice = work.add(
        Item(
            id=f"{row.id}:course",
            kind="question",
            ref=row.cells[0].ref if row.cells else f"{row.sheet}!A{row.row}",
            label=row.label,
            field="",
            raw="",
            remark=remark,
            choices=(*choices, Choice(KEEP, "keep"), Choice(IGNORE, "ignore")),
            sheet=row.sheet,
            texts=tuple(f"{cell.ref}: {cell.raw}" for cell in row.cells if cell.field in FIELDS),
        )
    )
    if choice and choice.kind == "keep":
        work.result.kept_texts.append(
            f"{row.label}: " + "; ".join(cell.raw for cell in row.cells if cell.field in FIELDS)
        )
    return choice.course if choice else None


def _settle_row(work: _Settling, row: RowRead) -> None:
    course = _course_of(work, row)
    if course is None or row.double_of:
        return
    label = work.labels.get(course, row.label)
    if row.remark and row.course is not None:
        work.add(
            Item(
                f"{row.id}:row",
                "remark",
                f"{row.sheet}!A{row.row}",
                label,
                "",
                "",
                row.remark,
                sheet=row.sheet,
            )
        )
    theirs: dict[str, Any] = {}
    source: dict[str, CellRead] = {}
    for name in row.cleared:
        theirs[name] = empty_value(name)
    undecided: set[str] = set()
    # An answer to a question speaks last: 'nej, ingen hold' overrules the cell with 2 hold.
    for cell in sorted(row.cells, key=lambda cell: cell.state != "read"):
        values = _cell_values(work, row, cell, label)
        if values is None:
            undecided.add(cell.field)
            for option in cell.options:
                undecided.update(option)
        else:
            theirs.update(values)
            source.update(dict.fromkeys(values, cell))
    for name in FIELDS:
        if name in theirs and name not in undecided:
            _merge(work, row, course, label, name, theirs[name], source.get(name))


def _cell_values(work: _Settling, row: RowRead, cell: CellRead, label: str) -> Values | None:
    """The fields a cell sets; ``None`` while its question is open or it is an error."""
    if cell.state == "read":
        if cell.remark:
            work.add(_item(row, cell, label, "remark"))
        return cell.values
    choices = tuple(
        Choice(f"o{index}", "values", option) for index, option in enumerate(cell.options)
    )
    if cell.state == "question":
        choices = (*choices, Choice(IGNORE, "ignore"))
    item = _item(row, cell, label, "question" if cell.state == "question" else "error")
    item.choices = choices
    item.may_type = cell.field in FIELDS
    choice = work.add(item)
    if choice is None:
        return None
    return choice.values if choice.kind == "values" else {}


def _item(
    row: RowRead, cell: CellRead, label: str, kind: Literal["question", "error", "remark"]
) -> Item:
    assert cell.remark is not None
    return Item(
        id=f"{row.id}:{cell.field}",
        kind=kind,
        ref=cell.ref,
        label=label,
        field=cell.field,
        raw=cell.raw,
        remark=cell.remark,
        sheet=row.sheet,
    )


def _merge(
    work: _Settling,
    row: RowRead,
    course: int,
    label: str,
    name: str,
    theirs: Any,
    cell: CellRead | None,
) -> None:
    base = getattr(work.base(course), name)
    ours = getattr(work.ours.get(course, EMPTY), name)
    base_known = work.reading.base is not None
    outcome = merge_field(name, base, theirs, ours, base_known=base_known)
    if outcome == "conflict":
        choices: Sequence[Choice] = [
            Choice("theirs", "theirs", {name: theirs}),
            Choice("ours", "ours", {name: ours}),
        ]
        both = f"{ours}\n{theirs}"
        if name == "note" and ours and theirs and len(both) <= MAX_NOTE:
            choices = [*choices, Choice("both", "both", {name: both})]
        choice = work.add(
            Item(
                id=f"{row.id}:{name}:conflict",
                kind="conflict",
                ref=cell.ref if cell else f"{row.sheet}!{row.row}",
                label=label,
                field=name,
                raw=cell.raw if cell else "",
                remark=Remark("conflict" if base_known else "conflict_no_base"),
                choices=tuple(choices),
                may_type=True,
                sheet=row.sheet,
                ours=ours,
                base=base,
            )
        )
        if choice is None:
            return
        theirs = choice.values.get(name, ours)
        outcome = "same" if theirs == ours else "change"
    if outcome == "change":
        work.result.changes.setdefault(course, {})[name] = theirs
        work.result.shown.append((row, course, name, ours, theirs))


__all__ = ["Choice", "Item", "Settled", "merge_field", "settle"]
