"""Forms of the coordination meeting: they clean what was typed and save nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspil.coordination.domain.answers import MAX_RUNS, MAX_WHEN, When
from samspil.coordination.domain.meeting_queries import Able
from samspil.coordination.domain.meetings import MAX_TASK, MAX_WHY
from samspil.coordination.interfaces.board_forms import ExternalForm, WhyForm
from samspil.coordination.interfaces.remarks import sentence
from samspil.coordination.interfaces.values import READ, parse_when
from samspil.ui.forms import ChoiceColumns, DateField, Width


def _why() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Hvorfor"),
        required=False,
        max_length=MAX_WHY,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class OfferForm(forms.Form):
    """What a school offers: runs, time, guarantee, and why it is that school."""

    runs = forms.IntegerField(
        label=gettext_lazy("Antal hold"),
        required=False,
        min_value=1,
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
    why = _why()

    def __init__(self, *args: Any, year: int, schools: Sequence[Able], **kwargs: Any) -> None:
        self.year = year
        self.when: When | None = None
        self.schools = schools
        super().__init__(*args, **kwargs)

    @property
    def asks_about_when(self) -> bool:
        """Whether the time could not be read, so that the way out is shown."""
        return self.is_bound and "when_text" in self.errors

    def clean(self) -> dict[str, Any]:
        """Read the time out of the words; what cannot be read is a question."""
        cleaned = super().clean() or {}
        text = (cleaned.get("when_text") or "").strip()
        if not text:
            return cleaned
        reading = parse_when(text, self.year)
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


class TakeForm(OfferForm):
    """A school's own offer. The school is the button that was pressed."""

    school = forms.TypedChoiceField(coerce=int, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school"].choices = [  # type: ignore[attr-defined]
            (able.organisation_id, able.label) for able in self.schools
        ]


class ShareForm(OfferForm):
    """A joint run: who holds it, and who follows."""

    holder = forms.TypedChoiceField(label=gettext_lazy("Udbydende skole"), coerce=int)
    followers = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Følger"),
        coerce=int,
        widget=ChoiceColumns,
        error_messages={"required": gettext_lazy("Vælg mindst én skole, der følger.")},
    )
    field_order = ("holder", "followers", "when_text", "keep_words", "runs", "guarantee", "why")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(able.organisation_id, able.label) for able in self.schools]
        holder = next((a for a in self.schools if a.can), None)
        for name in ("holder", "followers"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        if holder is not None:
            self.fields["holder"].initial = holder.organisation_id
        self.fields["followers"].initial = [
            able.organisation_id
            for able in self.schools
            if able.would_follow and able is not holder
        ]

    def clean(self) -> dict[str, Any]:
        """Somebody but the holder follows."""
        cleaned = super().clean()
        followers = cleaned.get("followers")
        if followers and not set(followers) - {cleaned.get("holder")}:
            self.add_error("followers", _("Vælg mindst én skole, der følger."))
        return cleaned


class OutsideForm(ExternalForm):
    """``ExternalForm`` with the reason instead of a remark."""

    note = _why()


class LeaveOutForm(WhyForm):
    """Why a course is taken out of the duty, on one line."""

    reason = forms.CharField(
        label=gettext_lazy("Begrundelse"),
        max_length=250,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class TaskForm(forms.Form):
    """Who does what until when; the secretariat where no school is chosen."""

    text = forms.CharField(
        label=gettext_lazy("Hvad skal gøres"),
        max_length=MAX_TASK,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    school = forms.TypedChoiceField(
        label=gettext_lazy("Hvem"), coerce=int, required=False, empty_value=None
    )
    due_on = DateField(label=gettext_lazy("Senest"))

    def __init__(self, *args: Any, schools: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school"].choices = [  # type: ignore[attr-defined]
            ("", _("Sekretariatet")),
            *schools,
        ]


class LaterForm(TaskForm):
    """A gap that is put off: a task, and why."""

    why = _why()


class EndForm(forms.Form):
    """The end of the meeting. ``version`` is what the leader saw."""

    participants = forms.CharField(
        label=gettext_lazy("Deltagere"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("En på hver linje. Slet dem, der ikke var med."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
