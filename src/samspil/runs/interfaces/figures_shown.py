"""The figures about runs as cards, charts and a workbook."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from samspil.kernel.spreadsheets.writer import SafeWorkbook, Writable
from samspil.runs.domain.figures import BRANCH, QUARTER, SCHOOL, Figures, Sums
from samspil.ui.components import Bar, Figure

MOST_BARS = 20


def labels() -> dict[str, str]:
    """What the groupings are called."""
    return {SCHOOL: _("Skole"), BRANCH: _("Branche"), QUARTER: _("Kvartal")}


def figures(total: Sums) -> list[Figure]:
    """The numbers that carry the page."""
    percent = total.percent_cancelled
    found = [
        Figure(total.announced, _("annoncerede hold")),
        Figure(total.held, _("er afholdt"), tone="good" if total.held else ""),
        Figure(
            f"{percent} %" if percent is not None else "–",
            _("af de afgjorte hold er aflyst (%(count)s)") % {"count": total.cancelled},
            tone="bad" if total.cancelled else "",
        ),
        Figure(total.taught, _("deltagere er undervist")),
        Figure(total.turned_away, _("var tilmeldt hold, der blev aflyst")),
    ]
    if total.moved:
        found.append(
            Figure(
                total.rescued,
                _("blev undervist, fordi hold blev lagt sammen"),
                tone="good",
            )
        )
    return found


def charts(rows: Sequence[tuple[str, Sums]]) -> list[tuple[str, str, list[Bar]]]:
    """Title, unit and bars of each chart; the largest first where there are many groups."""
    cancelled = [
        Bar(
            name,
            sums.percent_cancelled,
            tone="bad" if sums.percent_cancelled else "",
            note=_("%(cancelled)s af %(known)s")
            % {"cancelled": sums.cancelled, "known": sums.cancelled + sums.held},
        )
        for name, sums in rows
        if sums.percent_cancelled is not None
    ]
    taught = [Bar(name, sums.taught) for name, sums in rows if sums.taught]
    found = [
        (_("Aflyste hold ud af de afgjorte"), "%", cancelled),
        (_("Underviste"), _("deltagere"), taught),
        (
            _("Undervist, fordi hold blev lagt sammen"),
            _("deltagere"),
            [Bar(name, sums.rescued, tone="good") for name, sums in rows if sums.rescued],
        ),
    ]
    return [(title, unit, _largest(bars)) for title, unit, bars in found if bars]


def _largest(bars: list[Bar]) -> list[Bar]:
    if len(bars) <= MOST_BARS:
        return bars
    return sorted(bars, key=lambda bar: -bar.value)[:MOST_BARS]


def columns() -> list[str]:
    """The headings of the table and of the workbook after the group."""
    return [
        _("Annonceret"),
        _("Afholdt"),
        _("Aflyst"),
        _("Aflyst, procent"),
        _("Uden svar"),
        _("Forestår"),
        _("Undervist"),
        _("Tilmeldt aflyste hold"),
        _("Hold reddet"),
        _("Deltagere reddet"),
        _("Flyttede"),
        _("Flyttede, km i snit"),
        _("Timer til svar i snit"),
    ]


def cells(sums: Sums) -> list[Writable]:
    """The numbers in the order of ``columns``."""
    return [
        sums.announced,
        sums.held,
        sums.cancelled,
        sums.percent_cancelled,
        sums.unknown,
        sums.coming,
        sums.taught,
        sums.turned_away,
        sums.rescued_runs,
        sums.rescued,
        sums.moved,
        sums.km,
        sums.answer_hours,
    ]


def workbook(found: Figures) -> bytes:
    """A sheet per grouping, the sum last."""
    book = SafeWorkbook(title=_("Tal om hold %(year)s") % {"year": found.year})
    for key, label in labels().items():
        sheet = book.add_sheet(label)
        rows: list[list[Writable]] = [[name, *cells(sums)] for name, sums in found.groups[key]]
        rows.append([_("I alt"), *cells(found.total)])
        sheet.table(0, [label, *columns()], rows)
        sheet.widths([40, *[14] * len(columns())])
    return book.close()
