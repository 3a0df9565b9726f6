"""Forms about overviews and agreements."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from samspil.ui.forms import DateField, UploadField


class WhyForm(forms.Form):
    """Why an overview is opened again, or an agreement declined."""

    reason = forms.CharField(
        label=_("Grund"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("Skriv en grund.")},
    )


class PaperForm(forms.Form):
    """The scanned page with a leader's signature."""

    document = UploadField(
        label=_("Den scannede side"), help_text=_("PDF, højst 5 MB."), kinds="pdf"
    )
    person_name = forms.CharField(label=_("Hvem har underskrevet?"), max_length=120)
    signed_on = DateField(label=_("Dato på papiret"))


class ConfirmPaperForm(forms.Form):
    """What is copied from the paper, so that it is this agreement."""

    checksum = forms.CharField(
        label=_("De første otte tegn af kontrolsummen på papiret"),
        min_length=8,
        max_length=64,
        help_text=_("Den står nederst på hver side."),
    )
