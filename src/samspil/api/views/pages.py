"""Pages for people: what the API offers, the keys, and the subscriptions with their log."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from samspil.api.domain import keys as key_actions
from samspil.api.domain import webhooks as hooks
from samspil.api.enums import EventKind, Scope
from samspil.api.interfaces import problems, reference, shown
from samspil.api.interfaces.forms import KeyForm, WebhookForm
from samspil.api.views.rest import api
from samspil.kernel import clock
from samspil.kernel.errors import Invalid
from samspil.kernel.http import LOGIN, PUBLIC, ActorRequest, insist, requires
from samspil.ui.components import Tab
from samspil.ui.pages import form_page

_EXAMPLES = """curl %(at)s/courses?q=svejs
curl -H "Authorization: Bearer samspil_…" %(at)s/rounds"""
_SIGNATURE = "Samspil-Signature: t=1798880400,v1=HMAC-SHA256(secret, t + '.' + body)"


@requires(PUBLIC)
@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """What one can ask the API for, from its own description."""
    return render(
        request,
        "api/documentation.html",
        {
            "groups": reference.groups(api.document()),
            "errors": problems.known(),
            "examples": _EXAMPLES % {"at": shown.base()},
            "signature": _SIGNATURE,
            "per_minute": settings.SAMSPIL_API_PER_MINUTE,
            "keys_url": reverse("api:keys"),
            "openapi_url": reverse("api:openapi"),
        },
    )


def _tabs(current: str) -> list[Tab]:
    return [
        Tab(_("Nøgler"), reverse("api:keys"), current=current == "keys"),
        Tab(_("Abonnementer"), reverse("api:webhooks"), current=current == "webhooks"),
    ]


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(_("API"), reverse("api:documentation")), *more]


# ---------------------------------------------------------------- keys


@requires(LOGIN)
@require_safe
def keys(request: ActorRequest) -> HttpResponse:
    """The keys that the actor keeps."""
    now = clock.now()
    return render(
        request,
        "api/keys.html",
        {
            "keys": [
                (key, [Scope(scope).label for scope in key.scopes], key.holds(now))
                for key in key_actions.keys(request.actor)
            ],
            "may_make": bool(key_actions.owners(request.actor)),
            "tabs": _tabs("keys"),
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def new_key(request: ActorRequest) -> HttpResponse:
    """Make a key. Its text is in the answer to the form, and nowhere else ever."""
    owners = key_actions.owners(request.actor)
    insist(bool(owners))
    home = reverse("api:keys")
    if request.method == "POST":
        form = KeyForm(request.POST, owners=owners)
        if form.is_valid():
            try:
                made = key_actions.make_key(actor=request.actor, now=clock.now(), **form.chosen())
            except Invalid as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
            else:
                return render(
                    request,
                    "api/shown_once.html",
                    {
                        "heading": _("Nøglen er lavet"),
                        "text": made.text,
                        "lede": made.key.name,
                        "home_url": home,
                        "home": _("Nøgler"),
                        "is_key": True,
                    },
                )
    else:
        form = KeyForm.new(
            owners,
            nonce=secrets.token_hex(12),
            expires_on=clock.today() + timedelta(days=365),
        )
    return render(
        request,
        "ui/form_page.html",
        {
            "form": form,
            "heading": _("Ny nøgle"),
            "crumb_list": _crumbs((_("Nøgler"), home)),
            "submit": _("Lav nøglen"),
            "lede": _("Nøglens tekst vises én gang. Hav stedet klar, hvor den skal gemmes."),
            "cancel_url": home,
            "kind": "primary",
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def revoke_key(request: ActorRequest, api_key_id: int) -> HttpResponse:
    """Let a key open nothing any more."""
    key = key_actions.get_key(request.actor, api_key_id)
    if request.method == "POST":
        key_actions.revoke_key(actor=request.actor, now=clock.now(), key=key)
        messages.success(request, _("Nøglen er tilbagekaldt."))
        return redirect("api:keys")
    return render(request, "api/revoke.html", {"key": key, "cancel_url": reverse("api:keys")})


# ---------------------------------------------------------------- subscriptions


@requires(LOGIN)
@require_safe
def webhooks(request: ActorRequest) -> HttpResponse:
    """The subscriptions that the actor keeps."""
    return render(
        request,
        "api/webhooks.html",
        {
            "webhooks": [
                (hook, [EventKind(event).label for event in hook.events])
                for hook in hooks.webhooks(request.actor)
            ],
            "may_make": bool(key_actions.owners(request.actor)),
            "tabs": _tabs("webhooks"),
        },
    )


def _once(request: ActorRequest, made: hooks.Made, heading: str) -> HttpResponse:
    return render(
        request,
        "api/shown_once.html",
        {
            "heading": heading,
            "text": made.secret,
            "lede": made.webhook.name,
            "home_url": reverse("api:webhook", args=[made.webhook.pk]),
            "home": made.webhook.name,
            "is_key": False,
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def new_webhook(request: ActorRequest) -> HttpResponse:
    """Make a subscription. The secret that signs is in the answer to the form, and nowhere else ever."""
    owners = key_actions.owners(request.actor)
    insist(bool(owners))
    home = reverse("api:webhooks")
    form = WebhookForm(request.POST or None, owners=owners)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = hooks.subscribe(
                actor=request.actor,
                now=clock.now(),
                owner=form.chosen_owner,
                name=data["name"],
                url=data["url"],
                events=data["events"],
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            return _once(request, made, _("Abonnementet er oprettet"))
    return render(
        request,
        "ui/form_page.html",
        {
            "form": form,
            "heading": _("Nyt abonnement"),
            "crumb_list": _crumbs((_("Abonnementer"), home)),
            "submit": _("Opret abonnementet"),
            "lede": _(
                "Samspil sender besked til jeres server, når der sker noget. En skole får besked om sit eget, et samarbejde om alle medlemmerne."
            ),
            "cancel_url": home,
            "kind": "primary",
        },
    )


@requires(LOGIN)
@require_safe
def webhook(request: ActorRequest, webhook_id: int) -> HttpResponse:
    """A subscription, and what has been sent to it."""
    hook = hooks.get_webhook(request.actor, webhook_id)
    return render(
        request,
        "api/webhook.html",
        {
            "webhook": hook,
            "events": [EventKind(event).label for event in hook.events],
            "log": hooks.log(hook),
            "log_days": hooks.LOG_DAYS,
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def change_webhook(request: ActorRequest, webhook_id: int) -> HttpResponse:
    """Change a subscription."""
    hook = hooks.get_webhook(request.actor, webhook_id)
    home = reverse("api:webhook", args=[hook.pk])
    form = WebhookForm(request.POST) if request.method == "POST" else WebhookForm.of(hook)

    def save(data: dict[str, Any]) -> str:
        hooks.change_subscription(
            actor=request.actor,
            now=clock.now(),
            webhook=hook,
            version=data["version"] or 0,
            name=data["name"],
            url=data["url"],
            events=data["events"],
        )
        return home

    return form_page(
        request,
        form,
        heading=_("Ret abonnementet"),
        crumbs=_crumbs((_("Abonnementer"), reverse("api:webhooks")), (hook.name, home)),
        submit=_("Gem"),
        cancel_url=home,
        save=save,
        said=_("Abonnementet er rettet."),
    )


@requires(LOGIN)
@require_POST
def webhook_do(request: ActorRequest, webhook_id: int, verb: str) -> HttpResponse:
    """Send a test, pause or start a subscription."""
    hook = hooks.get_webhook(request.actor, webhook_id)
    given: dict[str, Any] = {"actor": request.actor, "now": clock.now(), "webhook": hook}
    if verb == "proev":
        hooks.send_test(**given)
        messages.success(request, _("Prøven er sendt af sted. Se om lidt, hvordan det gik."))
    elif verb == "pause":
        hooks.pause_subscription(**given)
        messages.success(request, _("Abonnementet er sat på pause."))
    else:
        hooks.resume_subscription(**given)
        messages.success(request, _("Abonnementet er startet."))
    return redirect("api:webhook", hook.pk)


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def renew_secret(request: ActorRequest, webhook_id: int) -> HttpResponse:
    """Sign with a new secret."""
    hook = hooks.get_webhook(request.actor, webhook_id)
    if request.method == "POST":
        made = hooks.renew_secret(actor=request.actor, now=clock.now(), webhook=hook)
        return _once(request, made, _("Hemmeligheden er ny"))
    return render(
        request,
        "api/renew.html",
        {"webhook": hook, "cancel_url": reverse("api:webhook", args=[hook.pk])},
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def delete_webhook(request: ActorRequest, webhook_id: int) -> HttpResponse:
    """Delete a subscription with its log."""
    hook = hooks.get_webhook(request.actor, webhook_id)
    if request.method == "POST":
        hooks.unsubscribe(actor=request.actor, now=clock.now(), webhook=hook)
        messages.success(request, _("Abonnementet er slettet."))
        return redirect("api:webhooks")
    return render(
        request,
        "api/unsubscribe.html",
        {"webhook": hook, "cancel_url": reverse("api:webhook", args=[hook.pk])},
    )
