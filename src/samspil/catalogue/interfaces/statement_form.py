"""A school's own words about its offer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from samspil.catalogue.domain.statements import FIELDS, TEXTS
from samspil.catalogue.models import OfferStatement
from samspil.catalogue.models.statements import VISKVALITET

_HELP = {
    "policy": _("Hvad skolen udbyder, hvor og hvornår, og hvordan I vælger."),
    "marketing": _("Hvor I annoncerer, og hvordan virksomheder og kursister hører om kurserne."),
    "fees": _("Hvad det koster, hvem der betaler fuld pris, og hvad I tager for udeblivelse."),
    "special_courses": _("For eksempel på virksomheder, om aftenen og i weekenden."),
    "sign_up": _(
        "På voksenuddannelse.dk, og hvad man gør, når man ikke kan tilmelde sig digitalt."
    ),
    "admission": _("Hvem der kan optages, og hvad man skal kunne."),
}


class StatementForm(forms.Form):
    """The texts of the page; any of them may wait."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    quality_url = forms.URLField(
        label=_("Link til skolens tal på viskvalitet.dk"),
        max_length=300,
        initial=VISKVALITET,
        assume_scheme="https",
        help_text=_("Et direkte link, der virker."),
    )

    field_order = ("version", *TEXTS, "quality_url")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in TEXTS.items():
            self.fields[name] = forms.CharField(
                label=label,
                required=False,
                max_length=8000 if name == "policy" else 4000,
                widget=forms.Textarea({"rows": 6 if name == "policy" else 4}),
                help_text=_HELP[name],
            )
        self.order_fields(self.field_order)

    @staticmethod
    def initial_of(statement: OfferStatement | None) -> dict[str, Any]:
        """The form as it stands."""
        if statement is None:
            return {"version": 0}
        return {name: getattr(statement, name) for name in ("version", *FIELDS)}

    @property
    def values(self) -> dict[str, str]:
        """What the action takes."""
        return {name: self.cleaned_data[name] for name in FIELDS}
