"""Which municipalities a school serves, and which nobody serves (by agreement: R44)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.locking import lock_row
from samspil.network import rules
from samspil.network.enums import MembershipKind
from samspil.network.models import Membership, Municipality, Network, Organisation, Territory
from samspil.network.models.organisations import valid_on


def served_by(organisation: Organisation) -> list[Municipality]:
    """The municipalities that an organisation serves, by name."""
    return list(
        Municipality.objects.filter(territories__organisation=organisation).order_by("name", "pk")
    )


@action("network.set_territory", permission=rules.may_change_organisation, on="organisation")
def set_territory(
    *,
    actor: Actor,
    now: datetime,
    organisation: Organisation,
    municipality_ids: Collection[int],
    seen: Collection[int],
) -> None:
    """Say which municipalities an organisation serves: exactly ``municipality_ids``.

    ``seen`` are the ids that stood when the actor began. Raises ``Conflict`` when others stand
    now, ``Invalid`` for an id that is no municipality.
    """
    fresh = lock_row(Organisation.objects.all(), organisation.pk)
    before = {place.pk: place.name for place in served_by(fresh)}
    if set(before) != set(seen):
        raise Conflict(
            _("Nogen har rettet skolens kommuner imens. Hent siden igen, og ret dem så.")
        )
    wanted = {
        place.pk: place.name
        for place in Municipality.objects.filter(pk__in=municipality_ids).order_by("name", "pk")
    }
    if len(wanted) != len(set(municipality_ids)):
        raise Invalid(_("Vælg kommuner fra listen."))
    if set(wanted) == set(before):
        return
    Territory.objects.filter(organisation=fresh).exclude(municipality__in=wanted).delete()
    Territory.objects.bulk_create(
        Territory(organisation=fresh, municipality_id=pk) for pk in wanted if pk not in before
    )
    record(
        fresh,
        before={"municipalities": list(before.values())},
        after={"municipalities": list(wanted.values())},
        summary=ngettext(
            "%(name)s dækker nu %(count)s kommune.",
            "%(name)s dækker nu %(count)s kommuner.",
            len(wanted),
        )
        % {"name": fresh.name, "count": len(wanted)},
        organisation_id=fresh.pk,
    )


@dataclass(frozen=True, slots=True)
class Served:
    """A municipality with the labels of the network's schools that serve it."""

    municipality: Municipality
    schools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """A region that a network's members serve some of: nobody's municipalities first."""

    name: str
    places: tuple[Served, ...]

    @property
    def unserved(self) -> list[str]:
        """Names of the municipalities that nobody in the network serves."""
        return [place.municipality.name for place in self.places if not place.schools]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each municipality that somebody serves, with its schools in words."""
        return [
            (place.municipality.name, ", ".join(place.schools))
            for place in self.places
            if place.schools
        ]

    @property
    def served(self) -> int:
        """How many of the region's municipalities somebody serves."""
        return sum(bool(place.schools) for place in self.places)


def coverage(network: Network, *, today: date) -> list[Region]:
    """The regions in which a member of the network serves any municipality, by name.

    Guests on ``today`` count as serving, too, but open no region: what lies around a guest from
    far away is not the network's to serve. Three queries.
    """
    kinds = dict(
        Membership.objects.filter(valid_on(today), network=network)
        .order_by("pk")
        .values_list("organisation_id", "kind")
    )
    schools: dict[int, list[str]] = defaultdict(list)
    own: set[int] = set()
    for row in (
        Territory.objects.filter(organisation__in=kinds)
        .select_related("organisation")
        .order_by("organisation__name", "pk")
    ):
        schools[row.municipality_id].append(row.organisation.label)
        if kinds[row.organisation_id] == MembershipKind.MEMBER:
            own.add(row.municipality_id)
    regions: dict[str, list[Served]] = defaultdict(list)
    for place in Municipality.objects.order_by("region", "name", "pk"):
        regions[place.region].append(Served(place, tuple(schools.get(place.pk, ()))))
    return [
        Region(name, tuple(sorted(places, key=lambda place: bool(place.schools))))
        for name, places in regions.items()
        if any(place.municipality.pk in own for place in places)
    ]
