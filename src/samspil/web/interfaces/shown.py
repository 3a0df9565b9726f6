"""A run in the words of a public page. Made here and not in the template: a course has up to 100."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.runs.domain.told import Run
from samspil.ui.templatetags.ui import da_date, period


@dataclass(frozen=True, slots=True)
class ShownRun:
    """A run, the address of its calendar file, and what the page says of it. ``said`` tells a
    screen reader which run a link is about; ``free`` is empty for a full one."""

    run: Run
    file_url: str
    when: str
    where: str
    held: str
    free: str
    price: str
    deadline: str
    said: str


def shown(run: Run, file_url: str) -> ShownRun:
    """The run as the course's page shows it, in the language that is active."""
    row = run.row
    place = f"{row.postcode} {row.city}".strip()
    free = ngettext("%(free)s ledig plads", "%(free)s ledige pladser", row.free) % {
        "free": row.free
    }
    price = (
        ""
        if row.price is None
        else _("%(price)s kr.")
        % {"price": formats.number_format(row.price, 0, use_l10n=True, force_grouping=True)}
    )
    return ShownRun(
        run=run,
        file_url=file_url,
        when=period(row.starts_on, row.ends_on),
        where=f"{row.street}, {place}" if row.street else place,
        held=_("Holdet gennemføres hos %(school)s") % {"school": run.held_by}
        if run.held_by
        else "",
        free=free if row.free else "",
        price=price,
        deadline=_("Frist %(day)s") % {"day": da_date(row.deadline_on)} if row.deadline_on else "",
        said=f", {da_date(row.starts_on)}, {row.organisation.label}, {row.city}",
    )
