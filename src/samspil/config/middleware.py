"""What every request meets first: its size, what no database takes, the end of its session, the
second factor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _

from samspil.kernel import clock
from samspil.kernel.http import PUBLIC
from samspil.network.middleware import AS_VISITOR
from samspil.web.context import WANTED

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_BEGAN = "samspil_began"
_SEEN = "samspil_seen"
LANGUAGE = "samspil_language"
"""Session key of a signed-in person's language."""
_STEP = 5 * 60  # seconds between two writes of the session row
_LARGEST_ID = 2**63 - 1


class RequestSize:
    """Refuse a request that says it is larger than anything we take (413)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        if length > settings.SAMSPIL_REQUEST_MAX_BYTES:
            return HttpResponse(
                _("Filen er for stor."), status=413, content_type="text/plain; charset=utf-8"
            )
        return self.get_response(request)


class NoDatabaseTakes:
    """Refuse what would end as an error of the database: NUL in a text (400), and a number in an
    address that is larger than any id (404). A cookie with NUL is no cookie of ours."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        for name in [name for name, value in request.COOKIES.items() if "\0" in value]:
            del request.COOKIES[name]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if any(isinstance(value, int) and value > _LARGEST_ID for value in kwargs.values()):
            raise Http404
        texts: list[Iterable[object]] = [kwargs.values()]
        for sent in (request.GET, request.POST):
            texts += [sent, *(values for _name, values in sent.lists())]
        if any("\0" in text for part in texts for text in part if isinstance(text, str)):
            raise BadRequest("NUL in a text")


class SessionEnds:
    """End a session after an idle time and after a longest time, whichever comes first.

    The session row is written at most once in five minutes, so that reading costs no write.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            now = int(clock.now().timestamp())
            began = request.session.setdefault(_BEGAN, now)
            seen = request.session.setdefault(_SEEN, now)
            if (
                now - began > settings.SAMSPIL_SESSION_LONGEST
                or now - seen > settings.SESSION_COOKIE_AGE
            ):
                logout(request)
            elif now - seen > _STEP:
                request.session[_SEEN] = now
        return self.get_response(request)


class KeptNowhere:
    """Let neither browser nor proxy keep a page: what a person saw is not there to be paged back
    to after signing out, nor shown to the next one at the same machine."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        if response.cookies and "public" in response.headers["Cache-Control"]:
            # A public page to somebody whose session was written meanwhile: the cookie is theirs alone.
            response.headers["Cache-Control"] = "private, no-store"
            response.headers.pop("ETag", None)
        return response


class SecondFactor:
    """Send a person without a second factor to the page where it is set up.

    The page that was asked for is kept, and offered when the factor stands. Pages that everybody may
    read are shown, as to a visitor: whoever has the password alone is nobody yet.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if not (settings.SAMSPIL_REQUIRE_SECOND_FACTOR and request.user.is_authenticated):
            return None
        if request.path.startswith(("/konto/", "/sprog/", settings.STATIC_URL)):
            return None
        from allauth.mfa.utils import is_mfa_enabled

        if is_mfa_enabled(request.user):
            request.session.pop(WANTED, None)
            return None
        if getattr(view, "samspil_requires", "") == PUBLIC and request.path != "/":
            setattr(request, AS_VISITOR, True)
            return None
        if request.method == "GET" and not request.headers.get("HX-Request"):
            request.session[WANTED] = request.get_full_path()
        return redirect("mfa_index")


class Language:
    """Danish unless the visitor chose otherwise: a browser set to English is no choice."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # A person's own choice came into the session at sign-in (samspil.web.receivers).
        chosen = request.session.get(LANGUAGE) or request.COOKIES.get(
            settings.LANGUAGE_COOKIE_NAME, ""
        )
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response
