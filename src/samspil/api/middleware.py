"""The door of the API: how often one may knock, with which key, and that every answer speaks JSON.

Stands before everything else, so that errors that no view has seen are problems (RFC 9457) too. What
a browser has in its cookies counts for nothing here.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from samspil.api.domain import keys
from samspil.api.interfaces.problems import CONTENT_TYPE, problem
from samspil.api.models import ApiKey
from samspil.kernel import clock

PATHS = ("/api/v1/", "/api/ooapi/")
_STEP = timedelta(minutes=5)
"""The row of a key is written at most so often: reading costs no write."""
_MOST_VISITORS = 20_000
_EXPOSED = "ETag, Last-Modified, Link, RateLimit-Limit, RateLimit-Remaining, Retry-After"


class ApiRequest(HttpRequest):
    """A request after the door: ``api_key`` is the key that it came with."""

    api_key: ApiKey | None


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Limit:
    """So many requests a minute from one visitor, counted in this process (a token bucket).

    Every process counts for itself, so that knocking costs no write: the limit is what a machine
    is protected by, not a price.
    """

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, who: str, per_minute: int, now: float) -> tuple[int, float]:
        """Take one. Returns how many are left, and the seconds to wait when there was none."""
        with self._lock:
            bucket = self._buckets.pop(who, None) or _Bucket(per_minute, now)
            bucket.left = min(per_minute, bucket.left + (now - bucket.at) * per_minute / 60)
            bucket.at = now
            self._buckets[who] = bucket
            while len(self._buckets) > _MOST_VISITORS:
                self._buckets.popitem(last=False)
            if bucket.left < 1:
                return 0, (1 - bucket.left) * 60 / per_minute
            bucket.left -= 1
            return int(bucket.left), 0.0

    def forget(self) -> None:
        """Everybody starts anew."""
        with self._lock:
            self._buckets.clear()


LIMIT = Limit()


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
