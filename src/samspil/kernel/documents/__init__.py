"""Documents: tagged PDF/UA-1 and PDF/A written by typst from a template and plain data.

The data reach the template as one JSON text (``sys.inputs.data``) and are never pasted into
markup, so nothing that a user wrote can become typst code. Templates, fonts and the common look
(``house.typ``) lie inside the package; no system font and no network is used.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from samspil.kernel.documents.glyphs import showable

PACKAGE = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
TIMEOUT = 60
"""Seconds after which a document is given up."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that lies inside the PDF, byte for byte as given."""

    name: str
    content: bytes
    content_type: str
    description: str


class DocumentFailed(Exception):
    """A template is wrong, or the document took too long to write."""


def render_pdf(
    template: Path | str, data: dict[str, Any], *, at: datetime, files: Iterable[Attached] = ()
) -> bytes:
    """The PDF that ``template`` gives with ``data``: tagged, fonts embedded, to be kept for long.

    It is PDF/UA-1 and PDF/A-2a; with ``files`` in it PDF/A-3a, the one that allows them. The
    template attaches what ``files`` of the house gives.

    ``template`` is a path under ``src/samspil``; ``at`` (aware) becomes the date of creation,
    so that the same data give the same bytes. Raises ``DocumentFailed`` when the template is
    wrong or a minute has passed, ``ValueError`` for a template outside the package.
    """
    files = list(files)
    path = (PACKAGE / template).resolve()
    if not path.is_relative_to(PACKAGE):
        raise ValueError(f"{template} is not a template of Samspil")
    request = {
        "template": str(path),
        "root": str(PACKAGE),
        "fonts": str(HERE / "fonts"),
        "data": json.dumps(showable(data), ensure_ascii=False),
        "files": json.dumps([_plain(file) for file in files]),
        "standards": ["ua-1", "a-3a" if files else "a-2a"],
        "at": int(at.timestamp()),
    }
    try:
        done = subprocess.run(  # noqa: S603  our own script, nothing of it from users
            [sys.executable, "-I", str(HERE / "render.py")],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise DocumentFailed(f"{template}: not written in {TIMEOUT} s") from late
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        raise DocumentFailed(f"{template}: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout


def _plain(file: Attached) -> dict[str, Any]:
    """A file for the template: text as text, anything else as numbers. JSON knows no bytes."""
    try:
        content: str | list[int] = file.content.decode("utf-8")
    except UnicodeDecodeError:
        content = list(file.content)
    return {
        "name": file.name,
        "content": content,
        "type": file.content_type,
        "description": file.description,
    }
