"""What the documents' font can show.

PDF/UA-1 and PDF/A refuse a document with a character that no embedded font has, and PDF/A-2a and
-3a one of a private area, whose meaning only the font knows. So one smiley in a remark would keep
an agreement from ever being written. What the font lacks is shown as ``�``; what has no look of its
own (control and direction characters) goes. The stored text stays as it is.
"""

from __future__ import annotations

import functools
import re
import struct
import unicodedata
from pathlib import Path
from typing import Any

FONT = Path(__file__).resolve().parent / "fonts" / "IBMPlexSans-Variable.ttf"
_REFUSED = {0x0, 0xFEFF, 0xFFFE, *range(0xE000, 0xF900)}
"""What PDF/UA-1 or PDF/A refuses even when a font has it."""


def characters_of(font: bytes) -> frozenset[int]:
    """The code points of the basic plane that a TrueType font has a glyph for (``cmap`` format 4).

    Raises ``ValueError`` for a font without such a table.
    """
    tables = struct.unpack_from(">H", font, 4)[0]
    records = (struct.unpack_from(">4sLLL", font, 12 + 16 * i) for i in range(tables))
    cmap = next((at for tag, _sum, at, _length in records if tag == b"cmap"), None)
    if cmap is None:
        raise ValueError("no cmap")
    for i in range(struct.unpack_from(">H", font, cmap + 2)[0]):
        start = cmap + struct.unpack_from(">L", font, cmap + 4 + 8 * i + 4)[0]
        kind, _length, _language, twice = struct.unpack_from(">4H", font, start)
        if kind == 4:
            count = twice // 2
            ends = struct.unpack_from(f">{count}H", font, start + 14)
            starts = struct.unpack_from(f">{count}H", font, start + 16 + twice)
            return frozenset(
                code
                for first, last in zip(starts, ends, strict=True)
                for code in range(first, last + 1)
                if code != 0xFFFF
            )
    raise ValueError("no cmap of format 4")


@functools.cache
def _unshown() -> re.Pattern[str]:
    known = characters_of(FONT.read_bytes()) - _REFUSED
    return re.compile(f"[^\\t\\n\\r{''.join(re.escape(chr(code)) for code in sorted(known))}]")


def _instead(match: re.Match[str]) -> str:
    kind = unicodedata.category(match[0])
    if kind in {"Zl", "Zp", "Zs"}:
        return " "
    return "" if kind in {"Cc", "Cf", "Mn", "Me"} else "\N{REPLACEMENT CHARACTER}"


def showable(value: Any) -> Any:
    """``value`` (text, or lists and dicts of it) with every text as the font can show it.

    >>> showable(["Østby 😀", {"a": "uge\\x01 37"}])
    ['Østby �', {'a': 'uge 37'}]
    """
    if isinstance(value, str):
        return _unshown().sub(_instead, unicodedata.normalize("NFC", value))
    if isinstance(value, dict):
        return {key: showable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [showable(inner) for inner in value]
    return value
