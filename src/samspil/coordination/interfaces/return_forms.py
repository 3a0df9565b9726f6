"""Forms for files that come back."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from samspil.ui.forms import UploadField


class WorkbookForm(forms.Form):
    """A filled-in form as a workbook."""

    file = UploadField(
        label=_("Det udfyldte skema"),
        help_text=_("Excel (.xlsx), OpenDocument (.ods) eller CSV, højst 20 MB."),
        kinds="xlsx,ods,csv",
    )


class MatrixForm(forms.Form):
    """Last year's overview as the matrix people keep."""

    file = UploadField(
        label=_("Koordineringsoversigten"),
        help_text=_("Et regneark med et mål i hver række og en skole i hver kolonne."),
        kinds="xlsx,ods,csv",
    )
