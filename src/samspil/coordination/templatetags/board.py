"""The inner loop of the board.

A board of 40 courses and 15 schools has 600 cells. Printed by template nodes its rows cost more
than everything else on the page together, so this one loop writes their markup itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from django import template
from django.utils.safestring import SafeString, mark_safe

from samspil.coordination.domain.board_queries import Row

register = template.Library()


@register.simple_tag
def board_rows(rows: Iterable[Row], base: str, learners: str, across: bool) -> SafeString:
    """Rows of the board: course, activity, cells, tags.

    ``base`` is the start of the round's addresses, ``learners`` the unit of the activity;
    ``across`` adds the FKB. ``data-s`` names the column where a narrow screen has no column
    heads. Classes, ids, paths and versions are ours; everything else may hold what people
    wrote and is escaped.
    """
    base, learners = escape(base), escape(learners)
    schools: dict[str, str] = {}
    parts: list[str] = []
    for row in rows:
        address = f"{base}maal/{row.pk}/"
        css = f' class="{row.css}"' if row.css else ""
        fkb = f'<small class="c-fkb">{escape(row.fkb)}</small>' if across else ""
        parts.append(
            f'<tr{css} data-row="{row.pk}"><th scope="row" class="c-no">'
            f'<a href="{address}">{escape(row.number)}</a>{fkb}</th>'
            f'<td class="c-title">{escape(row.title)}'
        )
        if row.comments:
            parts.append(
                f' <a class="said" href="{address}#kommentarer"'
                f' aria-label="{escape(row.comments_words)}">{row.comments}</a>'
            )
        if row.why:
            parts.append(f'<div class="why">{escape(row.why)}</div>')
        unit = f' data-s="{learners}"' if row.activity else ""
        parts.append(f'</td><td class="num"{unit}>{row.activity}</td>')
        for cell, school in zip(row.cells, row.schools, strict=True):
            column = schools.get(school)
            if column is None:
                column = schools[school] = escape(school)
            text = escape(cell.label) if cell.label else ""
            if cell.sub:
                text += f"<small>{escape(cell.sub)}</small>"
            if cell.path:
                words = f' aria-label="{escape(cell.words)}"' if cell.words else ""
                text = (
                    f'<a class="c" href="{base}felt/{cell.path}"'
                    f' data-v="{cell.version}"{words}>{text}</a>'
                )
            parts.append(f'<td class="{cell.css}" data-s="{column}">{text}</td>')
        parts.append('<td class="c-tags">')
        parts += [
            f'<span class="tagx t-{tag.kind}">{escape(tag.label)}</span> ' for tag in row.tags
        ]
        parts.append("</td></tr>\n")
    return mark_safe("".join(parts))
