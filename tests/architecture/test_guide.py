"""The user guide's pictures are those that the browser tests take, and all of them are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.static
ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"


def test_every_picture_is_taken_by_the_tests_and_shown() -> None:
    taken = set(
        re.findall(
            r'picture\(\s*"([a-z0-9-]+)"', (ROOT / "tests/e2e/test_pictures.py").read_text("utf-8")
        )
    )
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    shown = {
        name
        for page in pages
        for name in re.findall(r"pictures/([a-z0-9-]+)\.png", page.read_text("utf-8"))
    }
    assert taken - {"board"} == {path.stem for path in PICTURES.glob("*.png")} == shown
