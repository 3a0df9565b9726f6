"""What every view says of itself, and the middleware that hold it to it (house rules 3, 6)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, Protocol, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden
from django.shortcuts import render
from django.utils.translation import gettext as _

from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound, SamspilError

PUBLIC = "public"
LOGIN = "login"
TOKEN = "token"  # noqa: S105  a rule's name, no password
"""A machine with a key (``samspil.api``): whoever else comes is answered with 401."""

View = Callable[..., HttpResponseBase]
_WRITE = re.compile(r"^\s*(INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)
_STATUS: list[tuple[type[SamspilError], int]] = [
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Invalid, 400),
]


def whole_number(text: str | None, default: int = 0) -> int:
    """A number that somebody sent, ``default`` when it is none or larger than any id."""
    return int(text) if text and text.isdecimal() and len(text) <= 18 else default


def insist(allowed: bool) -> None:
    """Raise ``Forbidden`` before a form is even shown to somebody who may not send it."""
    if not allowed:
        raise Forbidden(_("Det har du ikke ret til."))


class ActorRequest(HttpRequest):
    """A request after the actor middleware: says who asks."""

    actor: Actor


class _Marked(Protocol):
    samspil_requires: str


def requires(what: str) -> Callable[[View], View]:
    """Say who may reach a view: ``PUBLIC``, ``LOGIN``, or a role-free name for the docs.

    Everything but ``PUBLIC`` needs a signed-in person. What that person may see or do is
    decided by the query or the action that the view calls.
    """

    def mark(view: View) -> View:
        @functools.wraps(view)
        def run(request: ActorRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if what != PUBLIC and request.actor.kind == "anonymous":
                return redirect_to_login(request.get_full_path())
            return view(request, *args, **kwargs)

        cast(_Marked, run).samspil_requires = what
        return cast(View, run)

    return mark


class DenyByDefault:
    """Refuse a view that does not say who may reach it."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if hasattr(view, "samspil_requires") or view.__module__.startswith(
            tuple(settings.VIEWS_WITH_OWN_RULES)
        ):
            return None
        return HttpResponseForbidden(f"{request.path}: no rule says who may see this")


class ReadingNeverWrites:
    """Let a GET that writes to the database fail loudly. Sits next to the views, so that the
    session and the cache, which middleware further out keep, are not meant."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        with connection.execute_wrapper(self._refuse(request)):
            return self.get_response(request)

    @staticmethod
    def _refuse(request: HttpRequest) -> Callable[..., Any]:
        def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            match = request.resolver_match
            own_rules = match is not None and match.func.__module__.startswith(
                tuple(settings.VIEWS_WITH_OWN_RULES)
            )
            if _WRITE.match(sql) and not own_rules:
                raise RuntimeError(f"{request.method} {request.path} writes: {sql[:200]}")
            return execute(sql, params, many, context)

        return wrapper


class ErrorsAsPages:
    """Turn errors with a sentence for the user into pages with the right status."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, SamspilError):
            return None
        status = next((code for kind, code in _STATUS if isinstance(error, kind)), 400)
        return render(request, f"{status}.html", {"message": error.message}, status=status)
