"""Reasons as codes with facts. Words are made outside, in the language of who reads them."""

from __future__ import annotations

from dataclasses import dataclass

Param = int | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A code and its facts, as pairs so that it can be compared and written to JSON."""

    code: str
    params: tuple[tuple[str, Param], ...] = ()

    @property
    def facts(self) -> dict[str, Param]:
        return dict(self.params)


def message(code: str, **params: Param) -> Message:
    """A message from its facts by name."""
    return Message(code, tuple(params.items()))


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Facts that cannot all hold: take any one of them away and the rest can.

    `subject` is the key of what cannot be done because of them; empty when the whole problem can't.
    `is_smallest`: no smaller set of facts contradicts itself; else none can be left out, but a smaller one
    of other facts may exist.
    """

    facts: tuple[Message, ...]
    subject: str = ""
    is_smallest: bool = True
