"""What people fill in: the sign-up, and what its owner changes afterwards."""

from __future__ import annotations

import re
import uuid
from datetime import date
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from samspil.enrolment.domain.people import Details, Employer
from samspil.enrolment.domain.sign_ups import MOST_PEOPLE, Named, Order, Wish
from samspil.enrolment.domain.terms import Needs
from samspil.enrolment.enums import EducationLevel, HowMany, Orderer
from samspil.enrolment.models import Enrolment, Learner
from samspil.network.models import Organisation
from samspil.ui.forms import DateField, Width

_CVR_WEIGHTS = (2, 7, 6, 5, 4, 3, 2, 1)


def clean_cvr(text: str) -> str:
    """A CVR number as eight digits; raises ``ValidationError`` with a sentence."""
    digits = re.sub(r"[\s.-]", "", text.upper().removeprefix("DK"))
    if not digits:
        return ""
    is_right = (
        re.fullmatch(r"[0-9]{8}", digits)
        and sum(int(d) * w for d, w in zip(digits, _CVR_WEIGHTS, strict=True)) % 11 == 0
    )
    if not is_right:
        raise ValidationError(_("Et CVR-nummer har otte cifre. Se efter, om alle er rigtige."))
    return digits


def clean_phone(text: str) -> str:
    """A telephone number without blanks, with its country when it is foreign."""
    number = re.sub(r"[\s().-]", "", text)
    number = re.sub(r"^(\+45|0045)(?=[0-9]{8}$)", "", number)
    if number and not re.fullmatch(r"[0-9]{8}|(\+|00)[0-9]{7,15}", number):
        raise ValidationError(_("Skriv et telefonnummer med otte cifre."))
    return number


def clean_postcode(text: str) -> str:
    """Four digits, or empty."""
    text = text.strip().upper().removeprefix("DK-")
    if text and not re.fullmatch(r"[0-9]{4}", text):
        raise ValidationError(_("Et postnummer har fire cifre."))
    return text


_CENTURIES = ((3, 1900, 1900), (4, 2000, 1900), (8, 2000, 1800), (9, 2000, 1900))


def clean_cpr(text: str) -> str:
    """Ten digits whose first six are a date. There is no check digit since 2007."""
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"[0-9]{10}", digits):
        raise ValidationError(_("Et CPR-nummer har ti cifre: 010190-1234."))
    day, month, year, seventh = int(digits[:2]), int(digits[2:4]), int(digits[4:6]), int(digits[6])
    _top, low, high = next(row for row in _CENTURIES if seventh <= row[0])
    limit = {4: 36, 8: 57, 9: 36}.get(_top, 99)
    try:
        date((low if year <= limit else high) + year, month, day)
    except ValueError:
        raise ValidationError(
            _("De første seks cifre er ikke en dato. Se efter, om de er rigtige.")
        ) from None
    return digits


def _how_many() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=gettext_lazy("Hvis der ikke er plads til alle"),
        choices=HowMany.choices,
        initial=HowMany.SOME,
        widget=forms.RadioSelect,
    )


class SignUpForm(forms.Form):
    """One or many people, first by number alone. ``website`` is for machines: people don't see it."""

    orderer = forms.ChoiceField(
        label=gettext_lazy("Hvem tilmelder du?"),
        choices=Orderer.choices,
        initial=Orderer.PRIVATE,
        widget=forms.RadioSelect,
    )
    company = forms.CharField(
        label=gettext_lazy("Virksomhed eller kommune"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    cvr = forms.CharField(
        label=gettext_lazy("CVR-nummer"),
        max_length=20,
        required=False,
        widget=Width(forms.TextInput(attrs={"inputmode": "numeric"}), 12),
    )
    name = forms.CharField(
        label=gettext_lazy("Dit navn"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("Din mail"),
        help_text=gettext_lazy("Her sender vi linket, du bekræfter med."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Telefon"),
        max_length=25,
        required=False,
        widget=Width(forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}), 12),
    )
    head_count = forms.IntegerField(
        label=gettext_lazy("Hvor mange pladser?"),
        help_text=gettext_lazy("Du skriver navne på bagefter."),
        initial=1,
        min_value=1,
        max_value=MOST_PEOPLE,
        widget=Width(forms.NumberInput(attrs={"inputmode": "numeric"}), 4),
        error_messages={
            "invalid": gettext_lazy("Skriv antallet med et tal, for eksempel 3."),
            "required": gettext_lazy("Skriv, hvor mange pladser I skal bruge."),
        },
    )
    how_many = _how_many()
    is_protected = forms.BooleanField(
        label=gettext_lazy("Jeg har navne- og adressebeskyttelse"), required=False
    )
    website = forms.CharField(
        label=gettext_lazy("Lad feltet stå tomt"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["how_many"].required = False
        self.initial.setdefault("form_key", uuid.uuid4())

    @property
    def is_trap_sprung(self) -> bool:
        """Whether something filled in the field that people don't see."""
        return bool(self.data.get(self.add_prefix("website")))

    def clean_cvr(self) -> str:
        return clean_cvr(self.cleaned_data["cvr"])

    def clean_phone(self) -> str:
        return clean_phone(self.cleaned_data["phone"])

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()

    def clean(self) -> dict[str, Any]:
        """What an orderer of its kind must tell (R85, R86)."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        orderer = data.get("orderer")
        if orderer in (Orderer.COMPANY, Orderer.MUNICIPALITY) and not data.get("company"):
            self.add_error("company", _("Skriv navnet på den, der tilmelder."))
        if (
            orderer in (Orderer.COMPANY, Orderer.SELF_EMPLOYED)
            and not data.get("cvr")
            and "cvr" not in self.errors
        ):
            self.add_error("cvr", _("Skriv virksomhedens CVR-nummer."))
        return data

    def order(self) -> Order:
        """What was filled in, as the domain takes it."""
        data = self.cleaned_data
        of_company = data["orderer"] != Orderer.PRIVATE
        return Order(
            orderer=data["orderer"],
            name=data["name"].strip(),
            email=data["email"],
            phone=data["phone"],
            company=data["company"].strip() if of_company else "",
            cvr=data["cvr"] if of_company else "",
            head_count=data["head_count"],
            how_many=data["how_many"] or HowMany.SOME,
            is_protected=data["is_protected"],
            language="en" if (get_language() or "da").startswith("en") else "da",
            form_key=data["form_key"],
        )


class EnterForm(SignUpForm):
    """Staff enter for others: the mail may be missing, and names may be written at once."""

    school = forms.ModelChoiceField(
        label=gettext_lazy("Skolen, der tilmelder"),
        queryset=Organisation.objects.none(),
        empty_label=None,
    )
    names = forms.CharField(
        label=gettext_lazy("Navne"),
        help_text=gettext_lazy("et på hver linje; flere navne end pladser giver flere pladser"),
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    note = forms.CharField(
        label=gettext_lazy("Bemærkning"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    field_order = (
        "school", "orderer", "company", "cvr", "name", "email", "phone", "head_count", "names",
        "how_many", "is_protected", "note", "website", "form_key",
    )  # fmt: skip

    def __init__(self, *args: Any, schools: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["school"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Organisation.objects.filter(pk__in=[s.pk for s in schools]).order_by(
            "name", "pk"
        )
        if schools:
            self.initial.setdefault("school", schools[0].pk)
        if len(schools) == 1:
            field.widget = forms.HiddenInput()
        self.fields["orderer"].label = _("Hvem tilmelder sig?")
        self.fields["orderer"].choices = [  # type: ignore[attr-defined]
            (Orderer.PRIVATE, _("En privatperson")),
            (Orderer.COMPANY, _("En virksomhed")),
            (Orderer.SELF_EMPLOYED, _("En selvstændig")),
            (Orderer.MUNICIPALITY, _("En kommune")),
        ]
        self.fields["name"].label = _("Kontaktpersonens navn")
        self.fields["email"].label = _("Mail")
        self.fields["email"].help_text = _("Uden mail får de hverken kvittering eller link.")
        self.fields["email"].required = False
        self.fields["head_count"].help_text = ""
        self.fields["is_protected"].label = _("Personen har navne- og adressebeskyttelse")

    def clean(self) -> dict[str, Any]:
        """More names than seats order as many seats as there are names."""
        data = super().clean()
        names = tuple(line.strip() for line in data.get("names", "").splitlines() if line.strip())
        if len(names) > MOST_PEOPLE:
            self.add_error(
                "names",
                _("Der kan højst være %(most)s på en tilmelding.") % {"most": MOST_PEOPLE},
            )
        data["people"] = names
        return data

    def order(self) -> Order:
        """What was filled in, with names."""
        base = super().order()
        names = self.cleaned_data["people"]
        return Order(
            **{
                **{name: getattr(base, name) for name in Order.__dataclass_fields__},
                "names": names,
                "note": self.cleaned_data["note"],
                "head_count": max(base.head_count, len(names)),
                "language": "da",
            }
        )


class PeopleForm(forms.Form):
    """A name, a mail and a tick per seat of a sign-up. Fields are named after the enrolment."""

    def __init__(self, *args: Any, people: list[Enrolment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = people
        for row in people:
            learner = row.learner
            self.fields[f"name-{row.pk}"] = forms.CharField(
                label=_("Navn"),
                required=False,
                max_length=120,
                initial=learner.name if learner else "",
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )
            self.fields[f"email-{row.pk}"] = forms.EmailField(
                label=_("Mail"),
                required=False,
                initial=learner.email if learner else "",
                widget=forms.EmailInput(attrs={"autocomplete": "off"}),
            )
            self.fields[f"protected-{row.pk}"] = forms.BooleanField(
                label=_("Navne- og adressebeskyttet"),
                required=False,
                initial=bool(learner and learner.is_protected),
            )

    def row(self, enrolment: Enrolment) -> tuple[Any, Any, Any]:
        """The three fields of one person, bound."""
        return tuple(self[f"{name}-{enrolment.pk}"] for name in ("name", "email", "protected"))  # type: ignore[return-value]

    def named(self) -> dict[int, Named]:
        """What was written, by enrolment."""
        data = self.cleaned_data
        return {
            row.pk: Named(
                name=data[f"name-{row.pk}"].strip(),
                email=data[f"email-{row.pk}"].strip().lower(),
                is_protected=data[f"protected-{row.pk}"],
            )
            for row in self.people
        }


class MoreForm(forms.Form):
    """More seats on the same sign-up."""

    more = forms.IntegerField(
        label=gettext_lazy("Flere pladser"),
        min_value=1,
        max_value=MOST_PEOPLE,
        widget=Width(forms.NumberInput(attrs={"inputmode": "numeric"}), 4),
    )


class HowManyForm(forms.Form):
    """Whether the group only comes together."""

    how_many = _how_many()


class FlexibilityForm(forms.Form):
    """What else would do, in plain words."""

    KM = (
        (0, gettext_lazy("Kun der, hvor holdet er")),
        (20, gettext_lazy("Op til 20 km")),
        (40, gettext_lazy("Op til 40 km")),
        (75, gettext_lazy("Op til 75 km")),
        (150, gettext_lazy("Op til 150 km")),
        (500, gettext_lazy("Hvor som helst i landet")),
    )
    DAYS = (
        (0, gettext_lazy("Nej, kun de dage")),
        (7, gettext_lazy("Op til en uge")),
        (14, gettext_lazy("Op til to uger")),
        (28, gettext_lazy("Op til fire uger")),
        (90, gettext_lazy("Op til tre måneder")),
    )
    km = forms.TypedChoiceField(
        label=gettext_lazy("Hvor langt vil du køre?"), choices=KM, coerce=int, initial=0
    )
    postcode = forms.CharField(
        label=gettext_lazy("Regnet fra postnummer"),
        help_text=gettext_lazy("dit hjem eller din arbejdsplads"),
        required=False,
        max_length=8,
        widget=Width(forms.TextInput(attrs={"inputmode": "numeric"}), 4),
    )
    days_before = forms.TypedChoiceField(
        label=gettext_lazy("Må det begynde tidligere?"), choices=DAYS, coerce=int, initial=0
    )
    days_after = forms.TypedChoiceField(
        label=gettext_lazy("Må det begynde senere?"), choices=DAYS, coerce=int, initial=0
    )
    online = forms.BooleanField(
        label=gettext_lazy("Fjernundervisning er også i orden"), required=False
    )
    any_school = forms.BooleanField(
        label=gettext_lazy("Det må gerne være på en anden skole"), required=False
    )

    def clean_postcode(self) -> str:
        return clean_postcode(self.cleaned_data["postcode"])

    def clean(self) -> dict[str, Any]:
        """A distance needs somewhere to reckon from."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if (
            0 < data.get("km", 0) < 500
            and not data.get("postcode")
            and "postcode" not in self.errors
        ):
            self.add_error("postcode", _("Skriv det postnummer, afstanden skal regnes fra."))
        return data

    def wish(self) -> Wish:
        """What was chosen, as the domain takes it."""
        data = self.cleaned_data
        return Wish(
            km=data["km"],
            days_before=data["days_before"],
            days_after=data["days_after"],
            online=data["online"],
            any_school=data["any_school"],
            postcode=data["postcode"],
        )


class ContactForm(forms.Form):
    """Who is written to. The address was confirmed and stays."""

    name = forms.CharField(label=gettext_lazy("Navn"), max_length=120)
    phone = forms.CharField(
        label=gettext_lazy("Telefon"),
        max_length=25,
        required=False,
        widget=Width(forms.TextInput(attrs={"inputmode": "tel"}), 12),
    )
    note = forms.CharField(
        label=gettext_lazy("Besked til skolen"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_phone(self) -> str:
        return clean_phone(self.cleaned_data["phone"])


class WithdrawForm(forms.Form):
    """Who is taken off, and the fee that was shown when it was asked."""

    people = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Hvem skal frameldes?"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Vælg mindst en.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Begrundelse"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("kommer til at stå i mailen til den, der tilmeldte"),
    )

    def __init__(
        self, *args: Any, people: list[tuple[int, str]], asks_reason: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["people"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = people
        self.initial.setdefault("people", [pk for pk, _label in people])
        if not asks_reason:
            del self.fields["reason"]


_YES_NO: Final[dict[str, bool | None]] = {"1": True, "0": False}


class DetailsForm(forms.Form):
    """What the run's school must know of a person because a rule needs it; nothing else is asked."""

    cpr = forms.CharField(
        label=gettext_lazy("CPR-nummer"),
        max_length=14,
        required=False,
        widget=Width(forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}), 12),
    )
    education = forms.ChoiceField(
        label=gettext_lazy("Højeste afsluttede uddannelse"),
        choices=EducationLevel.choices,
        required=False,
        help_text=gettext_lazy("Prisen afhænger af det."),
    )
    danish_tie = forms.ChoiceField(
        label=gettext_lazy("Bor eller arbejder personen fast i Danmark?"),
        choices=[
            ("", gettext_lazy("Ikke oplyst")),
            ("1", gettext_lazy("Ja")),
            ("0", gettext_lazy("Nej")),
        ],
        required=False,
        help_text=gettext_lazy("Det er en betingelse for at komme på AMU."),
    )
    employed = forms.ChoiceField(
        label=gettext_lazy("Får personen løn under kurset?"),
        choices=[
            ("", gettext_lazy("Ikke oplyst")),
            ("1", gettext_lazy("Ja")),
            ("0", gettext_lazy("Nej")),
        ],
        required=False,
        help_text=gettext_lazy(
            "Så kan arbejdsgiveren have søgt VEU-godtgørelse og skal vide det, hvis holdet bliver et andet."
        ),
    )
    employer = forms.CharField(label=gettext_lazy("Arbejdsgiver"), max_length=120, required=False)
    employer_cvr = forms.CharField(
        label=gettext_lazy("Arbejdsgiverens CVR-nummer"),
        max_length=20,
        required=False,
        widget=Width(forms.TextInput(attrs={"inputmode": "numeric"}), 12),
    )
    employer_email = forms.EmailField(
        label=gettext_lazy("Mail til arbejdsgiveren"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    referral = forms.CharField(
        label=gettext_lazy("Kommunens bevilling"),
        help_text=gettext_lazy("nummer eller dato; skolen skal have den, før kurset begynder"),
        max_length=120,
        required=False,
        widget=Width(forms.TextInput(), 20),
    )

    def __init__(self, *args: Any, needs: Needs, has_cpr: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for wanted, names in (
            (needs.cpr, ("cpr",)),
            (needs.education, ("education",)),
            (needs.danish_tie, ("danish_tie",)),
            (needs.employer, ("employed", "employer", "employer_cvr", "employer_email")),
            (needs.referral, ("referral",)),
        ):
            for name in () if wanted else names:
                del self.fields[name]
        if needs.cpr:
            self.fields["cpr"].help_text = (
                _("Skolen har nummeret. Skriv det kun, hvis det skal rettes.")
                if has_cpr
                else _(
                    "Nummeret gemmes krypteret, og skolen, der holder holdet, er den eneste, der kan se det."
                )
            )

    def clean_cpr(self) -> str:
        text = self.cleaned_data["cpr"]
        return clean_cpr(text) if text else ""

    def clean_employer_cvr(self) -> str:
        return clean_cvr(self.cleaned_data["employer_cvr"])

    def clean(self) -> dict[str, Any]:
        """Who takes part with wages says from whom, and where to write to them (R82)."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("employed") == "1":
            if not data.get("employer"):
                self.add_error("employer", _("Skriv arbejdsgiverens navn."))
            if not data.get("employer_email") and "employer_email" not in self.errors:
                self.add_error("employer_email", _("Skriv en mail til arbejdsgiveren."))
        return data

    def details(self) -> Details:
        """What was filled in, as the domain takes it."""
        data = self.cleaned_data
        return Details(
            cpr=data.get("cpr") or None,
            education=data.get("education"),
            danish_tie=_YES_NO.get(data.get("danish_tie", "")),
            employer=Employer(
                _YES_NO.get(data["employed"]),
                data["employer"],
                data["employer_cvr"],
                data["employer_email"],
            )
            if "employed" in self.fields
            else None,
            referral=data.get("referral"),
        )

    @staticmethod
    def initial_of(learner: Learner) -> dict[str, Any]:
        """What is known of a person."""
        said = {value: key for key, value in _YES_NO.items()}
        return {
            "education": learner.education,
            "danish_tie": said.get(learner.has_danish_tie, ""),
            "employed": said.get(learner.is_employed, ""),
            "employer": learner.employer,
            "employer_cvr": learner.employer_cvr,
            "employer_email": learner.employer_email,
            "referral": learner.referral,
        }


class EvaluationForm(forms.Form):
    """Four questions with five answers, and room for words."""

    SCALE = (
        (5, gettext_lazy("Meget enig")),
        (4, gettext_lazy("Enig")),
        (3, gettext_lazy("Hverken eller")),
        (2, gettext_lazy("Uenig")),
        (1, gettext_lazy("Meget uenig")),
    )
    content = forms.TypedChoiceField(
        label=gettext_lazy("Kurset handlede om det, jeg havde brug for"),
        choices=SCALE, coerce=int, widget=forms.RadioSelect,
    )  # fmt: skip
    teaching = forms.TypedChoiceField(
        label=gettext_lazy("Undervisningen var god"),
        choices=SCALE, coerce=int, widget=forms.RadioSelect,
    )  # fmt: skip
    usable = forms.TypedChoiceField(
        label=gettext_lazy("Jeg kan bruge det, jeg har lært, på mit arbejde"),
        choices=SCALE, coerce=int, widget=forms.RadioSelect,
    )  # fmt: skip
    place = forms.TypedChoiceField(
        label=gettext_lazy("Lokaler, udstyr og praktiske ting var i orden"),
        choices=SCALE, coerce=int, widget=forms.RadioSelect,
    )  # fmt: skip
    remark = forms.CharField(
        label=gettext_lazy("Er der andet, skolen skal vide?"),
        help_text=gettext_lazy("Skriv ikke navne. Skolen kan ikke se, hvem der har svaret."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class TermsForm(forms.Form):
    """A school's choices for sign-ups."""

    charges_fees = forms.BooleanField(
        label=gettext_lazy(
            "Bestyrelsen har besluttet at opkræve gebyr ved sen framelding og udeblivelse"
        ),
        required=False,
        help_text=gettext_lazy("Kun arbejdsgivere og selvstændige kan opkræves."),
    )
    board_decided_on = DateField(label=gettext_lazy("Besluttet den"), required=False)
    needs_cpr = forms.BooleanField(
        label=gettext_lazy("Bed om CPR-nummer, når der er skrevet navn på pladsen"), required=False
    )
    needs_education = forms.BooleanField(
        label=gettext_lazy("Spørg om højeste uddannelse"),
        required=False,
        help_text=gettext_lazy("Kun hvis prisen afhænger af det."),
    )
    needs_danish_tie = forms.BooleanField(
        label=gettext_lazy("Spørg, om personen bor eller arbejder i Danmark"), required=False
    )
    needs_employer = forms.BooleanField(
        label=gettext_lazy("Spørg dem, der tilmelder sig selv, om deres arbejdsgiver"),
        required=False,
        help_text=gettext_lazy(
            "Arbejdsgiveren får besked, hvis kursisten flyttes: en ansøgning om VEU-godtgørelse hænger på holdet."
        ),
    )
    needs_referral = forms.BooleanField(
        label=gettext_lazy("Bed kommunen om bevilling, når den tilmelder ledige"), required=False
    )
    confirm_hours = forms.IntegerField(
        label=gettext_lazy("Timer til at bekræfte"),
        help_text=gettext_lazy("Så længe holdes pladsen, før linket i mailen er åbnet."),
        validators=[MinValueValidator(1), MaxValueValidator(168)],
        widget=Width(forms.NumberInput(), 4),
    )
    offer_hours = forms.IntegerField(
        label=gettext_lazy("Timer til at svare på en tilbudt plads"),
        validators=[MinValueValidator(1), MaxValueValidator(336)],
        widget=Width(forms.NumberInput(), 4),
    )
    keep_months = forms.IntegerField(
        label=gettext_lazy("Måneder, før personer slettes"),
        help_text=gettext_lazy("Regnet fra holdets sidste dag."),
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        widget=Width(forms.NumberInput(), 4),
    )
    welcome = forms.CharField(
        label=gettext_lazy("Det skal alle vide før første dag"),
        help_text=gettext_lazy("Kommer til at stå i kvitteringen."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class ReasonForm(forms.Form):
    """Why somebody looks at a CPR number, or takes a fee away."""

    reason = forms.CharField(
        label=gettext_lazy("Hvad skal du bruge det til?"),
        max_length=200,
        help_text=gettext_lazy("Kommer til at stå i historikken sammen med dit navn."),
    )


class RunNeedsForm(forms.Form):
    """What one run asks."""

    CHOICES = (
        ("", gettext_lazy("som skolens andre hold")),
        ("1", gettext_lazy("ja")),
        ("0", gettext_lazy("nej")),
    )
    needs_cpr = forms.ChoiceField(label=gettext_lazy("CPR-nummer"), choices=CHOICES, required=False)
    needs_education = forms.ChoiceField(
        label=gettext_lazy("Højeste uddannelse"), choices=CHOICES, required=False
    )
    needs_danish_tie = forms.ChoiceField(
        label=gettext_lazy("Bopæl eller arbejde i Danmark"), choices=CHOICES, required=False
    )
    needs_employer = forms.ChoiceField(
        label=gettext_lazy("Arbejdsgiver"), choices=CHOICES, required=False
    )
    needs_referral = forms.ChoiceField(
        label=gettext_lazy("Kommunens bevilling"), choices=CHOICES, required=False
    )

    def wanted(self) -> dict[str, bool | None]:
        """What was chosen; ``None`` follows the school."""
        return {name: {"1": True, "0": False}.get(self.cleaned_data[name]) for name in self.fields}


class FindPersonForm(forms.Form):
    """Whose data: the address that was signed up with."""

    email = forms.EmailField(
        label=gettext_lazy("Personens mail"),
        help_text=gettext_lazy("den, personen er tilmeldt med"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
