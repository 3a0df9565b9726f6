"""The door of the API: how often one may knock, with which key, and that every answer speaks JSON.

Stands before everything else, so that errors that no view has seen are problems (RFC 9457) too. What
a browser has in its cookies counts for nothing here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import timedelta

from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from samspil.api.domain import keys
from samspil.api.domain.limit import Limit
from samspil.api.interfaces.problems import CONTENT_TYPE, problem
from samspil.api.models import ApiKey
from samspil.kernel import clock

PATHS = ("/api/v1/", "/api/ooapi/")
_STEP = timedelta(minutes=5)
"""The row of a key is written at most so often: reading costs no write."""
_EXPOSED = "ETag, Last-Modified, Link, RateLimit-Limit, RateLimit-Remaining, Retry-After"


class ApiRequest(HttpRequest):
    """A request after the door: ``api_key`` is the key that it came with."""

    api_key: ApiKey | None


LIMIT = Limit(settings.SAMSPIL_API_LIMIT_FILE, settings.SECRET_KEY)
"""Shared by the processes of this machine."""


class Door:
    """Lets requests for the API in, and sees that they are answered as an API answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(PATHS):
            return self.get_response(request)
        request.COOKIES.clear()
        now = clock.now()
        given = request.META.get("HTTP_AUTHORIZATION", "")
        key = None
        if given:
            kind, _space, text = given.partition(" ")
            key = keys.find(text.strip(), now=now) if kind.lower() == "bearer" else None
        request.api_key = key  # type: ignore[attr-defined]
        most = settings.SAMSPIL_API_PER_MINUTE * (5 if key else 1)
        who = f"key:{key.pk}" if key else f"ip:{get_client_ip(request)}"
        left, wait = LIMIT.take(who, most, time.monotonic())
        rate = {"RateLimit-Limit": str(most), "RateLimit-Remaining": str(left)}
        if wait:
            rate["Retry-After"] = str(max(1, math.ceil(wait)))
            return self._told(request, problem(429), rate)
        if given and key is None:
            return self._told(request, problem(401, headers=CHALLENGE), rate)
        head = request.method == "HEAD"
        if head:
            request.method = "GET"
        response = _preflight() if request.method == "OPTIONS" else self.get_response(request)
        if key is not None and (key.last_used_at is None or now - key.last_used_at > _STEP):
            keys.used(key.pk, now=now)
        return self._told(request, response, rate, head=head)

    @staticmethod
    def _told(
        request: HttpRequest,
        response: HttpResponseBase,
        rate: dict[str, str],
        *,
        head: bool = False,
    ) -> HttpResponseBase:
        """The answer with its headers; an error that a page was made of is a problem instead."""
        kind = response.headers.get("Content-Type", "")
        if response.status_code >= 400 and not kind.startswith(CONTENT_TYPE):
            told = {
                name: response.headers[name]
                for name in ("Allow", "Retry-After")
                if name in response.headers
            }
            response = problem(response.status_code, headers=told)
        # what a browser has in its cookies makes no difference here
        vary = [v.strip() for v in response.headers.get("Vary", "").split(",")]
        response.headers["Vary"] = ", ".join(v for v in vary if v and v != "Cookie")
        for name, value in rate.items():
            response.headers[name] = value
        if getattr(request, "api_key", None) is None:
            # For everybody, and never with anybody's cookies: a browser refuses * with credentials.
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED
        if head and isinstance(response, HttpResponse):
            size = str(len(response.content))
            response.content = b""
            response.headers["Content-Length"] = size
        return response


CHALLENGE = {"WWW-Authenticate": 'Bearer realm="samspil"'}


def _preflight() -> HttpResponse:
    """What a browser asks before a script of another site reads: reading alone is for everybody."""
    return HttpResponse(
        status=204,
        headers={
            "Allow": "GET, HEAD, OPTIONS",
            "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
            "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since",
            "Access-Control-Max-Age": "86400",
            "Cache-Control": "public, max-age=86400",
        },
    )
