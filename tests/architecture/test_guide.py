"""The user guide shows the pictures that the browser tests take, and names things as the screen does."""

from __future__ import annotations

import re
from pathlib import Path

from tools import messages

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


_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")


def _on_the_screen() -> set[str]:
    """Every Danish text of code and templates, in both numbers; ``…`` where a value is put in."""
    used = messages.used()
    catalogue = messages.read_po(messages.LOCALE / "en" / "LC_MESSAGES" / "django.po")
    plurals = {entry.plural for entry in catalogue if entry.msgid in used and entry.plural}
    return {_PLACEHOLDER.sub("…", text) for text in [*used, *plurals]}


def test_every_bold_word_of_the_guide_stands_on_the_screen() -> None:
    known = _on_the_screen()
    pages = sorted((ROOT / "docs" / "brugervejledning").glob("*.md"))
    quoted = [
        (page.name, label)
        for page in pages
        for label in re.findall(r"\*\*([^*]+)\*\*", page.read_text("utf-8"))
    ]
    assert len(quoted) > 40
    assert not [label for label in quoted if label[1] not in known]
    assert "Lås oversigterne" not in known  # a label that nothing has would be found out


def test_links_of_the_guide_lead_somewhere() -> None:
    broken = []
    for page in sorted((ROOT / "docs" / "brugervejledning").glob("*.md")):
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
            name, _, part = target.partition("#")
            there = page.parent / name if name else page
            if not there.exists():
                broken.append(f"{page.name}: {target}")
            elif part and part not in {
                re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-")
                for head in re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.MULTILINE)
            }:
                broken.append(f"{page.name}: no heading {target}")
    assert not broken
