"""The forms of the network pages. They clean and save nothing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.http import whole_number
from samspil.network.domain.mandates import networks_of, people_at
from samspil.network.domain.people import NETWORK_ROLES, SCHOOL_ROLES
from samspil.network.domain.queries import merge_targets, municipalities, not_members
from samspil.network.enums import MembershipKind, OrganisationKind, RelationKind
from samspil.network.models import Municipality, Network, Organisation, Person
from samspil.ui.forms import ChoiceColumns, DateField, UploadField, Width


class OrganisationForm(forms.Form):
    """Address and the like of an organisation; ``version`` notices a change meanwhile."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    short_name = forms.CharField(
        label=_("Kort navn"),
        max_length=60,
        required=False,
        help_text=_("Står over skolens kolonne på oversigten."),
    )
    kind = forms.ChoiceField(label=_("Slags"), choices=OrganisationKind.choices)
    aliases = forms.CharField(
        label=_("Andre navne"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Ét navn på hver linje. Lister læses også ind på disse navne."),
    )
    street = forms.CharField(label=_("Adresse"), max_length=120, required=False)
    postcode = forms.RegexField(
        label=_("Postnummer"),
        regex=r"^\d{4}$",
        required=False,
        widget=Width(forms.TextInput(), 4),
        error_messages={"invalid": _("Et postnummer har fire cifre.")},
    )
    city = forms.CharField(label=_("By"), max_length=80, required=False)
    municipality: forms.ModelChoiceField[Municipality] = forms.ModelChoiceField(
        label=_("Kommune"),
        empty_label=_("Ingen valgt"),
        queryset=Municipality.objects.none(),
        required=False,
    )
    institution_number = forms.CharField(
        label=_("Institutionsnummer"),
        max_length=12,
        required=False,
        widget=Width(forms.TextInput(), 8),
    )
    cvr = forms.RegexField(
        label=_("CVR-nummer"),
        regex=r"^\d{8}$",
        required=False,
        widget=Width(forms.TextInput(), 8),
        help_text=_("Skal stå her, før nogen kan underskrive for skolen med MitID Erhverv."),
        error_messages={"invalid": _("Et CVR-nummer har otte cifre.")},
    )
    email = forms.EmailField(label=_("E-mail"), required=False)
    website = forms.CharField(label=_("Hjemmeside"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["municipality"].queryset = municipalities()  # type: ignore[attr-defined]

    @classmethod
    def of(cls, organisation: Organisation) -> OrganisationForm:
        """The form, filled in with what stands."""
        names = [name for name in cls.base_fields if name not in ("aliases", "municipality")]
        initial = {name: getattr(organisation, name) for name in names}
        initial["aliases"] = "\n".join(organisation.aliases)
        initial["municipality"] = organisation.municipality_id
        return cls(initial=initial)

    def clean_aliases(self) -> list[str]:
        """One name a line."""
        return [line.strip() for line in self.cleaned_data["aliases"].splitlines() if line.strip()]

    @property
    def values(self) -> dict[str, Any]:
        """What the action takes."""
        data = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in ("version", "municipality")
        }
        data["municipality_id"] = (
            self.cleaned_data["municipality"].pk if self.cleaned_data["municipality"] else None
        )
        return data


class NetworkForm(forms.Form):
    """A network's own settings; ``version`` notices a change meanwhile."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    name = forms.CharField(label=_("Navn"), max_length=200)
    short_name = forms.CharField(
        label=_("Kort navn"),
        max_length=40,
        help_text=_("Bruges, hvor der er lidt plads, for eksempel i opgavelisten."),
    )
    duty_relations = forms.MultipleChoiceField(
        label=_("Mål, der skal have en udbyder"),
        choices=(
            (RelationKind.CORE, _("Kernemål – hører til FKB'en selv")),
            (RelationKind.LINKED, _("Tilkoblede mål – kommer fra andre FKB'er")),
            (RelationKind.COMMON, _("Fælleskatalogets mål – fælles for flere FKB'er")),
        ),
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Kun de mål, I vælger, kommer med i runden. De tæller som huller, når ingen udbyder dem."
        ),
        error_messages={"required": _("Vælg mindst én slags mål.")},
    )

    @classmethod
    def of(cls, network: Network) -> NetworkForm:
        """The form, filled in with what stands."""
        return cls(initial={name: getattr(network, name) for name in cls.base_fields})


class TerritoryForm(forms.Form):
    """The municipalities a school serves, region by region.

    ``seen`` is what stood when the page was shown: ids with commas between.
    """

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, served: list[Municipality], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = [place.pk for place in served]
        self.initial["seen"] = ",".join(str(pk) for pk in chosen)
        regions: dict[str, list[tuple[int, str]]] = {}
        for place in municipalities().order_by("region", "name", "pk"):
            regions.setdefault(place.region, []).append((place.pk, place.name))
        for number, (region, places) in enumerate(regions.items()):
            self.fields[f"region_{number}"] = forms.TypedMultipleChoiceField(
                label=region or _("Uden region"),
                choices=places,
                coerce=int,
                initial=chosen,
                required=False,
                widget=ChoiceColumns,
            )

    def clean_seen(self) -> list[int]:
        """The ids; what is no id counts as nothing."""
        return [whole_number(text) for text in self.cleaned_data["seen"].split(",") if text]

    @property
    def chosen(self) -> list[int]:
        """The municipalities that were ticked, whatever region they are in."""
        return [
            pk
            for name, found in self.cleaned_data.items()
            if name.startswith("region_")
            for pk in found
        ]


class NewOrganisationForm(forms.Form):
    """A new organisation, taken into a network at once."""

    name = forms.CharField(label=_("Navn"), max_length=200)
    kind = forms.ChoiceField(label=_("Slags"), choices=OrganisationKind.choices)
    membership_kind = forms.ChoiceField(
        label=_("Kommer med som"),
        choices=MembershipKind.choices,
        initial=MembershipKind.INVITED,
        widget=forms.RadioSelect,
    )
    valid_from = DateField(label=_("Fra"), required=False)


class AddMemberForm(forms.Form):
    """An organisation that exists becomes a member or guest."""

    organisation: forms.ModelChoiceField[Organisation] = forms.ModelChoiceField(
        label=_("Organisation"), empty_label=_("Vælg"), queryset=Organisation.objects.none()
    )
    kind = forms.ChoiceField(
        label=_("Kommer med som"),
        choices=MembershipKind.choices,
        initial=MembershipKind.MEMBER,
        widget=forms.RadioSelect,
    )
    valid_from = DateField(label=_("Fra"), required=False)

    def __init__(self, *args: Any, actor: Actor, network: Network, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = not_members(actor, network)  # type: ignore[attr-defined]


class RenameForm(forms.Form):
    """A new name from a day on."""

    name = forms.CharField(label=_("Nyt navn"), max_length=200)
    on = DateField(label=_("Fra den dag"))


class MergeForm(forms.Form):
    """What a school becomes part of."""

    successor: forms.ModelChoiceField[Organisation] = forms.ModelChoiceField(
        label=_("Bliver en del af"), empty_label=_("Vælg"), queryset=Organisation.objects.none()
    )
    on = DateField(label=_("Fra den dag"))

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["successor"].queryset = merge_targets(organisation)  # type: ignore[attr-defined]


class LeaveForm(forms.Form):
    """The last day in a network, and why."""

    on = DateField(label=_("Sidste dag i samarbejdet"))
    reason = forms.CharField(
        label=_("Hvorfor"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Skrives i loggen."),
    )


class InviteForm(forms.Form):
    """Somebody to invite to a role."""

    name = forms.CharField(label=_("Navn"), max_length=120)
    email = forms.EmailField(label=_("E-mail"))
    role = forms.ChoiceField(label=_("Rolle"), choices=(), widget=forms.RadioSelect)

    def __init__(self, *args: Any, scope: Network | Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = NETWORK_ROLES if isinstance(scope, Network) else SCHOOL_ROLES
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]


class MandateForm(forms.Form):
    """Who may sign for a school, for what, from when to when, and why."""

    person: forms.ModelChoiceField[Person] = forms.ModelChoiceField(
        label=_("Hvem"),
        empty_label=_("Vælg"),
        queryset=Person.objects.none(),
        help_text=_(
            "Personer med en rolle på skolen. Er personen ikke på listen, så inviter den først."
        ),
    )
    network: forms.ModelChoiceField[Network] = forms.ModelChoiceField(
        label=_("Samarbejde"),
        empty_label=_("Alle samarbejder"),
        queryset=Network.objects.none(),
        required=False,
    )
    fkb_numbers = forms.CharField(
        label=_("Kun disse FKB'er"),
        required=False,
        max_length=300,
        help_text=_("Numre med komma imellem. Tomt felt: alle skolens aftaler i samarbejdet."),
    )
    valid_from = DateField(label=_("Fra"))
    valid_to = DateField(label=_("Til og med"), required=False)
    reason = forms.CharField(
        label=_("Hvad bygger det på?"),
        max_length=300,
        help_text=_("For eksempel »Uddannelseschef, jf. vedtægtens § 12«. Det står i aftalen."),
        error_messages={"required": _("Skriv, hvad mandatet bygger på.")},
    )
    document = UploadField(
        label=_("Dokument"), required=False, help_text=_("PDF, højst 5 MB."), kinds="pdf"
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people_at(organisation, on=clock.today())  # type: ignore[attr-defined]
        self.fields["network"].queryset = networks_of(organisation, on=clock.today())  # type: ignore[attr-defined]

    def clean_fkb_numbers(self) -> list[str]:
        """Four digits each."""
        found = str(self.cleaned_data["fkb_numbers"]).replace(",", " ").split()
        if any(not (word.isdecimal() and len(word) == 4) for word in found):
            raise forms.ValidationError(_("Et FKB-nummer har fire cifre, for eksempel 2735."))
        return found


class EndMandateForm(forms.Form):
    """Why a mandate is taken back."""

    reason = forms.CharField(
        label=_("Hvorfor"),
        max_length=300,
        error_messages={"required": _("Skriv, hvorfor mandatet ophører.")},
    )


class ResetFactorForm(forms.Form):
    """Why somebody's second factor is taken away, and how one knows who asked."""

    reason = forms.CharField(
        label=_("Hvordan ved du, at det er personen selv, der beder om det?"),
        max_length=300,
        help_text=_("For eksempel »Ringede tilbage på skolens hovednummer«. Det skrives i loggen."),
        error_messages={"required": _("Skriv, hvordan du ved det.")},
    )


class AcceptForm(forms.Form):
    """Name and password of somebody who is new."""

    name = forms.CharField(label=_("Dit navn"), max_length=120)
    password = forms.CharField(
        label=_("Adgangskode"),
        help_text=_("Mindst 12 tegn."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("Adgangskoden igen"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Both passwords are the same."""
        data = super().clean() or {}
        if data.get("password") and data.get("again") and data["password"] != data["again"]:
            self.add_error("again", _("De to adgangskoder er ikke ens."))
        return data
