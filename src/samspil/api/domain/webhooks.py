"""Who is told of what: subscriptions, what is on its way to them, and when one is stopped."""

from __future__ import annotations

import json
import secrets
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.api import rules
from samspil.api.domain import feed, sending
from samspil.api.domain.feed import Seen
from samspil.api.enums import PING, DeliveryState, EventKind, FeedKind
from samspil.api.models import Delivery, Webhook
from samspil.api.notifications import WebhookStopped
from samspil.coordination.enums import AgreementStatus
from samspil.coordination.models import Agreement, Commitment
from samspil.kernel import clock, mail, roles, sealed
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid, NotFound
from samspil.kernel.locking import lock_row
from samspil.kernel.outbox import enqueue, enqueue_all, job, nightly
from samspil.network.domain.recipients import school_people
from samspil.network.models import Membership, Network, Organisation, Person, RoleAssignment
from samspil.network.models.organisations import valid_on
from samspil.runs.enums import RunStatus
from samspil.runs.models import CourseRun

MOST_WEBHOOKS = 20
MOST_FAILURES = 3
"""Deliveries that are given up in a row before a subscription is stopped."""
MOST_EVENTS = 200
"""Events of one look that a subscriber is told one by one; more are told as one."""
BACK_OFF = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 720))
"""How long after each attempt the next one is: seven in all, over some 20 hours."""
LOG_DAYS = 30
_PURPOSE = "api.webhook"


# ---------------------------------------------------------------- kept by people


@dataclass(frozen=True, slots=True)
class Made:
    """A subscription, and the secret that is shown this once."""

    webhook: Webhook
    secret: str


@action("api.subscribe", permission=rules.may_keep_for, on="owner")
def subscribe(
    *,
    actor: Actor,
    now: datetime,
    owner: Organisation | Network,
    name: str,
    url: str,
    events: list[str],
) -> Made:
    """Have an address told of events: an organisation's own, or those of a network's members.

    Raises ``Invalid`` for an address that may not be reached, and for events that do not exist.
    """
    network = owner if isinstance(owner, Network) else None
    organisation = owner if isinstance(owner, Organisation) else None
    _check(url, events)
    if Webhook.objects.filter(network=network, organisation=organisation).count() >= MOST_WEBHOOKS:
        raise Invalid(_("I har allerede 20 abonnementer. Slet dem, I ikke bruger."))
    secret = _new_secret()
    row = Webhook.objects.create(
        network=network,
        organisation=organisation,
        name=" ".join(name.split()),
        url=url,
        events=sorted(set(events)),
        secret=sealed.seal(secret, _PURPOSE),
        created_at=now,
        created_by_label=actor.label[:200],
    )
    _record(row, _("Abonnementet »%(name)s« er oprettet."), after=_facts(row))
    return Made(row, secret)


def _new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


def _check(url: str, events: list[str]) -> None:
    sending.checked(url)
    if not events or set(events) - set(EventKind.values):
        raise Invalid(_("Vælg mindst én hændelse på listen."), field="events")


def _facts(row: Webhook) -> dict[str, Any]:
    return {"name": row.name, "url": row.url, "events": row.events}


def _record(
    row: Webhook,
    summary: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    record(
        row,
        before=before,
        after=after,
        summary=summary % {"name": row.name},
        network_id=row.network_id,
        organisation_id=row.organisation_id,
    )


def _fresh(webhook: Webhook, version: int | None = None) -> Webhook:
    row: Webhook = lock_row(Webhook.objects.all(), webhook.pk)
    if version is not None and row.version != version:
        raise Conflict(_("Abonnementet er ændret imens. Hent siden igen."))
    return row


@action("api.change_subscription", permission=rules.may_keep, on="webhook")
def change_subscription(
    *,
    actor: Actor,
    now: datetime,
    webhook: Webhook,
    version: int,
    name: str,
    url: str,
    events: list[str],
) -> Webhook:
    """Change name, address and events. Raises ``Conflict`` for a stale ``version``, and ``Invalid``."""
    _check(url, events)
    row = _fresh(webhook, version)
    before = _facts(row)
    row.name, row.url, row.events = " ".join(name.split()), url, sorted(set(events))
    if before != _facts(row):
        row.version += 1
        row.save(update_fields=["name", "url", "events", "version"])
        _record(row, _("Abonnementet »%(name)s« er rettet."), before=before, after=_facts(row))
    return row


@action("api.renew_secret", permission=rules.may_keep, on="webhook")
def renew_secret(*, actor: Actor, now: datetime, webhook: Webhook) -> Made:
    """Sign with a new secret from now on; the old one signs nothing any more."""
    row = _fresh(webhook)
    secret = _new_secret()
    row.secret, row.version = sealed.seal(secret, _PURPOSE), row.version + 1
    row.save(update_fields=["secret", "version"])
    _record(row, _("Abonnementet »%(name)s« har fået en ny hemmelighed."))
    return Made(row, secret)


@action("api.pause_subscription", permission=rules.may_keep, on="webhook")
def pause_subscription(*, actor: Actor, now: datetime, webhook: Webhook) -> Webhook:
    """Send nothing for the time being. What happens meanwhile is not sent later."""
    row = _fresh(webhook)
    if row.stopped_at is None:
        row.stopped_at, row.stopped_reason = now, ""
        row.save(update_fields=["stopped_at", "stopped_reason"])
        _record(row, _("Abonnementet »%(name)s« er sat på pause."))
    return row


@action("api.resume_subscription", permission=rules.may_keep, on="webhook")
def resume_subscription(*, actor: Actor, now: datetime, webhook: Webhook) -> Webhook:
    """Send again, from now on."""
    row = _fresh(webhook)
    if row.stopped_at is not None:
        row.stopped_at, row.stopped_reason, row.failures = None, "", 0
        row.save(update_fields=["stopped_at", "stopped_reason", "failures"])
        _record(row, _("Abonnementet »%(name)s« er startet igen."))
    return row


@action("api.unsubscribe", permission=rules.may_keep, on="webhook")
def unsubscribe(*, actor: Actor, now: datetime, webhook: Webhook) -> None:
    """Delete a subscription with its log."""
    row = _fresh(webhook)
    _record(row, _("Abonnementet »%(name)s« er slettet."), before=_facts(row))
    row.delete()


@action("api.send_test", permission=rules.may_keep, on="webhook")
def send_test(*, actor: Actor, now: datetime, webhook: Webhook) -> Delivery:
    """Send an event that means nothing, also to a subscription that is stopped. At most one waits."""
    row = _fresh(webhook)
    waiting = row.deliveries.filter(event=PING, state=DeliveryState.WAITING).first()
    if waiting is not None:
        return waiting
    made = _deliveries([row], [_Event(PING, {"text": "Prøve fra Samspil"})], now)[0]
    _record(row, _("Der er sendt en prøve til abonnementet »%(name)s«."))
    return made


@action("api.stop_subscription", permission=rules.may_keep, on="webhook")
def stop_subscription(*, actor: Actor, now: datetime, webhook: Webhook, reason: str) -> Webhook:
    """Stop a subscription whose server takes nothing, and write to those who keep it."""
    row = _fresh(webhook)
    if row.stopped_at is not None:
        return row
    row.stopped_at, row.stopped_reason = now, reason[:300]
    row.save(update_fields=["stopped_at", "stopped_reason"])
    _record(row, _("Abonnementet »%(name)s« er stoppet, fordi serveren ikke tager imod."))
    page = settings.BASE_URL + reverse("api:webhook", args=[row.pk])
    for person in _keepers(row, now):
        mail.send(
            WebhookStopped(webhook=row, person=person, page_url=page),
            to=person.email,
            now=now,
            subject_of=row,
            network_id=row.network_id,
            organisation_id=row.organisation_id,
            language=person.language,
        )
    return row


def _keepers(row: Webhook, now: datetime) -> list[Person]:
    today = clock.local_date(now)
    if row.organisation is not None:
        return school_people(row.organisation, on=today)
    rows = RoleAssignment.objects.filter(
        valid_on(today), network=row.network, role=roles.SECRETARIAT, person__is_active=True
    )
    people = {r.person_id: r.person for r in rows.select_related("person").order_by("person_id")}
    return list(people.values())


def webhooks(actor: Actor) -> list[Webhook]:
    """The subscriptions that the actor keeps, by name."""
    rows = Webhook.objects.visible_to(actor).select_related("organisation", "network")
    return list(rows.order_by("name", "pk")[:500])


def get_webhook(actor: Actor, pk: int) -> Webhook:
    """One subscription that the actor keeps. Raises ``NotFound``."""
    rows = Webhook.objects.visible_to(actor).select_related("organisation", "network")
    found: Webhook | None = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Abonnementet findes ikke."))
    return found


def log(webhook: Webhook) -> list[Delivery]:
    """The newest 100 deliveries."""
    return list(webhook.deliveries.order_by("-created_at", "-pk")[:100])


# ---------------------------------------------------------------- what happens


@dataclass(frozen=True, slots=True)
class _Event:
    kind: str
    data: dict[str, Any]
    organisations: frozenset[int] = frozenset()
    networks: frozenset[int] = frozenset()


def tell(seen: Seen, now: datetime) -> None:
    """Put what a look at the feed found on its way to those who subscribe to it."""
    hooks = list(
        Webhook.objects.filter(stopped_at=None)
        .select_related("organisation", "network")
        .order_by("pk")
    )
    if seen.is_first or not hooks:
        return
    events = [*_runs(seen, now), *_cells(seen), *_agreements(seen)]
    for hook in hooks:
        own = [
            event
            for event in events
            if event.kind in hook.events
            and (hook.organisation_id in event.organisations or hook.network_id in event.networks)
        ]
        if len(own) > MOST_EVENTS:
            counts: dict[str, int] = defaultdict(int)
            for event in own:
                counts[event.kind] += 1
            url = f"{settings.BASE_URL}/api/v1/changes?since={seen.since}"
            own = [_Event("many", {"counts": dict(counts), "changes": url})]
        _deliveries([hook], own, now)


feed.LISTENERS.append(tell)


def _runs(seen: Seen, now: datetime) -> Iterator[_Event]:
    found = {
        **dict.fromkeys(map(int, seen.created.get(FeedKind.RUN, ())), EventKind.RUN_ANNOUNCED),
        **dict.fromkeys(map(int, seen.changed.get(FeedKind.RUN, ())), EventKind.RUN_CHANGED),
        # a run that is gone has begun, unless it is cancelled
        **dict.fromkeys(map(int, seen.gone.get(FeedKind.RUN, ())), EventKind.RUN_CANCELLED),
    }
    members = _members(now)
    for pks in _batches(list(found)):
        for run in (
            CourseRun.objects.filter(pk__in=pks)
            .select_related("course", "organisation")
            .order_by("pk")
        ):
            kind = found[run.pk]
            if kind == EventKind.RUN_CANCELLED and run.status != RunStatus.CANCELLED:
                continue
            yield _Event(
                kind,
                {
                    "id": run.pk,
                    "kviknummer": run.kviknummer,
                    "course": run.course.number,
                    "school_key": run.organisation.key,
                    "status": run.status,
                    "starts_on": run.starts_on.isoformat(),
                    "ends_on": run.ends_on.isoformat(),
                    "free": run.free,
                    "url": f"{settings.BASE_URL}/api/v1/runs/{run.pk}",
                },
                frozenset({run.organisation_id}),
                members[run.organisation_id],
            )


def _members(now: datetime) -> dict[int, frozenset[int]]:
    networks: dict[int, set[int]] = defaultdict(set)
    for organisation, network in (
        Membership.objects.filter(valid_on(clock.local_date(now)))
        .order_by()
        .values_list("organisation_id", "network_id")
    ):
        networks[organisation].add(network)
    return defaultdict(frozenset, {pk: frozenset(found) for pk, found in networks.items()})


def _batches(pks: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(pks), 500):
        yield pks[start : start + 500]


def _cells(seen: Seen) -> Iterator[_Event]:
    pks = {
        int(key)
        for keys in (seen.created, seen.changed, seen.gone)
        for key in keys.get(FeedKind.CELL, ())
    }
    for some in _batches(sorted(pks)):
        rows = (
            Commitment.objects.filter(pk__in=some)
            .select_related(
                "organisation", "round_course__course", "round_course__round_fkb__fkb",
                "round_course__round_fkb__round",
            )
            .order_by("pk")
        )  # fmt: skip
        for cell in rows:
            place = cell.round_course.round_fkb
            yield _Event(
                EventKind.COMMITMENT_CHANGED,
                {
                    "round": place.round_id,
                    "year": place.round.year,
                    "fkb": place.fkb.number,
                    "course": cell.round_course.course.number,
                    "school_key": cell.organisation.key,
                    "role": cell.role,
                    "runs": cell.runs,
                    "when": cell.when_text,
                    "url": f"{settings.BASE_URL}/api/v1/rounds/{place.round_id}/cells"
                    f"?fkb={place.fkb.number}",
                },
                frozenset({cell.organisation_id}),
                frozenset({place.round.network_id}),
            )


def _agreements(seen: Seen) -> Iterator[_Event]:
    pks = [
        int(key)
        for keys in (seen.created, seen.changed)
        for key in keys.get(FeedKind.AGREEMENT, ())
    ]
    rows = (
        Agreement.objects.filter(pk__in=pks, status=AgreementStatus.SIGNED)
        .select_related("round_fkb__fkb", "round_fkb__round")
        .prefetch_related("signatures")
        .order_by("pk")
    )
    for agreement in rows:
        place = agreement.round_fkb
        yield _Event(
            EventKind.AGREEMENT_SIGNED,
            {
                "id": agreement.pk,
                "kind": agreement.kind,
                "number": agreement.number,
                "round": place.round_id,
                "year": place.round.year,
                "fkb": place.fkb.number,
                "sha256": agreement.content_hash,
            },
            frozenset(signature.organisation_id for signature in agreement.signatures.all()),
            frozenset({place.round.network_id}),
        )


def _deliveries(
    hooks: Collection[Webhook], events: Collection[_Event], now: datetime
) -> list[Delivery]:
    made = [
        Delivery(
            webhook=hook,
            event_id=uuid.uuid4(),
            event=event.kind,
            payload=event.data,
            next_at=now,
            created_at=now,
        )
        for hook in hooks
        for event in events
    ]
    Delivery.objects.bulk_create(made, batch_size=500)
    enqueue_all(
        [("api.deliver", {"delivery": row.pk}, now, f"api.deliver:{row.pk}:0") for row in made],
        now=now,
    )
    return made


# ---------------------------------------------------------------- on its way


def body_of(delivery: Delivery) -> bytes:
    """What is sent: the same bytes at every attempt, so that a receiver can tell them by ``id``."""
    return json.dumps(
        {
            "id": str(delivery.event_id),
            "event": delivery.event,
            "at": delivery.created_at.isoformat(),
            "data": delivery.payload,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


@job("api.deliver", atomic=False)
def deliver(payload: dict[str, Any], *, now: datetime) -> None:
    """Send one event to one subscriber once, and plan the next attempt when it is not taken.

    A worker that dies in the middle sends it again: the receiver knows it by its ``id``.
    """
    delivery = (
        Delivery.objects.select_related("webhook__organisation", "webhook__network")
        .filter(pk=payload["delivery"], state=DeliveryState.WAITING)
        .first()
    )
    if delivery is None:
        return
    hook = delivery.webhook
    if hook.stopped_at is not None and delivery.event != PING:
        _settle(delivery, DeliveryState.FAILED, now, error=_("Abonnementet er stoppet."))
        return
    body = body_of(delivery)
    at = int(now.timestamp())
    secret = sealed.unseal(hook.secret, _PURPOSE)
    answer = sending.post(
        hook.url,
        body,
        {
            "Content-Type": "application/json",
            "User-Agent": "Samspil",
            "Samspil-Event": delivery.event,
            "Samspil-Delivery": str(delivery.event_id),
            "Samspil-Signature": sending.signature(secret, at, body),
        },
    )
    delivery.status, delivery.milliseconds = answer.status, answer.milliseconds
    delivery.attempts += 1
    if answer.is_taken:
        _settle(delivery, DeliveryState.DELIVERED, now)
        Webhook.objects.filter(pk=hook.pk).exclude(failures=0).update(failures=0)
        return
    last = delivery.attempts > len(BACK_OFF) or delivery.event == PING or answer.status == 410
    if not last:
        delivery.error = answer.error
        delivery.next_at = now + BACK_OFF[delivery.attempts - 1]
        delivery.save(update_fields=["status", "milliseconds", "attempts", "error", "next_at"])
        enqueue(
            "api.deliver",
            {"delivery": delivery.pk},
            now=now,
            run_at=delivery.next_at,
            key=f"api.deliver:{delivery.pk}:{delivery.attempts}",
        )
        return
    _settle(delivery, DeliveryState.FAILED, now, error=answer.error)
    if delivery.event != PING:
        _given_up(hook, answer.status == 410, answer.error, now)


def _settle(delivery: Delivery, state: str, now: datetime, *, error: str = "") -> None:
    delivery.state, delivery.done_at, delivery.next_at, delivery.error = state, now, None, error
    delivery.save(
        update_fields=["state", "done_at", "next_at", "error", "status", "milliseconds", "attempts"]
    )


def _given_up(hook: Webhook, is_gone: bool, error: str, now: datetime) -> None:
    """Count what was given up; stop a subscription that has had too many, or whose server says 410."""
    Webhook.objects.filter(pk=hook.pk).update(failures=hook.failures + 1)
    if is_gone or hook.failures + 1 >= MOST_FAILURES:
        stop_subscription(actor=Actor.system("webhooks"), now=now, webhook=hook, reason=error)


nightly("api.tidy", hour=2)


@job("api.tidy")
def tidy(payload: dict[str, Any], *, now: datetime) -> None:
    """Forget deliveries that are done and older than ``LOG_DAYS``. Nightly."""
    old = now - timedelta(days=LOG_DAYS)
    Delivery.objects.filter(~Q(state=DeliveryState.WAITING), created_at__lt=old).delete()
