"""The inner loop of the board.

A board of 40 courses and 15 schools has 600 cells. Printed by template nodes they cost more than
everything else on the page together, so this one loop writes its markup itself.
"""

from __future__ import annotations

from html import escape

from django import template
from django.utils.safestring import SafeString, mark_safe

from samspil.coordination.domain.board_queries import Row

register = template.Library()


@register.simple_tag
def cells(row: Row, base: str) -> SafeString:
    """The cells of one row: links where they can be changed, plain text elsewhere.

    ``base`` is the start of the round's addresses. ``data-s`` names the school where a narrow
    screen has no column heads. Class, path and version are ours; words may
    hold what people wrote and are escaped.
    """
    parts: list[str] = []
    for cell, school in zip(row.cells, row.schools, strict=True):
        text = escape(cell.label)
        if cell.sub:
            text += f"<small>{escape(cell.sub)}</small>"
        if cell.path:
            words = f' aria-label="{escape(cell.words)}"' if cell.words else ""
            text = f'<a class="c" href="{base}felt/{cell.path}" data-v="{cell.version}"{words}>{text}</a>'
        parts.append(f'<td class="{cell.css}" data-s="{escape(school)}">{text}</td>')
    return mark_safe("".join(parts))
