"""Forms about overviews and agreements."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class WhyForm(forms.Form):
    """Why an overview is opened again, or an agreement declined."""

    reason = forms.CharField(
        label=_("Grund"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("Skriv en grund.")},
    )
