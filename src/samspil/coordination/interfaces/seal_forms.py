"""The file that somebody wants checked."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from samspil.ui.forms import UploadField


class CheckForm(forms.Form):
    """A PDF to check. It is read in memory and not kept."""

    file = UploadField(
        label=_("PDF-filen"), help_text=_("Den fil, du har fået. Højst 20 MB."), kinds="pdf"
    )
