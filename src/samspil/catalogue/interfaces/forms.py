"""The forms of the catalogue pages. They clean and save nothing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from samspil.catalogue.domain import queries
from samspil.catalogue.enums import Evidence, RelationKind
from samspil.catalogue.models import BranchGroup, Course, Fkb
from samspil.kernel.imports.declare import ImportSpec
from samspil.network.models import Organisation
from samspil.ui.forms import DateField, NumberField, Width

_NUMBER = {"inputmode": "numeric", "autocomplete": "off"}


class FkbForm(forms.Form):
    """An FKB that is there; the number never changes."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=_("Titel"), max_length=250)
    branch_group: forms.ModelChoiceField[BranchGroup] = forms.ModelChoiceField(
        label=_("Branchegruppe"),
        empty_label=_("Ingen valgt"),
        queryset=BranchGroup.objects.order_by("position", "pk"),
        required=False,
    )
    committee = forms.CharField(label=_("Efteruddannelsesudvalg"), max_length=160, required=False)
    valid_from = DateField(label=_("Gyldig fra"), required=False)
    valid_to = DateField(label=_("Gyldig til"), required=False)
    predecessors: forms.ModelMultipleChoiceField[Fkb] = forms.ModelMultipleChoiceField(
        label=_("Afløser"),
        queryset=Fkb.objects.order_by("number", "pk"),
        required=False,
        help_text=_("Den eller de FKB'er, som denne er trådt i stedet for."),
    )

    @classmethod
    def of(cls, fkb: Fkb) -> FkbForm:
        """The form, filled in with what stands."""
        names = ("version", "title", "committee", "valid_from", "valid_to")
        initial = {name: getattr(fkb, name) for name in names}
        initial["branch_group"] = fkb.branch_group_id
        initial["predecessors"] = list(fkb.predecessors.values_list("pk", flat=True))
        return cls(initial=initial)

    @property
    def values(self) -> dict[str, Any]:
        """What the actions take."""
        group = self.cleaned_data["branch_group"]
        return {
            "title": self.cleaned_data["title"],
            "committee": self.cleaned_data["committee"],
            "valid_from": self.cleaned_data["valid_from"],
            "valid_to": self.cleaned_data["valid_to"],
            "branch_group_id": group.pk if group else None,
        }


class NewFkbForm(FkbForm):
    """A new FKB."""

    number = forms.CharField(
        label=_("FKB-nummer"), max_length=4, widget=Width(forms.TextInput(attrs=_NUMBER), 4)
    )
    field_order = ("number", "title")


class CourseForm(forms.Form):
    """A course that is there; the number never changes."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=_("Titel"), max_length=250)
    duration_days = NumberField(
        label=_("Varighed i dage"), max_digits=5, decimal_places=1, required=False
    )
    level = forms.CharField(
        label=_("Niveau"), max_length=4, required=False, widget=Width(forms.TextInput(), 4)
    )
    valid_from = DateField(label=_("Gyldig fra"), required=False)
    valid_to = DateField(label=_("Gyldig til"), required=False)

    @classmethod
    def of(cls, course: Course) -> CourseForm:
        """The form, filled in with what stands."""
        return cls(initial={name: getattr(course, name) for name in cls.base_fields})

    @property
    def values(self) -> dict[str, Any]:
        """What the actions take."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in ("version", "number")
        }


class NewCourseForm(CourseForm):
    """A new course."""

    number = forms.CharField(
        label=_("Målnummer"), max_length=5, widget=Width(forms.TextInput(attrs=_NUMBER), 8)
    )
    field_order = ("number", "title")


class RelationForm(forms.Form):
    """How a course belongs to an FKB; empty takes it out."""

    fkb: forms.ModelChoiceField[Fkb] = forms.ModelChoiceField(
        label=_("FKB"), empty_label=_("Vælg"), queryset=Fkb.objects.order_by("number", "pk")
    )
    kind = forms.ChoiceField(
        label=_("Målet er"),
        required=False,
        widget=forms.RadioSelect,
        choices=(*RelationKind.choices, ("", _("ikke med i FKB'en"))),
        initial=RelationKind.CORE,
    )


class ArchiveForm(forms.Form):
    """Why a course goes out of use, and what takes its place."""

    reason = forms.CharField(
        label=_("Hvorfor"),
        max_length=250,
        help_text=_("Fx: udgået 1. juli 2026, ingen aktivitet siden 2022."),
    )
    successor: forms.ModelChoiceField[Course] = forms.ModelChoiceField(
        label=_("Afløses af"),
        queryset=Course.objects.order_by("number", "pk"),
        to_field_name="number",
        required=False,
        widget=Width(forms.TextInput(attrs=_NUMBER), 8),
        help_text=_("Nummeret på det nye mål."),
        error_messages={"invalid_choice": _("Det mål findes ikke i kataloget.")},
    )


class ApprovalForm(forms.Form):
    """A school's approval for an FKB."""

    organisation: forms.ModelChoiceField[Organisation] = forms.ModelChoiceField(
        label=_("Skole"), empty_label=_("Vælg"), queryset=Organisation.objects.none()
    )
    valid_from = DateField(label=_("Gyldig fra"), required=False)
    valid_to = DateField(label=_("Gyldig til"), required=False)
    evidence = forms.ChoiceField(
        label=_("Grundlag"), choices=Evidence.choices, initial=Evidence.GRANTED
    )
    source = forms.CharField(
        label=_("Kilde"),
        max_length=200,
        required=False,
        help_text=_("Fx: ministeriets afgørelse af 12. september 2019."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = queries.schools()  # type: ignore[attr-defined]


class EndForm(forms.Form):
    """The last day of something."""

    on = DateField(label=_("Sidste dag"))


def _options(form: forms.Form, spec: ImportSpec, current: dict[str, Any]) -> None:
    """Add the questions of a kind of list to ``form``."""
    for option in spec.options:
        initial = current.get(option.key, option.default)
        if option.choices:
            form.fields[f"option_{option.key}"] = forms.ChoiceField(
                label=option.label,
                choices=option.choices,
                initial=initial,
                help_text=option.hint,
                widget=forms.RadioSelect,
            )
        else:
            form.fields[f"option_{option.key}"] = forms.BooleanField(
                label=option.label, required=False, initial=bool(initial), help_text=option.hint
            )


def options_of(data: dict[str, Any]) -> dict[str, Any]:
    """The answers to a kind of list's questions."""
    return {
        name.removeprefix("option_"): value
        for name, value in data.items()
        if name.startswith("option_")
    }


class UploadForm(forms.Form):
    """A list to read in. What the file is, its content decides, not its name."""

    file = forms.FileField(
        label=_("Fil"),
        help_text=_("Excel (.xlsx), OpenDocument (.ods) eller CSV, højst 20 MB."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.ods,.csv,.txt"}),
        allow_empty_file=True,
        error_messages={"required": _("Vælg en fil.")},
    )
    source = forms.CharField(
        label=_("Hvor kommer listen fra?"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"list": "kilder"}),
        help_text=_("Fx: Børne- og Undervisningsministeriet. Kolonnerne huskes til næste gang."),
    )

    def __init__(self, *args: Any, spec: ImportSpec, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _options(self, spec, {})


class ColumnsForm(forms.Form):
    """What each column of each table is read as."""

    source = UploadForm.base_fields["source"]

    def __init__(
        self,
        *args: Any,
        spec: ImportSpec,
        tables: list[Any],
        current: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        _options(self, spec, current)
        choices = [("", _("Læses ikke")), *((column.key, column.label) for column in spec.columns)]
        self.tables = tables
        # Tables with the same headings (one per sheet or group) are chosen once, together.
        leaders: dict[tuple[str, ...], int] = {}
        self.leader = [
            leaders.setdefault(tuple(table.headings), number)
            for number, (table, _sheet, _sample) in enumerate(tables)
        ]
        for number, (table, _sheet, _sample) in enumerate(tables):
            if self.leader[number] != number:
                continue
            self.fields[f"read_{number}"] = forms.BooleanField(
                label=_("Læs denne tabel"), required=False, initial=table.is_read
            )
            for offset in range(len(table.headings)):
                self.fields[f"column_{number}_{offset}"] = forms.ChoiceField(
                    label=_("Læses som"),
                    choices=choices,
                    required=False,
                    initial=table.columns.get(table.first_column + offset, ""),
                )

    @property
    def columns(self) -> list[dict[int, str]]:
        """Per table: place to key."""
        return [
            {
                table.first_column + offset: key
                for offset in range(len(table.headings))
                if (key := self.cleaned_data[f"column_{self.leader[number]}_{offset}"])
            }
            for number, (table, _sheet, _sample) in enumerate(self.tables)
        ]

    @property
    def is_read(self) -> list[bool]:
        """Per table: whether it is read at all."""
        return [self.cleaned_data[f"read_{leader}"] for leader in self.leader]
