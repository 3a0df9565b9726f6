"""What the header shows an actor: whom one acts for, which circle, and the menu."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from samspil.kernel import roles
from samspil.kernel.actor import Actor, Grant
from samspil.kernel.models import AuditEvent
from samspil.kernel.tasks import Task, tasks_for
from samspil.network.models import Network, Organisation

ROLE_NAMES: dict[str, Promise] = {
    roles.SECRETARIAT: pgettext_lazy("role", "Koordinator"),
    roles.SCHOOL_COORDINATOR: pgettext_lazy("role", "Skolekoordinator"),
    roles.SCHOOL_LEADER: pgettext_lazy("role", "Skoleleder"),
    roles.READER: pgettext_lazy("role", "Læser"),
    roles.PLATFORM_ADMIN: pgettext_lazy("role", "Platformsadministrator"),
}
"""Roles in one word, most telling first: the first that a person holds names them."""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the main menu. ``exact``: the page itself is open, not one below it."""

    label: str
    url: str
    current: bool = False
    exact: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """An organisation or a network that one can switch to."""

    pk: int
    name: str
    detail: str = ""
    current: bool = False


# Label and address of each page that may stand in the menu. A page that does not exist yet has no
# address and is left out.
_MENU: tuple[tuple[Promise, tuple[str, ...]], ...] = (
    (gettext_lazy("Koordinering"), ("coordination:rounds",)),
    (gettext_lazy("Hold"), ("runs:runs",)),
    (gettext_lazy("Tilmelding"), ("enrolment:index",)),
    (gettext_lazy("Opfølgning"), ("compliance:index",)),
    (gettext_lazy("Udlån"), ("lending:index",)),
    (gettext_lazy("Afregning"), ("settlement:index",)),
    (gettext_lazy("Katalog"), ("catalogue:index", "catalogue:fkbs")),
    (gettext_lazy("Netværk"), ("network:index", "network:organisations")),
    (gettext_lazy("Drift"), ("web:operations",)),
)
_ADMIN_ONLY = {"web:operations"}


def address(*names: str) -> str:
    """The address of the first of ``names`` that exists; empty when none does."""
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return ""


def menu(actor: Actor, path: str, tasks: int) -> list[MenuItem]:
    """The pages ``actor`` can open; ``path`` marks where one is."""
    front = reverse("web:front")
    items = [
        MenuItem(
            label=_("Mine opgaver"),
            url=front,
            current=path == front,
            exact=path == front,
            count=tasks,
        )
    ]
    for label, names in _MENU:
        url = address(*names)
        if not url or (_ADMIN_ONLY & set(names) and not actor.is_platform_admin):
            continue
        items.append(
            MenuItem(label=str(label), url=url, current=path.startswith(url), exact=path == url)
        )
    return items


def role_of(actor: Actor) -> str:
    """The role that names the actor where it acts now; empty without any role."""
    held = {
        grant.role
        for grant in actor.grants
        if actor.organisation_id is None or grant.organisation_id in (actor.organisation_id, None)
    }
    return next((role for role in ROLE_NAMES if role in held), "")


def title_of(actor: Actor) -> str:
    """How the header names the actor, such as 'Skolekoordinator, Randers Social- og …'."""
    role = role_of(actor)
    name = str(ROLE_NAMES[role]) if role else _("Uden rolle")
    organisation = (
        Organisation.objects.filter(pk=actor.organisation_id).first()
        if actor.organisation_id is not None
        else None
    )
    return f"{name}, {organisation.label}" if organisation is not None else name


def networks_of(actor: Actor, chosen: int | None) -> list[Choice]:
    """The circles the actor sees; the chosen one, or else the first of its own, is current."""
    networks = list(
        Network.objects.visible_to(actor)
        .order_by("name", "pk")
        .values_list("pk", "name", "short_name")
    )
    visible = [pk for pk, *_names in networks]
    own = [pk for pk in visible if pk in actor.network_ids()]
    current = chosen if chosen in visible else next(iter(own or visible), None)
    return [
        Choice(pk=pk, name=name, detail=short, current=pk == current)
        for pk, name, short in networks
    ]


def organisations_of(actor: Actor) -> list[Choice]:
    """The organisations the actor can act for, with the roles held there."""
    held: dict[int, list[str]] = {}
    for grant in sorted(actor.grants, key=_rank):
        if grant.organisation_id is not None:
            held.setdefault(grant.organisation_id, []).append(str(ROLE_NAMES[grant.role]))
    return [
        Choice(
            pk=organisation.pk,
            name=organisation.name,
            detail=", ".join(dict.fromkeys(held[organisation.pk])),
            current=organisation.pk == actor.organisation_id,
        )
        for organisation in Organisation.objects.filter(pk__in=held).order_by("name", "pk")
    ]


def _rank(grant: Grant) -> tuple[int, int]:
    return list(ROLE_NAMES).index(grant.role), grant.organisation_id or 0


def waiting(actor: Actor, today: date) -> list[Task]:
    """What waits for the actor, nearest deadline first."""
    return tasks_for(actor, today)


_COUNTS: dict[Hashable, int] = {}
_COUNTS_KEPT = 500


def count_waiting(actor: Actor, today: date) -> int:
    """How much waits for the actor: the number beside 'Mine opgaver' on every page.

    A count holds until anything changes anywhere, and every change leaves an audit event, so the
    newest event is part of what it is remembered under. That costs one small query a page instead
    of asking every source of tasks.
    """
    newest = AuditEvent.objects.order_by("-pk").values_list("hash", flat=True).first()
    key = (actor.person_id, actor.organisation_id, actor.grants, today, newest)
    if key not in _COUNTS:
        if len(_COUNTS) >= _COUNTS_KEPT:
            _COUNTS.clear()
        _COUNTS[key] = len(waiting(actor, today))
    return _COUNTS[key]
