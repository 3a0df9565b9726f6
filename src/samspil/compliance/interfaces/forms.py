"""Forms of the compliance pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspil.network.models import Organisation

NOWHERE = "ingen"
"""The choice of a school that stands in no register."""


class OutsideForm(forms.Form):
    """Which school of the register an agreement is with; cleaned to the school or ``None``."""

    organisation = forms.ChoiceField(
        label=gettext_lazy("Skolen i registret"),
        help_text=gettext_lazy("Gælder alle netværkets aftaler med det navn, også næste års."),
        error_messages={"required": gettext_lazy("Vælg, hvilken skole det er.")},
    )

    def __init__(self, *args: Any, schools: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._schools = schools
        field: Any = self.fields["organisation"]
        field.choices = [
            ("", _("Vælg skole")),
            *((str(row.pk), _named(row)) for row in schools),
            (NOWHERE, _("Skolen står ikke på listen")),
        ]

    def clean_organisation(self) -> Organisation | None:
        """The school; ``None`` when it stands nowhere."""
        chosen = self.cleaned_data["organisation"]
        return None if chosen == NOWHERE else self._schools.get(pk=int(chosen))


def _named(school: Organisation) -> str:
    """Two schools can have one name: town and institution number tell them apart."""
    more = ", ".join(part for part in (school.city, school.institution_number) if part)
    return f"{school.name} ({more})" if more else school.name
