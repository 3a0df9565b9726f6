"""Forms of the board: they clean what was typed and save nothing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspil.coordination.domain.answers import MAX_RUNS, MAX_WHEN, When
from samspil.coordination.domain.board import CellChange
from samspil.coordination.domain.board_queries import CellDetail
from samspil.coordination.enums import CommitmentRole
from samspil.coordination.interfaces.remarks import sentence
from samspil.coordination.interfaces.values import READ, parse_when
from samspil.network.models import Organisation
from samspil.ui.forms import UploadField, Width


class CellForm(forms.Form):
    """One cell. ``version`` is what the writer saw; ``keep_words`` keeps a time that can't be
    read as the words that were written."""

    role = forms.ChoiceField(
        label=gettext_lazy("Skolen"),
        choices=[
            (CommitmentRole.OWN, gettext_lazy("udbyder selv")),
            (CommitmentRole.HOLDER, gettext_lazy("er udbydende skole for de andre")),
            (CommitmentRole.FOLLOWER, gettext_lazy("følger udbydende skole")),
            (CommitmentRole.NONE, gettext_lazy("udbyder ikke")),
        ],
        widget=forms.RadioSelect,
    )
    runs = forms.IntegerField(
        label=gettext_lazy("Antal hold"),
        required=False,
        min_value=0,
        max_value=MAX_RUNS,
        widget=Width(forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}), 4),
        error_messages={"invalid": gettext_lazy("Skriv et helt tal.")},
    )
    when_text = forms.CharField(
        label=gettext_lazy("Hvornår"),
        required=False,
        max_length=MAX_WHEN,
        help_text=gettext_lazy("fx 14.-16. september, uge 37 eller 2. kvartal"),
        widget=Width(forms.TextInput(attrs={"autocomplete": "off"}), 20),
    )
    keep_words = forms.BooleanField(
        label=gettext_lazy("Gem det, som det står, uden dato"), required=False
    )
    guarantee = forms.BooleanField(label=gettext_lazy("Garantihold"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, detail: CellDetail, **kwargs: Any) -> None:
        self.detail = detail
        self.when: When | None = None
        kwargs.setdefault(
            "initial",
            {
                "role": detail.role,
                "runs": detail.runs,
                "when_text": detail.when_text,
                "guarantee": detail.guarantee,
                "version": detail.version,
            },
        )
        super().__init__(*args, **kwargs)

    @property
    def asks_about_when(self) -> bool:
        """Whether the time could not be read, so that the way out is shown."""
        return self.is_bound and "when_text" in self.errors

    def clean(self) -> dict[str, Any]:
        """Read the time out of the words; what cannot be read is a question."""
        cleaned = super().clean() or {}
        role = cleaned.get("role")
        if cleaned.get("runs") == 0 and role in (CommitmentRole.OWN, CommitmentRole.HOLDER):
            self.add_error("runs", _("0 hold er det samme som ikke at udbyde."))
        text = (cleaned.get("when_text") or "").strip()
        if not text or role not in (CommitmentRole.OWN, CommitmentRole.HOLDER):
            return cleaned
        reading = parse_when(text, self.detail.round.year)
        if reading.state == READ:
            self.when = reading.value
        elif cleaned.get("keep_words"):
            self.when = When(text)
        else:
            message = sentence(reading.remark) if reading.remark else _("Hvornår er det?")
            options = [option.text for option in reading.options if option.starts_on]
            if options:
                message += " " + _("Skriv fx %(options)s.") % {
                    "options": _(" eller ").join(f"»{option}«" for option in options)
                }
            self.add_error("when_text", message)
        return cleaned

    def change(self) -> CellChange:
        """The cleaned cell."""
        role = self.cleaned_data["role"]
        offers = role in (CommitmentRole.OWN, CommitmentRole.HOLDER)
        when = self.when if offers else None
        return CellChange(
            round_course_id=self.detail.row.pk,
            organisation_id=self.detail.organisation_id,
            role=role,
            runs=self.cleaned_data["runs"] if offers else None,
            when_text=when.text if when else "",
            starts_on=when.starts_on if when else None,
            ends_on=when.ends_on if when else None,
            guarantee=self.cleaned_data["guarantee"] if offers else False,
            expected_version=self.cleaned_data["version"],
        )


class CommentForm(forms.Form):
    """A remark on a course."""

    text = forms.CharField(
        label=gettext_lazy("Ny kommentar"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Læses af alle, der kan se runden."),
    )


class ExternalForm(forms.Form):
    """An agreement with a school outside the circle, with its document (R27)."""

    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Skole uden for kredsen"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=gettext_lazy("Vælg, eller skriv navnet nedenfor"),
    )
    school_name = forms.CharField(
        label=gettext_lazy("Skolens navn, hvis den ikke står på listen"),
        max_length=200,
        required=False,
    )
    document = UploadField(
        kinds="pdf",
        label=gettext_lazy("Den underskrevne aftale"),
        help_text=gettext_lazy("En PDF. Aftalen skal være bindende og dokumenteret."),
    )
    when_text = forms.CharField(
        label=gettext_lazy("Hvornår udbydes målet"), max_length=MAX_WHEN, required=False
    )
    note = forms.CharField(label=gettext_lazy("Bemærkning"), max_length=500, required=False)

    def __init__(self, *args: Any, schools: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = schools  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A school is needed, one way or the other."""
        cleaned = super().clean() or {}
        if not cleaned.get("organisation") and not (cleaned.get("school_name") or "").strip():
            self.add_error("school_name", _("Skriv, hvilken skole aftalen er med."))
        return cleaned


class WhyForm(forms.Form):
    """A reason that is kept."""

    reason = forms.CharField(
        label=gettext_lazy("Begrundelse"),
        max_length=250,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
