"""Two frozen overviews side by side: the same course and school on the same row (R31).

The words in the cells are those of the overviews themselves, Danish whatever the reader's language.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from samspil.coordination.domain.overviews import Content, cell_words, holder_of
from samspil.coordination.models import Agreement


class Mark(StrEnum):
    """What became of something from one version to the next."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing as it was and as it is; empty text: it was not, or is not, there."""

    who: str
    before: str
    after: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class CoursePair:
    """A course in both versions, and who did what for it."""

    number: str
    title: str
    mark: Mark
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions side by side. ``parties``: schools that came or left."""

    old_version: int
    new_version: int
    parties: tuple[Pair, ...]
    courses: tuple[CoursePair, ...]

    @property
    def changed(self) -> tuple[CoursePair, ...]:
        """The courses that are not the same."""
        return tuple(course for course in self.courses if course.mark != Mark.SAME)


def _mark(before: str, after: str) -> Mark:
    if before == after:
        return Mark.SAME
    if not before:
        return Mark.NEW
    return Mark.GONE if not after else Mark.CHANGED


def _cell(row: dict[str, Any] | None, key: str, labels: dict[str, str]) -> str:
    cell = row["cells"].get(key) if row else None
    if row is None or cell is None:
        return ""
    if cell["role"] == "follower":
        holder = holder_of(row)
        return f"følger {labels.get(holder, holder)}" if holder else cell_words(cell)
    role = "eget udbud" if cell["role"] == "own" else "udbyder for de andre"
    words = [word for word in cell_words(cell).split(", ") if word != "udbyder"]
    return ", ".join([role, *words])


def _outside(row: dict[str, Any] | None) -> str:
    external = row["external"] if row else None
    if not external:
        return ""
    return ", ".join(
        part for part in (external["school"], external["when"], external["note"]) if part
    )


def _duty(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    if row["archived"]:
        return f"taget ud: {row['archived']}"
    return "under udbudspligten" if row["duty"] else "uden for udbudspligten"


def compare(old: Content, new: Content, *, old_version: int, new_version: int) -> Comparison:
    """Put two frozen contents side by side, in the order of the course numbers."""
    labels = {s["key"]: s["label"] for s in [*old["schools"], *new["schools"]]}
    was, now = ({s["key"] for s in content["schools"]} for content in (old, new))
    old_rows, new_rows = ({row["number"]: row for row in content["rows"]} for content in (old, new))
    courses = []
    for number in sorted({*old_rows, *new_rows}):
        before, after = old_rows.get(number), new_rows.get(number)
        shown = after or before
        assert shown is not None
        keys = {key for row in (before, after) if row for key in row["cells"]}
        rows = [
            (labels.get(key, key), _cell(before, key, labels), _cell(after, key, labels))
            for key in sorted(keys, key=lambda key: labels.get(key, key))
        ]
        rows.append(("Uden for kredsen", _outside(before), _outside(after)))
        if _duty(before) != _duty(after):
            rows.append(("Målet", _duty(before), _duty(after)))
        pairs = tuple(
            Pair(who, one, other, _mark(one, other)) for who, one, other in rows if one or other
        )
        mark = (
            Mark.NEW
            if before is None
            else Mark.GONE
            if after is None
            else Mark.SAME
            if all(pair.mark == Mark.SAME for pair in pairs)
            else Mark.CHANGED
        )
        courses.append(CoursePair(number, shown["title"], mark, pairs))
    return Comparison(
        old_version=old_version,
        new_version=new_version,
        parties=tuple(
            Pair(
                labels[key],
                "med i aftalen" if key in was else "",
                "med i aftalen" if key in now else "",
                Mark.NEW if key in now else Mark.GONE,
            )
            for key in sorted(was ^ now, key=lambda key: labels[key])
        ),
        courses=tuple(courses),
    )


def replaced_by(agreement: Agreement) -> Agreement | None:
    """The agreement that an addendum changes; ``None`` for a first agreement."""
    if not agreement.content.get("changes"):
        return None
    return (
        Agreement.objects.filter(
            round_fkb_id=agreement.round_fkb_id,
            content_hash=agreement.content["changes"],
            number__lt=agreement.number,
        )
        .order_by("-number", "-pk")
        .first()
    )


def comparison_of(agreement: Agreement) -> Comparison | None:
    """An addendum beside what it changes; ``None`` for a first agreement."""
    earlier = replaced_by(agreement)
    if earlier is None:
        return None
    return compare(
        earlier.content["overview"],
        agreement.content["overview"],
        old_version=earlier.content["overview_version"],
        new_version=agreement.content["overview_version"],
    )
