"""Answers that everybody may have, kept until anything changes anywhere.

Every change leaves an audit event, so the lengths of the audit chains say whether something changed:
one small query instead of rendering. ``moment`` asks it once a GET. A view says ``keep(response)``
when its answer depends on the address and the moment alone; ``Kept`` then gives the same bytes, as
they went over the wire, to whoever asks next without a session.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar, cast

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.cache import get_conditional_response
from django.utils.dateparse import parse_datetime
from django.utils.http import http_date

from samspil.kernel import clock

T = TypeVar("T")
_lock = threading.Lock()
_QUESTION = (
    "SELECT (SELECT COALESCE(SUM(length), 0) FROM kernel_auditstream), at "
    "FROM kernel_auditevent ORDER BY id DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """What is true now: how many changes there have been, when the last was, and which day it is."""

    changes: int
    at: datetime
    on: date

    @property
    def modified(self) -> int:
        """Seconds since 1970 at which an answer may last have become another: the last change, or
        midnight, since what is shown depends on the day."""
        return int(max(self.at, clock.start_of(self.on)).timestamp())


@dataclass(slots=True)
class _Holder:
    moment: Moment | None = None


_current: ContextVar[_Holder | None] = ContextVar("samspil_moment", default=None)


def moment() -> Moment:
    """The moment; within a GET the same for all who ask, so that an answer agrees with itself."""
    holder = _current.get()
    if holder is not None and holder.moment is not None:
        return holder.moment
    today = clock.today()
    with connection.cursor() as cursor:
        cursor.execute(_QUESTION)
        row = cursor.fetchone()
    at = parse_datetime(row[1]) if row and isinstance(row[1], str) else row[1] if row else None
    found = Moment(
        int(row[0]) if row else 0,
        (at if at.tzinfo else at.replace(tzinfo=UTC)) if at else clock.start_of(today),
        today,
    )
    if holder is not None:
        holder.moment = found
    return found


def within() -> Moment | None:
    """The moment of the GET that is being answered; ``None`` elsewhere."""
    return None if _current.get() is None else moment()


_VALUES: OrderedDict[Hashable, tuple[Moment, Any]] = OrderedDict()
MOST_VALUES = 100


def remembered(key: Hashable, make: Callable[[], T]) -> T:
    """What ``make`` makes, made once as long as nothing changes. For what every answer needs and no
    visitor can choose freely; elsewhere than in a GET it is made each time."""
    now = within()
    if now is None or not settings.SAMSPIL_REMEMBER_COUNTS:
        return make()
    found = _VALUES.get(key)
    if found is not None and found[0] == now:
        return cast("T", found[1])
    value = make()
    with _lock:
        _VALUES[key] = (now, value)
        _VALUES.move_to_end(key)
        while len(_VALUES) > MOST_VALUES:
            _VALUES.popitem(last=False)
    return value


def stamp(*, parts: Iterable[str]) -> str:
    """What an answer is valid for: it changes with the day, with any change that anybody makes, and
    with ``parts``, such as the address."""
    now = moment()
    text = "\n".join([str(now.changes), now.on.isoformat(), *parts])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def keep(response: HttpResponse) -> HttpResponse:
    """Say that everybody who asks for the same address at the same moment gets this answer."""
    response.samspil_kept = moment()  # type: ignore[attr-defined]
    return response


@dataclass(frozen=True, slots=True)
class _Answer:
    moment: Moment
    content: bytes
    headers: tuple[tuple[str, str], ...]


_ANSWERS: OrderedDict[tuple[str, str, bool], _Answer] = OrderedDict()
MOST_BYTES = 6_000_000
LARGEST = 150_000
_TOLD_WITHOUT_BODY = {
    "Cache-Control", "Content-Language", "Vary", "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
}  # fmt: skip


class Kept:
    """Gives kept answers. Stands outside what compresses and what adds headers, inside of what
    insists on TLS."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        token = _current.set(_Holder())
        try:
            return self._answer(request)
        finally:
            _current.reset(token)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        shared = (
            settings.SAMSPIL_REMEMBER_COUNTS
            and request.method == "GET"
            and settings.SESSION_COOKIE_NAME not in request.COOKIES
            and "HTTP_AUTHORIZATION" not in request.META
        )
        if not shared:
            return self.get_response(request)
        host = request.get_host()  # one that is not ours is refused here as elsewhere
        zipped = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
        key = (host, request.get_full_path(), zipped)
        kept = _ANSWERS.get(key)
        if kept is not None:
            if kept.moment == moment():
                return _again(request, kept)
            with _lock:
                _ANSWERS.pop(key, None)
        response = self.get_response(request)
        _remember(key, response)
        return response


def _again(request: HttpRequest, kept: _Answer) -> HttpResponseBase:
    headers = dict(kept.headers)
    etag = headers.get("ETag")
    asked = request.META.get("HTTP_IF_NONE_MATCH")
    if asked and etag and asked.removeprefix("W/") == etag.removeprefix("W/"):
        told = {name: value for name, value in kept.headers if name in _TOLD_WITHOUT_BODY}
        return HttpResponseNotModified(
            headers={**told, "ETag": etag, "Last-Modified": http_date(kept.moment.modified)}
        )
    response = HttpResponse(kept.content, headers=headers)
    if asked or "HTTP_IF_MODIFIED_SINCE" in request.META:
        return (
            get_conditional_response(
                request, etag=etag, last_modified=kept.moment.modified, response=response
            )
            or response
        )
    return response


def _remember(key: tuple[str, str, bool], response: HttpResponseBase) -> None:
    made = getattr(response, "samspil_kept", None)
    if made is None or not isinstance(response, HttpResponse) or response.status_code != 200:
        return
    if response.cookies or len(response.content) > LARGEST:
        return
    if "public" not in response.headers.get("Cache-Control", ""):
        return
    with _lock:
        _ANSWERS[key] = _Answer(made, response.content, tuple(response.headers.items()))
        _ANSWERS.move_to_end(key)
        size = sum(len(answer.content) for answer in _ANSWERS.values())
        while size > MOST_BYTES:
            _key, oldest = _ANSWERS.popitem(last=False)
            size -= len(oldest.content)
