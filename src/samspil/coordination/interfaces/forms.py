"""Forms about rounds: they clean what was typed and save nothing."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from samspil.catalogue.models import Fkb
from samspil.coordination.domain.rounds import RoundDates
from samspil.coordination.models import Round
from samspil.network.models import Organisation
from samspil.ui.forms import DateField


def _offer(form: forms.Form, **offered: list[Any]) -> None:
    """Let each named field of ``form`` choose among the given rows."""
    for name, rows in offered.items():
        field = cast("forms.ModelChoiceField[Any]", form.fields[name])
        if field.queryset is not None:
            field.queryset = field.queryset.model._default_manager.filter(
                pk__in=[row.pk for row in rows]
            )


class DatesForm(forms.Form):
    """The round's dates and its line for low activity."""

    forms_due_on = DateField(label=_("Skemaer retur senest"))
    meeting_on = DateField(label=_("Koordineringsmøde"))
    signed_by_on = DateField(
        label=_("Underskrevet senest"),
        help_text=_("Koordineringen skal så vidt muligt være færdig inden 1. juli året før."),
    )
    low_activity_below = forms.IntegerField(
        label=_("Lav aktivitet er færre end"),
        help_text=_("Kursister om året på alle skoler tilsammen."),
        min_value=0,
        max_value=1000,
        initial=12,
    )

    def dates(self) -> RoundDates:
        """The cleaned dates."""
        return RoundDates(
            forms_due_on=self.cleaned_data["forms_due_on"],
            meeting_on=self.cleaned_data["meeting_on"],
            signed_by_on=self.cleaned_data["signed_by_on"],
        )


class OpenRoundForm(DatesForm):
    """A new round. Lists come from the network; members are ticked beforehand."""

    copy_from = forms.ModelChoiceField(
        label=_("Kopiér svar fra"),
        help_text=_("Sidste års udbud bliver skolernes udgangspunkt. Datoer tages ikke med."),
        queryset=Round.objects.none(),
        required=False,
        empty_label=_("Begynd med tomme skemaer"),
    )
    fkbs = forms.ModelMultipleChoiceField(
        label=_("FKB'er"),
        queryset=Fkb.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )
    schools = forms.ModelMultipleChoiceField(
        label=_("Skoler"),
        queryset=Organisation.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self,
        *args: Any,
        earlier: list[Round],
        fkbs: list[Fkb],
        schools: list[Organisation],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, copy_from=earlier, fkbs=fkbs, schools=schools)


class MoreForm(forms.Form):
    """What can still be taken into a round: FKBs and schools that are not in it."""

    fkbs = forms.ModelMultipleChoiceField(
        label=_("FKB'er, der ikke er med"),
        queryset=Fkb.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    schools = forms.ModelMultipleChoiceField(
        label=_("Skoler, der ikke er med"),
        queryset=Organisation.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(
        self, *args: Any, fkbs: list[Fkb], schools: list[Organisation], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, fkbs=fkbs, schools=schools)


class ReasonForm(forms.Form):
    """A reason that the receiver reads."""

    reason = forms.CharField(
        label=_("Hvad skal skolen rette?"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        required=False,
    )
