"""What pages and imports ask of the network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from samspil.kernel import audit
from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound
from samspil.kernel.imports.values import folded
from samspil.kernel.models import AuditEvent
from samspil.network.models import (
    Invitation,
    Membership,
    Municipality,
    Network,
    Organisation,
    OrganisationName,
    Person,
    RoleAssignment,
)
from samspil.network.models.organisations import valid_on


def networks(actor: Actor) -> list[Network]:
    """The networks the actor sees, by name."""
    return list(Network.objects.visible_to(actor).order_by("name", "pk"))


def get_network(actor: Actor, pk: int) -> Network:
    """One network. Raises ``NotFound`` when the actor does not see it."""
    found = Network.objects.visible_to(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Samarbejdet findes ikke."))
    return found


def get_organisation(actor: Actor, pk: int) -> Organisation:
    """One organisation, closed ones too. Raises ``NotFound``."""
    found = (
        Organisation.objects.visible_to(actor)
        .select_related("municipality", "successor")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotFound(_("Organisationen findes ikke."))
    return found


def memberships(network: Network) -> list[Membership]:
    """Everybody who is or was in the network: members first, those who left last."""
    rows = network.memberships.select_related(
        "organisation", "organisation__municipality", "network"
    ).order_by("organisation__name", "pk")
    return sorted(rows, key=lambda row: (row.valid_to is not None, row.kind != "member"))


def memberships_of(actor: Actor, organisation: Organisation) -> list[Membership]:
    """An organisation's places in the networks the actor sees, open ones first."""
    rows = (
        organisation.memberships.filter(network__in=Network.objects.visible_to(actor))
        .select_related("network")
        .order_by("network__name", "pk")
    )
    return sorted(rows, key=lambda row: row.valid_to is not None)


def get_membership(actor: Actor, pk: int) -> Membership:
    """One place in a network the actor sees. Raises ``NotFound``."""
    found = (
        Membership.objects.filter(network__in=Network.objects.visible_to(actor))
        .select_related("network", "organisation")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotFound(_("Skolen er ikke med i et samarbejde, du kan se."))
    return found


def roles_in(
    *, network: Network | None = None, organisation: Organisation | None = None, today: date
) -> list[RoleAssignment]:
    """The roles that hold today in a network (its schools' too) or for an organisation."""
    scope = Q(organisation=organisation) if organisation else Q(network=network)
    if network is not None:
        current = Membership.objects.filter(valid_on(today), network=network)
        scope |= Q(organisation_id__in=current.values("organisation_id"))
    return list(
        RoleAssignment.objects.filter(scope, valid_on(today))
        .select_related("person", "organisation", "network")
        .order_by("person__name", "pk")
    )


def get_role(actor: Actor, pk: int) -> RoleAssignment:
    """One role within what the actor sees. Raises ``NotFound``."""
    found = (
        RoleAssignment.objects.filter(
            Q(network__in=Network.objects.visible_to(actor))
            | Q(organisation__in=Organisation.objects.visible_to(actor))
        )
        .select_related("person", "organisation", "network")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotFound(_("Rollen findes ikke."))
    return found


def invitations(
    actor: Actor, *, network: Network | None = None, organisation: Organisation | None = None
) -> list[Invitation]:
    """Invitations of a network with its schools, or of one organisation, newest first, at most 100."""
    if organisation is not None:
        scope = Q(organisation=organisation)
    else:
        members = Membership.objects.filter(network=network).values("organisation_id")
        scope = Q(network=network) | Q(organisation_id__in=members)
    del actor  # the caller has checked that the actor may see the scope
    return list(
        Invitation.objects.filter(scope)
        .select_related("network", "organisation")
        .order_by("-created_at", "-pk")[:100]
    )


def get_invitation(actor: Actor, pk: int) -> Invitation:
    """One invitation within what the actor sees. Raises ``NotFound``."""
    found = (
        Invitation.objects.filter(
            Q(network__in=Network.objects.visible_to(actor))
            | Q(organisation__in=Organisation.objects.visible_to(actor))
        )
        .select_related("network", "organisation")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotFound(_("Invitationen findes ikke."))
    return found


def not_members(actor: Actor, network: Network) -> QuerySet[Organisation]:
    """Open organisations that are not in the network now; every keeper sees all of them."""
    del actor
    inside = Membership.objects.filter(network=network, valid_to=None).values("organisation_id")
    return Organisation.objects.filter(valid_to=None).exclude(pk__in=inside).order_by("name", "pk")


def municipalities() -> QuerySet[Municipality]:
    """Every municipality by name, for choices."""
    return Municipality.objects.order_by("name", "pk")


def merge_targets(organisation: Organisation) -> QuerySet[Organisation]:
    """What an organisation can become part of: any other one that is open."""
    return (
        Organisation.objects.filter(valid_to=None)
        .exclude(pk=organisation.pk)
        .order_by("name", "pk")
    )


def get_person(actor: Actor, pk: int) -> Person:
    """A person with a role in what the actor sees; any for an administrator. Raises ``NotFound``."""
    found = Person.objects.filter(pk=pk)
    if not actor.is_platform_admin:
        found = found.filter(
            Q(role_assignments__network__in=Network.objects.visible_to(actor))
            | Q(role_assignments__organisation__in=Organisation.objects.visible_to(actor))
        )
    person = found.order_by("pk").first()
    if person is None:
        raise NotFound(_("Personen findes ikke."))
    return person


def history(organisation: Organisation) -> list[AuditEvent]:
    """What happened to an organisation, newest first."""
    return audit.history(organisation)


# ---------------------------------------------------------------- finding a school by what people write


@dataclass(slots=True)
class OrganisationIndex:
    """Finds organisations by any name that people write. Two queries, however many names.

    A merged organisation is found as its successor, unless ``keep_closed``.
    """

    by_word: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    rows: dict[int, Organisation] = field(default_factory=dict)

    @classmethod
    def load(cls, *, only: Iterable[int] | None = None) -> OrganisationIndex:
        """Everything there is, or only the organisations with these ids."""
        index = cls()
        queryset = Organisation.objects.order_by("pk")
        names = OrganisationName.objects.order_by("pk")
        if only is not None:
            wanted = list(only)
            queryset = queryset.filter(pk__in=wanted)
            names = names.filter(organisation_id__in=wanted)
        for row in queryset:
            index.rows[row.pk] = row
            for word in (row.key, row.name, row.short_name, row.institution_number, *row.aliases):
                index._add(word, row.pk)
        for organisation_id, name in names.values_list("organisation_id", "name"):
            index._add(name, organisation_id)
        return index

    def _add(self, word: str, pk: int) -> None:
        if folded(word):
            self.by_word[folded(word)].add(pk)

    def find(self, written: str) -> list[Organisation]:
        """The organisations that ``written`` can mean: none, one, or several.

        Exact words first (folded: case, dots, blanks and æ/ae do not matter); then a single
        organisation one of whose words begins with all that was written (at least four letters).
        """
        word = folded(written)
        if not word:
            return []
        found = self.by_word.get(word, set())
        if not found and len(word) >= 4:
            found = {
                pk for known, pks in self.by_word.items() if known.startswith(word) for pk in pks
            }
        return list({row.pk: row for row in (self._current(pk) for pk in sorted(found))}.values())

    def _current(self, pk: int) -> Organisation:
        row = self.rows[pk]
        seen = {pk}
        while row.successor_id in self.rows and row.successor_id not in seen:
            row = self.rows[row.successor_id]
            seen.add(row.pk)
        return row
