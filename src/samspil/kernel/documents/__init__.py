"""Documents: tagged PDF/UA-1 written by typst from a template and plain data.

The data reach the template as one JSON text (``sys.inputs.data``) and are never pasted into
markup, so nothing that a user wrote can become typst code. Templates, fonts and the common look
(``house.typ``) lie inside the package; no system font and no network is used.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

PACKAGE = Path(__file__).resolve().parents[2]
FONTS = Path(__file__).resolve().parent / "fonts"


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )


def render_pdf(template: Path | str, data: dict[str, Any], *, at: datetime) -> bytes:
    """The PDF that ``template`` gives with ``data``: tagged, PDF/UA-1, fonts embedded.

    ``template`` is a path under ``src/samspil``; ``at`` (aware) becomes the date of creation,
    so that the same data give the same bytes. Raises ``typst.TypstError`` when the template
    is wrong, ``ValueError`` for a template outside the package.
    """
    path = (PACKAGE / template).resolve()
    if not path.is_relative_to(PACKAGE):
        raise ValueError(f"{template} is not a template of Samspil")
    compiler = typst.Compiler(str(path), root=str(PACKAGE), font_paths=_fonts())
    pdf = compiler.compile(
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=["ua-1"],
        timestamp=int(at.timestamp()),
    )
    assert isinstance(pdf, bytes)
    return pdf
