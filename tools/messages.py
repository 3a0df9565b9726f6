"""The message catalogues, read and compiled without gettext's programs.

``python tools/messages.py compile`` writes every ``django.mo`` that ``make run`` needs;
``used()`` lists the texts that code and templates mark for translation.
"""

from __future__ import annotations

import ast
import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "samspil"
LOCALE = SOURCE / "locale"


@dataclass
class Entry:
    """One message of a catalogue."""

    msgid: str
    plural: str = ""
    context: str = ""
    texts: dict[int, str] = field(default_factory=dict)
    fuzzy: bool = False

    @property
    def complete(self) -> bool:
        """Translated in every form and not marked as uncertain."""
        needed = (0, 1) if self.plural else (0,)
        return not self.fuzzy and all(self.texts.get(n) for n in needed)


def read_po(path: Path) -> list[Entry]:
    """The entries of a ``.po`` file; obsolete ones (``#~``) are left out."""
    entries: list[Entry] = []
    entry: Entry | None = None
    fuzzy = False
    add = ""
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if line.startswith("#~") or not line:
            add = ""
            continue
        if line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
            add = ""
            continue
        word, _, rest = line.partition(" ")
        if line.startswith('"'):
            word, rest = add, line
        try:
            text = ast.literal_eval(rest)
        except (SyntaxError, ValueError):
            raise SystemExit(f"{path}:{number}: not a catalogue line: {line}") from None
        continued = line.startswith('"')
        if word == "msgctxt" and not continued:
            entry = Entry("", fuzzy=fuzzy)
            entry.context = text
            entries.append(entry)
            fuzzy = False
        elif word == "msgid" and not continued:
            if entry is None or entry.msgid or entry.texts or not entry.context:
                entry = Entry("", fuzzy=fuzzy)
                entries.append(entry)
                fuzzy = False
            entry.msgid = text
        elif entry is not None:
            if word == "msgid":
                entry.msgid += text
            elif word == "msgctxt":
                entry.context += text
            elif word == "msgid_plural":
                entry.plural += text
            elif word.startswith("msgstr"):
                form = int(word[7:-1]) if "[" in word else 0
                entry.texts[form] = entry.texts.get(form, "") + text
        add = word
    return entries


def write_mo(entries: list[Entry], path: Path) -> None:
    """Compile to the binary form that gettext reads. Uncertain and empty entries are left out."""
    pairs: dict[bytes, bytes] = {}
    for entry in entries:
        if entry.msgid and not entry.complete:
            continue
        key = entry.msgid + ("\0" + entry.plural if entry.plural else "")
        if entry.context:
            key = entry.context + "\4" + key
        pairs[key.encode()] = "\0".join(entry.texts[n] for n in sorted(entry.texts)).encode()
    keys = sorted(pairs)
    ids = texts = b""
    offsets = []
    for key in keys:
        offsets.append((len(ids), len(key), len(texts), len(pairs[key])))
        ids += key + b"\0"
        texts += pairs[key] + b"\0"
    start_ids = 28 + 16 * len(keys)
    start_texts = start_ids + len(ids)
    table_ids = b"".join(struct.pack("<II", n, o + start_ids) for o, n, _, _ in offsets)
    table_texts = b"".join(struct.pack("<II", n, o + start_texts) for _, _, o, n in offsets)
    head = struct.pack("<7I", 0x950412DE, 0, len(keys), 28, 28 + 8 * len(keys), 0, 0)
    part = path.with_suffix(".part")
    part.write_bytes(head + table_ids + table_texts + ids + texts)
    part.replace(path)


def compile_all() -> int:
    """Compile what is newer than its compiled form; answer how many were written."""
    written = 0
    for po in LOCALE.glob("*/LC_MESSAGES/*.po"):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            write_mo(read_po(po), mo)
            written += 1
    return written


# ------------------------------------------------------------------ what is used

_CALLS = {
    "_": 0, "gettext": 0, "gettext_lazy": 0, "gettext_noop": 0,
    "ngettext": 0, "ngettext_lazy": 0, "pgettext": 1, "pgettext_lazy": 1,
}  # fmt: skip
_LITERAL = r"u?(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")"
_TEMPLATE_CALL = re.compile(
    rf"\b(gettext|ngettext|pgettext|npgettext|_)\(\s*({_LITERAL})(?:\s*,\s*({_LITERAL}))?"
)


def python_messages(path: Path) -> Iterator[tuple[str, int]]:
    """``(msgid, line)`` of every marked text; a text that is put together raises ``ValueError``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in _CALLS or len(node.args) <= _CALLS[name]:
            continue
        if name == "_" and not isinstance(node.func, ast.Name):
            continue
        argument = node.args[_CALLS[name]]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value, node.lineno
        elif isinstance(argument, ast.JoinedStr | ast.BinOp):
            raise ValueError(f"{path}:{node.lineno}: a text put together cannot be translated")


def template_messages(path: Path) -> Iterator[str]:
    """Every text that a template marks with ``translate`` or ``blocktranslate``."""
    from django.utils.translation.template import templatize

    for match in _TEMPLATE_CALL.finditer(templatize(path.read_text(encoding="utf-8"))):
        call, first, second = match.groups()
        literal = second if call in {"pgettext", "npgettext"} and second else first
        yield (
            ast.literal_eval(literal.removeprefix("u")).replace("%%", "%")
            if call == "_"
            else (ast.literal_eval(literal.removeprefix("u")))
        )


def used() -> dict[str, str]:
    """Every marked text with one place where it stands."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        if "migrations" not in path.parts:
            for text, line in python_messages(path):
                found.setdefault(text, f"{path.relative_to(ROOT)}:{line}")
    for path in sorted(SOURCE.rglob("templates/**/*")):
        if path.suffix in {".html", ".txt"}:
            for text in template_messages(path):
                found.setdefault(text, str(path.relative_to(ROOT)))
    found.pop("", None)
    return found


if __name__ == "__main__":
    if sys.argv[1:] != ["compile"]:
        raise SystemExit("usage: python tools/messages.py compile")
    compile_all()
