"""What the columns of a school's form are called: on the screen, in the workbook, in questions.

The only place that says it. The reader knows older names as aliases, so that forms that were sent
before keep working.
"""

from __future__ import annotations

from django.utils.translation import gettext as _


def column_names(activity_year: int) -> dict[str, str]:
    """The name of each column by its field, in the reader's language.

    ``activity_year`` is the year that the learners in the form are from.
    """
    return {
        "key": _("Nøgle"),
        "fkb": _("FKB"),
        "number": _("Nummer"),
        "title": _("Titel"),
        "days": _("Dage"),
        "activity": _("Aktivitet %(year)s") % {"year": activity_year},
        "offers": _("Vi udbyder"),
        "runs": _("Antal hold"),
        "when": _("Hvornår"),
        "guarantee": _("Garanti"),
        "take_on_days": _("Dage for andre"),
        "will_follow": _("Følger gerne"),
        "note": _("Bemærkning"),
    }
