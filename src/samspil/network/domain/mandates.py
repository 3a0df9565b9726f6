"""Who may sign for a school: its leaders, and those whom a leader gives a mandate, from–to (R31, R140).

A mandate holds as long as the person also has a role at the school: who has left it signs no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.kernel import clock, roles, uploads
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound, UploadRefused
from samspil.kernel.files import store
from samspil.kernel.locking import lock_row
from samspil.kernel.mail import send
from samspil.network import rules
from samspil.network.domain.recipients import school_people
from samspil.network.models import (
    Mandate,
    Membership,
    Network,
    Organisation,
    Person,
    RoleAssignment,
)
from samspil.network.models.organisations import valid_on
from samspil.network.notifications import MandateChanged

MAX_BYTES: Final = 5 * 1024 * 1024
LEADER: Final = "leader"
MANDATE: Final = "mandate"


@dataclass(frozen=True, slots=True)
class Basis:
    """By what somebody signs for a school: as its leader, or by a mandate."""

    kind: str
    mandate: Mandate | None = None

    def plain(self) -> dict[str, Any]:
        """What is kept with a signature, and written into the sealed file."""
        if self.mandate is None:
            return {"kind": self.kind}
        return {
            "kind": self.kind,
            "given_by": self.mandate.given_by_name,
            "valid_from": self.mandate.valid_from.isoformat(),
            "valid_to": self.mandate.valid_to.isoformat() if self.mandate.valid_to else None,
            "reason": self.mandate.reason,
            "document_sha256": self.mandate.document.sha256 if self.mandate.document else None,
        }


def holding(on: date) -> QuerySet[Mandate]:
    """The mandates that hold on a day: not ended, and the person is still at the school."""
    at_school = RoleAssignment.objects.filter(
        valid_on(on), person=OuterRef("person"), organisation=OuterRef("organisation")
    )
    return (
        Mandate.objects.filter(
            Exists(at_school), valid_on(on), ended_at=None, person__is_active=True
        )
        .select_related("person", "organisation", "network", "document")
        .order_by("-valid_from", "-pk")
    )


def covers(mandate: Mandate, networks: int | Collection[int], fkb_number: str | None) -> bool:
    """Whether a mandate is for an agreement about an FKB in one of the networks."""
    within = {networks} if isinstance(networks, int) else set(networks)
    return (mandate.network_id is None or mandate.network_id in within) and (
        not mandate.fkb_numbers or fkb_number in mandate.fkb_numbers
    )


def basis_of(
    actor: Actor,
    organisation_id: int,
    *,
    network_id: int | Collection[int],
    fkb_number: str | None = None,
    on: date,
    locked: bool = False,
) -> Basis | None:
    """By what the actor may sign for a school on a day; ``None``: not at all.

    ``network_id``: whose agreement it is; of one between two schools, the networks both are in.

    ``locked``: keep the mandate's row, so that it is not ended while one signs.
    """
    if actor.person_id is None:
        return None
    if actor.has(roles.SCHOOL_LEADER, organisation_id=organisation_id):
        return Basis(LEADER)
    for mandate in holding(on).filter(person_id=actor.person_id, organisation_id=organisation_id):
        if covers(mandate, network_id, fkb_number):
            if locked and lock_row(Mandate.objects.all(), mandate.pk).ended_at is not None:
                continue
            return Basis(MANDATE, mandate)
    return None


def schools_signed_for(actor: Actor, *, on: date) -> frozenset[int]:
    """The schools that the actor may sign for in some network or other: for lists of tasks."""
    if actor.person_id is None:
        return frozenset()
    own = holding(on).filter(person_id=actor.person_id).values_list("organisation_id", flat=True)
    return actor.organisation_ids(roles.SCHOOL_LEADER) | frozenset(own)


def signers(
    organisation: Organisation,
    *,
    network_id: int | Collection[int],
    fkb_number: str | None = None,
    on: date,
) -> list[Person]:
    """Everybody who may sign for a school on a day: its leaders first."""
    found = signers_by(organisation, network_id=network_id, fkb_number=fkb_number, on=on)
    return [person for person, _basis in found]


def signers_by(
    organisation: Organisation,
    *,
    network_id: int | Collection[int],
    fkb_number: str | None = None,
    on: date,
) -> list[tuple[Person, Basis]]:
    """Everybody who may sign for a school on a day, and by what: its leaders first."""
    found = {
        person.pk: (person, Basis(LEADER))
        for person in school_people(organisation, on=on, leaders=True)
    }
    for mandate in holding(on).filter(organisation=organisation).order_by("person_id", "pk"):
        if covers(mandate, network_id, fkb_number):
            found.setdefault(mandate.person_id, (mandate.person, Basis(MANDATE, mandate)))
    return list(found.values())


# ---------------------------------------------------------------- pages


def mandates_of(actor: Actor, organisation: Organisation) -> list[Mandate]:
    """A school's mandates, newest first. Raises ``Forbidden`` where it is nobody's business."""
    if not rules.may_see_mandates(actor, organisation):
        raise Forbidden(_("Kun skolen selv og sekretariatet kan se, hvem der har mandat."))
    return list(
        organisation.mandates.select_related("person", "network", "document").order_by(
            "-valid_from", "-pk"
        )
    )


def get_mandate(actor: Actor, pk: int) -> Mandate:
    """One mandate of a school whose mandates the actor may see. Raises ``NotFound``."""
    found = (
        Mandate.objects.filter(organisation__in=Organisation.objects.visible_to(actor))
        .select_related("organisation", "person", "network", "document")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotFound(_("Mandatet findes ikke."))
    if not rules.may_see_mandates(actor, found.organisation):
        raise Forbidden(_("Kun skolen selv og sekretariatet kan se, hvem der har mandat."))
    return found


def state_of(mandate: Mandate, *, on: date) -> str:
    """``coming``, ``holds``, ``ended``, or ``left``: the person has no role at the school now."""
    if mandate.ended_at is not None or (mandate.valid_to is not None and mandate.valid_to < on):
        return "ended"
    if mandate.valid_from > on:
        return "coming"
    return "holds" if holding(on).filter(pk=mandate.pk).exists() else "left"


def people_at(organisation: Organisation, *, on: date) -> QuerySet[Person]:
    """Who can be given a mandate: people with a role at the school who are not its leaders."""
    here = RoleAssignment.objects.filter(valid_on(on), organisation=organisation)
    return (
        Person.objects.filter(is_active=True, pk__in=here.values("person_id"))
        .exclude(pk__in=here.filter(role=roles.SCHOOL_LEADER).values("person_id"))
        .order_by("name", "pk")
    )


def networks_of(organisation: Organisation, *, on: date) -> QuerySet[Network]:
    """The networks that a school is in on a day, for choices."""
    present = Membership.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on), organisation=organisation
    )
    return Network.objects.filter(pk__in=present.values("network_id")).order_by("name", "pk")


# ---------------------------------------------------------------- actions


def _name(actor: Actor) -> str:
    return actor.label.split(" <")[0][:120]


def _tell(
    what: str, mandate: Mandate, actor: Actor, now: datetime, others: Iterable[Person]
) -> None:
    people = {person.pk: person for person in (mandate.person, *others)}
    for person in people.values():
        if person.pk != actor.person_id:
            send(
                MandateChanged(
                    what=what,
                    mandate=mandate,
                    person=person,
                    by=_name(actor),
                    url=_address(mandate.organisation),
                ),
                to=person.email,
                now=now,
                subject_of=mandate,
                organisation_id=mandate.organisation_id,
                language=person.language,
            )


def _address(organisation: Organisation) -> str:
    from django.conf import settings

    return str(settings.BASE_URL) + reverse("network:mandates", args=[organisation.pk])


@action("network.give_mandate", permission=rules.may_give_mandate, on="organisation")
def give_mandate(
    *,
    actor: Actor,
    now: datetime,
    organisation: Organisation,
    person: Person,
    valid_from: date,
    reason: str,
    valid_to: date | None = None,
    network: Network | None = None,
    fkb_numbers: Iterable[str] = (),
    content: bytes | None = None,
    file_name: str = "",
) -> Mandate:
    """Let a person at the school sign for it. ``content``: a PDF that it rests on.

    Raises ``Invalid`` for a person from outside, dates in the wrong order or behind, and another
    kind of file; ``Conflict`` when the person has the same mandate already.
    """
    if not rules.may_give_mandate(actor, organisation):  # the system, too: it appoints nobody
        raise Forbidden(_("Kun skolens leder kan give mandat."))
    today = clock.local_date(now)
    organisation = lock_row(Organisation.objects.all(), organisation.pk)
    reason = " ".join(reason.split())[:300]
    if not reason:
        raise Invalid(_("Skriv, hvad mandatet bygger på."), "reason")
    if not people_at(organisation, on=today).filter(pk=person.pk).exists():
        raise Invalid(_("Vælg en person, der har en rolle på skolen."), "person")
    if valid_to is not None and valid_to < valid_from:
        raise Invalid(_("Slutdatoen ligger før startdatoen."), "valid_to")
    if valid_to is not None and valid_to < today:
        raise Invalid(_("Slutdatoen er passeret."), "valid_to")
    if (
        network is not None
        and not networks_of(organisation, on=today).filter(pk=network.pk).exists()
    ):
        raise Invalid(_("Skolen er ikke med i det samarbejde."), "network")
    numbers = sorted(set(fkb_numbers))
    for other in organisation.mandates.filter(person=person, network=network, ended_at=None):
        overlaps = (valid_to is None or other.valid_from <= valid_to) and (
            other.valid_to is None or other.valid_to >= valid_from
        )
        if overlaps and other.fkb_numbers == numbers:
            raise Conflict(
                _("%(name)s har det mandat i forvejen. Afslut det først, hvis det skal ændres.")
                % {"name": person.name}
            )
    document = None
    if content is not None:
        try:
            info = uploads.inspect(content, file_name, kinds=("pdf",), max_bytes=MAX_BYTES)
        except UploadRefused as refused:
            raise Invalid(refused.message, "document") from refused
        document = store(content, info.name, info.content_type, actor=actor, now=now)
    mandate = Mandate.objects.create(
        organisation=organisation,
        person=person,
        network=network,
        fkb_numbers=numbers,
        valid_from=valid_from,
        valid_to=valid_to,
        reason=reason,
        document=document,
        given_by_name=_name(actor),
        given_at=now,
    )
    record(
        mandate,
        after={
            "person": person.pk,
            "network": network.pk if network else None,
            "fkb": numbers,
            "valid_from": valid_from,
            "valid_to": valid_to,
            "reason": reason,
            "document": document.sha256 if document else None,
        },
        summary=_("%(name)s har fået mandat til at underskrive for %(school)s.")
        % {"name": person.name, "school": organisation.name},
        organisation_id=organisation.pk,
    )
    _tell("given", mandate, actor, now, school_people(organisation, on=today, leaders=True))
    return mandate


@action("network.end_mandate", permission=rules.may_end_mandate, on="mandate")
def end_mandate(*, actor: Actor, now: datetime, mandate: Mandate, reason: str) -> Mandate:
    """Take a mandate back, from this moment on. What was signed by it stands.

    Raises ``Invalid`` without a reason, ``Conflict`` when it has ended already.
    """
    reason = " ".join(reason.split())[:300]
    if not reason:
        raise Invalid(_("Skriv, hvorfor mandatet ophører."), "reason")
    today = clock.local_date(now)
    fresh = lock_row(Mandate.objects.select_related("organisation", "person"), mandate.pk)
    if fresh.ended_at is not None or (fresh.valid_to and fresh.valid_to < today):
        raise Conflict(_("Mandatet er allerede ophørt."))
    fresh.ended_at, fresh.ended_by_name, fresh.ended_reason = now, _name(actor), reason
    fresh.save(update_fields=["ended_at", "ended_by_name", "ended_reason"])
    record(
        fresh,
        after={"ended_at": now, "reason": reason},
        summary=_("%(name)s har ikke længere mandat til at underskrive for %(school)s: %(reason)s")
        % {"name": fresh.person.name, "school": fresh.organisation.name, "reason": reason},
        organisation_id=fresh.organisation_id,
    )
    leaders = school_people(fresh.organisation, on=today, leaders=True)
    _tell("ended", fresh, actor, now, leaders)
    return fresh
