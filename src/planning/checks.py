"""What every problem checks when it is built. An error names the field, as a path such as `courses[3].days`."""

from __future__ import annotations

from collections.abc import Collection, Iterable


class ProblemError(ValueError):
    """A fact that cannot be right. `field` is its path in the problem, such as `courses[3].days`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def check_unique(values: Iterable[object], field: str, what: str) -> None:
    """Raises ProblemError at the first value that stands twice."""
    seen: set[object] = set()
    for i, value in enumerate(values):
        if value in seen:
            raise ProblemError(f"{field}[{i}]", f"{what} stands twice")
        seen.add(value)


def check_int(value: object, field: str, *, least: int, most: int | None = None) -> None:
    """Raises ProblemError unless it is a whole number (a bool isn't) within the limits."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ProblemError(field, "must be a whole number")
    if value < least:
        raise ProblemError(field, f"must be at least {least}")
    if most is not None and value > most:
        raise ProblemError(field, f"must be at most {most}")


def check_text(value: object, field: str) -> None:
    """Raises ProblemError unless it is a text with something in it."""
    if not isinstance(value, str) or not value:
        raise ProblemError(field, "must be a text")


def check_known(key: str, known: Collection[str], field: str) -> None:
    """Raises ProblemError unless the key is one of the problem's."""
    if key not in known:
        raise ProblemError(field, f"'{key}' is not in the problem")
