"""The hidden key of a form's row: short, survives sorting and copying, notices typing errors."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_KEY: Final = re.compile(r"S([0-9A-Z]{1,8})-([0-9A-Z]{1,8})-([0-9A-Z]{1,8})-([A-Z2-7]{4})")


@dataclass(frozen=True, slots=True)
class RowKey:
    """Which line of which form a row is: database ids of round, school and round course."""

    round_id: int
    organisation_id: int
    round_course_id: int

    def __str__(self) -> str:
        parts = [_base36(n) for n in (self.round_id, self.organisation_id, self.round_course_id)]
        return f"S{'-'.join(parts)}-{_check('-'.join(parts))}"


def parse_key(text: str) -> RowKey | None:
    """The key in ``text``; ``None`` when it isn't one or its check letters don't fit."""
    match = _KEY.fullmatch(text.strip().upper())
    if not match or match[4] != _check("-".join(match.group(1, 2, 3))):
        return None
    return RowKey(int(match[1], 36), int(match[2], 36), int(match[3], 36))


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"


def _check(text: str) -> str:
    digest = hashlib.sha256(f"samspil form row {text}".encode()).digest()
    return base64.b32encode(digest)[:4].decode()
