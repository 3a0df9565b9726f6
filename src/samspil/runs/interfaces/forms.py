"""What people fill in about runs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from samspil.network.models import Network
from samspil.runs.domain.poolings import MOST_DAYS, MOST_KM, PERCENTS
from samspil.ui.forms import Width


class ConditionsForm(forms.Form):
    """How far and how many days people are asked to move, and whose runs it is about."""

    km = forms.IntegerField(
        label=_("Højst så mange kilometer"),
        help_text=_("ad vej, fra deres eget hold til det andet"),
        min_value=0,
        max_value=MOST_KM,
        initial=75,
        widget=Width(forms.NumberInput(), 4),
    )
    days = forms.IntegerField(
        label=_("Højst så mange dage"),
        help_text=_("før eller efter deres eget hold"),
        min_value=0,
        max_value=MOST_DAYS,
        initial=28,
        widget=Width(forms.NumberInput(), 4),
    )
    yes = forms.ChoiceField(
        label=_("Hvem siger ja, når de bliver spurgt?"),
        choices=[
            ("all", _("alle")),
            ("prior", _("de fleste: færre, jo længere væk (antagelse)")),
            *(
                (percent, _("%(percent)s %% siger ja") % {"percent": percent})
                for percent in PERCENTS
            ),
        ],
        initial="all",
    )
    scope = forms.ChoiceField(
        label=_("Hvis hold"),
        choices=[("all", _("alle skolers")), ("network", _("kun samarbejdets skolers"))],
        initial="all",
    )
    network = forms.ModelChoiceField(
        label=_("Samarbejde"), queryset=Network.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, networks: list[Network], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["network"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Network.objects.filter(pk__in=[n.pk for n in networks]).order_by(
            "name", "pk"
        )
        if networks and not self.is_bound:
            self.initial.setdefault("network", networks[0].pk)
        if len(networks) == 1:
            field.widget = forms.HiddenInput()
