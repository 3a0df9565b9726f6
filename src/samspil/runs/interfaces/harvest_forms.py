"""Forms about fetching announced runs."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from samspil.ui.forms import UploadField, Width


class FetchForm(forms.Form):
    """Fetch now. The tick is only shown after a harvest that was refused for it."""

    accepts_fewer = forms.BooleanField(
        label=_("Det er rigtigt, at mange hold er væk"), required=False
    )


class FetchedFileForm(forms.Form):
    """A file with announced runs, as the search gives it or as a list."""

    file = UploadField(
        label=_("Fil"),
        kinds="json,csv,xlsx,ods",
        help_text=_("Søgningens svar som JSON, eller en liste i Excel, LibreOffice eller CSV."),
    )
    course = forms.RegexField(
        label=_("Fagnummer"),
        regex=r"^\s*\d{5}\s*$",
        required=False,
        help_text=_("Skriv det, hvis filen ikke selv siger, hvilket mål holdene er på."),
        error_messages={"invalid": _("Et fagnummer er fem cifre.")},
        widget=Width(forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}), 8),
    )
    is_whole = forms.BooleanField(
        label=_("Filen har alle målets hold: Hold, der ikke står i den, er væk"), required=False
    )
    accepts_fewer = forms.BooleanField(
        label=_("Det er rigtigt, at mange hold er væk"), required=False
    )
