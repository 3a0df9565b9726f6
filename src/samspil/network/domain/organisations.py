"""Organisations: created, changed, renamed, merged; and their place in networks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from samspil.contracts.network import SchoolLeft, SchoolsMerged
from samspil.kernel.actions import action, changes, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.locking import lock_row, lock_rows
from samspil.kernel.outbox import publish
from samspil.network import rules
from samspil.network.enums import MembershipKind, OrganisationKind
from samspil.network.models import Membership, Network, Organisation, OrganisationName

EDITABLE = (
    "short_name",
    "kind",
    "municipality_id",
    "street",
    "postcode",
    "city",
    "lat",
    "lon",
    "institution_number",
    "cvr",
    "email",
    "website",
    "aliases",
)


def danish_slug(name: str) -> str:
    """A key for addresses out of a Danish name, at most 50 characters."""
    low = name.lower().replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    return slugify(low)[:50] or "organisation"


@action("network.create_organisation", permission=rules.may_create_organisation)
def create_organisation(
    *,
    actor: Actor,
    now: datetime,
    name: str,
    kind: str = OrganisationKind.SCHOOL,
    network: Network | None = None,
    membership_kind: str = MembershipKind.INVITED,
    valid_from: date | None = None,
    is_constructed: bool = False,
    details: Mapping[str, Any] | None = None,
) -> Organisation:
    """Add an organisation, and make it a member or guest of ``network`` if one is given.

    ``details`` are fields of ``EDITABLE``. Raises ``Invalid`` when an organisation that is not
    closed already has the name.
    """
    name = " ".join(name.split())
    if not name:
        raise Invalid(_("Skriv organisationens navn."), field="name")
    if Organisation.objects.filter(name__iexact=name, valid_to=None).exists():
        raise Invalid(
            _("Der er allerede en organisation, der hedder »%(name)s«.") % {"name": name},
            field="name",
        )
    base = key = danish_slug(name)
    count = 2
    while Organisation.objects.filter(key=key).exists():
        key, count = f"{base}-{count}", count + 1
    organisation = Organisation.objects.create(
        key=key,
        name=name,
        kind=kind,
        valid_from=valid_from,
        is_constructed=is_constructed,
        **{
            field: value
            for field, value in (details or {}).items()
            if field in EDITABLE and value is not None
        },
    )
    record(
        organisation,
        after={"name": name, "kind": kind},
        summary=_("%(name)s er oprettet.") % {"name": name},
    )
    if network is not None:
        add_member(
            actor=actor,
            now=now,
            network=network,
            organisation=organisation,
            kind=membership_kind,
            valid_from=valid_from,
        )
    return organisation


@action("network.change_organisation", permission=rules.may_change_organisation, on="organisation")
def change_organisation(
    *,
    actor: Actor,
    now: datetime,
    organisation: Organisation,
    version: int,
    values: Mapping[str, Any],
) -> Organisation:
    """Change address, short name and the like (fields of ``EDITABLE``). Names: ``rename``.

    Raises ``Conflict`` when ``version`` is not the one that stands.
    """
    fresh = lock_row(Organisation.objects.all(), organisation.pk)
    if fresh.version != version:
        raise Conflict(_("Nogen har rettet organisationen imens. Hent siden igen, og ret den så."))
    before, after = changes(
        fresh, {field: value for field, value in values.items() if field in EDITABLE}
    )
    if after:
        fresh.version += 1
        fresh.save(update_fields=[*after, "version"])
        record(
            fresh,
            before=before,
            after=after,
            summary=_("Oplysninger om %(name)s er rettet.") % {"name": fresh.name},
            organisation_id=fresh.pk,
        )
    return fresh


@action("network.rename_organisation", permission=rules.may_change_organisation, on="organisation")
def rename_organisation(
    *, actor: Actor, now: datetime, organisation: Organisation, name: str, on: date
) -> Organisation:
    """Give an organisation a new name from the day ``on``; the old one stays findable (R125).

    Raises ``Invalid`` when the name is empty, the same, or ``on`` lies before the present name.
    """
    fresh = lock_row(Organisation.objects.all(), organisation.pk)
    name = " ".join(name.split())
    if not name or name == fresh.name:
        raise Invalid(_("Skriv det nye navn."), field="name")
    latest = fresh.names.order_by("-valid_to", "-pk").first()
    if latest and latest.valid_to and on <= latest.valid_to:
        raise Invalid(_("Datoen ligger før det navn, skolen har nu."), field="on")
    OrganisationName.objects.create(
        organisation=fresh,
        name=fresh.name,
        valid_from=(latest.valid_to + timedelta(days=1))
        if latest and latest.valid_to
        else fresh.valid_from,
        valid_to=on - timedelta(days=1),
    )
    old = fresh.name
    fresh.name = name
    fresh.version += 1
    fresh.save(update_fields=["name", "version"])
    record(
        fresh,
        before={"name": old},
        after={"name": name, "on": on},
        summary=_("%(old)s hedder nu %(new)s.") % {"old": old, "new": name},
        organisation_id=fresh.pk,
    )
    return fresh


@action("network.merge_organisations", permission=rules.may_merge, on="organisation")
def merge_organisations(
    *, actor: Actor, now: datetime, organisation: Organisation, successor: Organisation, on: date
) -> Organisation:
    """``organisation`` becomes part of ``successor`` on the day ``on`` (R125).

    The old one closes the day before and points to the new one, which answers to its names from
    then on and takes over its open memberships. ``SchoolsMerged`` tells the other contexts, which
    carry over the approvals and what the old school held in open rounds; ``SchoolLeft`` tells for
    each membership that it has ended.
    Raises ``Invalid`` for a merger with itself or in a circle, ``Conflict`` when it is closed.
    """
    old, new = _both(organisation, successor)
    if old.valid_to is not None or old.successor_id:
        raise Conflict(
            _("%(name)s er allerede lukket eller lagt sammen med en anden.") % {"name": old.name}
        )
    _insist_may_take_in(actor, new, "successor")
    walk: Organisation | None = new
    while walk is not None:
        if walk.pk == old.pk:
            raise Invalid(
                _("En organisation kan ikke lægges sammen med sig selv."), field="successor"
            )
        walk = walk.successor
    last = on - timedelta(days=1)
    if old.valid_from and last < old.valid_from:
        raise Invalid(_("Datoen ligger før organisationen blev oprettet."), field="on")
    old.successor = new
    old.valid_to = last
    old.version += 1
    old.save(update_fields=["successor", "valid_to", "version"])
    aliases = [
        *new.aliases,
        *(alias for alias in (old.name, old.short_name, *old.aliases) if alias),
    ]
    new.aliases = list(dict.fromkeys(aliases))
    new.version += 1
    new.save(update_fields=["aliases", "version"])
    present = set(new.memberships.filter(valid_to=None).values_list("network_id", flat=True))
    moved: list[str] = []
    for place in lock_rows(old.memberships.filter(valid_to=None)):
        place.valid_to = max(last, place.valid_from) if place.valid_from else last
        place.save(update_fields=["valid_to"])
        if place.network_id not in present:
            Membership.objects.create(
                network_id=place.network_id, organisation=new, kind=place.kind, valid_from=on
            )
            moved.append(str(place.network_id))
        publish(
            SchoolLeft(
                network_id=place.network_id,
                organisation_id=old.pk,
                left_on=last.isoformat(),
                reason=_("Lagt sammen med %(name)s.") % {"name": new.name},
            ),
            now=now,
        )
    record(
        old,
        before={"successor": None},
        after={"successor": new.pk, "on": on, "memberships": moved},
        summary=_("%(old)s er blevet en del af %(new)s.") % {"old": old.name, "new": new.name},
        organisation_id=old.pk,
    )
    record(
        new,
        after={"predecessor": old.pk, "on": on},
        summary=_("%(new)s har overtaget %(old)s.") % {"old": old.name, "new": new.name},
        organisation_id=new.pk,
    )
    publish(
        SchoolsMerged(organisation_id=old.pk, successor_id=new.pk, merged_on=on.isoformat()),
        now=now,
    )
    return old


def _both(first: Organisation, second: Organisation) -> tuple[Organisation, Organisation]:
    locked = {
        row.pk: row for row in lock_rows(Organisation.objects.filter(pk__in=[first.pk, second.pk]))
    }
    return locked[first.pk], locked[second.pk]


def _insist_may_take_in(actor: Actor, organisation: Organisation, field: str) -> None:
    if not rules.may_take_in(actor, organisation):
        raise Invalid(
            _(
                "%(name)s er medlem af et andet samarbejde. Bed platformens administrator om at gøre det."
            )
            % {"name": organisation.name},
            field=field,
        )


@action("network.add_member", permission=rules.may_run_network, on="network")
def add_member(
    *,
    actor: Actor,
    now: datetime,
    network: Network,
    organisation: Organisation,
    kind: str = MembershipKind.MEMBER,
    valid_from: date | None = None,
) -> Membership:
    """Take an organisation into a network as member or invited guest.

    Raises ``Invalid`` when it is there already, is closed, or would become a member while it is
    another network's.
    """
    if organisation.valid_to is not None:
        raise Invalid(_("%(name)s er lukket.") % {"name": organisation.name}, field="organisation")
    if Membership.objects.filter(
        network=network, organisation=organisation, valid_to=None
    ).exists():
        raise Invalid(
            _("%(name)s er allerede med i samarbejdet.") % {"name": organisation.name},
            field="organisation",
        )
    if kind == MembershipKind.MEMBER:
        _insist_may_take_in(actor, organisation, "organisation")
    place = Membership.objects.create(
        network=network, organisation=organisation, kind=kind, valid_from=valid_from
    )
    record(
        place,
        after={"organisation": organisation.pk, "kind": kind, "valid_from": valid_from},
        network_id=network.pk,
        organisation_id=organisation.pk,
        summary=_("%(name)s er kommet med i %(network)s.")
        % {"name": organisation.name, "network": network.name},
    )
    return place


@action("network.leave", permission=rules.may_end_membership, on="membership")
def leave(
    *, actor: Actor, now: datetime, membership: Membership, on: date, reason: str = ""
) -> Membership:
    """An organisation leaves a network, ``on`` being its last day, also in the middle of a year.

    ``SchoolLeft`` tells the other contexts: what it was obliged to offer becomes gaps (R62).
    Raises ``Conflict`` when it has left already, ``Invalid`` when ``on`` lies before it came.
    """
    place = lock_row(Membership.objects.select_related("organisation", "network"), membership.pk)
    if place.valid_to is not None:
        raise Conflict(
            _("%(name)s har allerede forladt samarbejdet.") % {"name": place.organisation.name}
        )
    if place.valid_from and on < place.valid_from:
        raise Invalid(_("Datoen ligger, før skolen kom med."), field="on")
    place.valid_to = on
    place.save(update_fields=["valid_to"])
    record(
        place,
        before={"valid_to": None},
        after={"valid_to": on, "reason": reason},
        network_id=place.network_id,
        organisation_id=place.organisation_id,
        summary=_("%(name)s forlader %(network)s. %(reason)s").strip()
        % {"name": place.organisation.name, "network": place.network.name, "reason": reason},
    )
    publish(
        SchoolLeft(
            network_id=place.network_id,
            organisation_id=place.organisation_id,
            left_on=on.isoformat(),
            reason=reason,
        ),
        now=now,
    )
    return place
