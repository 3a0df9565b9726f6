"""Danish is the source; the English catalogue is complete."""

from __future__ import annotations

import re

from tools import messages

_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{(\w*)\}")


def _catalogue() -> dict[str, messages.Entry]:
    po = messages.LOCALE / "en" / "LC_MESSAGES" / "django.po"
    assert po.exists(), "src/samspil/locale/en/LC_MESSAGES/django.po is missing: make messages"
    return {entry.msgid: entry for entry in messages.read_po(po)}


def test_every_text_has_an_english_translation() -> None:
    catalogue = _catalogue()
    missing = [
        f"{where}: {text!r}"
        for text, where in messages.used().items()
        if text not in catalogue or not catalogue[text].complete
    ]
    assert not missing, f"{len(missing)} texts without English:\n" + "\n".join(missing[:60])


def test_translations_keep_their_placeholders() -> None:
    wrong = []
    for entry in _catalogue().values():
        if not entry.msgid:
            continue
        wanted = {m.group() for m in _PLACEHOLDER.finditer(entry.msgid + entry.plural)}
        for text in entry.texts.values():
            got = {m.group() for m in _PLACEHOLDER.finditer(text)}
            if text and (got - wanted or (not entry.plural and wanted - got)):
                wrong.append(f"{entry.msgid!r} -> {text!r}")
    assert not wrong, "\n".join(wrong)


def test_no_text_is_put_together_before_translation() -> None:
    messages.used()  # raises ValueError, with the place, on gettext(f"…")
