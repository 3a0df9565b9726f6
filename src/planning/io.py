"""Problems and answers as versioned JSON, so that any answer can be repeated and compared.

The shape is that of the dataclasses: names as they stand, tuples as lists, enums by value, facts at their
default left out. `format` and `version` say what it is; a reader refuses what it doesn't know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from planning.coverage.data import Problem, ProblemError
from planning.coverage.explain import Explanation
from planning.coverage.score import Score
from planning.coverage.solution import Solution
from planning.result import Result

PROBLEM_FORMAT = "samspil.coverage.problem"
RESULT_FORMAT = "samspil.coverage.result"
VERSION = 1

T = TypeVar("T")
Json = dict[str, Any]


def problem_to_json(problem: Problem) -> Json:
    """The problem as plain JSON values."""
    return {"format": PROBLEM_FORMAT, "version": VERSION, **_dump(problem)}


def problem_from_json(data: object) -> Problem:
    """The problem read back. Raises ProblemError, naming the field, for anything that isn't one."""
    body = _open(data, PROBLEM_FORMAT)
    return _load(Problem, body, "")


def result_to_json(
    result: Result[Solution], score: Score, explanations: tuple[Explanation, ...]
) -> Json:
    """An answer with its score and its reasons as plain JSON values."""
    return {
        "format": RESULT_FORMAT,
        "version": VERSION,
        "status": result.status.value,
        "solver": result.solver,
        "seed": result.seed,
        "bounds": [_dump(bound) for bound in result.bounds],
        "statistics": dict(result.statistics),
        "score": {f.name: getattr(score, f.name) for f in fields(score)},
        "solution": _dump(result.solution),
        "explanations": [
            {
                "course": line.course,
                "school": line.school,
                "messages": [
                    {"code": m.code, **{k: _dump(v) for k, v in m.params}} for m in line.messages
                ],
            }
            for line in explanations
        ],
    }


def solution_from_json(data: object) -> Solution:
    """The solution inside a written answer; raises ProblemError for anything that isn't one."""
    body = _open(data, RESULT_FORMAT)
    return _load(Solution, body.get("solution"), "solution")


def _open(data: object, expected: str) -> Json:
    if not isinstance(data, Mapping):
        raise ProblemError("", "must be a JSON object")
    if data.get("format") != expected:
        raise ProblemError("format", f"must be '{expected}'")
    if data.get("version") != VERSION:
        raise ProblemError(
            "version", f"{data.get('version')!r} is not known here; this reads {VERSION}"
        )
    return {key: value for key, value in data.items() if key not in ("format", "version")}


def _dump(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_dump(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        items = ((f, getattr(value, f.name)) for f in fields(value))
        return {
            f.name: _dump(item) for f, item in items if f.default is MISSING or item != f.default
        }
    return value


def _load(kind: type[T], data: object, path: str) -> T:
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
        return _load(hint, value, path)
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
