"""What people fill in about a loan."""

from __future__ import annotations

import re
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from samspil.catalogue.models import Course, Fkb
from samspil.lending.domain import queries
from samspil.lending.domain.terms import Terms, Upload
from samspil.lending.enums import Ground, LoanKind
from samspil.lending.models import Loan
from samspil.network.models import Organisation
from samspil.ui.forms import DateField, UploadField


class _Frame(forms.Form):
    """What a loan and a contract have in common."""

    fkb = forms.ModelChoiceField(
        label=_("FKB"), queryset=Fkb.objects.none(), empty_label=_("Vælg en FKB")
    )
    courses = forms.CharField(
        label=_("Mål"),
        required=False,
        max_length=600,
        help_text=_("Målnumre med komma imellem. Tomt betyder alle mål i FKB'en."),
    )
    starts_on = DateField(label=_("Fra og med"))
    ends_on = DateField(label=_("Til og med"))

    def __init__(self, *args: Any, fkbs: QuerySet[Fkb], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[Fkb]", self.fields["fkb"]).queryset = fkbs

    def clean_courses(self) -> list[Course]:
        """The courses of the numbers."""
        numbers = list(dict.fromkeys(re.split(r"[,;\s]+", self.cleaned_data["courses"].strip())))
        numbers = [number for number in numbers if number]
        found, unknown = queries.courses_by_number(numbers)
        if unknown:
            raise ValidationError(
                _now("Kataloget har ikke målet %(numbers)s."),
                params={"numbers": ", ".join(unknown)},
            )
        return found

    def upload(self) -> Upload | None:
        """The file that was handed in."""
        file = self.cleaned_data.get("document")
        if not isinstance(file, UploadedFile):
            return None
        return Upload(file.name or "", file.read())


class LoanForm(_Frame):
    """The terms of a loan. ``side`` says which of the two the own school is."""

    side = forms.ChoiceField(
        label=_("Jeres skole"),
        choices=[
            ("borrower", _("vil holde kurserne for en godkendt skole (låner)")),
            ("lender", _("er godkendt og lader en anden skole holde kurserne (långiver)")),
        ],
        widget=forms.RadioSelect,
        initial="borrower",
    )
    other = forms.ModelChoiceField(
        label=_("Den anden skole"),
        queryset=Organisation.objects.none(),
        empty_label=_("Vælg en skole"),
    )
    grounds = forms.MultipleChoiceField(
        label=_("Lovens grundlag"),
        choices=Ground.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("AMU-loven § 16, stk. 5: mindst ét."),
        error_messages={"required": _("Vælg mindst ét grundlag.")},
    )
    reason = forms.CharField(
        label=_("Begrundelse"),
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Hvorfor grundlaget er opfyldt. Står i aftalen."),
        error_messages={"required": _("Skriv, hvorfor grundlaget er opfyldt.")},
    )
    place = forms.CharField(label=_("Sted"), max_length=200, required=False)
    terms = forms.CharField(
        label=_("Jeres egne vilkår"),
        max_length=4000,
        required=False,
        widget=forms.Textarea({"rows": 5}),
        help_text=_("For eksempel betaling, tilsyn, prøver og materialer."),
    )
    exception_note = forms.CharField(
        label=_("Godkendelse, der tillader mere end seks måneder"),
        max_length=500,
        required=False,
        help_text=_("Kun når udlånet er en del af en godkendelse: dato og nummer."),
    )
    document = UploadField(
        label=_("Godkendelsen"), help_text=_("PDF, højst 5 MB."), kinds="pdf", required=False
    )

    field_order = ("side", "other", "fkb", "courses", "starts_on", "ends_on", "place", "grounds")

    def __init__(self, *args: Any, others: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[Organisation]", self.fields["other"]).queryset = others

    def terms_for(self, own: Organisation) -> Terms:
        """What was filled in, for ``own`` and the other school."""
        data = self.cleaned_data
        lends = data["side"] == "lender"
        return Terms(
            lender=own if lends else data["other"],
            borrower=data["other"] if lends else own,
            fkb=data["fkb"],
            courses=data["courses"],
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            grounds=data["grounds"],
            reason=data["reason"],
            place=data["place"],
            terms=data["terms"],
            exception_note=data["exception_note"],
            document=self.upload(),
        )

    @staticmethod
    def initial_of(loan: Loan, own: Organisation) -> dict[str, Any]:
        """The form as a stored loan fills it."""
        lends = loan.lender_id == own.pk
        return {
            "side": "lender" if lends else "borrower",
            "other": loan.borrower_id if lends else loan.lender_id,
            "fkb": loan.fkb_id,
            "courses": ", ".join(c.number for c in loan.courses.order_by("number", "pk")),
            "starts_on": loan.starts_on,
            "ends_on": loan.ends_on,
            "grounds": loan.grounds,
            "reason": loan.reason,
            "place": loan.place,
            "terms": loan.terms,
            "exception_note": loan.exception_note,
        }


class ContractForm(_Frame):
    """A contract with a private supplier, made elsewhere and noted here."""

    supplier = forms.CharField(label=_("Leverandør"), max_length=160)
    supplier_cvr = forms.CharField(label=_("CVR-nummer"), max_length=12)
    reason = forms.CharField(
        label=_("Hvad kontrakten går ud på"),
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Også hvordan I fører tilsyn med undervisningen."),
    )
    document = UploadField(
        label=_("Kontrakten"),
        help_text=_("PDF, højst 5 MB. Ministeriets standardkontrakt. Vises kun for jer selv."),
        kinds="pdf",
    )

    field_order = ("supplier", "supplier_cvr", "fkb", "courses", "starts_on", "ends_on")

    def clean_supplier_cvr(self) -> str:
        """The number without spaces."""
        return re.sub(r"\s", "", str(self.cleaned_data["supplier_cvr"]))

    def terms_for(self, own: Organisation) -> Terms:
        """What was filled in."""
        data = self.cleaned_data
        return Terms(
            kind=LoanKind.CONTRACT,
            lender=own,
            supplier=data["supplier"],
            supplier_cvr=data["supplier_cvr"],
            fkb=data["fkb"],
            courses=data["courses"],
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            reason=data["reason"],
            document=self.upload(),
        )


class ReasonForm(forms.Form):
    """Why one says no, or takes a proposal back."""

    reason = forms.CharField(
        label=_("Grund"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Den anden skole får den at læse."),
        error_messages={"required": _("Skriv en grund.")},
    )


class EndForm(ReasonForm):
    """When and why a loan ends early."""

    last_on = DateField(label=_("Sidste dag"))
    field_order = ("last_on", "reason")


class RegisterForm(forms.Form):
    """The receipt of the digital registration (R52)."""

    receipt_number = forms.CharField(label=_("Kvitteringens nummer"), max_length=60)
    registered_on = DateField(label=_("Registreret den"))
