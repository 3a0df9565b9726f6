"""Views reach data through the actor; templates carry no script, no style and no bare text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "samspil"
TEMPLATES = sorted(SOURCE.glob("*/templates/**/*.html"))
MAILS = sorted(SOURCE.glob("*/templates/**/*.txt"))


def _views() -> Iterator[Path]:
    for context in SOURCE.iterdir():
        yield from context.glob("views/**/*.py")
        yield from context.glob("views.py")


def test_views_never_ask_a_model() -> None:
    wrong = []
    for path in _views():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {
                "objects", "_default_manager", "save", "delete", "bulk_create",
            }:  # fmt: skip
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} .{node.attr}")
            if isinstance(node, ast.Name) and node.id in {
                "get_object_or_404",
                "get_list_or_404",
            }:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.id}")
    assert not wrong


def test_the_clock_is_read_in_one_place() -> None:
    """Domain code gets the time passed in (house rule 1)."""
    wrong = []
    for path in SOURCE.glob("*/domain/**/*.py"):
        text = path.read_text(encoding="utf-8")
        wrong += [
            f"{path.relative_to(ROOT)}: {match.group()}"
            for match in re.finditer(
                r"timezone\.now\(|datetime\.now\(|date\.today\(|clock\.(now|today)\(", text
            )
        ]
    assert not wrong


class _Reader(HTMLParser):
    """Collects what a template must not have, after the template's own tags are blanked."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[tuple[int, str]] = []
        self.texts: list[tuple[int, str]] = []
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line = self.getpos()[0]
        values = dict(attrs)
        if tag == "style":
            self.faults.append((line, "<style>"))
        data = "json" in (values.get("type") or "")
        if tag == "script" and "src" not in values and not data:
            self.faults.append((line, "<script> without src"))
        if tag in {"script", "style"}:
            self._inside = tag
        for name, value in attrs:
            if name == "style" or name.startswith(("on", "hx-on")):
                self.faults.append((line, f"{name}="))
            if (value or "").strip().lower().startswith("javascript:"):
                self.faults.append((line, f"{name}=javascript:"))
            if name in {"title", "alt", "placeholder", "aria-label", "aria-description"} and value:
                self.texts.append((line, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside is None:
            self.texts.append((self.getpos()[0], data))


_MARKED = re.compile(
    r"\{%\s*(blocktrans\w*|comment|verbatim)\b.*?%\}.*?\{%\s*end\1\s*%\}", re.DOTALL
)
# a block that holds class names, not text
_CLASSES = re.compile(r"\{%\s*block (\w*class|\w*kind)\s*%\}.*?\{%\s*endblock\b.*?%\}", re.DOTALL)
_TEMPLATE_TAG = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


def _blank(match: re.Match[str]) -> str:
    return "\n" * match.group().count("\n")


def read(path: Path) -> _Reader:
    text = path.read_text(encoding="utf-8")
    text = _TEMPLATE_TAG.sub(_blank, _MARKED.sub(_blank, _CLASSES.sub(_blank, text)))
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader


def test_templates_have_no_inline_script_or_style() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} {fault}"
        for path in TEMPLATES
        for line, fault in read(path).faults
    ]
    assert not wrong


# Names and signs that are the same in every language.
_SAME = {
    "Samspil", "AMU", "FKB", "FKB'er", "PDF", "Excel", "CSV", "QR", "TOTP", "SHA", "SHA-", "Enter", "Esc",
    "Tab", "Delete", "Ctrl", "Shift", "Alt", "Home", "End", "DKFDS", "da", "en", "dk", "kB", "MB", "km",
    "ms", "HTML", "htmx", "Dansk", "English",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-zÆØÅæøå][A-Za-zÆØÅæøå'-]+")


def _bare(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if word not in _SAME]


def test_templates_have_no_text_outside_translation() -> None:
    wrong = []
    for path in TEMPLATES:
        if "gallery" in path.name or "gallery" in path.parts:
            continue  # for developers
        for line, text in read(path).texts:
            if words := _bare(text):
                wrong.append(f"{path.relative_to(ROOT)}:{line} {' '.join(words)[:80]}")
    assert not wrong, "\n".join(wrong)


def test_mails_have_no_text_outside_translation() -> None:
    wrong = []
    for path in MAILS:
        text = _TEMPLATE_TAG.sub(" ", _MARKED.sub(" ", path.read_text(encoding="utf-8")))
        if words := _bare(text):
            wrong.append(f"{path.relative_to(ROOT)} {' '.join(words)[:80]}")
    assert not wrong, "\n".join(wrong)


def test_the_reader_itself_finds_what_it_should() -> None:
    reader = _Reader()
    reader.feed('<p style="x" onclick="y()">Hej du<script>z</script><a href="javascript:1">')
    assert [fault for _, fault in reader.faults] == [
        "style=", "onclick=", "<script> without src", "href=javascript:",
    ]  # fmt: skip
    assert _bare(reader.texts[0][1]) == ["Hej", "du"]
