"""What people fill in about plans, moves and transfers."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from samspil.enrolment.domain.moves import MOST_ANSWER_DAYS, MOST_DAYS, MOST_KM, PERCENTS
from samspil.network.models import Network
from samspil.runs.domain import scopes
from samspil.ui.forms import UploadField, Width


class LimitsForm(forms.Form):
    """How far and how many days people are asked to move, and how long they have to answer."""

    km = forms.IntegerField(
        label=_("Højst så mange kilometer"),
        help_text=_(
            "Fra deres hjem, eller fra deres hold, når vi ikke kender hjemmet. Har de sagt mindre, gælder det."
        ),
        min_value=0,
        max_value=MOST_KM,
        initial=40,
        widget=Width(forms.NumberInput(), 4),
    )
    days = forms.IntegerField(
        label=_("Højst så mange dage"),
        help_text=_("Før eller efter deres eget hold."),
        min_value=0,
        max_value=MOST_DAYS,
        initial=28,
        widget=Width(forms.NumberInput(), 4),
    )
    yes = forms.ChoiceField(
        label=_("Hvem siger ja, når de bliver spurgt?"),
        help_text=_(
            "Regner I med, at nogle siger nej, bliver flere spurgt, og nogle først i anden omgang."
        ),
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
    answer_days = forms.IntegerField(
        label=_("Dage til at svare"),
        min_value=1,
        max_value=MOST_ANSWER_DAYS,
        initial=4,
        widget=Width(forms.NumberInput(), 3),
    )
    elsewhere = forms.BooleanField(
        label=_("Spørg også dem, der kun står i skolernes egne systemer"),
        help_text=_("Deres skole får links at sende til dem, eller skriver selv svarene ind."),
        required=False,
        initial=True,
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


class BundleForm(LimitsForm):
    """What is looked at together: all courses of a week, a branch group or an FKB, or one course alone."""

    field_order = ("what", "course", "km", "days")

    what = forms.ChoiceField(
        label=_("Hvad skal lægges sammen?"),
        error_messages={"required": _("Vælg en uge, en branche eller en FKB.")},
    )
    course = forms.CharField(
        label=_("Eller kun ét mål"),
        help_text=_("Skriv målets nummer, fem cifre."),
        required=False,
        max_length=5,
        widget=Width(forms.TextInput(attrs={"inputmode": "numeric"}), 6),
    )

    def __init__(
        self, *args: Any, networks: list[Network], choices: scopes.Choices, **kwargs: Any
    ) -> None:
        super().__init__(*args, networks=networks, **kwargs)
        field = self.fields["what"]
        assert isinstance(field, forms.ChoiceField)
        groups = (
            (_("Hold, der afgøres i"), "decided", choices.weeks),
            (_("Hold, der begynder i"), "starting", choices.weeks),
            (_("Alle hold i en branche"), "branch", choices.branches),
            (_("Alle hold på en FKB's kernemål"), "fkb", choices.fkbs),
        )
        field.choices = [
            (str(name), [(f"{kind}:{value}", label) for value, label in rows])
            for name, kind, rows in groups
            if rows
        ]

    def clean(self) -> dict[str, Any]:
        """A course that is written goes first. ``scope`` and ``value`` say what else was chosen."""
        data: dict[str, Any] = super().clean() or {}
        data["scope"], _colon, data["value"] = str(data.get("what", "")).partition(":")
        return data


class ReasonForm(forms.Form):
    """Why a school says no, or a plan is given up."""

    reason = forms.CharField(
        label=_("Hvorfor?"),
        help_text=_("De andre skoler læser det. Skriv ingen navne."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AddressesForm(forms.Form):
    """Mail addresses of people whom only the school's own system knows."""

    addresses = forms.CharField(
        label=_("Mailadresser, én på hver linje"),
        help_text=_("Ingen navne. Adresserne slettes, når planen er slut."),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean_addresses(self) -> list[str]:
        """One address per line, comma or semicolon."""
        text = str(self.cleaned_data["addresses"])
        return [part for part in re.split(r"[\s,;]+", text) if part]


class AnswersForm(forms.Form):
    """How many of them have said yes and no to the school itself."""

    yes = forms.IntegerField(
        label=_("Har sagt ja"),
        min_value=0,
        max_value=999,
        initial=0,
        widget=Width(forms.NumberInput(), 3),
    )
    no = forms.IntegerField(
        label=_("Har sagt nej"),
        min_value=0,
        max_value=999,
        initial=0,
        widget=Width(forms.NumberInput(), 3),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput())


class LostForm(forms.Form):
    """What became of a run that is gone from the search."""

    what = forms.ChoiceField(
        label=_("Hvad er der sket med holdet?"),
        choices=[
            ("cancelled", _("Det er aflyst")),
            ("kept", _("Det findes stadig, det står bare ikke i søgningen")),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Hvorfor er det aflyst?"),
        help_text=_("Kun når det er aflyst. De tilmeldte læser det."),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class NoteForm(forms.Form):
    """A message to the other school, perhaps with a file."""

    text = forms.CharField(
        label=_("Besked til den anden skole"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    file = UploadField(label=_("Fil"), kinds="pdf", required=False, help_text=_("PDF, højst 5 MB."))
    organisation = forms.IntegerField(widget=forms.HiddenInput())


class AnswerForm(forms.Form):
    """What the other school must know of somebody who says yes; only with consent."""

    special_needs = forms.CharField(
        label=_("Er der noget, den nye skole skal vide?"),
        help_text=_(
            "For eksempel ordblindhed eller hjælpemidler. Lad feltet stå tomt, hvis der ikke er noget."
        ),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    has_consent = forms.BooleanField(label=_("Ja, det må sendes til den nye skole"), required=False)

    def clean(self) -> dict[str, Any]:
        """What is written goes along only with the tick; without it one is asked once more."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("special_needs", "").strip() and not data.get("has_consent"):
            self.add_error(
                "has_consent",
                _("Sæt kryds, hvis skolen må få det at vide, eller slet teksten."),
            )
        return data
