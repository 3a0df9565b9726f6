"""How a context declares what it can import. The framework does the rest.

A spec names its columns and turns parsed rows into changes. It never writes: it calls
``row.put(...)`` for what should be, and the engine works out what is new, changed or the same,
shows it, applies it, and can take it back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from django.apps import apps
from django.db import models
from django.utils.translation import gettext as _

from samspil.kernel.actor import Actor
from samspil.kernel.imports.values import NotACourse, ValueProblem, folded, shown
from samspil.kernel.spreadsheets.reader import CellValue, cell_name

ERROR: Final = "error"
WARNING: Final = "warning"
NOTE: Final = "note"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a spec can read.

    ``aliases`` are headings people use (compared folded). ``is_key`` columns say what the row is
    about and help to find the heading row. ``required``: an empty cell is an error.
    """

    key: str
    label: Any
    parse: Callable[[CellValue], Any]
    aliases: tuple[str, ...] = ()
    required: bool = False
    is_key: bool = False
    hint: Any = ""

    @property
    def words(self) -> frozenset[str]:
        return frozenset(folded(word) for word in (self.key, str(self.label), *self.aliases))


@dataclass(frozen=True, slots=True)
class Option:
    """A question about the whole file: yes/no, or one of ``choices`` (value, label)."""

    key: str
    label: Any
    default: Any = False
    choices: tuple[tuple[str, Any], ...] = ()
    hint: Any = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """Points to a row by model label and natural key, whether it exists or will be created."""

    model: str
    key: str


@dataclass(slots=True)
class Change:
    """One row of one table: created (``pk`` is ``None``) or some fields changed."""

    model: str
    key: str
    label: str
    pk: int | None
    before: dict[str, Any] | None
    after: dict[str, Any]


@dataclass(slots=True)
class PlanContext:
    """What a spec knows beside the rows; collects the changes of all rows."""

    actor: Actor
    today: date
    source: str
    options: Mapping[str, Any]
    changes: dict[tuple[str, str], Change] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Say something about the file as a whole, once."""
        if text not in self.notes:
            self.notes.append(text)


@dataclass(slots=True)
class Row:
    """One row of the file, parsed. ``values`` lacks the keys of columns the file has not."""

    sheet: str
    row: int
    section: str
    values: dict[str, Any]
    columns: Mapping[str, int]
    cells: dict[str, str]
    label: str = ""
    messages: list[dict[str, str]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    is_skipped: bool = False
    creates: bool = False

    def get(self, key: str) -> Any:
        """The parsed value, ``None`` when the cell is empty or the column is missing."""
        return self.values.get(key)

    def _say(self, level: str, column: str | None, text: str) -> None:
        at = self.columns.get(column) if column else None
        self.messages.append(
            {
                "level": level,
                "cell": cell_name(self.row, at) if at is not None else "",
                "field": column or "",
                "text": str(text),
            }
        )

    def error(self, column: str | None, text: str) -> None:
        """The row can not be read in; ``text`` is a Danish sentence."""
        self._say(ERROR, column, text)

    def warn(self, column: str | None, text: str) -> None:
        """The row is read in, but somebody should look at it."""
        self._say(WARNING, column, text)

    def skip(self, text: str, column: str | None = None) -> None:
        """The row is left out on purpose, with the reason."""
        self.is_skipped = True
        self._say(NOTE, column, text)

    @property
    def is_wrong(self) -> bool:
        return any(message["level"] == ERROR for message in self.messages)

    @property
    def is_usable(self) -> bool:
        return not self.is_skipped and not self.is_wrong

    @property
    def state(self) -> str:
        if self.is_wrong:
            return "error"
        if self.is_skipped:
            return "skipped"
        if any(message["level"] == WARNING for message in self.messages):
            return "warning"
        if self.creates:
            return "new"
        return "changed" if self.changes else "unchanged"

    def put(
        self,
        context: PlanContext,
        model: str,
        key: str,
        existing: models.Model | None,
        values: Mapping[str, Any],
        *,
        label: str,
        on_create: Mapping[str, Any] | None = None,
        main: bool = False,
    ) -> Ref:
        """Want the row ``key`` of ``model`` to have ``values``.

        ``values`` that are ``None`` are left alone: an empty cell wipes nothing. ``on_create``
        holds what only a new row gets. ``main`` marks what the file's row is about: creating it
        makes the row 'new'. Returns a reference for other rows to point at.
        """
        ref = Ref(model, key)
        wanted = {name: value for name, value in values.items() if value is not None}
        pending = context.changes.get((model, key))
        if pending is None and existing is None:
            pending = Change(model, key, label, None, None, {**(on_create or {}), **wanted})
            context.changes[(model, key)] = pending
            self.changes.append(pending)
            self.creates = self.creates or main
            return ref
        if pending is None and existing is not None:
            before = {}
            after = {}
            for name, value in wanted.items():
                old = _current(existing, name)
                if old != _compared(value):
                    before[name], after[name] = old, value
            if after:
                pending = Change(model, key, label, existing.pk, before, after)
                context.changes[(model, key)] = pending
                self.changes.append(pending)
            return ref
        if pending is None:  # pragma: no cover - both branches above returned
            return ref
        for name, value in wanted.items():
            if name in pending.after or existing is None:
                pending.after[name] = value
            elif pending.before is not None:
                old = _current(existing, name)
                if old != _compared(value):
                    pending.before[name], pending.after[name] = old, value
        if pending not in self.changes:
            self.changes.append(pending)
            self.creates = self.creates or (main and pending.pk is None)
        return ref


def _current(obj: models.Model, name: str) -> Any:
    return getattr(obj, field_of(type(obj), name).attname)


def _compared(value: Any) -> Any:
    """``value`` as the database keeps it. A reference to a new row equals nothing there."""
    return value.pk if isinstance(value, models.Model) else value


class ImportSpec(ABC):
    """One kind of list. Subclass, fill in, ``register``."""

    key: ClassVar[str]
    title: ClassVar[Any]
    lede: ClassVar[Any] = ""
    columns: ClassVar[tuple[Column, ...]]
    models: ClassVar[tuple[str, ...]]
    """Labels of the tables it writes, in the order in which rows are created."""
    options: ClassVar[tuple[Option, ...]] = ()
    is_private: ClassVar[bool] = False
    """Only whoever handed a list in sees it and decides about it: lists of one school's own."""

    @abstractmethod
    def may_run(self, actor: Actor) -> bool:
        """Whether the actor may hand in, preview, apply and undo lists of this kind."""

    @abstractmethod
    def plan(self, rows: list[Row], context: PlanContext) -> None:
        """Say what every usable row wants. A constant number of queries, no writes."""

    def column(self, key: str) -> Column:
        return next(column for column in self.columns if column.key == key)

    def parse(self, row: Row, raw: Mapping[str, CellValue]) -> None:
        """Parse the cells of one row into ``row.values``, every problem as a message."""
        for column in self.columns:
            if column.key not in raw:
                continue
            try:
                row.values[column.key] = column.parse(raw[column.key])
            except NotACourse as problem:
                row.skip(problem.message, column.key)
            except ValueProblem as problem:
                row.error(column.key, problem.message)
            else:
                if column.required and row.values[column.key] is None:
                    row.error(
                        column.key,
                        _("Cellen er tom. Kolonnen »%(label)s« skal være udfyldt.")
                        % {"label": column.label},
                    )
        if row.is_skipped:  # a row about something else has no errors
            row.messages = [message for message in row.messages if message["level"] != ERROR]


SPECS: dict[str, ImportSpec] = {}


def register(spec: type[ImportSpec]) -> type[ImportSpec]:
    """Make a kind of list known. Used as a decorator; the class is instantiated once."""
    SPECS[spec.key] = spec()
    return spec


def plain_value(value: Any) -> Any:
    """``value`` as JSON keeps it; a ``Ref`` becomes ``{"$ref": [model, key]}``."""
    match value:
        case Ref(model=model, key=key):
            return {"$ref": [model, key]}
        case models.Model():
            return value.pk
        case bool() | int() | str() | None | float():
            return value
        case Decimal():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case list() | tuple():
            return [plain_value(item) for item in value]
        case dict():
            return {str(key): plain_value(item) for key, item in value.items()}
        case _:
            raise TypeError(f"an import cannot write {value!r}")


def plain_values(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """``plain_value`` of every value; ``None`` stays ``None``."""
    return None if values is None else {name: plain_value(value) for name, value in values.items()}


def for_the_eye(values: Mapping[str, Any] | None) -> dict[str, str]:
    """Field values as people read them, by the field's name."""
    found: dict[str, str] = {}
    for name, value in (values or {}).items():
        if isinstance(value, Ref):
            found[name] = value.key
        elif isinstance(value, models.Model):
            found[name] = str(value)
        elif isinstance(value, (list, tuple)):
            found[name] = ", ".join(str(item) for item in value)
        else:
            found[name] = shown(value)
    return found


def model_of(label: str) -> type[models.Model]:
    """The model called ``app.Model``."""
    return apps.get_model(label)


def field_of(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    """A column of ``model`` by name. Raises ``TypeError`` for what is not a column."""
    found = model._meta.get_field(name)
    if not isinstance(found, models.Field):
        raise TypeError(f"{model._meta.label}.{name} is not a column")
    return found


def unique(items: Iterable[Any]) -> list[Any]:
    """The items without repeats and without ``None``, in their order."""
    return [item for item in dict.fromkeys(items) if item is not None]
