"""Plain data to JSON values and back, by the shape of its dataclasses.

Names as they stand, tuples as lists, enums by value, facts at their default left out. Reading checks everything
and names the field that is wrong. `planning.planners` puts format and version around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from planning.checks import ProblemError

T = TypeVar("T")
Json = dict[str, Any]


def dump(value: object) -> Any:
    """The value as plain JSON values."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [dump(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        items = ((f, getattr(value, f.name)) for f in fields(value))
        return {
            f.name: dump(item) for f, item in items if f.default is MISSING or item != f.default
        }
    return value


def load(kind: type[T], data: object, path: str = "") -> T:
    """A dataclass read back. Raises ProblemError, naming the field below `path`, for anything that isn't one."""
    if not isinstance(data, Mapping):
        raise ProblemError(path, "must be a JSON object")
    hints = get_type_hints(kind)
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    values: dict[str, object] = {}
    for name, value in data.items():
        if name not in known:
            raise ProblemError(_join(path, str(name)), "is not known")
        values[name] = _value(hints[name], value, _join(path, name))
    for name, f in known.items():
        if name not in values and f.default is MISSING:
            raise ProblemError(_join(path, name), "is missing")
    return kind(**values)


def _value(hint: Any, value: object, path: str) -> object:
    origin = get_origin(hint)
    if origin is tuple:
        if not isinstance(value, list):
            raise ProblemError(path, "must be a list")
        inner = get_args(hint)
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(_value(inner[0], item, f"{path}[{i}]") for i, item in enumerate(value))
        if len(value) != len(inner):
            raise ProblemError(path, f"must hold {len(inner)} values")
        return tuple(
            _value(kind, item, f"{path}[{i}]")
            for i, (kind, item) in enumerate(zip(inner, value, strict=True))
        )
    if origin in (Union, UnionType):
        if value is None:
            return None
        return _value(next(kind for kind in get_args(hint) if kind is not type(None)), value, path)
    if is_dataclass(hint) and isinstance(hint, type):
        return load(hint, value, path)
    if isinstance(hint, type) and issubclass(hint, Enum):
        try:
            return hint(value)
        except ValueError:
            raise ProblemError(
                path, f"{value!r} is not one of {', '.join(e.value for e in hint)}"
            ) from None
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ProblemError(path, f"must be {hint.__name__}")
    return value


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
