"""The form of 'Hvad nu hvis …': it cleans what was chosen and saves nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspil.coordination.domain.planning import Change, Possible, What, tenths
from samspil.ui.forms import NumberField


class WhatIfForm(forms.Form):
    """One change. Fields that the kind of change doesn't need are not looked at."""

    conditional_fields = frozenset({"fkb", "group", "days"})

    what = forms.ChoiceField(
        label=gettext_lazy("Hvad nu hvis"),
        choices=[
            (What.LEAVES.value, gettext_lazy("en skole forlader samarbejdet")),
            (What.LOSES.value, gettext_lazy("en skole mister en godkendelse")),
            (What.CAPACITY.value, gettext_lazy("en skole har flere eller færre dage til andre")),
        ],
        initial=What.LEAVES.value,
        widget=forms.RadioSelect,
    )
    school = forms.ChoiceField(label=gettext_lazy("Skole"))
    fkb = forms.ChoiceField(
        label=gettext_lazy("FKB"),
        required=False,
        help_text=gettext_lazy("Kun når en skole mister en godkendelse."),
    )
    group = forms.ChoiceField(
        label=gettext_lazy("Branchegruppe"),
        required=False,
        help_text=gettext_lazy("Kun når dagene er andre."),
    )
    days = NumberField(
        label=gettext_lazy("Dage til andre"),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(1000),
        decimal_places=1,
        help_text=gettext_lazy("Kun når dagene er andre. I alt i branchegruppen."),
    )

    def __init__(self, *args: Any, can: Possible, labels: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._can = can
        none = ("", _("Vælg"))

        def offer(name: str, choices: list[tuple[str, str]]) -> None:
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [none, *choices]

        offer("school", sorted(((k, labels.get(k, k)) for k in can.schools), key=lambda c: c[1]))
        offer("fkb", [(fkb, fkb) for fkb in sorted({fkb for _school, fkb in can.approvals})])
        groups = sorted({group for _school, group in can.days})
        offer("group", [(key, labels.get(f"group:{key}", key)) for key in groups])

    def clean(self) -> dict[str, Any]:
        """Each kind of change has what it needs, and it is about something."""
        cleaned = super().clean() or {}
        what, school = cleaned.get("what"), cleaned.get("school")
        if what == What.LOSES and "fkb" not in self.errors:
            if not cleaned.get("fkb"):
                self.add_error("fkb", _("Vælg en FKB."))
            elif school and (school, cleaned["fkb"]) not in self._can.approvals:
                self.add_error("fkb", _("Skolen er ikke godkendt til den FKB."))
        if what == What.CAPACITY:
            if not cleaned.get("group") and "group" not in self.errors:
                self.add_error("group", _("Vælg en branchegruppe."))
            if cleaned.get("days") is None and "days" not in self.errors:
                self.add_error("days", _("Skriv, hvor mange dage skolen har."))
        return cleaned

    def change(self) -> Change:
        """The change that was chosen."""
        data = self.cleaned_data
        what = What(data["what"])
        return Change(
            what=what,
            school=data["school"],
            fkb=data["fkb"] if what == What.LOSES else "",
            group=data["group"] if what == What.CAPACITY else "",
            days=tenths(data["days"]) if what == What.CAPACITY else 0,
        )
