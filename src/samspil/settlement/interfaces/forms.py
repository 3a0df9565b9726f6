"""What people fill in about settlements and rates."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from samspil.catalogue.models import Course
from samspil.settlement.enums import RateKind
from samspil.settlement.models import RateGroup
from samspil.ui.forms import DateField, NumberField, Width


class KronerField(NumberField):
    """An amount in kroner with comma or dot; becomes øre."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", Width(forms.TextInput(attrs={"inputmode": "decimal"}), 12))
        super().__init__(decimal_places=2, max_digits=14, min_value=0, **kwargs)

    def to_python(self, value: Any) -> Any:
        """``59.718,50`` is what a Dane writes; the dot before three digits groups."""
        if isinstance(value, str):
            value = re.sub(r"\s|kr\.?", "", value, flags=re.IGNORECASE)
            if re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d{1,2})?", value):
                value = value.replace(".", "")
        return super().to_python(value)


def oere(value: Decimal) -> int:
    """Kroner as øre."""
    return int(value * 100)


class ReceivedForm(forms.Form):
    """What the origin has got for the people in all."""

    fee = KronerField(
        label=_("Deltagerbetaling, som jeres skole har modtaget, kr."),
        help_text=_("I alt for overførslen. 0, når den afholdende skole selv opkræver."),
    )
    subsidy = KronerField(
        label=_("Taxameter, som jeres skole har fået udbetalt, kr."),
        help_text=_(
            "Kun hvis staten ved en fejl har betalt jer. 0, når den afholdende skole indberetter."
        ),
    )
    reason = forms.CharField(
        label=_("Bemærkning"),
        required=False,
        max_length=300,
        help_text=_("Står på opgørelsen. Skriv ingen navne."),
    )
    seen_entry = forms.IntegerField(widget=forms.HiddenInput())


class ParticipationForm(forms.Form):
    """How many took part and for how long."""

    heads = forms.IntegerField(
        label=_("Deltagere"), min_value=0, widget=Width(forms.NumberInput(), 4)
    )
    days = NumberField(
        label=_("Dage pr. deltager"),
        decimal_places=1,
        max_digits=5,
        min_value=0,
        widget=Width(forms.TextInput(attrs={"inputmode": "decimal"}), 6),
    )
    reason = forms.CharField(
        label=_("Hvorfor er det ændret?"),
        max_length=300,
        help_text=_("Står på opgørelsen. Skriv ingen navne."),
    )
    seen_entry = forms.IntegerField(widget=forms.HiddenInput())


class WordsForm(forms.Form):
    """Words in a dispute."""

    text = forms.CharField(
        label=_("Hvad er galt?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Den anden skole læser det og svarer. Skriv ingen navne."),
    )
    organisation = forms.IntegerField(widget=forms.HiddenInput())

    def __init__(self, *args: Any, label: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if label:
            self.fields["text"].label = label


class RateForm(forms.Form):
    """A rate from a day on."""

    group_key = forms.SlugField(
        label=_("Takstgruppe, kort navn"),
        max_length=30,
        widget=Width(forms.TextInput(), 12),
        help_text=_("Bogstaver, tal og bindestreg, for eksempel gruppe-3."),
    )
    group_name = forms.CharField(
        label=_("Takstgruppens navn"),
        required=False,
        max_length=120,
        help_text=_("Kun for en ny gruppe."),
    )
    kind = forms.ChoiceField(label=_("Takst"), choices=RateKind.choices)
    oere = KronerField(label=_("Beløb, kr."))
    valid_from = DateField(label=_("Gælder fra"))
    source = forms.CharField(
        label=_("Kilde"),
        max_length=200,
        help_text=_("Hvor taksten står, for eksempel finanslovens paragraf og år."),
    )
    is_constructed = forms.BooleanField(label=_("Konstrueret eksempel"), required=False)


class CourseRateForm(forms.Form):
    """Which rate group a course is in."""

    course = forms.CharField(
        label=_("Målets nummer"), max_length=5, widget=Width(forms.TextInput(), 6)
    )
    group = forms.ModelChoiceField(
        label=_("Takstgruppe"), queryset=RateGroup.objects.none(), empty_label=None
    )
    valid_from = DateField(label=_("Gælder fra"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["group"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = RateGroup.objects.order_by("key", "pk")

    def clean_course(self) -> Course:
        """The course with that number."""
        found = Course.objects.filter(number=self.cleaned_data["course"].strip()).first()
        if found is None:
            raise ValidationError(_("Der er intet mål med det nummer i kataloget."))
        return found
