"""Keys: made, revoked, and from a key to the actor that it stands for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from samspil.api import rules
from samspil.api.enums import SCHOOLS_ALONE, Scope
from samspil.api.models import ApiKey
from samspil.kernel import clock, roles
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor, Grant
from samspil.kernel.errors import Invalid, NotFound
from samspil.kernel.locking import lock_row
from samspil.network.models import Network, Organisation

LONGEST_DAYS = 2 * 366
MOST_KEYS = 50
"""Keys of one owner that hold at the same time."""
_WRITTEN = re.compile(r"samspil_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Made:
    """A new key, and the text that is shown this once."""

    key: ApiKey
    text: str


@action("api.make_key", permission=rules.may_keep_for, on="owner")
def make_key(
    *,
    actor: Actor,
    now: datetime,
    owner: Organisation | Network,
    name: str,
    scopes: list[str],
    expires_on: date,
    nonce: str = "",
) -> Made:
    """Make a key for an organisation or a network. Its text cannot be had again. The same ``nonce``
    makes one key however often a form is sent.

    Raises ``Invalid`` for a scope the owner cannot have, a day that is past or too far off, and
    when the owner has ``MOST_KEYS`` already.
    """
    network = owner if isinstance(owner, Network) else None
    organisation = owner if isinstance(owner, Organisation) else None
    if set(scopes) - set(Scope.values):
        raise Invalid(_("Vælg blandt de rettigheder, der står på listen."), field="scopes")
    if network and SCHOOLS_ALONE & set(scopes):
        raise Invalid(
            _("Et samarbejdes nøgle kan ikke læse eller ændre skolernes hold."), field="scopes"
        )
    today = clock.local_date(now)
    if not today < expires_on <= today + timedelta(days=LONGEST_DAYS):
        raise Invalid(
            _("Vælg en dag, der ligger senere end i dag og højst to år frem."), field="expires_on"
        )
    held = ApiKey.objects.filter(
        organisation=organisation, network=network, revoked_at=None, expires_at__gt=now
    )
    if held.count() >= MOST_KEYS:
        raise Invalid(_("I har allerede 50 nøgler. Tilbagekald dem, I ikke bruger."))
    prefix = _prefix(nonce or secrets.token_hex(16), str(owner.pk))
    if ApiKey.objects.filter(prefix=prefix).exists():
        raise Invalid(
            _(
                "Nøglen er allerede lavet, og dens tekst kan ikke vises igen. Lav en ny, hvis I mangler den."
            )
        )
    secret = secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        organisation=organisation,
        network=network,
        name=" ".join(name.split()),
        prefix=prefix,
        secret_hash=_hash(secret),
        scopes=sorted(set(scopes)),
        created_at=now,
        created_by_label=actor.label[:200],
        expires_at=clock.start_of(expires_on + timedelta(days=1)),
    )
    record(
        key,
        after={"name": key.name, "prefix": prefix, "scopes": key.scopes, "expires_on": expires_on},
        network_id=key.network_id,
        organisation_id=key.organisation_id,
        summary=_("API-nøglen »%(name)s« er oprettet.") % {"name": key.name},
    )
    return Made(key, f"samspil_{prefix}_{secret}")


@action("api.revoke_key", permission=rules.may_keep, on="key")
def revoke_key(*, actor: Actor, now: datetime, key: ApiKey) -> ApiKey:
    """Let a key open nothing from now on. Revoking it twice changes nothing more."""
    row: ApiKey = lock_row(ApiKey.objects.all(), key.pk)
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by_label = now, actor.label[:200]
        row.save(update_fields=["revoked_at", "revoked_by_label"])
        record(
            row,
            before={"revoked_at": None},
            after={"revoked_at": now},
            network_id=row.network_id,
            organisation_id=row.organisation_id,
            summary=_("API-nøglen »%(name)s« er tilbagekaldt.") % {"name": row.name},
        )
    return row


def _prefix(nonce: str, owner: str) -> str:
    digest = hashlib.sha256(f"{nonce}:{owner}".encode()).digest()
    return base64.b32encode(digest).decode()[:8].lower()


def _hash(secret: str) -> str:
    # 256 random bits: nothing to guess, so no slow hash
    return hashlib.sha256(secret.encode()).hexdigest()


def find(text: str, *, now: datetime) -> ApiKey | None:
    """The key that ``text`` is, when it holds and its organisation is open."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    rows = ApiKey.objects.select_related("organisation", "network")
    key: ApiKey | None = rows.filter(prefix=match[1]).first()
    if key is None or not hmac.compare_digest(key.secret_hash, _hash(match[2])):
        return None
    ended = key.organisation.valid_to if key.organisation is not None else None
    if not key.holds(now) or (ended is not None and ended < clock.local_date(now)):
        return None
    return key


_ROLES = {
    Scope.ROUNDS_READ: roles.READER,
    Scope.RUNS_READ: roles.READER,
    Scope.RUNS_WRITE: roles.SCHOOL_COORDINATOR,
}


def actor_of(key: ApiKey, scope: str) -> Actor:
    """Who a key is while it does what ``scope`` is about: its owner alone, and no more than that.

    The caller has seen that the key has the scope.
    """
    return Actor(
        kind="person",
        label=f"API: {key.name} ({key.prefix})",
        organisation_id=key.organisation_id,
        grants=frozenset(
            {
                Grant(
                    role=_ROLES[Scope(scope)],
                    organisation_id=key.organisation_id,
                    network_id=key.network_id,
                )
            }
        ),
    )


def used(key_id: int, *, now: datetime) -> None:
    """Write down that a key was used. Called for at most every five minutes (``middleware``)."""
    ApiKey.objects.filter(pk=key_id).update(last_used_at=now)


def keys(actor: Actor) -> list[ApiKey]:
    """The keys the actor keeps: those that hold first, the newest first among them."""
    rows = (
        ApiKey.objects.visible_to(actor)
        .select_related("organisation", "network")
        .order_by("-created_at", "-pk")
    )
    return sorted(rows[:500], key=lambda key: key.revoked_at is not None)


def get_key(actor: Actor, pk: int) -> ApiKey:
    """One key that the actor keeps. Raises ``NotFound``."""
    found: ApiKey | None = (
        ApiKey.objects.visible_to(actor)
        .select_related("organisation", "network")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotFound(_("Nøglen findes ikke."))
    return found


def owners(actor: Actor) -> list[Organisation | Network]:
    """The organisations and networks that the actor can make keys and subscriptions for."""
    organisations = Organisation.objects.filter(valid_to=None).order_by("name", "pk")
    networks = Network.objects.order_by("name", "pk")
    if not (actor.is_system or actor.is_platform_admin):
        keepers = (roles.SECRETARIAT, roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)
        organisations = organisations.filter(pk__in=actor.organisation_ids(*keepers))
        networks = networks.filter(pk__in=actor.network_ids(roles.SECRETARIAT))
    return [*networks, *organisations]
