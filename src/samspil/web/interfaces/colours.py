"""A school's colours on its list of runs, kept readable (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re

DEFAULT_ACCENT, DEFAULT_PAPER = "004d99", "ffffff"
_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_ENOUGH = 4.5
_Colour = tuple[int, int, int]


def colour(text: str, default: str) -> _Colour:
    """``#1f6b3a``, ``1f6b3a`` or ``#abc`` as red, green and blue; anything else is ``default``."""
    found = _HEX.fullmatch(text.strip())
    digits = found[1] if found else default
    if len(digits) == 3:
        digits = "".join(c * 2 for c in digits)
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def as_hex(text: str, default: str = DEFAULT_ACCENT) -> str:
    """The colour that ``text`` says, or else ``default``, as ``#1f6b3a``."""
    return _hex(colour(text, default))


def contrast(first: _Colour, second: _Colour) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(of: _Colour) -> float:
    parts = [
        c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in of
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _mixed(first: _Colour, second: _Colour, share: float) -> _Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def readable(wanted: _Colour, on: _Colour) -> _Colour:
    """``wanted``, or the nearest shade of it that can be read on ``on``."""
    towards = max(((0, 0, 0), (255, 255, 255)), key=lambda end: contrast(end, on))
    for step in range(21):
        shade = _mixed(wanted, towards, step / 20)
        if contrast(shade, on) >= _ENOUGH:
            return shade
    return towards


def _hex(of: _Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*of)


def stylesheet(accent: str, paper: str) -> str:
    """Custom properties for the list: what the school chose, and what can be read on it."""
    background = colour(paper, DEFAULT_PAPER)
    ink = readable((26, 26, 26), background)
    shown = {
        "paper": background,
        "ink": ink,
        "muted": readable(_mixed(ink, background, 0.3), background),
        "line": _mixed(background, ink, 0.2),
        "accent": readable(colour(accent, DEFAULT_ACCENT), background),
    }
    return ":root{" + ";".join(f"--{name}:{_hex(of)}" for name, of in shown.items()) + "}\n"
