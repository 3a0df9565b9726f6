"""Forms for keys and subscriptions."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from samspil.api.enums import SCHOOLS_ALONE, EventKind, Scope
from samspil.api.models import Webhook
from samspil.network.models import Network, Organisation
from samspil.ui.forms import DateField

Owners = list[Organisation | Network]


def _key_of(owner: Organisation | Network) -> str:
    return f"{'n' if isinstance(owner, Network) else 'o'}{owner.pk}"


class OwnerField(forms.ChoiceField):
    """Whom it is for: one of the actor's own organisations and networks."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("For"), **kwargs)

    def offer(self, owners: Owners) -> None:
        """Offer these, the first chosen."""
        self.owners = {_key_of(owner): owner for owner in owners}
        self.choices = [(key, str(owner)) for key, owner in self.owners.items()]


class KeyForm(forms.Form):
    """A new key. ``nonce`` lets a form that is sent twice make one key."""

    nonce = forms.CharField(max_length=40, widget=forms.HiddenInput)
    owner = OwnerField()
    name = forms.CharField(
        label=_("Navn"),
        max_length=80,
        help_text=_(
            "Hvad nøglen skal bruges til, for eksempel »Hjemmesiden« eller »Kursussystemet«."
        ),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Hvad nøglen må"),
        choices=Scope.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Alle må læse åbne data, også uden nøgle."),
    )
    expires_on = DateField(label=_("Gælder til og med"))

    def __init__(self, *args: Any, owners: Owners, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["owner"]
        assert isinstance(field, OwnerField)
        field.offer(owners)
        if all(isinstance(owner, Network) for owner in owners):
            choices = [c for c in Scope.choices if c[0] not in SCHOOLS_ALONE]
            self.fields["scopes"].choices = choices  # type: ignore[attr-defined]

    def chosen(self) -> dict[str, Any]:
        """What the action takes."""
        field = self.fields["owner"]
        assert isinstance(field, OwnerField)
        data = self.cleaned_data
        return {
            "owner": field.owners[data["owner"]],
            "name": data["name"],
            "scopes": data["scopes"],
            "expires_on": data["expires_on"],
            "nonce": data["nonce"],
        }

    @classmethod
    def new(cls, owners: Owners, *, nonce: str, expires_on: date) -> KeyForm:
        """An empty form."""
        return cls(owners=owners, initial={"nonce": nonce, "expires_on": expires_on})


class WebhookForm(forms.Form):
    """A subscription; ``version`` notices a change meanwhile."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    owner = OwnerField()
    name = forms.CharField(label=_("Navn"), max_length=80)
    url = forms.CharField(
        label=_("Adresse"),
        max_length=500,
        widget=forms.URLInput,
        help_text=_("Jeres egen server. Adressen begynder med https://."),
    )
    events = forms.MultipleChoiceField(
        label=_("Hvornår den skal have besked"),
        choices=EventKind.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Vælg mindst én hændelse.")},
    )

    def __init__(self, *args: Any, owners: Owners | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["owner"]
        assert isinstance(field, OwnerField)
        if owners is None:
            del self.fields["owner"]
        else:
            field.offer(owners)

    @property
    def chosen_owner(self) -> Organisation | Network:
        """Whom the subscription is for."""
        field = self.fields["owner"]
        assert isinstance(field, OwnerField)
        return field.owners[self.cleaned_data["owner"]]

    @classmethod
    def of(cls, webhook: Webhook) -> WebhookForm:
        """The form, filled in with what stands."""
        return cls(
            initial={
                "version": webhook.version,
                "name": webhook.name,
                "url": webhook.url,
                "events": webhook.events,
            }
        )
