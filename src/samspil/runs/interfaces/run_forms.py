"""The forms of a run that is kept here."""

from __future__ import annotations

import re
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspil.catalogue.models import Course
from samspil.kernel import clock
from samspil.network.models import Organisation
from samspil.runs.domain import kept
from samspil.runs.domain.days import WORKWEEK, Plan
from samspil.runs.domain.keeping import MOST_SEATS, PriceLine, RunFacts
from samspil.runs.enums import PeriodKind
from samspil.ui.forms import ChoiceColumns, DateField, NumberField, Width

WEEKDAYS = (
    (1, gettext_lazy("man")),
    (2, gettext_lazy("tir")),
    (3, gettext_lazy("ons")),
    (4, gettext_lazy("tor")),
    (5, gettext_lazy("fre")),
    (6, gettext_lazy("lør")),
    (7, gettext_lazy("søn")),
)


class TimeField(forms.TimeField):
    """A time of day as Danes write it: ``8``, ``8.00``, ``08:00``, ``0800``."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": gettext_lazy("Skriv et klokkeslæt, for eksempel 8.00.")
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget",
            forms.TimeInput(
                format="%H.%M",
                attrs={"class": "w-4", "inputmode": "decimal", "autocomplete": "off"},
            ),
        )
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> time | None:
        if not isinstance(value, str):
            return value if isinstance(value, time) else None
        written = value.strip()
        if not written:
            return None
        match = re.fullmatch(r"(\d{1,2})(?:\s*[.:]\s*(\d{2}))?|(\d{2})(\d{2})", written)
        if match:
            hour, minute = int(match[1] or match[3]), int(match[2] or match[4] or 0)
            if hour < 24 and minute < 60:
                return time(hour, minute)
        raise ValidationError(self.error_messages["invalid"], code="invalid")


_ONE = re.compile(r"^(\d{1,2})[-./](\d{1,2})(?:[-./](\d{4}|\d{2}))?$")


def read_dates(text: str, today: date) -> list[date]:
    """Dates as people list them: ``17-8-2027, 19/8, 21/8``. A date without a year follows the one before
    it; the first is the next such day. Raises ``ValidationError`` that names the one that is none."""
    found: list[date] = []
    joined = re.sub(r"\s*([-./])\s*", r"\1", text)
    for written in re.split(r"[,;\s]+", joined.strip()):
        word = written.strip(".")
        if not word:
            continue
        match = _ONE.match(word)
        after = found[-1] if found else today
        try:
            if match is None:
                raise ValueError
            day, month = int(match[1]), int(match[2])
            if match[3]:
                year = int(match[3])
                found.append(date(year + 2000 if year < 100 else year, month, day))
            else:
                guess = date(after.year, month, day)
                found.append(guess if guess >= after else date(after.year + 1, month, day))
        except ValueError:
            raise ValidationError(
                _("»%(word)s« er ikke en dato. Skriv for eksempel 17-8-2027, 19-8-2027.")
                % {"word": word[:20]}
            ) from None
    return sorted(set(found))


class DatesField(forms.CharField):
    """Several dates in one line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=4000, **kwargs)

    def clean(self, value: Any) -> Any:
        return tuple(read_dates(super().clean(value), clock.today()))

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return ", ".join(f"{day.day}-{day.month}-{day.year}" for day in value)
        return value


class PeriodForm(forms.Form):
    """One period of a run: single dates, or weekdays between two dates."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Dagene er"),
        choices=PeriodKind.choices,
        initial=PeriodKind.PATTERN,
        widget=forms.RadioSelect,
    )
    first_on = DateField(label=gettext_lazy("Fra"), required=False, help_text="")
    last_on = DateField(label=gettext_lazy("Til og med"), required=False, help_text="")
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Ugedage"),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        initial=list(WORKWEEK),
        widget=ChoiceColumns,
    )
    skips_holidays = forms.BooleanField(
        label=gettext_lazy("Spring helligdage over"), required=False, initial=True
    )
    dates = DatesField(
        label=gettext_lazy("Datoer"),
        required=False,
        help_text=gettext_lazy(
            "Enkelte dage: dagene selv. Ugedage: de dage, der skal udgå. For eksempel 17-8-2027, 19-8-2027"
        ),
    )
    starts_at = TimeField(label=gettext_lazy("Klokken"), required=False)
    ends_at = TimeField(label=gettext_lazy("til klokken"), required=False)
    room = forms.CharField(
        label=gettext_lazy("Lokale"),
        max_length=60,
        required=False,
        widget=Width(forms.TextInput(), 12),
    )
    teacher = forms.CharField(
        label=gettext_lazy("Underviser"),
        max_length=80,
        required=False,
        widget=Width(forms.TextInput(), 20),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, end = data.get("starts_at"), data.get("ends_at")
        if start and end and end <= start:
            self.add_error("ends_at", _("Sluttidspunktet ligger før starttidspunktet."))
        if data.get("kind") == PeriodKind.DATES:
            if not data.get("dates") and "dates" not in self.errors:
                self.add_error("dates", _("Skriv dagene."))
        elif data.get("kind") == PeriodKind.PATTERN:
            first, last = data.get("first_on"), data.get("last_on")
            if first is None and "first_on" not in self.errors:
                self.add_error("first_on", _("Skriv den første dag."))
            if last is None and "last_on" not in self.errors:
                self.add_error("last_on", _("Skriv den sidste dag."))
            if first and last and last < first:
                self.add_error("last_on", _("Slutdatoen ligger før startdatoen."))
            elif first and last and (last - first).days > 366:
                self.add_error("last_on", _("En periode kan højst vare et år."))
            if not data.get("weekdays"):
                self.add_error("weekdays", _("Vælg mindst én ugedag."))
        return data

    def plan(self) -> Plan:
        """What the form says, once it is clean."""
        data = dict(self.cleaned_data)
        data.pop("DELETE", None)
        return Plan(**data | {"weekdays": tuple(data["weekdays"])})


class PriceForm(forms.Form):
    """One line of the price."""

    label = forms.CharField(
        label=gettext_lazy("Hvad"), max_length=80, widget=Width(forms.TextInput(), 20)
    )
    amount = NumberField(
        label=gettext_lazy("Kroner"),
        min_value=0,
        max_value=1_000_000,
        decimal_places=2,
        widget=forms.TextInput(attrs={"class": "w-8 num", "inputmode": "decimal"}),
    )


if TYPE_CHECKING:
    _FormSet = forms.BaseFormSet[Any]
else:
    _FormSet = forms.BaseFormSet


class _Parts(_FormSet):
    """Parts that can be taken away; an untouched part that was only offered counts as nothing."""

    def filled(self) -> list[Any]:
        """The parts that say something and are not taken away."""
        return [
            form
            for form in self.forms
            if not (self.can_delete and form in self.deleted_forms)
            and (form.has_changed() or not form.empty_permitted)
        ]

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = _("Fjern")


Periods = forms.formset_factory(
    PeriodForm, formset=_Parts, extra=0, can_delete=True, max_num=20, absolute_max=25
)
Prices = forms.formset_factory(
    PriceForm, formset=_Parts, extra=0, can_delete=True, max_num=20, absolute_max=25
)


class RunForm(forms.Form):
    """Everything of a run but its periods and price lines."""

    school = forms.ModelChoiceField(
        label=gettext_lazy("Skole"), queryset=Organisation.objects.none(), empty_label=None
    )
    course = forms.CharField(
        label=gettext_lazy("Fagnummer"),
        help_text=gettext_lazy("fem cifre"),
        max_length=7,
        widget=Width(forms.TextInput(attrs={"list": "courses", "autocomplete": "off"}), 8),
    )
    title = forms.CharField(
        label=gettext_lazy("Titel"),
        help_text=gettext_lazy("kun hvis holdet skal hedde andet end målet"),
        max_length=250,
        required=False,
    )
    kviknummer = forms.CharField(
        label=gettext_lazy("Kviknummer"),
        help_text=gettext_lazy("når I har oprettet holdet i jeres eget system"),
        max_length=40,
        required=False,
        widget=Width(forms.TextInput(), 20),
    )
    duration_days = NumberField(
        label=gettext_lazy("Varighed i dage"),
        help_text=gettext_lazy("tom: antallet af dage ovenfor"),
        required=False,
        min_value=Decimal("0.1"),
        max_value=400,
        decimal_places=1,
    )
    is_evening = forms.BooleanField(label=gettext_lazy("Aftenhold"), required=False)
    is_remote = forms.BooleanField(label=gettext_lazy("Fjernundervisning"), required=False)
    is_at_company = forms.BooleanField(label=gettext_lazy("Hos en virksomhed"), required=False)
    company = forms.CharField(label=gettext_lazy("Virksomhed"), max_length=120, required=False)
    street = forms.CharField(label=gettext_lazy("Adresse"), max_length=120, required=False)
    postcode = forms.RegexField(
        r"^\d{4}$",
        label=gettext_lazy("Postnummer"),
        required=False,
        error_messages={"invalid": gettext_lazy("Et postnummer er fire cifre.")},
        widget=Width(forms.TextInput(attrs={"inputmode": "numeric"}), 4),
    )
    city = forms.CharField(
        label=gettext_lazy("By"),
        max_length=80,
        required=False,
        widget=Width(forms.TextInput(), 20),
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("Pladser"),
        min_value=1,
        max_value=MOST_SEATS,
        initial=20,
        widget=Width(forms.NumberInput(), 4),
    )
    minimum = forms.IntegerField(
        label=gettext_lazy("Mindst"),
        help_text=gettext_lazy("så mange skal der til, for at holdet gennemføres"),
        min_value=1,
        max_value=MOST_SEATS,
        initial=10,
        widget=Width(forms.NumberInput(), 4),
    )
    is_guaranteed = forms.BooleanField(
        label=gettext_lazy("Garantihold"),
        help_text=gettext_lazy(
            "gennemføres, uanset hvor mange der melder sig. Minimum må højst være 5"
        ),
        required=False,
    )
    deadline_on = DateField(label=gettext_lazy("Tilmeldingsfrist"), required=False)
    decision_on = DateField(
        label=gettext_lazy("Beslutningsdag"),
        help_text=gettext_lazy("hvornår I afgør, om holdet gennemføres. Tom: tilmeldingsfristen"),
        required=False,
    )
    takes_sign_up = forms.BooleanField(
        label=gettext_lazy("Tag imod tilmelding i Samspil"),
        help_text=gettext_lazy("fra den offentlige side om holdet, når det er annonceret"),
        required=False,
    )
    part_goals = forms.CharField(
        label=gettext_lazy("Delmål"),
        help_text=gettext_lazy("et på hver linje, hvis holdet kun er en del af målet"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    link = forms.URLField(
        label=gettext_lazy("Link til holdet"), max_length=400, required=False, assume_scheme="https"
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("kun for skolen og koordinatorerne"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput(), required=False)
    form_key = forms.CharField(widget=forms.HiddenInput(), required=False, max_length=50)

    def __init__(self, *args: Any, schools: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["school"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Organisation.objects.filter(pk__in=[s.pk for s in schools]).order_by(
            "name", "pk"
        )
        if not self.is_bound and schools:
            self.initial.setdefault("school", schools[0].pk)
        if len(schools) == 1:
            field.widget = forms.HiddenInput()

    def clean_course(self) -> Course:
        number = re.sub(r"\D", "", self.cleaned_data["course"])
        found = kept.course_by_number(number)
        if found is None:
            raise ValidationError(
                _("Målet %(number)s findes ikke i kataloget.") % {"number": number}
            )
        return found

    def facts(self, periods: Any, prices: Any) -> RunFacts:
        """What the forms say together, once they are clean."""
        data = self.cleaned_data
        return RunFacts(
            periods=tuple(form.plan() for form in periods.filled()),
            prices=tuple(
                PriceLine(
                    form.cleaned_data["label"],
                    int((form.cleaned_data["amount"] * 100).to_integral_value()),
                )
                for form in prices.filled()
            ),
            part_goals=tuple(
                line.strip() for line in data["part_goals"].splitlines() if line.strip()
            ),
            **{
                name: data[name]
                for name in (
                    "course",
                    "title",
                    "kviknummer",
                    "duration_days",
                    "is_evening",
                    "is_remote",
                    "is_at_company",
                    "company",
                    "street",
                    "postcode",
                    "city",
                    "capacity",
                    "minimum",
                    "is_guaranteed",
                    "deadline_on",
                    "decision_on",
                    "takes_sign_up",
                    "link",
                    "note",
                )
            },
        )


def initial_of(
    facts: RunFacts,
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """The initial values of the three forms that show some facts."""
    run = {
        name: getattr(facts, name)
        for name in RunForm.base_fields
        if name not in ("school", "course", "part_goals", "version", "form_key")
    }
    run["course"] = facts.course.number
    run["title"] = "" if facts.title == facts.course.title else facts.title
    run["part_goals"] = "\n".join(facts.part_goals)
    periods = [
        {
            name: list(value) if name == "weekdays" else value
            for name, value in ((name, getattr(plan, name)) for name in PeriodForm.base_fields)
        }
        for plan in facts.periods
    ]
    prices = [{"label": line.label, "amount": Decimal(line.ore) / 100} for line in facts.prices]
    return run, periods, prices


class CancelForm(forms.Form):
    """Why a run is cancelled."""

    reason = forms.CharField(
        label=gettext_lazy("Hvorfor aflyses holdet?"),
        help_text=gettext_lazy("De tilmeldte og de skoler, der følger holdet, får det at vide."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput())


class HoldForm(forms.Form):
    """How many took part."""

    taught = forms.IntegerField(
        label=gettext_lazy("Hvor mange deltog?"),
        min_value=0,
        max_value=MOST_SEATS,
        widget=Width(forms.NumberInput(), 4),
    )
    version = forms.IntegerField(widget=forms.HiddenInput())


class MoveForm(forms.Form):
    """The new first day."""

    first_on = DateField(label=gettext_lazy("Ny første dag"))
    version = forms.IntegerField(widget=forms.HiddenInput())


class SeriesForm(forms.Form):
    """How many runs, and how far apart."""

    weeks = forms.IntegerField(
        label=gettext_lazy("Uger imellem"),
        min_value=1,
        max_value=52,
        initial=4,
        widget=Width(forms.NumberInput(), 4),
    )
    times = forms.IntegerField(
        label=gettext_lazy("Antal hold"),
        min_value=1,
        max_value=30,
        initial=5,
        widget=Width(forms.NumberInput(), 4),
    )


class AnnouncementForm(forms.Form):
    """What a school that follows decides itself."""

    kviknummer = forms.CharField(
        label=gettext_lazy("Kviknummer"),
        help_text=gettext_lazy("når I har oprettet holdet i jeres eget system"),
        max_length=40,
        required=False,
        widget=Width(forms.TextInput(), 20),
    )
    deadline_on = DateField(label=gettext_lazy("Tilmeldingsfrist hos jer"), required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("kun for skolen og koordinatorerne"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput())
